# SPDX-License-Identifier: GPL-2.0-only
"""What a machine's firmware says of its IOMMUs, made up: for tests/guest/run --firmware CASE.

QEMU's IOMMUs have one unit and no reserved memory, and say so. GRUB's `acpi` command puts a table of ours in the place of theirs,
`cutmem` takes memory out of the map as firmware does, `write_dword` leaves a unit as firmware may leave it. Of a case:
iommu (QEMU's kind), table, last (GRUB's commands when all is loaded), expect and forbid (what the console must say, in any order,
or must not), args (the payload's), tests, devices (QEMU's options), dies (Helium stops; no test runs).
"""
import os
import struct

import machine

MIB = 1 << 20
HOLE = 400 * MIB            # 4 MiB of RAM that the memory map does not have
RESERVED = HOLE + MIB       # 64 KiB in it; tests/guest/iommu knows how many
DEAD = HOLE + 3 * MIB       # registers of a unit that is none
DOM0S = 17 * MIB            # where Dom0's kernel goes
OTHERS = 300 * MIB          # RAM that is not Dom0's on a machine of 512 MiB
VTD_REGS = 0xfed90000       # of QEMU's unit
AMDVI_REGS = 0xfed80000
AMDVI_BDF, AMDVI_CAP = 0x08, 0x40


def table(signature, body):
    t = struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), 1, 0, b"HELIUM", b"TEST", 1, b"TEST", 1) + body
    return t[:9] + bytes([-sum(t) & 255]) + t[10:]


# --- VT-d, chapter 8 ---

def scope(kind, devfn):
    return struct.pack("<BBHBBBB", kind, 8, 0, 0, 0, devfn >> 3, devfn & 7)


def drhd(registers):
    s = scope(3, 0)
    return struct.pack("<HHBBHQ", 0, 16 + len(s), 1, 0, 0, registers) + s


def rmrr(first, last):
    s = scope(1, 2 << 3)
    return struct.pack("<HHHHQQ", 1, 24 + len(s), 0, 0, first, last) + s


def dmar(*structures):
    return table(b"DMAR", struct.pack("<BB10x", 38, 1) + b"".join(structures))


# --- AMD-Vi, chapter 5 ---

def ivhd(bdf, registers):
    devices = struct.pack("<I", 1) + struct.pack("<BHBBHB", 72, 0, 0, 0, 0x14 << 3, 1) # all; the IO-APIC
    return struct.pack("<BBHHHQHHI", 0x10, 1, 24 + len(devices), bdf, AMDVI_CAP, registers, 0, 0, 0) + devices


def ivmd(first, last):
    return struct.pack("<BBHHHQQQ", 0x20, 7, 32, 0, 0, 0, first, last - first + 1)


def ivrs(*blocks):
    return table(b"IVRS", struct.pack("<I8x", 40 << 8) + b"".join(blocks))


# --- as GRUB's commands ---

def write(at, *dwords):
    return ["write_dword %#x %#x" % (at + 4 * i, d) for i, d in enumerate(dwords)]


CUT_HOLE = ["cutmem %dM %dM" % (HOLE // MIB, HOLE // MIB + 4)]
TABLES = HOLE + 2 * MIB     # zeros but for a queue of invalidations at their start, and where a unit says that it is done
# VT-d, all three of GCMD's services (11.4.4): a queue that has come to a wait (6.5.2), then tables of nothing.
QIE, IRE, SIRTP, SRTP, TE = 1 << 26, 1 << 25, 1 << 24, 1 << 30, 1 << 31
VTD_LEFT_ON = (write(TABLES, 0x25, 1, TABLES + 0x1000, 0) + write(VTD_REGS + 0x90, TABLES, 0) + write(VTD_REGS + 0x18, QIE)
               + write(VTD_REGS + 0x88, 16, 0)
               + write(VTD_REGS + 0x20, TABLES + 0x2000, 0) + write(VTD_REGS + 0x18, QIE | SRTP)
               + write(VTD_REGS + 0xb8, TABLES + 0x3000, 0) + write(VTD_REGS + 0x18, QIE | SIRTP)
               + write(VTD_REGS + 0x18, QIE | TE) + write(VTD_REGS + 0x18, QIE | TE | IRE)
               + ["read_dword %#x" % (VTD_REGS + 0x1c)])
VTD_IS_ON = "0xc7000000"    # what that says: all of it
# AMD-Vi (3.3): a device table of nothing, a command buffer that has come along, an event log.
AMDVI_LEFT_ON = (write(AMDVI_REGS, TABLES + 0x10000, 0) + write(AMDVI_REGS + 0x08, TABLES, 8 << 24)
                 + write(AMDVI_REGS + 0x10, TABLES + 0x1000, 8 << 24) + write(AMDVI_REGS + 0x2000, 0x20, 0)
                 + write(AMDVI_REGS + 0x2008, 0x20, 0) + write(AMDVI_REGS + 0x18, 1 << 12 | 1 << 2 | 1, 0)
                 + ["read_dword %#x" % (AMDVI_REGS + 0x18)])
AMDVI_IS_ON = "0x1005"

RANGES = ((RESERVED, RESERVED + 0xffff), (DOM0S, DOM0S + 0xffff), (OTHERS, OTHERS + MIB - 1), (0xfee00000, 0xfee00fff),
          (1 << 50, (1 << 50) + 0xfff))
KEPT = ["has devices use 0x12c00000 to 0x12cfffff, of which 1024 KiB are not Dom0's: they are stopped there",
        "has devices use 0xfee00000 to 0xfee00fff, of which 4 KiB", "has devices use 0x4000000000000 to 0x4000000000fff, of which 4 KiB"]
NONSENSE = (OTHERS, OTHERS - 2)
UNUSED = "IOMMU: not used; a device of Dom0 can reach all memory"
ALONE = {"args": "iommu=none"} # the device reaches everything
CASES = {
    # Reserved memory of every kind; the firmware has left the unit on; a device that faults without end.
    "intel": dict(iommu="intel", table=dmar(drhd(VTD_REGS), *(rmrr(*r) for r in RANGES), rmrr(*NONSENSE)),
                  last=VTD_LEFT_ON, args="iommu=intel reserved=%d" % RESERVED, tests="iommu,iommu_storm", devices=["-device", "e1000,romfile="],
                  expect=KEPT + [VTD_IS_ON, "has devices use 0x12c00000 to 0x12bffffe, which makes no sense",
                                 "IOMMU: VT-d, 1 unit, remapping interrupts, too"]),
    "amd": dict(iommu="amd", table=ivrs(ivhd(AMDVI_BDF, AMDVI_REGS), *(ivmd(*r) for r in RANGES)), last=AMDVI_LEFT_ON,
                args="iommu=amd reserved=%d" % RESERVED,
                expect=KEPT + [AMDVI_IS_ON, "IOMMU: AMD-Vi, 1 unit, remapping interrupts, too"]),
    # A second unit that is not there.
    "intel-silent": dict(ALONE, iommu="intel", table=dmar(drhd(VTD_REGS), drhd(DEAD)), last=write(DEAD + 8, *4 * [0xffffffff]),
                         expect=["unit at %#x does not answer; none is used" % DEAD, UNUSED]),
    "intel-nowhere": dict(ALONE, iommu="intel", table=dmar(drhd(VTD_REGS), drhd(1 << 51)),
                          expect=["has a unit at 0x8000000000000, where none can be; none is used", UNUSED]),
    "amd-absent": dict(ALONE, iommu="amd", table=ivrs(ivhd(AMDVI_BDF, AMDVI_REGS), ivhd(0x77, AMDVI_REGS + MIB)),
                       expect=["PCI 0000:0077 is no IOMMU, or an old one, and none is used", UNUSED], forbid=["damaged"]),
    # One whose addresses are not those of QEMU's (39 bits).
    "intel-apart": dict(ALONE, iommu="intel", table=dmar(drhd(VTD_REGS), drhd(DEAD)), last=write(DEAD + 8, 47 << 16 | 1 << 10, 1 << 2, 2, 0),
                        expect=["all VT-d units here translate is 0 bits of an address", UNUSED]),
    # One that says it can everything, and does nothing.
    "intel-stuck": dict(iommu="intel", table=dmar(drhd(VTD_REGS), drhd(DEAD)), dies=True,
                        last=write(DEAD + 8, 47 << 16 | 3 << 9, 1 << 2, 2, 0),
                        expect=["IOMMU: a command took longer than a second; iommu=off does without it"]),
    # Damaged tables.
    "intel-damaged": dict(ALONE, iommu="intel", table=dmar(drhd(VTD_REGS), bytes(16)), expect=["DMAR is damaged at byte 72", UNUSED]),
    "intel-cut": dict(ALONE, iommu="intel", table=dmar(drhd(VTD_REGS), rmrr(0, 0xfff)[:-12]),
                      expect=["DMAR is damaged at byte 72", UNUSED]),
    "amd-damaged": dict(ALONE, iommu="amd", table=ivrs(ivhd(AMDVI_BDF, AMDVI_REGS), bytes(16)),
                        expect=["IVRS table is damaged at byte 84", UNUSED]),
    "amd-empty": dict(ALONE, iommu="amd", table=ivrs(), expect=["the firmware describes none", UNUSED]),
}
DEFAULTS = {"tests": "iommu", "last": [], "args": "", "devices": [], "expect": [], "forbid": [], "dies": False}


def case(name):
    return dict(DEFAULTS, **CASES[name])


def boot_args(c, m):
    """QEMU's options for a CD on which GRUB sets the stage for case c, then starts what m (of machine.py) says."""
    signature = c["table"][:4].decode()
    os.makedirs(m["work"], exist_ok=True)
    return machine.cd_args(dict(m, files={signature: c["table"]}, last=c["last"], first=CUT_HOLE + [
        "acpi --exclude=%s /boot/%s" % (signature, signature)]))
