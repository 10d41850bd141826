/* SPDX-License-Identifier: GPL-2.0-only */
/* One 16550 serial port, transmit by polling with a bound, receive by interrupt or polling. */
#include "x86/asm.h"
#include "x86/uart.h"
#include <linux/serial_reg.h>

#define UART_CLOCK 115200
#define MAX_WAIT 100000 /* reads of LSR: at 1 us each, longer than one character at 300 baud */

static uint16_t port; /* 0: closed */

bool uart_init(const struct uart_config *cfg)
{
	unsigned int divisor;

	/* A port that does not exist reads as ones. */
	outb(cfg->port + UART_SCR, 0x5a);
	if (inb(cfg->port + UART_SCR) != 0x5a || inb(cfg->port + UART_LSR) == 0xff)
		return false;
	outb(cfg->port + UART_IER, 0);
	outb(cfg->port + UART_FCR, 0x07); /* FIFOs on and cleared, interrupt on the first byte */
	if (cfg->baud) {
		divisor = UART_CLOCK / cfg->baud;
		outb(cfg->port + UART_LCR, UART_LCR_DLAB);
		outb(cfg->port + UART_DLL, divisor);
		outb(cfg->port + UART_DLM, divisor >> 8);
	}
	outb(cfg->port + UART_LCR, cfg->lcr);
	/* OUT2 gates the interrupt */
	outb(cfg->port + UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
	port = cfg->port;
	return true;
}

void uart_putc(char c)
{
	if (!port)
		return;
	for (unsigned int i = 0; i < MAX_WAIT && !(inb(port + UART_LSR) & UART_LSR_THRE); i++)
		cpu_relax();
	outb(port + UART_TX, c);
}

int uart_getc(void)
{
	if (!port || !(inb(port + UART_LSR) & UART_LSR_DR))
		return -1;
	return inb(port + UART_RX);
}

void uart_enable_rx_irq(void)
{
	if (port)
		outb(port + UART_IER, UART_IER_RDI);
}

uint16_t uart_port(void)
{
	return port;
}
