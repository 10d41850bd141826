/* SPDX-License-Identifier: GPL-2.0-only */
/* One 16550 serial port, transmit by polling with a bound, receive by interrupt or polling. */
#include "x86/asm.h"
#include "x86/uart.h"

#define REG_DATA 0
#define REG_IER	 1 /* with DLAB: divisor, high */
#define REG_FCR	 2
#define REG_LCR	 3
#define REG_MCR	 4
#define REG_LSR	 5
#define REG_SCR	 7
#define LCR_DLAB 0x80
#define LSR_DATA 0x01
#define LSR_ROOM 0x20
#define UART_CLOCK 115200
#define MAX_WAIT 100000 /* reads of LSR: at 1 us each, longer than one character at 300 baud */

static uint16_t port; /* 0: closed */

bool uart_init(const struct uart_config *cfg)
{
	unsigned int divisor;

	/* A port that does not exist reads as ones. */
	outb(cfg->port + REG_SCR, 0x5a);
	if (inb(cfg->port + REG_SCR) != 0x5a || inb(cfg->port + REG_LSR) == 0xff)
		return false;
	outb(cfg->port + REG_IER, 0);
	outb(cfg->port + REG_FCR, 0x07); /* FIFOs on and cleared, interrupt on the first byte */
	if (cfg->baud) {
		divisor = UART_CLOCK / cfg->baud;
		outb(cfg->port + REG_LCR, LCR_DLAB);
		outb(cfg->port + REG_DATA, divisor);
		outb(cfg->port + REG_IER, divisor >> 8);
	}
	outb(cfg->port + REG_LCR, cfg->lcr);
	outb(cfg->port + REG_MCR, 0x0b); /* DTR, RTS, and OUT2, which gates the interrupt */
	port = cfg->port;
	return true;
}

void uart_putc(char c)
{
	if (!port)
		return;
	for (unsigned int i = 0; i < MAX_WAIT && !(inb(port + REG_LSR) & LSR_ROOM); i++)
		cpu_relax();
	outb(port + REG_DATA, c);
}

int uart_getc(void)
{
	if (!port || !(inb(port + REG_LSR) & LSR_DATA))
		return -1;
	return inb(port + REG_DATA);
}

void uart_enable_rx_irq(void)
{
	if (port)
		outb(port + REG_IER, 0x01);
}

uint16_t uart_port(void)
{
	return port;
}
