obj-y  := start.o vcpu_state.o guest_copy.o
pure-y := domain.o vcpu.o guest_walk.o guest_path.o sched.o sched_kick.o sched_ctl.o sched_fair.o timer.o
