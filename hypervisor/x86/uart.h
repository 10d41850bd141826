/* SPDX-License-Identifier: GPL-2.0-only */
/* A 16550 serial port. Setting syntax is Xen's: "115200,8n1[,port[,irq]]", where baud may be "auto". */
#pragma once

#include "lib/base.h"

struct uart_config {
	uint16_t port;	   /* 0x3f8 */
	unsigned int irq;  /* ISA interrupt; 0 = poll */
	unsigned int baud; /* 0 = leave as the firmware set it */
	uint8_t lcr;	   /* line control: data bits, stop bits, parity */
};

/* 0, or -EINVAL with cfg untouched. Pure. */
int uart_parse(const char *text, struct uart_config *cfg) __must_check;

bool uart_init(const struct uart_config *cfg); /* false: no port there */
void uart_putc(char c);			       /* bounded wait for room */
int uart_getc(void);			       /* -1: nothing there */
void uart_enable_rx_irq(void);
uint16_t uart_port(void); /* first of its eight ports; 0: none in use */
