obj-y  :=
pure-y :=
