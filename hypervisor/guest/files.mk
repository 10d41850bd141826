obj-y  := hypercall.o perms.o evtchn_op.o shared_info.o guest_areas.o
pure-y := evtchn.o evtchn_2l.o
# the run loop and the life of domains
obj-y  += exit.o inject.o parts.o
