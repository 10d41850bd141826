# SPDX-License-Identifier: GPL-2.0-only
"""The emulated machine the trial image and the integration tests run on: QEMU's command line, and GRUB ISOs.

A machine is a dict: memory (MiB), cpus (that run guests), door (direct, bios, efi, uefi, disk), devices (a set of ahci, nvme, e1000e,
iommu-intel, iommu-amd, edu, vga, guest), hypervisor (file), hypervisor_args, kernel, kernel_args, initrd (each may be None), work (a folder for
disks and ISOs); for the door uefi also volume (make_volume) and secure (Secure Boot is on).
Why the processor flags are what they are: docs/testing.md, "Quirks of the emulator".
"""
import hashlib
import lzma
import os
import shutil
import struct
import subprocess
import sys

CPU = "EPYC,+svm,+npt,-monitor,-rdtscp,-avx,-avx2,-f16c"
# What QEMU's model of an EPYC lacks anyway; named, it does not warn about each.
CPU += "".join(",-" + f for f in "rdseed sha-ni fxsr-opt misalignsse 3dnowprefetch osvw topoext nrip-save xsavec".split())
HYPERVISOR_ARGS = "console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M loglvl=info guest_loglvl=warning"
KERNEL_ARGS = "console=hvc0 panic=5"
PEER_ARGS = " dom0=pvh noreboot=0"
DISK_MB = 64
IOMMUS = {"iommu-intel": "intel-iommu,intremap=on", "iommu-amd": "amd-iommu,intremap=on"}
EDU = ["-device", "edu,dma_mask=0xffffffffffffffff"] # a device that does DMA as it is told
OVMF = ("/usr/share/OVMF/OVMF_%s_4M.fd", "/usr/share/OVMF/OVMF_%s.fd", "/usr/share/edk2/ovmf/OVMF_%s.fd")
SECURE_OVMF = ("/usr/share/OVMF/OVMF_%s_4M.snakeoil.fd",)
GRUB_CFG = """set timeout=0
serial --unit=0 --speed=115200
terminal_output serial
menuentry "Helium" {{
{first}	multiboot2 /boot/{name} placeholder {hypervisor_args}
{modules}{last}}}
"""
HELIUM_CFG = """# as Xen's xen.cfg
[global]
default={default}

[trial]
options={hypervisor_args}
kernel=vmlinuz-{release} {kernel_args}
ramdisk=initrd.img-{release}
"""
SUFFIX = {"direct": "", "bios": ".gz", "efi": ".gz", "disk": ".gz", "uefi": ".efi"} # of the hypervisor's file, by door
SNAKEOIL = "/usr/share/ovmf/PkKek-1-snakeoil.%s"
HERE = os.path.dirname(os.path.abspath(__file__))
RELEASE = "a-name-that-is-not-8.3"


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


def kernel_payload(image):
    """Where a bzImage has its packed kernel, and how long that is: Linux's boot protocol, setup_sects, payload_offset and -_length."""
    offset, length = struct.unpack_from("<II", image, 0x248)
    return offset + (image[0x1f1] + 1) * 512, length


def unpack_kernel(path, out):
    """The ELF file inside a bzImage packed with xz, or path itself: unpacking takes QEMU seconds and Bochs a minute."""
    with open(path, "rb") as f:
        image = f.read()
    if image[0x202:0x206] != b"HdrS":
        return path
    offset, length = kernel_payload(image)
    if not image[offset:].startswith(b"\xfd7zXZ"):
        return path
    with open(out, "wb") as f:
        f.write(lzma.LZMADecompressor().decompress(image[offset:offset + length]))
    return out


def make_iso(path, m):
    """A GRUB ISO that starts on BIOS and on UEFI; the hypervisor goes in gzipped when it is named so.

    m["files"] are more files in /boot (name: bytes), m["first"] and m["last"] commands of GRUB's before and after its loading.
    """
    tree = path + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree + "/boot/grub")
    name = os.path.basename(m["hypervisor"])
    modules = ""
    if m["kernel"]:
        modules += "\tmodule2 /boot/vmlinuz placeholder %s\n" % m["kernel_args"]
    if m["initrd"]:
        modules += "\tmodule2 --nounzip /boot/initrd\n"
    for src, dst in ((m["hypervisor"], name), (m["kernel"], "vmlinuz"), (m["initrd"], "initrd")):
        if src:
            os.link(src, os.path.join(tree, "boot", dst)) if same_device(src, tree) else \
                shutil.copyfile(src, os.path.join(tree, "boot", dst))
    for file, content in m.get("files", {}).items():
        with open(os.path.join(tree, "boot", file), "wb") as f:
            f.write(content)
    first, last = ("".join("\t%s\n" % c for c in m.get(k, ())) for k in ("first", "last"))
    with open(tree + "/boot/grub/grub.cfg", "w") as f:
        f.write(GRUB_CFG.format(name=name, hypervisor_args=m["hypervisor_args"], modules=modules, first=first, last=last))
    tool = shutil.which("grub-mkrescue") or shutil.which("grub2-mkrescue")
    if not tool:
        sys.exit("grub-mkrescue not found: run scripts/setup")
    r = subprocess.run([tool, "-o", path, tree], capture_output=True, text=True)
    shutil.rmtree(tree)
    if r.returncode:
        sys.exit("grub-mkrescue failed:\n" + r.stderr)


def make_volume(path, m):
    """A disk with a FAT file system, as an EFI system partition is: helium.efi where the firmware looks for it.

    m["volume"] says what is odd about it: no-config, no-kernel, bad-section (the default is not there),
    unified (one file that holds all, no other), signed with OVMF's test key, altered after that, shell
    (under a name that the firmware does not look for: the EFI shell's startup.nsh starts it, naming a section).
    """
    odd = set(m.get("volume", "").split())
    efi, config = path + ".efi", path + ".cfg"
    with open(config, "w") as f:
        f.write(HELIUM_CFG.format(release=RELEASE, default="nowhere" if "bad-section" in odd else "trial",
                                  **{k: m[k] for k in ("hypervisor_args", "kernel_args")}))
    shutil.copyfile(m["hypervisor"], efi)
    folder, loader = "::/EFI/BOOT/", "BOOTX64.EFI"
    files = {"helium.cfg": config, "vmlinuz-" + RELEASE: m["kernel"], "initrd.img-" + RELEASE: m["initrd"]}
    if "shell" in odd:
        loader = "helium.efi"
        files["../../startup.nsh"] = path + ".nsh"
        with open(path + ".nsh", "w") as f:
            f.write("fs0:\\EFI\\BOOT\\helium.efi trial\n")
    if "no-config" in odd:
        del files["helium.cfg"]
    if "no-kernel" in odd:
        del files["vmlinuz-" + RELEASE]
    if "unified" in odd:
        run([os.path.join(HERE, "unify-efi"), m["hypervisor"], config, m["kernel"], m["initrd"], efi])
        files = {}
    if "signed" in odd:
        sign(efi)
    if "altered" in odd:
        alter(efi)
    files[loader] = efi
    with open(path, "wb") as f:
        f.truncate((sum(map(os.path.getsize, files.values())) // (1 << 20) + 8) << 20)
    run(["mformat", "-i", path, "-F", "::"])
    run(["mmd", "-i", path, "::/EFI", folder.rstrip("/")])
    for name, src in files.items():
        run(["mcopy", "-i", path, src, folder + name])


def sign(efi):
    """With the key that OVMF's snakeoil variables trust; its passphrase is in the package's README."""
    key = efi + ".key"
    run(["openssl", "rsa", "-in", SNAKEOIL % "key", "-passin", "pass:snakeoil", "-out", key])
    run(["sbsign", "--key", key, "--cert", SNAKEOIL % "pem", "--output", efi, efi])


def alter(efi):
    """One bit in the middle: somewhere in the initrd."""
    with open(efi, "r+b") as f:
        f.seek(os.path.getsize(efi) // 2)
        byte = f.read(1)[0]
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte ^ 1]))


def run(command):
    r = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       env=dict(os.environ, MTOOLS_SKIP_CHECK="1"))
    if r.returncode:
        sys.exit("%s failed: run scripts/setup?\n%s" % (command[0], r.stdout))


def same_device(a, b):
    return os.stat(a).st_dev == os.stat(b).st_dev


def make_disk(work, name):
    """A fresh empty disk, sparse."""
    path = os.path.join(work, name)
    with open(path, "wb") as f:
        f.truncate(DISK_MB << 20)
    return path


def firmware_args(work, secure=False):
    for pattern in SECURE_OVMF if secure else OVMF:
        if os.path.exists(pattern % "CODE"):
            variables = os.path.join(work, "efi-vars.fd")
            shutil.copyfile(pattern % "VARS", variables)
            # With S3, this firmware keeps 9 to 23 MiB, where Dom0's kernel has to be.
            secure_args = ["-global", "driver=cfi.pflash01,property=secure,value=on",
                           "-global", "ICH9-LPC.disable_s3=1"] if secure else []
            return secure_args + ["-drive", "if=pflash,format=raw,readonly=on,file=" + pattern % "CODE",
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
        # Beside tftp, what answers at 10.0.2.100: port 7 with the MD5 sum of what it gets, port 8 with 8 MiB.
        outside = ",guestfwd=tcp:10.0.2.100:7-cmd:md5sum,guestfwd=tcp:10.0.2.100:8-cmd:cat"
        outside += 8 * (" " + os.path.join(share, "payload"))
        args += ["-netdev", "user,id=net0,tftp=" + share + outside, "-device", "e1000e,netdev=net0,romfile="]
    if "guest" in devices:  # what a guest boots from; changes are thrown away
        args += ["-drive", "if=none,id=guest0,format=raw,snapshot=on,file=" + m["guest_disk"],
                 "-device", "ide-hd,drive=guest0,bus=ide.1"]
    if "vga" in devices:
        args += ["-device", "VGA"]
    if "edu" in devices:
        args += EDU
    return args + iommu_args(devices)


def iommu_args(devices):
    """The IOMMU, if any; its unit comes first, for the devices behind it."""
    return [a for name in IOMMUS if name in devices for a in ("-device", IOMMUS[name])]


def disk_args(m):
    """A Debian's own disk, changes thrown away in the end, and a second one that is a tar file to install."""
    return ["-drive", "if=none,id=disk0,format=raw,snapshot=on,file=" + m["disk"],
            "-device", "ide-hd,drive=disk0,bus=ide.0",
            "-drive", "if=none,id=disk1,format=raw,snapshot=on,file=" + m["install"],
            "-device", "ide-hd,drive=disk1,bus=ide.1,serial=install"]


def boot_args(m):
    if m["door"] == "direct":
        args = ["-kernel", m["hypervisor"], "-append", m["hypervisor_args"]]
        module = "%s %s" % (m["kernel"], m["kernel_args"].replace(",", ",,"))
        return args + (["-initrd", module + "," + m["initrd"]] if m["kernel"] else [])
    if m["door"] == "uefi":
        volume = os.path.join(m["work"], "volume.img")
        make_volume(volume, m)
        return ["-drive", "if=none,id=esp,format=raw,file=" + volume, "-device", "ide-hd,drive=esp,bus=ide.2,bootindex=0"] \
            + firmware_args(m["work"], m.get("secure"))
    if m["door"] == "disk":
        return disk_args(m)
    return cd_args(m) + (firmware_args(m["work"]) if m["door"] == "efi" else [])


def cd_args(m):
    iso = os.path.join(m["work"], "boot.iso")
    if m.get("verbose"):
        print("  ISO      %s" % iso, flush=True)
    make_iso(iso, m)
    return ["-drive", "if=none,id=cd0,media=cdrom,readonly=on,file=" + iso,
            "-device", "ide-cd,drive=cd0,bus=ide.2,bootindex=0"]


def smp(cpus):
    """How many CPUs QEMU's emulation must have for so many to run guests: its first one cannot beside others."""
    return cpus + 1 if cpus > 1 else cpus


def qemu_args(m):
    """The whole command line but for the serial port."""
    os.makedirs(m["work"], exist_ok=True)
    kvm = has_nested_kvm()
    options = ",kernel-irqchip=split" if m["devices"] & set(IOMMUS) else ""
    options += ",smm=on" if m.get("secure") else ""
    return (["qemu-system-x86_64", "-machine", "q35" + options, "-m", str(m["memory"]), "-smp", str(m["cpus"] if kvm else smp(m["cpus"]))]
            + (["-accel", "kvm", "-cpu", "host"] if kvm else ["-accel", "tcg,thread=multi", "-cpu", CPU])
            + ["-nodefaults", "-no-user-config", "-display", "none"] + boot_args(m) + device_args(m))


def base_machine(build, work, peer=False):
    """The trial machine; peer puts Debian's Xen in Helium's place, with xl for hl."""
    trial = os.path.join(build, "trial")
    return {
        "memory": 2048, "cpus": 2, "door": "direct", "work": work,
        "devices": {"iommu-intel"} if peer else set(),
        "hypervisor": os.path.join(trial, "xen") if peer else os.path.join(build, "helium"),
        "hypervisor_args": HYPERVISOR_ARGS + (PEER_ARGS if peer else ""),
        "kernel": os.path.join(trial, "vmlinuz"), "kernel_args": KERNEL_ARGS,
        "initrd": os.path.join(trial, "stock.cpio" if peer else "dom0.cpio"),
        "disk": os.path.join(build, "cache/disk/disk.img"), "install": os.path.join(trial, "install.tar"),
        "guest_disk": os.path.join(build, "cache/guest/disk.img"),
    }
