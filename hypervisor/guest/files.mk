obj-y  := hypercall.o evtchn_op.o shared_info.o guest_areas.o
obj-y  += sched_op.o vcpu_op.o hvm_op.o version.o console_io.o physdev_op.o platform_op.o
obj-y  += gnttab_op.o
obj-y  += domctl.o domctl_create.o domctl_mem.o domctl_vcpu.o domctl_cpuid.o domctl_context.o
obj-y  += sysctl.o sysctl_info.o sysctl_pool.o
pure-y := platform_efi.o sub_op.o hypercall_32.o memory_op.o memory_map.o memory_foreign.o physmap.o perms.o evtchn.o evtchn_2l.o evtchn_fifo.o evtchn_fifo_op.o evtchn_poll.o gnttab.o gnttab_map.o gnttab_copy.o
# the run loop and the life of domains
obj-y  += exit.o inject.o parts.o
