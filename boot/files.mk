obj-y  := head.o start.o trampoline.o
pure-y := mb1.o mb2.o info.o
