/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The notation of disks; see disk.h. The text is a list of parts between commas. A part KEY=VALUE
 * or a flag word is by its name; the others are TARGET, FORMAT, VDEV and ACCESS in that order. The
 * old prefixes (phy:, file:, ...) stand in for FORMAT. target= takes all the rest, commas included.
 */
#include "dom0-tools/config/disk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What each part is read into; a reader returns NULL, or what is wrong with the value. */
struct parse {
	struct disk_config *d;
	bool has_target, has_vdev, has_access;
};
typedef const char *(*reader)(struct parse *p, const char *value);

static const char *copy(char *to, size_t size, const char *from, const char *too_long)
{
	if (strlen(from) >= size)
		return too_long;
	strcpy(to, from);
	return NULL;
}

static const char *read_target(struct parse *p, const char *value)
{
	if (p->has_target)
		return "the image is named twice";
	if (!*value)
		return "expected a file or block device; hl has no empty drives";
	if (*value != '/')
		return "expected the whole path of a file or block device, from / on";
	p->has_target = true;
	return copy(p->d->target, sizeof(p->d->target), value, "this path is too long");
}

static const char *read_format(struct parse *p, const char *value)
{
	static const char *const foreign[] = { "vhd", "qed", "qcow", "vmdk", "vdi" };

	if (p->d->has_format)
		return "the format is given twice";
	p->d->has_format = true;
	if (!*value || !strcmp(value, "raw"))
		return NULL;
	if (!strcmp(value, "empty"))
		return "hl has no empty drives: name an image";
	p->d->format = DISK_QCOW2;
	if (!strcmp(value, "qcow2"))
		return NULL;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (!strcmp(value, foreign[i]))
			return "hl knows raw and qcow2 only (qemu-img convert makes these)";
	return "expected the format: raw or qcow2";
}

/* With the old ending ":cdrom" or ":disk", too. */
static const char *read_vdev(struct parse *p, const char *value)
{
	size_t n = strcspn(value, ":");

	if (p->has_vdev)
		return "the virtual disk is named twice";
	if (!strcmp(value + n, ":cdrom"))
		p->d->cdrom = true;
	else if (value[n] && strcmp(value + n, ":disk"))
		return "after the virtual disk only :cdrom and :disk can follow";
	p->has_vdev = true;
	snprintf(p->d->vdev, sizeof(p->d->vdev), "%.*s", (int)n, value);
	return n < sizeof(p->d->vdev) && disk_number(p->d->vdev, &p->d->id) ?
		       NULL :
		       "expected a virtual disk, as xvda, xvdb2, hdc, sda or d0p1";
}

static const char *read_access(struct parse *p, const char *value)
{
	if (p->has_access)
		return "the access is given twice";
	p->has_access = true;
	p->d->read_only = !strcmp(value, "r") || !strcmp(value, "ro");
	return p->d->read_only || !strcmp(value, "w") || !strcmp(value, "rw") ?
		       NULL :
		       "expected the access: r or w";
}

static const char *read_devtype(struct parse *p, const char *value)
{
	p->d->cdrom = !strcmp(value, "cdrom");
	return p->d->cdrom || !strcmp(value, "disk") ? NULL : "expected disk or cdrom";
}

static const char *read_backend(struct parse *p, const char *value)
{
	return !strcmp(value, "0") || !strcmp(value, "Domain-0") ?
		       NULL :
		       "disks come from Dom0 only, not from driver domains";
}

static const char *read_backendtype(struct parse *p, const char *value)
{
	p->d->want_phy = !strcmp(value, "phy");
	return p->d->want_phy || !strcmp(value, "qdisk") ? NULL : "expected phy or qdisk";
}

static const char *read_script(struct parse *p, const char *value)
{
	return "hl runs no scripts for disks: make the block device first and name it";
}

static const char *flag_cdrom(struct parse *p, const char *value)
{
	p->d->cdrom = true;
	return NULL;
}

static const char *flag_no_discard(struct parse *p, const char *value)
{
	p->d->no_discard = true;
	return NULL;
}

static const char *flag_nothing(struct parse *p, const char *value)
{
	return NULL;
}

static const struct {
	const char *name;	/* ends with '=' when a value follows */
	reader read;
} words[] = {
	{ "format=", read_format },
	{ "vdev=", read_vdev },
	{ "access=", read_access },
	{ "devtype=", read_devtype },
	{ "backend=", read_backend },
	{ "backendtype=", read_backendtype },
	{ "script=", read_script },
	{ "cdrom", flag_cdrom },
	{ "discard", flag_nothing },
	{ "no-discard", flag_no_discard },
	{ "direct-io-safe", flag_nothing },
	{ "trusted", flag_nothing },
};

/* Old prefixes of the target: they say the format, so no FORMAT follows. */
static const struct {
	const char *name, *format;
	bool phy;
} prefixes[] = {
	{ "phy:", "raw", true },	{ "file:", "raw", false },   { "raw:", "raw", false },
	{ "aio:", "raw", false },	{ "tap:", NULL, false },     { "tap2:", NULL, false },
	{ "qcow2:", "qcow2", false },	{ "qcow:", "qcow", false },  { "vhd:", "vhd", false },
};

/* The target in its place: strips prefixes from it, of which there can be two (tap:aio:). */
static const char *positional_target(struct parse *p, const char *value)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i].name);
		const char *wrong = NULL;

		if (strncmp(value, prefixes[i].name, n))
			continue;
		p->d->want_phy = prefixes[i].phy;
		if (prefixes[i].format)
			wrong = read_format(p, prefixes[i].format);
		return wrong ? wrong : positional_target(p, value + n);
	}
	return read_target(p, value);
}

static const char *read_positional(struct parse *p, const char *value)
{
	if (!p->has_target)
		return positional_target(p, value);
	if (!p->d->has_format)
		return read_format(p, value);
	if (!p->has_vdev)
		return read_vdev(p, value);
	if (!p->has_access)
		return read_access(p, value);
	return "unexpected: image, format, virtual disk and access are known already";
}

static const char *read_part(struct parse *p, const char *part, size_t *value_at)
{
	size_t n = strcspn(part, "=");

	*value_at = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i].name);
		bool takes_value = words[i].name[length - 1] == '=';

		if (takes_value ? strncmp(part, words[i].name, length) :
				  strcmp(part, words[i].name))
			continue;
		*value_at = length;
		return words[i].read(p, part + length);
	}
	if (part[n] && *part != '/' && n && strspn(part, "abcdefghijklmnopqrstuvwxyz-") == n)
		return "unknown key; there are target, format, vdev, access, devtype, backendtype";
	return read_positional(p, part);
}

static void strip_end(char *part)
{
	size_t n = strlen(part);

	while (n && isspace((unsigned char)part[n - 1]))
		part[--n] = 0;
}

int disk_parse(const char *text, struct disk_config *d, unsigned int *column, struct diag *dg)
{
	struct parse p = { .d = d };
	const char *at = text, *wrong;
	size_t value_at = 0;

	*d = (struct disk_config){ 0 };
	wrong = copy(d->text, sizeof(d->text), text, "this is too long for a disk");
	while (!wrong) {
		char part[sizeof(d->text)];
		size_t n;

		at += strspn(at, " \t");
		n = strcspn(at, ",");
		*column = at - text + 1;
		if (!strncmp(at, "target=", 7)) {
			wrong = read_target(&p, at + 7);
			*column += 7;
			break;
		}
		snprintf(part, sizeof(part), "%.*s", (int)n, at);
		strip_end(part);
		wrong = read_part(&p, part, &value_at);
		if (wrong)
			*column += value_at;
		at += n;
		if (wrong || !*at || !*++at)
			break;
	}
	if (!wrong && (!p.has_target || !p.has_vdev)) {
		*column = strlen(text) + 1;
		wrong = p.has_target ? "no virtual disk: add vdev=xvda, for instance" :
				       "no image: add target=/path/of/image";
	}
	if (!wrong && d->cdrom)
		d->read_only = true;
	return wrong ? diag_fail(dg, -EINVAL, "%s", wrong) : 0;
}

int disk_parse_argument(const char *text, struct disk_config *d, struct diag *dg)
{
	struct diag what = { "" };
	unsigned int column = 1;

	if (!disk_parse(text, d, &column, &what))
		return 0;
	return diag_fail(dg, -EINVAL, "disk \"%.300s\", column %u: %s", text, column, what.text);
}

const char *disk_format_name(enum disk_format format)
{
	return format == DISK_QCOW2 ? "qcow2" : "raw";
}
