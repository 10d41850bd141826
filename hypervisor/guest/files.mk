obj-y  :=
pure-y :=
# the run loop and the life of domains
obj-y  += exit.o inject.o parts.o
