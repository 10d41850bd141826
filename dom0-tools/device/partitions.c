/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a disk hold all that its partition table (MBR or GPT) lists? One that was cut short would
 * work for a while, and then fail in the guest. The content is a guest's: nothing in it is trusted.
 */
#include "dom0-tools/device/image.h"

#include <endian.h>
#include <errno.h>
#include <linux/fs.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECTOR		512
#define MBR_ENTRIES	446
#define TYPE_GPT	0xee

struct mbr_entry {
	uint8_t status, chs_first[3], type, chs_last[3];
	uint32_t first, sectors;
} __attribute__((packed));

/* A boot sector has a file system's code in that place; then the status bytes are hardly all valid. */
static bool is_mbr(const uint8_t *sector, const struct mbr_entry *e)
{
	bool ok = sector[510] == 0x55 && sector[511] == 0xaa;

	for (unsigned int i = 0; i < 4; i++)
		ok &= e[i].status == 0 || e[i].status == 0x80;
	return ok && memcmp(sector + 3, "NTFS", 4) && memcmp(sector + 54, "FAT", 3) &&
	       memcmp(sector + 82, "FAT", 3);
}

/* Past the last sector that anything listed needs; 0 without a table. */
static uint64_t end_of_partitions(int fd)
{
	uint8_t sector[SECTOR], gpt[SECTOR];
	struct mbr_entry e[4];
	uint64_t end = 0, last;

	if (pread(fd, sector, SECTOR, 0) != SECTOR)
		return 0;
	memcpy(e, sector + MBR_ENTRIES, sizeof(e));
	if (!is_mbr(sector, e))
		return 0;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t past = (uint64_t)le32toh(e[i].first) + le32toh(e[i].sectors);

		if (e[i].type && e[i].type != TYPE_GPT && past > end)
			end = past;
		if (e[i].type != TYPE_GPT || pread(fd, gpt, SECTOR, SECTOR) != SECTOR ||
		    memcmp(gpt, "EFI PART", 8))
			continue;
		memcpy(&last, gpt + 48, sizeof(last)); /* the last sector for partitions */
		if (le64toh(last) + 1 > end)
			end = le64toh(last) + 1;
	}
	return end;
}

int partitions_check(int fd, const struct disk_config *d, struct diag *dg)
{
	uint64_t bytes, end;

	if (ioctl(fd, BLKGETSIZE64, &bytes))
		return diag_fail(dg, -errno, "%s: cannot get its size: %s", d->target,
				 strerror(errno));
	if (!bytes)
		return diag_fail(dg, -EINVAL, "%s has no size", d->target);
	end = d->cdrom ? 0 : end_of_partitions(fd);
	if (end <= bytes / SECTOR)
		return 0;
	return diag_fail(dg, -EINVAL,
			 "%s is too short: it has %llu sectors, but its partition table needs %llu; it "
			 "was probably cut off while it was copied", d->target,
			 (unsigned long long)bytes / SECTOR, (unsigned long long)end);
}
