# Host unit tests: unit-y names tests/unit/<name>.c, <name>-objs what it links (paths from the tree's root).
unit-y :=

# the seams; a test links those it needs (fakes/fakes.h lists them)
FAKES := tests/unit/fakes
unit-y += test_fakes
test_fakes-objs := $(addprefix $(FAKES)/,bug.o log.o lock.o frames.o kalloc.o time.o percpu.o ipi.o lapic.o kick.o guest_copy.o)

# boot, lib, x86
unit-y += test_multiboot test_printf test_acpi test_uart_parse
test_multiboot-objs := boot/info.o boot/mb1.o boot/mb2.o
test_acpi-objs := hypervisor/x86/acpi.o $(FAKES)/log.o
unit-y += test_spinlock
test_spinlock-objs := hypervisor/x86/spinlock.o $(FAKES)/bug.o
test_spinlock-libs := -lpthread
test_uart_parse-objs := hypervisor/x86/uart_parse.o hypervisor/lib/number.o

unit-y += test_efi_config
test_efi_config-objs := boot/efi/config.o

# mem
unit-y += test_frame test_kalloc
MEM_OBJS := hypervisor/mem/frame.o hypervisor/mem/buddy.o $(addprefix $(FAKES)/,bug.o lock.o frames.o)
test_frame-objs := $(MEM_OBJS)
test_frame-libs := -lpthread
test_kalloc-objs := hypervisor/mem/kalloc.o $(MEM_OBJS)
unit-y += test_amdvi
test_amdvi-objs := hypervisor/mem/ivrs.o $(addprefix $(FAKES)/,bug.o log.o)
unit-y += test_p2m
P2M_OBJS := $(addprefix hypervisor/mem/,p2m.o p2m_lookup.o p2m_destroy.o p2m_check.o p2m_npt.o p2m_ept.o p2m_tlb.o kalloc.o) $(MEM_OBJS)
unit-y += test_p2m_smp
test_p2m_smp-objs := $(filter-out $(FAKES)/lock.o,$(P2M_OBJS))
test_p2m_smp-libs := -lpthread
test_p2m-objs := $(P2M_OBJS) $(FAKES)/percpu.o $(FAKES)/ipi.o

unit-y += test_dmar
test_dmar-objs := $(addprefix hypervisor/mem/,iommu.o dmar.o vtd_fault.o) $(addprefix $(FAKES)/,bug.o log.o time.o)

# hvm
unit-y += test_svm test_vmx_caps test_vmx_apic test_vmx_exit
test_vmx_apic-objs := $(addprefix hypervisor/hvm/vmx/,apic.o state.o) $(addprefix $(FAKES)/,vmcs.o bug.o)
test_vmx_caps-objs := hypervisor/hvm/vmx/caps.o
test_vmx_exit-objs := $(addprefix hypervisor/hvm/vmx/,exit.o state.o) $(addprefix $(FAKES)/,vmcs.o bug.o)
test_svm-objs := $(addprefix hypervisor/hvm/svm/,exit.o inject.o vmcb.o)

# core
unit-y += test_domain
test_domain-objs := hypervisor/core/domain.o hypervisor/core/vcpu.o \
	$(addprefix $(FAKES)/,bug.o log.o lock.o percpu.o ipi.o iommu.o)
unit-y += test_timer
unit-y += test_guest_path
test_guest_path-objs := hypervisor/core/guest_path.o hypervisor/core/guest_walk.o $(P2M_OBJS) $(FAKES)/percpu.o $(FAKES)/ipi.o
unit-y += test_sched
test_sched-objs := $(addprefix hypervisor/core/,sched.o sched_kick.o sched_ctl.o sched_fair.o timer.o) \
	$(addprefix $(FAKES)/,bug.o lock.o time.o percpu.o lapic.o ipi.o)
test_timer-objs := hypervisor/core/timer.o $(addprefix $(FAKES)/,bug.o lock.o time.o percpu.o lapic.o)
unit-y += test_guest_walk
test_guest_walk-objs := hypervisor/core/guest_walk.o

# dev
unit-y += test_vlapic test_vlapic_model test_decode test_vioapic test_cpuid test_vpci
unit-y += test_time
test_time-objs := hypervisor/x86/time.o hypervisor/dev/vlapic_time.o $(addprefix $(FAKES)/,bug.o log.o ports.o)
unit-y += test_io
test_io-objs := $(addprefix hypervisor/dev/,io.o io_string.o ports.o decode.o) \
	$(addprefix $(FAKES)/,bug.o lock.o log.o kalloc.o ports.o iommu.o)
unit-y += test_msr
test_msr-objs := $(addprefix hypervisor/dev/,msr.o cr.o decode.o) $(addprefix $(FAKES)/,bug.o log.o lock.o kalloc.o percpu.o)
unit-y += test_mmio
test_mmio-objs := $(addprefix hypervisor/dev/,mmio.o decode.o) $(addprefix $(FAKES)/,bug.o kalloc.o lock.o)
unit-y += test_hwdom_map
test_hwdom_map-objs := hypervisor/dev/hwdom_map.o $(addprefix $(FAKES)/,bug.o log.o)
test_cpuid-objs := hypervisor/dev/cpuid_policy.o hypervisor/x86/feature_words.o $(FAKES)/bug.o
test_decode-objs := hypervisor/dev/decode.o
VLAPIC_OBJS := $(addprefix hypervisor/dev/,vlapic.o vlapic_ipi.o vlapic_regs.o vlapic_timer.o)
test_vioapic-objs := hypervisor/dev/vioapic.o $(VLAPIC_OBJS) $(addprefix $(FAKES)/,bug.o lock.o log.o kalloc.o kick.o time.o)
test_vpci-objs := $(addprefix hypervisor/dev/,vpci.o vpci_msi.o vmsi.o vmsix.o) $(VLAPIC_OBJS) \
	$(addprefix $(FAKES)/,bug.o lock.o log.o kalloc.o kick.o time.o ports.o iommu.o)
test_vlapic-objs := $(VLAPIC_OBJS) $(addprefix $(FAKES)/,bug.o lock.o kalloc.o kick.o time.o)
test_vlapic_model-objs := $(test_vlapic-objs)

# guest
unit-y += test_evtchn test_evtchn_fifo test_evtchn_fifo_smp test_gnttab test_memory
test_memory-objs := $(addprefix hypervisor/guest/,hypercall_32.o sub_op.o memory_op.o memory_map.o memory_foreign.o physmap.o perms.o gnttab.o) \
	$(P2M_OBJS) $(addprefix $(FAKES)/,percpu.o ipi.o guest_copy.o)
test_gnttab-objs := $(addprefix hypervisor/guest/,gnttab.o gnttab_map.o gnttab_copy.o physmap.o) \
	$(P2M_OBJS) $(addprefix $(FAKES)/,percpu.o ipi.o guest_copy.o)
EVTCHN_OBJS := $(addprefix hypervisor/guest/,evtchn.o evtchn_2l.o evtchn_fifo.o evtchn_fifo_op.o evtchn_poll.o) \
	$(addprefix $(FAKES)/,bug.o kalloc.o kick.o log.o guest_page.o)
test_evtchn-objs := $(EVTCHN_OBJS) $(FAKES)/lock.o
test_evtchn_fifo-objs := $(EVTCHN_OBJS) $(FAKES)/lock.o
test_evtchn_fifo_smp-objs := $(EVTCHN_OBJS)
test_evtchn_fifo_smp-libs := -lpthread

unit-y += test_platform_efi
test_platform_efi-objs := hypervisor/guest/platform_efi.o $(addprefix $(FAKES)/,bug.o lock.o frames.o guest_copy.o)

# the tools
unit-y += test_abi_layout
test_abi_layout-objs := tests/unit/abi_ours.o tests/unit/abi_xen.o
unit-y += test_tools_config test_tools_builder test_tools_create test_tools_doctor test_tools_disk test_tools_device test_tools_vif
unit-y += test_tools_resize test_tools_top
test_tools_resize-objs := $(addprefix dom0-tools/,lib/diag.o cli/resize.o)
test_tools_top-objs := $(addprefix dom0-tools/cli/,top_text.o top_devices.o)
test_tools_top-libs := -ljson-c
test_tools_device-objs := $(addprefix dom0-tools/,lib/diag.o device/device.o device/wait.o)
test_tools_vif-objs := $(addprefix dom0-tools/,lib/diag.o config/vif.o)
$(B)/host/dom0-tools/doctor/%.o: HOST_CFLAGS += -D_GNU_SOURCE
test_tools_doctor-objs := $(addprefix dom0-tools/doctor/,boot.o doctor.o dom0.o machine.o)
test_tools_create-objs := $(addprefix dom0-tools/,lib/diag.o config/values.o) \
	$(addprefix dom0-tools/builder/,acpi.o cpuid.o guest.o layout.o nodes.o)
test_tools_disk-objs := $(addprefix dom0-tools/,lib/diag.o config/disk.o config/vdev.o)
test_tools_config-objs := $(addprefix dom0-tools/,lib/diag.o config/parse.o config/schema.o config/values.o config/disk.o config/vdev.o config/vif.o)
test_tools_builder-objs := dom0-tools/lib/diag.o \
	$(addprefix dom0-tools/builder/,acpi.o cpuid.o elf.o kernel.o layout.o unpack.o)
test_tools_builder-libs := -lz -llzma -lzstd

# init
unit-y += test_cmdline test_elf test_dom0_mem test_dom0_acpi test_image test_dom0_load
test_cmdline-objs := hypervisor/init/cmdline.o hypervisor/init/dom0_cmdline.o hypervisor/lib/number.o
test_elf-objs := hypervisor/lib/elf.o
test_dom0_mem-objs := hypervisor/init/dom0_mem.o hypervisor/init/cmdline.o hypervisor/lib/number.o
test_dom0_acpi-objs := hypervisor/init/dom0_acpi.o
test_image-objs := $(addprefix hypervisor/init/,image.o unpack_gzip.o unpack_xz.o unpack_zstd.o unpack_crc64.o)
test_dom0_load-objs := $(addprefix hypervisor/init/,dom0_load.o dom0_mem.o dom0_acpi.o dom0_cmdline.o \
	cmdline.o image.o unpack_gzip.o unpack_xz.o unpack_zstd.o) hypervisor/lib/elf.o hypervisor/lib/number.o \
	$(addprefix tests/unit/fakes/,bug.o log.o frames.o)
test_dom0_load-libs := -llzma -lzstd -lz
test_image-libs := -llzma -lzstd -lz
