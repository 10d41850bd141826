/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage: physmem ADDRESS    Reads the byte at a physical address through /dev/mem and writes it back. Says
 * "read" and then "written" or "kept", when the write was answered with an exception.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static sigjmp_buf refused;

static void on_fault(int sig)
{
	siglongjmp(refused, sig);
}

int main(int argc, char **argv)
{
	uint64_t addr = argc == 2 ? strtoull(argv[1], NULL, 0) : 0;
	int fd = open("/dev/mem", O_RDWR);
	volatile uint8_t *page = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, addr & ~4095ULL);
	uint8_t byte;

	if (page == MAP_FAILED)
		return fprintf(stderr, "physmem: cannot map %s of /dev/mem: %s\n", argv[1], strerror(errno)), 2;
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	if (sigsetjmp(refused, 1))
		return fprintf(stderr, "physmem: %s cannot be read\n", argv[1]), 1;
	byte = page[addr & 4095];
	printf("read %02x\n", byte);
	if (sigsetjmp(refused, 1))
		return puts("kept"), 0;
	page[addr & 4095] = byte;
	puts("written");
	return 0;
}
