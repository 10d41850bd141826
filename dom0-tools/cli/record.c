/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's configuration as JSON under /run/helium while the guest lives, and the lock that keeps
 * two commands from taking one name. Losing the record costs details in list -l, nothing else.
 */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_DIR "/run/helium"

static void record_path(uint32_t domid, char *path, size_t size)
{
	snprintf(path, size, RECORD_DIR "/domain-%u.json", domid);
}

static void add_text(struct json_object *o, const char *key, const char *value)
{
	if (value)
		json_object_object_add(o, key, json_object_new_string(value));
}

static void add_number(struct json_object *o, const char *key, unsigned int value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static void add_disks(struct json_object *o, const struct guest_config *c)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < c->nr_disks; i++)
		json_object_array_add(list, json_object_new_string(c->disk[i].text));
	json_object_object_add(o, "disk", list);
}

static struct json_object *vifs(const struct guest_config *c)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < c->nr_vifs; i++) {
		const struct vif_config *v = &c->vif[i];
		struct json_object *o = json_object_new_object();
		char mac[VIF_MAC_TEXT];

		add_number(o, "devid", v->id);
		vif_format_mac(v->mac, mac);
		add_text(o, "mac", v->has_mac ? mac : NULL);
		add_text(o, "bridge", *v->bridge ? v->bridge : NULL);
		add_text(o, "ip", *v->ip ? v->ip : NULL);
		add_text(o, "script", *v->script ? v->script : NULL);
		add_text(o, "ifname", *v->vifname ? v->vifname : NULL);
		if (v->mtu)
			add_number(o, "mtu", v->mtu);
		if (v->rate_bytes) {
			add_number(o, "rate_bytes_per_interval", v->rate_bytes);
			add_number(o, "rate_interval_usecs", v->rate_interval_us);
		}
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *record_config(const struct guest_config *c)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "type", "pvh");
	add_text(o, "name", c->name);
	add_number(o, "memory", c->memory_mib);
	add_number(o, "maxmem", c->maxmem_mib);
	add_number(o, "vcpus", c->vcpus);
	add_number(o, "maxvcpus", c->maxvcpus);
	add_text(o, "firmware", c->firmware);
	add_text(o, "kernel", c->kernel);
	add_text(o, "ramdisk", c->ramdisk);
	add_text(o, "cmdline", c->cmdline);
	add_text(o, "on_poweroff", config_action_name(c->on_poweroff));
	add_text(o, "on_reboot", config_action_name(c->on_reboot));
	add_text(o, "on_crash", config_action_name(c->on_crash));
	if (c->weight)
		add_number(o, "cpu_weight", c->weight);
	if (c->cap)
		add_number(o, "cap", c->cap);
	add_number(o, "max_event_channels", c->max_evtchn_port);
	add_text(o, "tsc_mode", c->tsc_mode);
	if (c->nr_disks)
		add_disks(o, c);
	json_object_object_add(o, "nics", vifs(c));
	return o;
}

void record_save(const struct guest_config *c, uint32_t domid)
{
	struct json_object *o = record_config(c);
	char path[64];

	mkdir(RECORD_DIR, 0755);
	record_path(domid, path, sizeof(path));
	json_object_to_file_ext(path, o, JSON_C_TO_STRING_PRETTY);
	json_object_put(o);
}

struct json_object *record_load(uint32_t domid)
{
	char path[64];

	record_path(domid, path, sizeof(path));
	return access(path, R_OK) ? NULL : json_object_from_file(path);
}

void record_remove(uint32_t domid)
{
	char path[64];

	record_path(domid, path, sizeof(path));
	unlink(path);
}

int record_lock(void)
{
	int fd;

	mkdir(RECORD_DIR, 0755);
	fd = open(RECORD_DIR "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX)) {
		close(fd);
		return -1;
	}
	return fd;
}
