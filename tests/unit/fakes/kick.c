/* SPDX-License-Identifier: GPL-2.0-only */
/* Attention: vcpu_kick() sets the bits and is counted; the current vCPU is whom the test names. */
#include "core/vcpu.h"
#include "fakes/fakes.h"

unsigned int fake_kicks;
struct vcpu *fake_kick_last;
static struct vcpu *current;

void vcpu_kick(struct vcpu *v, uint32_t todo)
{
	v->todo |= todo;
	v->wait &= ~(uint32_t)WAIT_BLOCKED;
	fake_kicks++;
	fake_kick_last = v;
}

struct vcpu *current_vcpu(void)
{
	return current;
}

void set_current_vcpu(struct vcpu *v)
{
	current = v;
}
