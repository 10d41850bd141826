# Helium. One non-recursive Makefile; each folder lists its objects in files.mk:
#   obj-y   compiled for the hypervisor only
#   pure-y  compiled for the hypervisor, and again for the host by the unit tests
# Choices: DEBUG=1 (asserts, lock order, invariants), V=1 (show commands).

V ?= 0
DEBUG ?= 0
B := build
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(2)')

CC ?= gcc
HOSTCC ?= gcc
VERSION := 0.1

all: hv tools

# --- hypervisor -------------------------------------------------------------
HV_DIRS := boot $(addprefix hypervisor/,lib x86 mem hvm hvm/svm core dev guest init)
obj-all :=
pure-all :=
define read_dir
obj-y :=
pure-y :=
-include $(1)/files.mk
obj-all += $$(addprefix $(1)/,$$(obj-y) $$(pure-y))
pure-all += $$(addprefix $(1)/,$$(pure-y))
endef
$(foreach d,$(HV_DIRS),$(eval $(call read_dir,$(d))))

INCLUDES := -I. -Ihypervisor -Iinclude -I$(B)/gen
WARN := -Wall -Wextra -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unused-parameter -Wno-sign-compare -Werror
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf -mno-red-zone -mgeneral-regs-only \
	-mcmodel=kernel -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-strict-aliasing -fno-common -ffile-prefix-map=$(CURDIR)=. \
	$(WARN) $(INCLUDES) -D__XEN_TOOLS__ -DHELIUM_VERSION='"$(VERSION)"' -DDEBUG=$(DEBUG)
HV_OBJS := $(addprefix $(B)/hv/,$(obj-all))

$(B)/hv/%.o: %.c $(wildcard $(B)/gen/*.h)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -c $< -o $@

$(B)/hv/%.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

# Struct offsets for assembly come from the compiler: hypervisor/*/asm-offsets.c -> build/gen/*.h
$(B)/gen/asm_offsets.h: hypervisor/x86/asm_offsets.c
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(B)/gen/asm_offsets.d -S $< -o $(B)/gen/asm_offsets.s
	$(Q)sed -n 's/^.*->\([A-Za-z0-9_]*\) \$$*\([-0-9]*\).*/#define \1 \2/p' $(B)/gen/asm_offsets.s > $@
$(filter %.o,$(HV_OBJS)): | $(B)/gen/asm_offsets.h

$(B)/helium.lds: boot/hv.lds.S
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x c -D__ASSEMBLY__ $(INCLUDES) $< -o $@

# Static libraries of the distro, used by init/ only; see docs/decisions.
HV_LIBS := -l:liblzma.a -l:libzstd.a -l:libz.a
$(B)/helium.dbg: $(HV_OBJS) $(B)/helium.lds
	$(call say,LD,$@)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=sha1 -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments \
		-T $(B)/helium.lds $(HV_OBJS) -Wl,--gc-sections $(HV_LIBS) -o $@
$(B)/helium: $(B)/helium.dbg
	$(Q)objcopy --strip-debug $< $@
$(B)/helium.gz: $(B)/helium
	$(call say,GZIP,$@)
	$(Q)strip -s $< -o $(B)/helium.stripped && gzip -9nc $(B)/helium.stripped > $@
hv: $(B)/helium $(B)/helium.gz

# --- host unit tests --------------------------------------------------------
include tests/unit/files.mk
-include dom0-tools/files.mk
-include tests/files.mk

HOST_CFLAGS := -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	$(WARN) $(INCLUDES) -Itests/unit -D__XEN_TOOLS__ -DDEBUG=1 -DHELIUM_VERSION='"$(VERSION)"'
$(B)/host/%.o: %.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -c $< -o $@

# unit-y names tests/unit/<name>.c; <name>-objs lists what it links, from the tree's root.
define unit_rule
$(B)/unit/$(1): $(B)/host/tests/unit/$(1).o $(addprefix $(B)/host/,$($(1)-objs))
	$$(call say,HOSTLD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) -fsanitize=address,undefined $$^ -lcmocka $($(1)-libs) -o $$@
endef
$(foreach t,$(unit-y),$(eval $(call unit_rule,$(t))))
UNIT_BINS := $(addprefix $(B)/unit/,$(unit-y))

test-unit: $(UNIT_BINS)
	@scripts/run-unit $(if $(T),$(B)/unit/$(T),$(UNIT_BINS))

clean:
	rm -rf $(B)

-include $(shell test -d $(B) && find $(B) -name '*.d')
.PHONY: all hv tools test-unit clean
