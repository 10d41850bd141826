# Helium. One non-recursive Makefile; each folder lists its objects in files.mk:
#   obj-y   compiled for the hypervisor only
#   pure-y  compiled for the hypervisor, and again for the host by the unit tests
# Choices: DEBUG=1 (asserts, lock order, invariants), V=1 (show commands).
# A line that begins with `#:` is what `make help` prints.

V ?= 0
DEBUG ?= 0
B := build
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(2)')

CC ?= gcc
HOSTCC ?= gcc
VERSION := 0.1

#: make                       the hypervisor (build/helium, build/helium.gz) and the Dom0 tools (build/hl)
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

INCLUDES := -I. -Ihypervisor -Iinclude
WARN := -Wall -Wextra -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unused-parameter -Wno-sign-compare -Werror
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf -mno-red-zone -mgeneral-regs-only \
	-mcmodel=kernel -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-strict-aliasing -fno-common -ffile-prefix-map=$(CURDIR)=. \
	$(WARN) $(INCLUDES) -D__XEN_TOOLS__ -DHELIUM_VERSION='"$(VERSION)"' -DDEBUG=$(DEBUG)
HV_OBJS := $(addprefix $(B)/hv/,$(obj-all))
# Objects depend on this file, so that another DEBUG= builds them anew.
MODE := $(B)/debug-$(DEBUG)
$(shell test -e $(MODE) || { mkdir -p $(B); rm -f $(B)/debug-*; touch $(MODE); })

$(B)/hv/%.o: %.c $(MODE)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -c $< -o $@

$(B)/hv/%.o: %.S $(MODE)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

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
	$(WARN) -Itests/unit/fakes/include -Itests/unit $(INCLUDES) -D__XEN_TOOLS__ -DDEBUG=1 -DHELIUM_VERSION='"$(VERSION)"'
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

#: make test-unit [T=name]    host unit tests under ASan and UBSan; UNIT_SEED=n replays a random sequence
test-unit: $(UNIT_BINS)
	@scripts/run-unit $(if $(T),$(B)/unit/$(T),$(UNIT_BINS))

# --- documents made from the sources ------------------------------------------
$(B)/gen-cmdline: $(addprefix $(B)/host/,scripts/gen-cmdline.o hypervisor/init/cmdline.o hypervisor/lib/number.o)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $^ -o $@
# Written to build/docs first, so that check-docs can tell whether the committed copies are current.
GEN_DOCS := cmdline hypercalls locks
$(B)/docs/cmdline.md: $(B)/gen-cmdline
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$< > $@
$(B)/docs/hypercalls.md: $(wildcard hypervisor/guest/*.c) hypervisor/guest/hypercalls.def
$(B)/docs/locks.md: hypervisor/lib/locks.def
$(B)/docs/%.md: scripts/gen-%
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$< > $@
#: make docs                  the documents that are made from tables in the sources
docs: $(GEN_DOCS:%=$(B)/docs/%.md)
	@cp $^ docs/
check-docs: $(GEN_DOCS:%=$(B)/docs/%.md)
	@for f in $(^F); do cmp -s $(B)/docs/$$f docs/$$f || { echo "docs/$$f is out of date: make docs"; bad=1; }; done; \
		test -z "$$bad" && echo "docs: current"

# --- trial image: a Dom0 and a guest made of Debian packages ------------------
PEER_STAMP := $(if $(PEER),$(B)/cache/peer/stamp)
TRIAL_FILES := $(wildcard scripts/trial/* tests/integration/dom0/*) scripts/mkimages
$(B)/cache/dom0/stamp: scripts/trial/packages
	@scripts/fetch-packages $< $(@D) && touch $@
$(B)/cache/peer/stamp: scripts/trial/packages.peer
	@scripts/fetch-packages $< $(@D) && touch $@
$(B)/pages: tests/integration/pages.c
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -Iinclude -D__XEN_TOOLS__ $< -lxencall -o $@
$(B)/trial/dom0.cpio: $(B)/cache/dom0/stamp $(PEER_STAMP) $(TRIAL_FILES) $(B)/pages $(B)/payload.elf $(if $(wildcard dom0-tools/files.mk),$(B)/hl)
	@scripts/mkimages $(B)/cache $(@D) $(B)/payload.elf $(B)/hl $(B)/pages
image: hv tools $(B)/trial/dom0.cpio

#: make run [DOOR=efi]        boots the trial image to a Dom0 shell in QEMU (DOOR=bios, efi or direct)
DOOR ?= bios
TRIAL_FLAGS := --door $(DOOR) $(if $(PEER),--peer)
run:
	@scripts/setup
	@$(MAKE) --no-print-directory image
	@scripts/run-trial $(TRIAL_FLAGS)
#: make debug                 the same by the direct door, waiting for gdb on port 1234
debug: image
	@scripts/run-trial --door direct --debug

# --- checks -----------------------------------------------------------------
#: make check                 every test there is; the last line says `N passed, N failed`
check:
	@scripts/setup
	@MAKE="$(MAKE)" scripts/check $(FAST) test-guest test-integration
#: make check-fast            what needs no emulator: style of the house, unit tests
FAST := all check-floors check-loops check-headers check-size check-docs check-image test-unit
check-fast:
	@MAKE="$(MAKE)" scripts/check $(FAST)
check-floors check-loops check-size:
	@scripts/$@
check-image: hv
	@scripts/$@ $(B)/helium $(B)/helium.gz
check-headers:
	@scripts/$@ "$(wildcard hypervisor boot include)" $(CC) $(HV_CFLAGS)
	@scripts/$@ "$(wildcard dom0-tools)" $(HOSTCC) $(HOST_CFLAGS) $(TOOL_INCLUDES)
#: make test-guest            small kernels of our own under the hypervisor
#: make bench                 instructions per operation, ours beside the targets and real Xen's
bench: numbers
numbers: image
	@scripts/$@
#: make test-integration [T=name]   Debian as Dom0 and as guests, in QEMU
test-integration: image
	@tests/integration/run $(T) $(if $(PEER),--peer)

#: make clean                 removes what was built; distclean also the downloaded packages
clean:
	rm -rf $(filter-out $(B)/cache,$(wildcard $(B)/*))
distclean:
	rm -rf $(B)
help:
	@sed -n 's/^#: /  /p' $(MAKEFILE_LIST)

-include $(shell test -d $(B) && find $(B) -path $(B)/cache -prune -o -type f -name '*.d' -print)
.PHONY: all hv tools docs image run debug check check-fast check-floors check-loops check-headers check-size check-docs check-image \
	test-unit test-guest test-integration bench numbers clean distclean help
