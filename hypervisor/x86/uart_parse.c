/* SPDX-License-Identifier: GPL-2.0-only */
/* The value of com1=: "baud[/clock][,DPS[,port[,irq]]]", Xen's syntax. Pure. */
#include "lib/number.h"
#include "x86/uart.h"

/* "8n1": data bits 5-8, parity n o e m s, stop bits 1-2. */
static bool read_frame(const char **s, uint8_t *lcr)
{
	static const char parities[] = "noems"; /* LCR bits 5..3: 000 001 011 101 111 */
	static const uint8_t parity_bits[] = { 0x00, 0x08, 0x18, 0x28, 0x38 };
	const char *p = *s, *which;

	if (p[0] < '5' || p[0] > '8' || !p[1] || (p[2] != '1' && p[2] != '2'))
		return false;
	which = strchr(parities, p[1]);
	if (!which)
		return false;
	*lcr = (p[0] - '5') | (p[2] == '2' ? 0x04 : 0) | parity_bits[which - parities];
	*s += 3;
	return true;
}

int uart_parse(const char *text, struct uart_config *cfg)
{
	struct uart_config c = *cfg;
	uint64_t val;

	if (!strncmp(text, "auto", 4)) {
		c.baud = 0;
		text += 4;
	} else if (*text != ',' && *text) {
		if (number_read(&text, 115200, &val) || val < 50 || 115200 % val)
			return -EINVAL;
		c.baud = val;
	}
	if (*text == '/') { /* the port's clock: only the usual one */
		text++;
		if (number_read(&text, 1843200, &val) || val != 1843200)
			return -EINVAL;
	}
	if (*text == ',' && *++text != ',' && *text && !read_frame(&text, &c.lcr))
		return -EINVAL;
	if (*text == ',' && *++text != ',' && *text) {
		if (number_read(&text, 0xfff8, &val) || val < 0x100)
			return -EINVAL;
		c.port = val;
	}
	if (*text == ',' && *++text) {
		if (number_read(&text, 15, &val))
			return -EINVAL;
		c.irq = val;
	}
	if (*text)
		return -EINVAL;
	*cfg = c;
	return 0;
}
