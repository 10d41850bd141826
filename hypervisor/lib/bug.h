/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose fault decides. BUG and BUG_ON: ours, in every build. ASSERT: what this code's own logic
 * promises, debug builds only. panic: the machine cannot be used, with what to do about it.
 * None of them may depend on a value that a guest chose.
 */
#pragma once

#include "lib/compiler.h"

/* Print and stop the machine. Implemented by x86 for the hypervisor, by a fake for host tests. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;
void bug_at(const char *file, int line, const char *what) __noreturn __cold;

#define BUG()		bug_at(__FILE__, __LINE__, "BUG")
#define BUG_ON(cond)	do { if (unlikely(cond)) bug_at(__FILE__, __LINE__, #cond); } while (0)
#if DEBUG
#define ASSERT(cond)	do { if (unlikely(!(cond))) bug_at(__FILE__, __LINE__, "!(" #cond ")"); } while (0)
#else
#define ASSERT(cond)	do { (void)sizeof(cond); } while (0)
#endif
