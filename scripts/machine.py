# SPDX-License-Identifier: GPL-2.0-only
"""The emulated machine the trial image and the integration tests run on: QEMU's command line, and GRUB ISOs.

A machine is a dict: memory (MiB), cpus, door (direct, bios, efi), devices (a set of ahci, nvme, e1000e,
iommu), hypervisor (file), hypervisor_args, kernel, kernel_args, initrd, work (a folder for disks and ISOs).
Why the processor flags are what they are: docs/testing.md, "Quirks of the emulator".
"""
import hashlib
import os
import shutil
import subprocess
import sys

CPU = "EPYC,+svm,+npt,-monitor,-rdtscp,-avx,-avx2,-f16c"
# What QEMU's model of an EPYC lacks anyway; named, it does not warn about each.
CPU += "".join(",-" + f for f in "rdseed sha-ni fxsr-opt misalignsse 3dnowprefetch osvw topoext nrip-save xsavec".split())
HYPERVISOR_ARGS = "console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M loglvl=info guest_loglvl=warning"
KERNEL_ARGS = "console=hvc0 panic=5"
PEER_ARGS = " dom0=pvh noreboot=0"
DISK_MB = 64
OVMF = ("/usr/share/OVMF/OVMF_%s_4M.fd", "/usr/share/OVMF/OVMF_%s.fd", "/usr/share/edk2/ovmf/OVMF_%s.fd")
GRUB_CFG = """set timeout=0
serial --unit=0 --speed=115200
terminal_output serial
menuentry "Helium" {{
	multiboot2 /boot/{name} placeholder {hypervisor_args}
	module2 /boot/vmlinuz placeholder {kernel_args}
	module2 --nounzip /boot/initrd
}}
"""


def has_nested_kvm():
    """True where a guest of ours would really see SVM; a /dev/kvm alone does not mean that."""
    try:
        with open("/sys/module/kvm_amd/parameters/nested") as f:
            nested = f.read(1) in "1Y"
        with open("/proc/cpuinfo") as f:
            svm = " svm" in f.read()
    except OSError:
        return False
    return nested and svm and os.access("/dev/kvm", os.R_OK | os.W_OK) and os.environ.get("KVM") != "0"


def make_iso(path, m):
    """A GRUB ISO that starts on BIOS and on UEFI; the hypervisor goes in gzipped when it is named so."""
    tree = path + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree + "/boot/grub")
    name = os.path.basename(m["hypervisor"])
    for src, dst in ((m["hypervisor"], name), (m["kernel"], "vmlinuz"), (m["initrd"], "initrd")):
        os.link(src, os.path.join(tree, "boot", dst)) if same_device(src, tree) else \
            shutil.copyfile(src, os.path.join(tree, "boot", dst))
    with open(tree + "/boot/grub/grub.cfg", "w") as f:
        f.write(GRUB_CFG.format(name=name, **{k: m[k] for k in ("hypervisor_args", "kernel_args")}))
    tool = shutil.which("grub-mkrescue") or shutil.which("grub2-mkrescue")
    if not tool:
        sys.exit("grub-mkrescue not found: run scripts/setup")
    r = subprocess.run([tool, "-o", path, tree], capture_output=True, text=True)
    shutil.rmtree(tree)
    if r.returncode:
        sys.exit("grub-mkrescue failed:\n" + r.stderr)


def same_device(a, b):
    return os.stat(a).st_dev == os.stat(b).st_dev


def make_disk(work, name):
    """A fresh empty disk, sparse."""
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.truncate(DISK_MB << 20)
    return path


def firmware_args(work):
    for pattern in OVMF:
        if os.path.exists(pattern % "CODE"):
            variables = os.path.join(work, "efi-vars.fd")
            shutil.copyfile(pattern % "VARS", variables)
            return ["-drive", "if=pflash,format=raw,readonly=on,file=" + pattern % "CODE",
                    "-drive", "if=pflash,format=raw,file=" + variables]
    sys.exit("no OVMF firmware found: run scripts/setup")


def device_args(m):
    devices, work, args = m["devices"], m["work"], []
    if "ahci" in devices:
        args += ["-drive", "if=none,id=ahci0,format=raw,file=" + make_disk(work, "ahci.img"),
                 "-device", "ide-hd,drive=ahci0,bus=ide.0"]
    if "nvme" in devices:
        args += ["-drive", "if=none,id=nvme0,format=raw,file=" + make_disk(work, "nvme.img"),
                 "-device", "nvme,serial=helium,drive=nvme0"]
    if "e1000e" in devices:
        share = os.path.join(work, "tftp")
        os.makedirs(share, exist_ok=True)
        payload = bytes(i * i >> 3 & 255 for i in range(4096)) * 256
        with open(os.path.join(share, "payload"), "wb") as f:
            f.write(payload)
        with open(os.path.join(share, "payload.md5"), "w") as f:
            f.write(hashlib.md5(payload).hexdigest() + "  -\n")
        args += ["-netdev", "user,id=net0,tftp=" + share, "-device", "e1000e,netdev=net0,romfile="]
    if "iommu" in devices:
        args += ["-device", "intel-iommu,intremap=on"]
    return args


def boot_args(m):
    if m["door"] == "direct":
        module = "%s %s" % (m["kernel"], m["kernel_args"].replace(",", ",,"))
        return ["-kernel", m["hypervisor"], "-append", m["hypervisor_args"], "-initrd", module + "," + m["initrd"]]
    iso = os.path.join(m["work"], "boot.iso")
    if m.get("verbose"):
        print("  ISO      %s" % iso, flush=True)
    make_iso(iso, m)
    args = ["-drive", "if=none,id=cd0,media=cdrom,readonly=on,file=" + iso,
            "-device", "ide-cd,drive=cd0,bus=ide.2,bootindex=0"]
    return args + (firmware_args(m["work"]) if m["door"] == "efi" else [])


def qemu_args(m):
    """The whole command line but for the serial port."""
    os.makedirs(m["work"], exist_ok=True)
    kvm = has_nested_kvm()
    split = ",kernel-irqchip=split" if "iommu" in m["devices"] else ""
    return (["qemu-system-x86_64", "-machine", "q35" + split, "-m", str(m["memory"]), "-smp", str(m["cpus"])]
            + (["-accel", "kvm", "-cpu", "host"] if kvm else ["-accel", "tcg,thread=multi", "-cpu", CPU])
            + ["-nodefaults", "-no-user-config", "-display", "none"] + boot_args(m) + device_args(m))


def base_machine(build, work, peer=False):
    """The trial machine; peer puts Debian's Xen in Helium's place, with xl for hl."""
    trial = os.path.join(build, "trial")
    return {
        "memory": 2048, "cpus": 2, "door": "direct", "work": work,
        "devices": {"iommu"} if peer else set(),
        "hypervisor": os.path.join(trial, "xen") if peer else os.path.join(build, "helium"),
        "hypervisor_args": HYPERVISOR_ARGS + (PEER_ARGS if peer else ""),
        "kernel": os.path.join(trial, "vmlinuz"), "kernel_args": KERNEL_ARGS,
        "initrd": os.path.join(trial, "stock.cpio" if peer else "dom0.cpio"),
    }
