/* SPDX-License-Identifier: GPL-2.0-only */
/* The real header, except that the calling CPU is the one named by fake_cpu_become(). */
#pragma once

#define percpu_bias percpu_bias_of_the_machine
#define cpu_id	    cpu_id_of_the_machine
#include_next "x86/cpu.h"
#undef percpu_bias
#undef cpu_id
uintptr_t percpu_bias(void);
unsigned int cpu_id(void);

/* A section whose name is an identifier, so that the host's linker marks its ends for us. */
#undef DEFINE_PERCPU
#define DEFINE_PERCPU(type, name) __section("percpu") __typeof__(type) name
