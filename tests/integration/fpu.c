/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage: fpu FILE    Puts odd values into the control words and XMM registers, reads FILE a hundred times, and looks whether
 * they are still there. The kernel does not touch them in a system call; who else runs underneath must not, either.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct state {
	uint64_t xmm[4][2]; /* XMM0, 5, 8 and 15 */
	uint32_t mxcsr;
	uint16_t fcw;
	double x87;
};

/* A system call between loading and storing, with nothing of the C library's in between. */
static long pread_with(const struct state *in, struct state *out, int fd, void *buf, size_t size)
{
	register long r10 __asm__("r10") = 0;
	long rc;

	__asm__ volatile("movups (%[in]), %%xmm0; movups 16(%[in]), %%xmm5; movups 32(%[in]), %%xmm8\n\t"
			 "movups 48(%[in]), %%xmm15; ldmxcsr 64(%[in]); fninit; fldl 72(%[in]); fldcw 68(%[in])\n\t"
			 "syscall\n\t"
			 "movups %%xmm0, (%[out]); movups %%xmm5, 16(%[out]); movups %%xmm8, 32(%[out])\n\t"
			 "movups %%xmm15, 48(%[out]); stmxcsr 64(%[out]); fnstcw 68(%[out]); fstpl 72(%[out]); fninit\n\t"
			 : "=a"(rc) : "a"(SYS_pread64), "D"(fd), "S"(buf), "d"(size), "r"(r10),
			   [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "memory", "xmm0", "xmm5", "xmm8", "xmm15");
	return rc;
}

_Static_assert(__builtin_offsetof(struct state, mxcsr) == 64 && __builtin_offsetof(struct state, fcw) == 68 &&
	       __builtin_offsetof(struct state, x87) == 72, "the assembly code above knows the places");

int main(int argc, char **argv)
{
	static const struct state in = { { { 1, ~0ULL }, { 3, 4 }, { 5, 6 }, { 7, ~8ULL } }, 0x7f80, 0x0f7f, 1.25 };
	static char buf[4096];
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0)
		return fprintf(stderr, "fpu: cannot open the file\n"), 2;
	for (int i = 0; i < 100; i++) {
		struct state out;
		uint32_t normal = 0x1f80;
		long rc;

		memset(&out, 0, sizeof(out));
		rc = pread_with(&in, &out, fd, buf, sizeof(buf));
		__asm__ volatile("ldmxcsr %0" :: "m"(normal));
		if (rc <= 0)
			return fprintf(stderr, "fpu: reading gives %ld\n", rc), 2;
		if (memcmp(&in, &out, sizeof(in)))
			return fprintf(stderr, "fpu: round %d: MXCSR %x, FCW %x, XMM0 %llx, ST %f\n", i, out.mxcsr, out.fcw,
				       (unsigned long long)out.xmm[0][0], out.x87), 1;
	}
	return 0;
}
