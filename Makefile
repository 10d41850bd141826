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

#: make                       the hypervisor (build/helium, .gz and .efi) and the Dom0 tools (build/hl)
all: hv tools

# --- hypervisor -------------------------------------------------------------
HV_DIRS := boot $(addprefix hypervisor/,lib x86 mem hvm hvm/svm hvm/vmx core dev guest init)
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

GNU_EFI_INC ?= /usr/include/efi
# EFI_DEBUG: gnu-efi asks for its value, and sparse checks system headers for such, too.
INCLUDES := -I. -Ihypervisor -Iinclude -isystem $(GNU_EFI_INC) -isystem $(GNU_EFI_INC)/x86_64 -DEFI_DEBUG=0
WARN := -Wall -Wextra -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unused-parameter -Wno-sign-compare -Werror
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf -mno-red-zone -mgeneral-regs-only \
	-mcmodel=kernel -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-strict-aliasing -fno-common -Wframe-larger-than=3072 -ffile-prefix-map=$(CURDIR)=. \
	$(WARN) $(INCLUDES) -D__XEN_TOOLS__ -DHELIUM_VERSION='"$(VERSION)"' -DDEBUG=$(DEBUG)
# Optimized as one program, about a tenth fewer instructions per exit. Not what is freed after the start:
# the linker script tells that by the names of objects.
LTO = $(if $(filter boot/% hypervisor/init/%,$<),,-flto)
HV_OBJS := $(addprefix $(B)/hv/,$(obj-all))
# Objects depend on this file, so that another DEBUG= builds them anew.
MODE := $(B)/debug-$(DEBUG)
$(shell test -e $(MODE) || { mkdir -p $(B); rm -f $(B)/debug-*; touch $(MODE); })

$(B)/hv/%.o: %.c $(MODE)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) $(LTO) -MMD -MP -c $< -o $@

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
	$(Q)$(CC) $(HV_CFLAGS) -flto -flto-partition=one -nostdlib -static -no-pie \
		-Wl,--build-id=sha1 -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments \
		-T $(B)/helium.lds $(HV_OBJS) -Wl,--gc-sections $(HV_LIBS) -o $@
$(B)/helium: $(B)/helium.dbg
	$(Q)objcopy --strip-debug $< $@
$(B)/helium.gz: $(B)/helium
	$(call say,GZIP,$@)
	$(Q)strip -s $< -o $(B)/helium.stripped && gzip -9nc $(B)/helium.stripped > $@

# The UEFI application, with gnu-efi's start-up code: objects of their own, position-independent and with 16-bit
# characters. muldefs: gnu-efi and lib/string.c both have a memcpy.
include boot/efi/files.mk
GNU_EFI_LIB ?= /usr/lib
EFI_CFLAGS := -std=gnu11 -O2 -ffreestanding -fpic -fshort-wchar -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fcf-protection=none -fno-strict-aliasing -fvisibility=hidden -DGNU_EFI_USE_MS_ABI \
	-ffile-prefix-map=$(CURDIR)=. $(WARN) $(INCLUDES)

$(B)/efi/%.o: %.c
	$(call say,EFICC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EFI_CFLAGS) -MMD -MP -c $< -o $@
$(B)/helium.bin: $(B)/helium.dbg
	$(Q)objcopy -O binary $< $@
$(B)/efi/helium.bin.o: $(B)/helium.bin
	@mkdir -p $(@D)
	$(Q)cd $(B) && ld -r -b binary -z noexecstack -o efi/$(@F) $(<F)
$(B)/efi/helium.so: $(EFI_OBJS) $(B)/efi/helium.bin.o
	$(Q)ld -nostdlib -znocombreloc -shared -Bsymbolic --no-undefined -z noexecstack -z muldefs -T $(GNU_EFI_LIB)/elf_x86_64_efi.lds \
		$(GNU_EFI_LIB)/crt0-efi-x86_64.o $^ $(GNU_EFI_LIB)/libefi.a $(GNU_EFI_LIB)/libgnuefi.a -o $@
$(B)/helium.efi: $(B)/efi/helium.so
	$(call say,EFI,$@)
	$(Q)objcopy -S -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela -j .rel.* -j .rela.* -j .reloc \
		--target efi-app-x86_64 --subsystem=10 $< $@
hv: $(B)/helium $(B)/helium.gz $(B)/helium.efi

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
TRIAL_FILES := $(wildcard scripts/trial/* tests/integration/dom0/*) scripts/mkimages scripts/machine.py
$(B)/cache/dom0/stamp: scripts/trial/packages
	@scripts/fetch-packages $< $(@D) && touch $@
$(B)/cache/peer/stamp: scripts/trial/packages.peer
	@scripts/fetch-packages $< $(@D) && touch $@
TRIAL_TOOLS := $(patsubst tests/integration/%.c,$(B)/%,$(wildcard tests/integration/*.c))
$(TRIAL_TOOLS): $(B)/%: tests/integration/%.c
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -Iinclude -D__XEN_TOOLS__ $< -lxencall -o $@
$(B)/trial/dom0.cpio: $(B)/cache/dom0/stamp $(PEER_STAMP) $(TRIAL_FILES) $(TRIAL_TOOLS) $(B)/payload.elf $(if $(wildcard dom0-tools/files.mk),$(B)/hl)
	@scripts/mkimages $(B)/cache $(@D) $(B)/payload.elf $(B)/hl $(TRIAL_TOOLS)
image: hv tools $(B)/trial/dom0.cpio
# What scenario disk-grub installs, and what it installs it on. Where the disk cannot be made only that one fails.
$(B)/trial/install.tar: all $(B)/trial/dom0.cpio scripts/install scripts/trial/service.cfg scripts/trial/domains.conf dom0-tools/scripts/domains dom0-tools/install/helium-domains.service
	@rm -rf $(B)/trial/install
	@$(MAKE) -s --no-print-directory install DESTDIR=$(B)/trial/install > /dev/null
	@install -D -m 644 scripts/trial/service.cfg $(B)/trial/install/etc/helium/demo.cfg
	@install -D -m 644 scripts/trial/domains.conf $(B)/trial/install/etc/systemd/system/helium-domains.service.d/test.conf
	@install -D -m 644 $(B)/trial/guest.cpio $(B)/trial/install/srv/guest.cpio
	@tar -C $(B)/trial/install --owner=0 --group=0 -cf $@ .
disk: $(B)/trial/install.tar
	-@scripts/mkdisk scripts/trial/packages.disk $(B)/cache/disk
# The same for the guest of scenario debian-guest.
guest-disk:
	-@scripts/mkdisk scripts/trial/packages.guest $(B)/cache/guest guest

#: make run [DOOR=efi]        boots the trial image to a Dom0 shell in QEMU (DOOR=bios, efi, uefi or direct)
DOOR ?= bios
TRIAL_FLAGS := --door $(DOOR) $(if $(PEER),--peer)
run:
	@scripts/setup
	@$(MAKE) --no-print-directory image
	@scripts/run-trial $(TRIAL_FLAGS)
#: make debug                 the same by the direct door, waiting for gdb on port 1234
debug: image
	@scripts/run-trial --door direct --debug

# --- installation -----------------------------------------------------------
#: make install [DESTDIR=dir] [PREFIX=/usr/local]   image, hl, manual, completion, units (docs/installing.md); uninstall
install: all
	@VERSION=$(VERSION) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) scripts/install $(B)
uninstall:
	@VERSION=$(VERSION) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) scripts/install $(B) --uninstall
check-install: all
	@VERSION=$(VERSION) scripts/$@ $(B)

# --- checks -----------------------------------------------------------------
#: make check                 every test there is; the last line says `N passed, N failed`
check:
	@scripts/setup
	@MAKE="$(MAKE)" scripts/check $(FAST) image -- test-guest test-iommu-intel test-iommu-amd test-iommu-firmware test-integration \
		-- test-vmx test-vmx-older test-vmx-dom0
#: make check-fast            what needs no emulator: style of the house, unit tests
FAST := all check-floors check-loops check-headers check-size check-docs check-sparse check-cppcheck check-image check-install check-domains test-unit
check-fast:
	@MAKE="$(MAKE)" scripts/check $(FAST)
check-floors check-loops check-size check-cppcheck check-domains:
	@scripts/$@
check-sparse:
	@scripts/$@ "hypervisor $(wildcard boot/*.c)" $(HV_CFLAGS)
	@scripts/$@ boot/efi $(filter-out -Wundef,$(EFI_CFLAGS))
check-image: hv
	@scripts/$@ $(B)/helium $(B)/helium.gz
check-headers:
	@scripts/$@ "$(wildcard hypervisor boot/*.h include)" $(CC) $(HV_CFLAGS)
	@scripts/$@ boot/efi $(CC) $(EFI_CFLAGS)
	@scripts/$@ "$(wildcard dom0-tools)" $(HOSTCC) $(HOST_CFLAGS) $(TOOL_INCLUDES)
#: make check-full            make check, then the scenarios that run only when named
check-full: check guest-disk
	@tests/integration/run $$(grep -l '^named yes' tests/integration/scenarios/* | xargs -n1 basename)
#: make bench                 instructions per operation, sizes and times beside the targets and real Xen's
bench: image
	@scripts/$@
#: make check-vmx             VT-x on Bochs: the guest tests, then Debian as Dom0 and as a guest
check-vmx:
	@scripts/setup
	@MAKE="$(MAKE)" scripts/check test-vmx test-vmx-older test-vmx-dom0
test-vmx-dom0: image
	@tests/integration/run bochs-intel
#: make test-integration [T=name]   Debian as Dom0 and as guests, in QEMU
test-integration: image $(if $(T),$(findstring disk,$(T)) $(if $(findstring debian-guest,$(T)),guest-disk),disk)
	@tests/integration/run $(T) $(if $(PEER),--peer)

#: make clean                 removes what was built; distclean also the downloaded packages
clean:
	rm -rf $(filter-out $(B)/cache,$(wildcard $(B)/*))
distclean:
	rm -rf $(B)
help:
	@sed -n 's/^#: /  /p' $(MAKEFILE_LIST)

-include $(shell test -d $(B) && find $(B) -path $(B)/cache -prune -o -type f -name '*.d' -print)
.PHONY: all hv tools docs disk guest-disk install uninstall check-install check-domains image run debug check check-full check-fast check-floors check-loops check-headers check-size check-docs check-sparse check-cppcheck check-image \
	test-unit test-guest test-vmx test-vmx-older test-vmx-dom0 test-integration bench clean distclean help
