"""Fleets to measure on: realistic variety, and the two extremes of values that repeat.

The shapes of the tests are small, so that tests are fast. Here hosts and VMs weigh what production
ones do, about 250 KB of answers a host with its VMs: uncore devices on the PCI list, the settings
and devices that every VM has.
"""

import itertools
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.peers import shapes
from tests.peers.fleet import Fleet
from tests.peers.live import Rewrite

UNCORE = [(bus, slot, function) for bus in (0, 128) for slot in range(9) for function in range(5)]
_UNCORE_DEVICES = "".join(
    f"<pciDevice><id>0001:{bus:02x}:{slot:02x}.{function}</id><classId>2176</classId>"
    f"<bus>{bus - 256 if bus > 127 else bus}</bus><slot>{slot}</slot>"
    f"<function>{function}</function><vendorId>-32634</vendorId><subVendorId>-32634</subVendorId>"
    f"<vendorName>Intel Corporation</vendorName><deviceId>{2456 + slot}</deviceId>"
    "<subDeviceId>0</subDeviceId>"
    "<deviceName>Sapphire Rapids uncore device</deviceName></pciDevice>"
    for bus, slot, function in UNCORE
)
_UNCORE_PASSTHROUGH = "".join(
    f"<pciPassthruInfo><id>0001:{bus:02x}:{slot:02x}.{function}</id>"
    f"<dependentDevice>0001:{bus:02x}:{slot:02x}.{function}</dependentDevice>"
    "<passthruEnabled>false</passthruEnabled><passthruCapable>true</passthruCapable>"
    "<passthruActive>false</passthruActive></pciPassthruInfo>"
    for bus, slot, function in UNCORE
)
_SETTINGS = """
annotation disk.EnableUUID ethernet0.pciSlotNumber hpet0.present migrate.hostlog
migrate.hostLogState migrate.migrationId monitor.phys_bits_used nvram numa.autosize.cookie
numa.autosize.vcpu.maxPerVirtualNode pciBridge0.pciSlotNumber pciBridge0.present
pciBridge4.functions pciBridge4.present pciBridge4.virtualDev pciBridge5.functions
pciBridge5.present pciBridge5.virtualDev sata0.pciSlotNumber sched.cpu.latencySensitivity
sched.swap.derivedName scsi0.pciSlotNumber scsi0:0.redo softPowerOff
svga.guestBackedPrimaryAware toolsInstallManager.updateCounter tools.guest.desktop.autolock
tools.remindInstall usb_xhci.pciSlotNumber vm.genid vmci0.pciSlotNumber vmotion.checkpointFBSize
vmotion.svga.mobMaxSize vmware.tools.internalversion vmware.tools.requiredversion
vmxstats.filename viv.moid cleanShutdown evcCompatibilityMode
""".split()  # noqa: SIM905  readable
_DEVICES = (
    ("VirtualIDEController", 200, "IDE 0"),
    ("VirtualIDEController", 201, "IDE 1"),
    ("VirtualPS2Controller", 300, "PS2 controller 0"),
    ("VirtualSIOController", 400, "SIO controller 0"),
    ("VirtualKeyboard", 600, "Keyboard"),
    ("VirtualPointingDevice", 700, "Pointing device"),
    ("VirtualMachineVMCIDevice", 12000, "VMCI device"),
    ("VirtualAHCIController", 15000, "SATA controller 0"),
)
_WORDS = re.compile(
    r"<(deviceName|vendorName|description|label|mac|biosVersion|dependentDevice|summary)>"
    r"([^<]*)</\1>"
)
_NUMBERS = re.compile(r"<(memorySize|memoryRangeLength|memorySizeInKB)>(\d+)</\1>")


def _grow(load: Path) -> None:
    """Give every host and VM what production ones have beside what the shapes name."""
    for file in load.glob("*.xml"):
        text = file.read_text()
        text = _after_last(text, "</pciDevice>", _UNCORE_DEVICES)
        text = _after_last(text, "</pciPassthruInfo>", _UNCORE_PASSTHROUGH)
        if "<extraConfig>" in text:
            own = file.stem.rpartition("-")[2]
            settings = "".join(
                f'<extraConfig><key>{key}</key><value xsi:type="xsd:string">{key}-{own}</value>'
                "</extraConfig>"
                for key in _SETTINGS
            )
            text = _after_last(text, "</extraConfig>", settings)
            devices = "".join(
                f'<device xsi:type="{kind}"><key>{key}</key><deviceInfo xsi:type="Description">'
                f"<label>{label}</label><summary>{label}</summary></deviceInfo>"
                + ("<busNumber>0</busNumber>" if "Controller" in kind else "")
                + "</device>"
                for kind, key, label in _DEVICES
            )
            disk = (
                '<device xsi:type="VirtualDisk"><key>2001</key><deviceInfo xsi:type="Description">'
                "<label>Hard disk 2</label><summary>104,857,600 KB</summary></deviceInfo>"
                '<backing xsi:type="VirtualDiskFlatVer2BackingInfo">'
                f"<fileName>[vsan0] {own}/{own}.vmdk</fileName><diskMode>persistent</diskMode>"
                "</backing><capacityInKB>104857600</capacityInKB></device>"
            )
            text = _after_last(text, "</device>", devices + disk)
        file.write_text(text)


def _after_last(text: str, mark: str, more: str) -> str:
    before, found, after = text.rpartition(mark)
    return before + found + more + after if found else text


def _tell_apart(load: Path) -> None:
    """Put something of its own into every value of some size."""
    number = itertools.count(1)
    for file in load.glob("*.xml"):
        text = _WORDS.sub(
            lambda found: f"<{found[1]}>{found[2]} #{next(number)}</{found[1]}>", file.read_text()
        )
        text = _NUMBERS.sub(
            lambda found: f"<{found[1]}>{int(found[2]) + next(number)}</{found[1]}>", text
        )
        file.write_text(text)


def _ten_vms(fleet: Fleet) -> Fleet:
    """Fill every host up to ten VMs with plain ones."""
    plain = fleet.hosts[0].vms[-1]
    return replace(
        fleet,
        hosts=tuple(
            replace(
                host,
                vms=(
                    *host.vms,
                    *(
                        replace(
                            plain,
                            name=f"{host.name}-plain-{index}",
                            options=(),
                            profiles=(),
                            gpus=(),
                        )
                        for index in range(len(host.vms), 10)
                    ),
                ),
            )
            for host in fleet
        ),
    )


def mixed(count: int) -> tuple[Fleet, Rewrite]:
    """Twenty kinds of hosts with ten VMs each, no two of them in the same state."""
    return _ten_vms(shapes.many(count)), _grow


def clones(count: int) -> tuple[Fleet, Rewrite]:
    """One kind of host in the same state everywhere; names, ids and serial numbers differ."""
    fleet = _ten_vms(shapes.many(count))
    pattern = next(host for host in fleet if host.driver and any(vm.profiles for vm in host.vms))
    hosts = tuple(
        replace(
            pattern, name=host.name, address=host.address, cluster=host.cluster, serial=host.serial,
            vms=tuple(replace(vm, name=f"{vm.name}-{host.name}") for vm in pattern.vms),
        )
        for host in fleet
    )  # fmt: skip
    return replace(fleet, hosts=hosts), _grow


def distinct(count: int) -> tuple[Fleet, Rewrite]:
    """The mixed fleet with something of its own in every value of some size."""
    fleet, _ = mixed(count)
    return fleet, partial(_all, (_grow, _tell_apart))


def _all(rewrites: tuple[Rewrite, ...], load: Path) -> None:
    for rewrite in rewrites:
        rewrite(load)


KINDS = {"mixed": mixed, "clones": clones, "distinct": distinct}
