# SPDX-License-Identifier: GPL-2.0-only
"""The other emulated machine: Bochs 2.7, which has VT-x with EPT (and AMD-V), a few CPUs and an IDE CD.

start(m) takes the same dict as scripts/machine.py, and m["model"], a name of Bochs' CPU models. The machine
boots a GRUB ISO; its serial port is a socket, read and written while it runs. What Bochs can and
cannot do: docs/testing.md, "The second machine".
"""
import os
import re
import socket
import struct
import subprocess
import sys

import machine

VTX_MODEL = "broadwell_ult"
# Bochs 2.7 delivers virtual interrupts to guests with IF=0; whoever names another one by BOCHS=FILE has mended that.
PROGRAM = os.environ.get("BOCHS", "bochs")
HYPERVISOR_ARGS = "" if "BOCHS" in os.environ else " vmx=no-vid"
IPS = 50000000      # emulated instructions in an emulated second; the TSC's rate, too
ROMS = (("/usr/share/seabios/bios.bin", "/usr/share/seabios/vgabios-stdvga.bin"),
        ("/usr/share/seabios/bios.bin", "/usr/share/seavgabios/vgabios-stdvga.bin"))
CONFIG = """display_library: rfb, options="timeout=0"
sound: waveoutdrv=dummy
speaker: enabled=0
romimage: file={bios}
vgaromimage: file={vgabios}
memory: guest={memory}, host={memory}
cpu: model={model}, count={cpus}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=1
clock: sync=none, time0=utc
pci: enabled=1, chipset=i440fx
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
cmosimage: file={cmos}, rtc_init=time0
com1: enabled=1, mode=socket-client, dev=127.0.0.1:{port}
log: {log}
panic: action=fatal
"""
# Guest tests that Bochs' own faults keep from passing, by model (docs/testing.md says which faults).
SKIP = {"ryzen": "context context_domains control ends evtchn_domains evtchn_foreign evtchn_smp foreign fuzz "
                 "gnttab_domains helium lapic_xapic leaks sharing toolstack trigger".split()}
S5 = "ACPI control: soft power off"     # Bochs calls that a panic, too
REFUSED = "VMCS guest CR4.PAE=0 in x86-64 mode"     # what the guest test refused_state asks for
COMPLAINT = re.compile(r">>PANIC<<|VMFAIL|VMENTER FAIL|triple fault|shutdown status")


def write_cmos(path, memory_mb, cpus):
    """What SeaBIOS reads from the clock's memory. Bochs makes it, too, but says nothing of CPUs."""
    cmos = bytearray(128)
    cmos[0x0a], cmos[0x0b], cmos[0x0d] = 0x26, 0x02, 0x80   # the clock: 32 kHz, 24 hours, battery full
    struct.pack_into("<H", cmos, 0x30, 0xfc00)              # memory between 1 and 64 MiB, in KiB
    struct.pack_into("<H", cmos, 0x34, (memory_mb - 16) * 16)   # above 16 MiB, in 64 KiB
    cmos[0x3d] = 3                                          # boot from CD
    cmos[0x5f] = cpus - 1
    with open(path, "wb") as f:
        f.write(cmos)


class Machine:
    """One boot. Has what the runners use of a subprocess: stdin, stdout, poll, kill, wait."""

    def __init__(self, m):
        bios, vgabios = next((r for r in ROMS if all(map(os.path.exists, r))), (None, None))
        if not bios:
            sys.exit("no SeaBIOS found: run scripts/setup")
        os.makedirs(m["work"], exist_ok=True)
        self.log = os.path.join(m["work"], "bochs.log")
        iso, config, commands, kernel, cmos = (os.path.join(m["work"], n)
                                               for n in ("boot.iso", "bochsrc", "commands", "vmlinux", "cmos"))
        write_cmos(cmos, int(m["memory"]), m.get("cpus", 1))
        machine.make_iso(iso, dict(m, kernel=m["kernel"] and machine.unpack_kernel(m["kernel"], kernel),
                                   hypervisor_args=m["hypervisor_args"] + HYPERVISOR_ARGS))
        with socket.create_server(("127.0.0.1", 0)) as server, open(config, "w") as f:
            f.write(CONFIG.format(bios=bios, vgabios=vgabios, memory=m["memory"], model=m["model"],
                                  cpus=m.get("cpus", 1), cmos=cmos, ips=m.get("ips", IPS), iso=iso, port=server.getsockname()[1], log=self.log))
            f.flush()
            with open(commands, "w") as c:
                c.write("c\n")      # Debian's build has a debugger, and stops in it at first
            self.command = [PROGRAM, "-q", "-unlock", "-f", config, "-rc", commands]
            with open(os.path.join(m["work"], "bochs.out"), "w") as out:
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out,
                                                stderr=subprocess.STDOUT)
            server.settimeout(30)
            try:
                self.stdout = server.accept()[0]
            except TimeoutError:
                self.process.kill()
                sys.exit("Bochs does not start: see %s" % out.name)
        self.stdin = self.stdout.makefile("wb")
        self.poll, self.kill, self.wait = self.process.poll, self.process.kill, self.process.wait

    def complaints(self):
        """What Bochs itself found wrong: lines of its log, the time in front of each taken off."""
        with open(self.log, errors="replace") as f:
            lines = [line[11:].strip() for line in f
                     if COMPLAINT.search(line) and S5 not in line and REFUSED not in line]
        return list(dict.fromkeys(lines))
