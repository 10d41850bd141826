obj-y  := start.o domain.o vcpu.o vcpu_state.o guest_copy.o sched.o timer.o
pure-y := guest_walk.o sched_fair.o
