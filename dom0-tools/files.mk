# The tools: build/hl and what it is made of. pure files are also linked by host unit tests.
TOOLS_DIR := dom0-tools
tools-obj := $(addprefix lib/,call.o diag.o domain.o memory.o start.o store.o store_wait.o system.o) \
	$(addprefix device/,device.o disk.o image.o kinds.o list.o loop.o nbd.o partitions.o program.o seed.o vif.o vif_prepare.o wait.o) \
	$(addprefix builder/,acpi.o cpuid.o elf.o files.o firmware.o guest.o kernel.o layout.o nodes.o unpack.o) \
	$(addprefix config/,disk.o parse.o schema.o values.o vdev.o vif.o) \
	$(addprefix doctor/,boot.o doctor.o dom0.o machine.o) \
	$(addprefix cli/,block.o config_file.o console.o create.o devices.o doctor.o info.o life.o list.o log.o keys.o main.o mem.o monitor.o \
		names.o network.o record.o resize.o sched.o top.o top_devices.o top_text.o util.o verbs.o)
TOOLS_OBJS := $(addprefix $(B)/tools/$(TOOLS_DIR)/,$(tools-obj))
TOOLS_CFLAGS := -std=gnu11 -O2 -g -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
	$(WARN) -I. -Iinclude -D_GNU_SOURCE -D__XEN_TOOLS__ -DHELIUM_VERSION='"$(VERSION)"'
TOOLS_LIBS := -lxencall -lxenforeignmemory -lxenstore -lxentoollog -ljson-c -lncurses -ltinfo -lz -llzma -lzstd

$(B)/tools/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -MMD -MP -c $< -o $@

$(B)/hl: $(TOOLS_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) -pie -Wl,-z,relro,-z,now $^ $(TOOLS_LIBS) -o $@

# What is installed beside it, made from templates and the tables of verbs and keys.
INSTALLED := $(addprefix $(B)/install/,hl.1 hl.cfg.5 hl.bash)
$(B)/gen-man: $(addprefix $(B)/tools/,scripts/gen-man.o $(addprefix dom0-tools/,cli/verbs.o lib/diag.o \
		config/disk.o config/parse.o config/schema.o config/values.o config/vdev.o config/vif.o))
	$(Q)$(CC) -pie $^ -o $@
$(B)/install/%: dom0-tools/install/%.in dom0-tools/install/example.cfg $(B)/gen-man
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(B)/gen-man $< dom0-tools/install/example.cfg > $@

tools: $(B)/hl $(INSTALLED)
