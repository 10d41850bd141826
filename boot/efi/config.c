/* SPDX-License-Identifier: GPL-2.0-only */
/* Parsing helium.cfg and our own command line. See config.h for the format. */
#include "boot/efi/config.h"
#include "lib/string.h"
#include "lib/types.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_spaces(char *s)
{
	while (is_space(*s))
		s++;
	return s;
}

/* End the string s after its first word; returns where the next begins. */
static char *cut_word(char *s)
{
	while (*s && !is_space(*s))
		s++;
	if (*s)
		*s++ = '\0';
	return skip_spaces(s);
}

/* Lines become strings without trailing spaces; a NUL that is there already ends a line, too. */
static void split_lines(char *text, size_t size)
{
	text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\n' || text[i] == '\r')
			text[i] = '\0';
	for (size_t i = size; i-- > 0;)
		if (is_space(text[i]) && !text[i + 1])
			text[i] = '\0';
}

static bool is_heading_of(const char *line, const char *section)
{
	size_t len = strlen(section);

	return !strncmp(line + 1, section, len) && !strcmp(line + 1 + len, "]");
}

/* What follows KEY=, if the line begins so; spaces around the sign do not matter. */
static char *value_in(char *line, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len))
		return NULL;
	line = skip_spaces(line + len);
	return *line == '=' ? skip_spaces(line + 1) : NULL;
}

/* The first value of key in [section]; with key NULL, the section's heading. NULL: there is none. */
static char *find(char *text, size_t size, const char *section, const char *key)
{
	bool inside = false;

	for (char *p = text; p < text + size; p += strlen(p) + 1) {
		char *line = skip_spaces(p), *value;

		if (*line == '[') {
			inside = is_heading_of(line, section);
			if (inside && !key)
				return line;
		} else if (inside && key) {
			value = value_in(line, key);
			if (value)
				return value;
		}
	}
	return NULL;
}

static const char *or_empty(const char *value)
{
	return value ? value : "";
}

const char *efi_config_parse(struct efi_config *c, char *text, size_t size)
{
	char *kernel;

	split_lines(text, size);
	if (!c->section)
		c->section = find(text, size, "global", "default");
	if (!c->section)
		return "has no default= in [global], and no section was named";
	if (!find(text, size, c->section, NULL))
		return "has no such section";
	kernel = find(text, size, c->section, "kernel");
	if (!kernel || !*kernel)
		return "has no kernel= in that section";
	c->kernel_args = cut_word(kernel);
	c->kernel = kernel;
	c->ramdisk = or_empty(find(text, size, c->section, "ramdisk"));
	c->options = or_empty(find(text, size, c->section, "options"));
	return NULL;
}

/* Is it a file's name, like the shell puts before the arguments? */
static bool is_program(const char *word)
{
	size_t len = strlen(word);

	return len > 4 && word[len - 4] == '.' && (word[len - 3] | 32) == 'e' && (word[len - 2] | 32) == 'f' &&
	       (word[len - 1] | 32) == 'i';
}

const char *efi_args_section(char *line)
{
	char *word = skip_spaces(line), *next = cut_word(word);

	if (is_program(word)) {
		word = next;
		cut_word(word);
	}
	return *word ? word : NULL;
}
