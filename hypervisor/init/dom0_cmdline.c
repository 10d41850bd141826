/* SPDX-License-Identifier: GPL-2.0-only */
/* Dom0's kernel command line from its boot module's. */
#include "init/dom0_load.h"
#include "lib/printf.h"

static const char *skip_spaces(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static size_t word_length(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != ' ' && s[n] != '\t')
		n++;
	return n;
}

/*
 * GRUB's scripts put "placeholder" first, QEMU and multiboot1 loaders the file's name, GRUB by hand
 * nothing. An argument of the kernel has no slash before its "=", and a file's name has no "=".
 */
static bool is_loader_word(const char *word, size_t len)
{
	if (len == 11 && !memcmp(word, "placeholder", 11))
		return true;
	if (memchr(word, '=', len))
		return false;
	return memchr(word, '/', len) || (len >= 6 && !memcmp(word, "vmlinu", 6)) ||
	       (len >= 7 && !memcmp(word, "bzImage", 7));
}

static bool has_option(const char *line, const char *name)
{
	size_t n = strlen(name), len;

	for (line = skip_spaces(line); *line; line = skip_spaces(line + len)) {
		len = word_length(line);
		if (len >= n && !memcmp(line, name, n))
			return true;
	}
	return false;
}

size_t dom0_cmdline(char *buf, size_t size, const char *module_cmdline, bool bounce)
{
	const char *line = skip_spaces(module_cmdline);
	const char *extra = "";
	size_t len = word_length(line);

	if (is_loader_word(line, len))
		line = skip_spaces(line + len);
	if (bounce && !has_option(line, "swiotlb="))
		extra = *line ? " swiotlb=force" : "swiotlb=force";
	return (size_t)snprintf(buf, size, "%s%s", line, extra);
}
