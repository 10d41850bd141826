obj-y  := start.o domain.o vcpu.o vcpu_state.o guest_copy.o
pure-y := guest_walk.o guest_path.o sched.o sched_kick.o sched_ctl.o sched_fair.o timer.o
