obj-y  := main.o unpack.o libc_shim.o unpack_zstd_old.o dom0_build.o host_mem.o
pure-y := cmdline.o image.o dom0_mem.o dom0_acpi.o dom0_cmdline.o dom0_load.o unpack_gzip.o unpack_xz.o \
	  unpack_zstd.o unpack_crc64.o
