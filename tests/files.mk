# Guest tests and benches: one PVH payload, every folder of tests/guest and tests/bench with a
# files.mk linked into it. The Dom0 payload creates the DomUs by itself, from its own image.
GUEST_DIRS := $(sort tests/guest/lib $(patsubst %/,%,$(dir $(wildcard tests/guest/*/main.c tests/bench/*/main.c))))
GUEST_SRCS := $(wildcard $(addsuffix /*.c,$(GUEST_DIRS)) $(addsuffix /*.S,$(GUEST_DIRS)))
GUEST_OBJS := $(addprefix $(B)/payload/,$(addsuffix .o,$(basename $(GUEST_SRCS))))
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf -mno-red-zone -mgeneral-regs-only \
	-fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fno-strict-aliasing -fno-omit-frame-pointer -ffile-prefix-map=$(CURDIR)=. \
	$(WARN) -Wno-old-style-declaration -Itests/guest -Iinclude -D__XEN_TOOLS__

$(B)/payload/%.o: %.c
	$(call say,GUESTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/payload/%.o: %.S
	$(call say,GUESTAS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/payload.elf: $(GUEST_OBJS) tests/guest/lib/guest.lds
	$(call say,LD,$@)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
		-Wl,--no-warn-rwx-segments -T tests/guest/lib/guest.lds $(GUEST_OBJS) -o $@

#: make test-guest [T=a,b] [SEED=n]   small kernels of our own under the hypervisor; SEED replays random ones
# RUN_FLAGS goes to the runner.
test-guest: $(B)/payload.elf $(B)/helium
	@tests/guest/run --hv $(B)/helium --payload $< $(if $(T),--tests $(T)) $(if $(SEED),--seed $(SEED)) $(RUN_FLAGS)

# What an IOMMU changes, behind each kind.
IOMMU_TESTS := iommu,device_irq,foreign,gnttab,gnttab_domains,memory,batches
test-iommu-intel test-iommu-amd: test-iommu-%: $(B)/payload.elf $(B)/helium
	@tests/guest/run --hv $(B)/helium --payload $< --smp 2 --iommu $* --tests $(or $(T),$(IOMMU_TESTS)) $(RUN_FLAGS)

# The same machines with other tables from their firmware: reserved memory, units that do not answer, damage; started by GRUB.
test-iommu-firmware: $(B)/payload.elf $(B)/helium $(B)/helium.gz
	@tests/guest/run --hv $(B)/helium --payload $< --firmware $(or $(T),all) $(RUN_FLAGS)

# The same under VT-x, on Bochs.
test-vmx: $(B)/payload.elf $(B)/helium
	@tests/guest/run --hv $(B)/helium --payload $< --machine bochs $(if $(T),--tests $(T)) $(RUN_FLAGS)

# What depends on the CPU's help with the local APIC, on a model that has little of it.
test-vmx-older: $(B)/payload.elf $(B)/helium
	@tests/guest/run --hv $(B)/helium --payload $< --machine bochs --cpu corei7_sandy_bridge_2600k --smp 1 \
		--tests delivery,lapic,lapic_xapic,context,timer

.PHONY: test-guest test-iommu-intel test-iommu-amd test-iommu-firmware test-vmx test-vmx-older
.DELETE_ON_ERROR:
