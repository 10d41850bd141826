/* SPDX-License-Identifier: GPL-2.0-only */
/* The notation of network interfaces; see vif.h. One row per key. */
#include "dom0-tools/config/vif.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VALUE	128
#define MIN_MTU		68	/* RFC 791 */
#define MAX_MTU		65535
#define RATE_INTERVAL_US 50000	/* xl's default */

/* Each reader gets one value; it returns NULL, or what is wrong with it. */
struct vif_key {
	const char *name;
	const char *(*read)(struct vif_config *v, const struct vif_key *k, const char *value);
	size_t offset, size;
};

bool vif_parse_mac(const char *text, uint8_t mac[6])
{
	for (unsigned int i = 0; i < 6; i++) {
		char digits[3] = { 0 };

		for (unsigned int d = 0; d < 2; d++, text++) {
			if (!isxdigit((unsigned char)*text))
				return false;
			digits[d] = *text;
		}
		mac[i] = strtoul(digits, NULL, 16);
		if (*text++ != (i < 5 ? ':' : 0))
			return false;
	}
	return true;
}

void vif_format_mac(const uint8_t m[6], char text[VIF_MAC_TEXT])
{
	snprintf(text, VIF_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		 m[5]);
}

/* FNV-1a: nothing depends on who could guess it, only on that it spreads. */
void vif_derive_mac(const uint8_t uuid[16], unsigned int index, unsigned int salt, uint8_t mac[6])
{
	uint64_t hash = 0xcbf29ce484222325;

	for (unsigned int i = 0; i < 18; i++) {
		hash ^= i < 16 ? uuid[i] : i == 16 ? index : salt;
		hash *= 0x100000001b3;
	}
	hash ^= hash >> 32;
	mac[0] = 0x00;
	mac[1] = 0x16;
	mac[2] = 0x3e;
	mac[3] = hash >> 16 & 0x7f; /* the upper half of Xen's range is for others */
	mac[4] = hash >> 8;
	mac[5] = hash;
}

static const char *read_mac(struct vif_config *v, const struct vif_key *k, const char *value)
{
	static const uint8_t zero[6];

	if (!vif_parse_mac(value, v->mac))
		return "expected six pairs of hexadecimal digits, as in 00:16:3e:01:02:03";
	if (v->mac[0] & 1)
		return "this is a group's address (the first byte is odd), not one interface's";
	if (!memcmp(v->mac, zero, sizeof(zero)))
		return "an interface cannot have the address of all zeros";
	v->has_mac = true;
	return NULL;
}

static const char *read_text(struct vif_config *v, const struct vif_key *k, const char *value)
{
	if (!*value)
		return "expected a value after '='";
	if (strlen(value) >= k->size)
		return k->size == VIF_NAME_SIZE ?
			       "an interface's name has 15 characters at most" :
			       "too long";
	for (const char *c = value; k->size == VIF_NAME_SIZE && *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return "an interface's name has no '/', ':' or space";
	strcpy((char *)v + k->offset, value);
	return NULL;
}

static bool is_address(const char *text, size_t size)
{
	char copy[64], *slash, *end;
	unsigned char bits[16];
	bool v4, v6;

	if (size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = 0;
	slash = strchr(copy, '/');
	if (slash)
		*slash = 0;
	v4 = inet_pton(AF_INET, copy, bits) == 1;
	v6 = inet_pton(AF_INET6, copy, bits) == 1;
	if (!slash)
		return v4 || v6;
	return isdigit((unsigned char)slash[1]) &&
	       strtoul(slash + 1, &end, 10) <= (v4 ? 32 : v6 ? 128 : 0) && !*end && (v4 || v6);
}

static const char *read_ip(struct vif_config *v, const struct vif_key *k, const char *value)
{
	size_t used = 0;

	v->ip[0] = 0;
	for (const char *p = value; *p; p += strspn(p, " \t")) {
		size_t n = strcspn(p, " \t");

		if (!is_address(p, n))
			return "expected IPv4 or IPv6 addresses, with a space between two";
		used += snprintf(v->ip + used, sizeof(v->ip) - used, "%s%.*s", used ? " " : "",
				 (int)n, p);
		p += n;
	}
	return used ? NULL : "expected an address";
}

/* NUMBER[GMK](b|B)/s[@NUMBER(s|ms|us)] */
static const char *read_rate(struct vif_config *v, const struct vif_key *k, const char *value)
{
	static const char shape[] = "expected a rate as in 10Mb/s (bits), 1MB/s (bytes) or 1MB/s@20ms";
	static const struct {
		const char *name;
		unsigned int us;
	} units[] = { { "s", 1000000 }, { "ms", 1000 }, { "us", 1 } };
	unsigned long long number, interval_us = RATE_INTERVAL_US;
	unsigned int exponent = 0;
	char *p;

	if (!isdigit((unsigned char)*value))
		return shape;
	errno = 0;
	number = strtoull(value, &p, 10);
	if (errno || number > 1000000000000ULL)
		return "too large a number";
	exponent = *p == 'K' ? 1 : *p == 'M' ? 2 : *p == 'G' ? 3 : 0;
	p += !!exponent;
	while (exponent--)
		number *= 1000;
	if (*p != 'b' && *p != 'B')
		return shape;
	if (*p++ == 'b')
		number /= 8;
	if (strncmp(p, "/s", 2))
		return shape;
	p += 2;
	if (*p == '@') {
		size_t unit = 0;

		if (!isdigit((unsigned char)p[1]))
			return shape;
		interval_us = strtoull(p + 1, &p, 10);
		while (unit < 3 && strcmp(units[unit].name, p))
			unit++;
		if (unit == 3)
			return shape;
		if (!interval_us || interval_us > UINT32_MAX / units[unit].us)
			return "the interval must be 1us to 4294s";
		interval_us *= units[unit].us;
	} else if (*p) {
		return shape;
	}
	if (number > UINT64_MAX / interval_us || number * interval_us / 1000000 > UINT32_MAX)
		return "more than 4 GiB in an interval: choose a lower rate or a shorter interval";
	v->rate_bytes = number * interval_us / 1000000;
	v->rate_interval_us = interval_us;
	return v->rate_bytes ? NULL : "less than one byte in an interval";
}

static const char *read_mtu(struct vif_config *v, const struct vif_key *k, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || n < MIN_MTU || n > MAX_MTU)
		return "expected a number of bytes, 68 to 65535";
	v->mtu = n;
	return NULL;
}

static const char *read_type(struct vif_config *v, const struct vif_key *k, const char *value)
{
	return strcmp(value, "vif") ? "a PVH guest has type=vif only: nothing emulates a card" :
				      NULL;
}

static const char *read_backend(struct vif_config *v, const struct vif_key *k, const char *value)
{
	return strcmp(value, "0") && strcmp(value, "Domain-0") ?
		       "the backend is always Dom0 (0): driver domains are not supported" :
		       NULL;
}

/* For HVM guests only; xl's files have them, and for other guests xl ignores them, too. */
static const char *read_nothing(struct vif_config *v, const struct vif_key *k, const char *value)
{
	return NULL;
}

#define NAME(field) \
	{ #field, read_text, offsetof(struct vif_config, field), \
	  sizeof(((struct vif_config *)0)->field) }
static const struct vif_key keys[] = {
	{ .name = "mac", .read = read_mac },
	NAME(bridge),
	NAME(script),
	NAME(vifname),
	NAME(gatewaydev),
	{ .name = "ip", .read = read_ip },
	{ .name = "rate", .read = read_rate },
	{ .name = "mtu", .read = read_mtu },
	{ .name = "type", .read = read_type },
	{ .name = "backend", .read = read_backend },
	{ .name = "model", .read = read_nothing },
	{ .name = "accel", .read = read_nothing },
};
#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static int parse_pair(const char *text, size_t size, struct vif_config *v, unsigned int *column,
		      struct diag *dg)
{
	size_t name_size = strcspn(text, "=,");
	char value[MAX_VALUE];
	const char *wrong;

	if (name_size >= size)
		return diag_fail(dg, -EINVAL, "expected KEY=VALUE, found '%.*s'",
				 (int)(size > 40 ? 40 : size), text);
	for (size_t i = 0; i < NR_KEYS; i++) {
		if (strlen(keys[i].name) != name_size || strncmp(keys[i].name, text, name_size))
			continue;
		*column += name_size + 1;
		size -= name_size + 1;
		if (size >= sizeof(value))
			return diag_fail(dg, -EINVAL, "%s: too long", keys[i].name);
		memcpy(value, text + name_size + 1, size);
		value[size] = 0;
		wrong = keys[i].read(v, &keys[i], value);
		return wrong ? diag_fail(dg, -EINVAL, "%s=%.60s: %s", keys[i].name, value, wrong) :
			       0;
	}
	return diag_fail(dg, -EINVAL,
			 "unknown key '%.*s' (known: mac, bridge, ip, script, vifname, rate, mtu, "
			 "gatewaydev)",
			 (int)(name_size > 40 ? 40 : name_size), text);
}

int vif_parse(const char *text, struct vif_config *v, unsigned int *column, struct diag *dg)
{
	const char *p = text + strspn(text, " \t");

	memset(v, 0, sizeof(*v));
	while (*p) {
		size_t size = strcspn(p, ","), last = size;
		int rc;

		while (last && isblank((unsigned char)p[last - 1]))
			last--;
		*column = p - text + 1;
		rc = parse_pair(p, last, v, column, dg);
		if (rc)
			return rc;
		p += size;
		if (*p == ',')
			p += 1 + strspn(p + 1, " \t");
	}
	return 0;
}

int vif_parse_argument(const char *text, struct vif_config *v, struct diag *dg)
{
	unsigned int column = 1;
	struct diag what = { "" };
	int rc = vif_parse(text, v, &column, &what);

	return rc ? diag_fail(dg, rc, "\"%.200s\", column %u: %.400s", text, column, what.text) : 0;
}
