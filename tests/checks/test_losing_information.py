"""The law: losing information never turns a fail or an unknown into a pass, nor a pass into a fail.

Every fact of a host, every answer of a recorded machine and every property in such an answer is
taken away, one at a time, and the host is judged again. Every part of every answer is damaged by
`tests/torture`.
"""

import re
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch
from zlib import crc32

import pytest
from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import replace

from hostcheck import recording
from hostcheck.assemble import bmc_witness
from hostcheck.model.bmc import BmcGpu, Part, Waiting
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import GraphicsType, Mode, Passthrough, PcieLink, Sriov
from hostcheck.model.result import Answer, Status
from hostcheck.model.vm import Pool, VmDatastore, VmRule
from hostcheck.preflight.judge import candidate_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.checks.bmcs import a_bmc
from tests.checks.synthetic import (
    GIB,
    a_gpu,
    a_host,
    a_nic,
    a_vm,
    asks,
    changed,
    dynamic,
    known,
    processors,
    static,
    synthetic,
    told_by,
    unknown,
    with_gpu,
)
from tests.remembering import opening_by, remembered
from tests.torture.law import MAY_BECOME, Richer, betrayals, starts

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECORDINGS = sorted(path.parent for path in FIXTURES.glob("*/manifest.json"))
recordings = pytest.mark.parametrize(
    "folder", RECORDINGS, ids=[folder.name for folder in RECORDINGS]
)
LOST = Unknown(Why.TIMEOUT, "the time limit passed", "taken away by a test")


# --- (a) every fact of a host ---------------------------------------------------------------------


def poorer_ones(value, path=""):
    """Yield, for every Known in a tree, its path and the tree with an Unknown in its place."""
    if isinstance(value, Known):
        yield path, LOST
        for where, changed in poorer_ones(value.value, path):
            yield where, Known(changed, value.sources)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            for where, changed in poorer_ones(getattr(value, name), f"{path}.{name}"):
                yield where, replace(value, **{name: changed})
    elif isinstance(value, tuple):
        alike = Counter()
        for index, item in enumerate(value):
            alike[without_numbers(item)] += 1
            if alike[without_numbers(item)] > 2:
                continue  # the third of eight GPUs that differ in their numbers alone
            for where, changed in poorer_ones(item, f"{path}[{index}]"):
                yield where, (*value[:index], changed, *value[index + 1 :])


def without_numbers(value):
    """Return what is in a tree but for its numbers: addresses, serials, indexes, sizes."""
    return re.sub(rb"[0-9]|(?<=[0-9:.-])[a-f]+(?=[0-9:.-])", b"", encode(value))


def broken_facts(host):
    before = Richer(host)
    return [
        f"without {path}: {words}"
        for path, changed in poorer_ones(host)
        for words in before.betrayed(changed)
    ]


def flawed():
    """Return a host with every flaw that fits on one."""
    sick = a_gpu(
        0, 0,
        graphics_active=GraphicsType.SHARED, graphics_configured=GraphicsType.SHARED,
        graphics_memory_bytes=0, sriov=Sriov(capable=False), smi_seen=False,
        ecc_current=Mode.ENABLED, ecc_pending=Mode.DISABLED,
        mig_current=Mode.ENABLED, mig_pending=Mode.DISABLED,
        rows_remap_pending=True, rows_remap_failed=True, profiles_creatable=(),
        link=PcieLink(1, 4, 8, 16), inforom_corrupted=True, bar1_bytes=GIB // 4,
    )  # fmt: skip
    old = a_gpu(
        1, 2, "p40", ecc_current=Mode.ENABLED, pages_retire_pending=True, reset_required=True,
        given_up="GPU requires reset", recovery_action="Reset", ecc_uncorrected=3,
    )  # fmt: skip
    board = a_gpu(
        2, 3, "m60", ecc_current=Mode.ENABLED, ecc_pending=Mode.ENABLED,
        virtualization_mode="None", vgpu_listed=False, repairs=("unrepairable memory",),
    )  # fmt: skip
    whole = a_gpu(
        3, 3, "l40s", passthrough=Passthrough(capable=True, enabled=True, active=True),
        graphics_active=GraphicsType.DIRECT, catalogue_key=unknown(Why.ABSENT, "not in it"),
    )  # fmt: skip
    big = {"vcpu_count": 64, "memory_bytes": 900 * GIB, "memory_reserved_bytes": 100 * GIB}
    asking_much = {"memory_bytes": 600 * GIB, "vgpus": asks("nvidia_p40-24q")}
    vms = (
        a_vm(0, sick, ("vmnic1",), memory_locked_to_max=False, **big),
        a_vm(1, None, ("vmnic0", "vmnic1"), memory_locked_to_max=False, **big),
        a_vm(2, None, vgpus=asks("grid_h100-80c")),
        a_vm(3, whole, ("vmnic0",), vgpus=(), passthroughs=(static(whole),)),
        a_vm(4, None, ("vmnic0",), vgpus=(), passthroughs=(static(whole), static(old))),
        a_vm(5, None, ("vmnic0",), vgpus=(), passthroughs=(dynamic("10de:26b9"),)),
        a_vm(6, None, ("vmnic0",), vgpus=(), passthroughs=(static("0000:ff:00.0"),)),
        a_vm(7, None, vgpus=(), passthroughs=(dynamic("10de:20b5", hardware_label="ml"),)),
        a_vm(
            8,
            None,
            pools=(Pool("gold", known(GIB)),),
            cpu_hot_add=True,
            memory_hot_add=True,
            vcpu_count=16,
            viommu=True,
            vbs=True,
            sev=True,
            **asking_much,
        ),
        a_vm(
            9,
            None,
            hardware_version=22,
            vcpu_count=960,
            latency_sensitivity="high",
            cpu_reserved_mhz=999_999,
            pools=(Pool("gold", known(GIB), known(1)),),
            datastores=(VmDatastore("datastore-9", "nvme", ("Hard disk 1",)),),
            networks=("network-9",),
            rules=(VmRule("licence", "must run on", True, known(False)),),
            cpu_features={"cpuid.avx512f": "Bool:Min:1"},
            connection_state="inaccessible",
        ),
        a_vm(10, None, latency_sensitivity="high"),
    )
    return a_host(
        gpus=(sick, old, board, whole), nics=(a_nic(0, 0), a_nic(1, 2)), vms=vms,
        **processors((2, 2)),
        connection_state="notResponding", in_maintenance_mode=True, reboot_required=True,
        graphics_default=GraphicsType.SHARED, driver_version="418.70", driver_packages=(),
        smi_gpu_count=2,
        testimonies=(
            told_by("NUMA node count", "4", "2", "4"),
            told_by("ESXi version", "8.0.3", "8.0.2"),
        ),
    )  # fmt: skip


SRIOV_OFF = {"SriovGlobalEnable": "Disabled", "ProcVirtualization": "Enabled"}
ALL_ON = {
    "SriovGlobalEnable": "Enabled", "ProcVirtualization": "Enabled", "MmioAbove4Gb": "Enabled",
    "SubNumaCluster": "Disabled", "NodeInterleave": "Disabled",
}  # fmt: skip


def of_bmc(vendor, cpu, now, then=None, **gpu):
    """Return a host with a BMC: by itself its GPU shows nothing of the BIOS."""
    waiting = tuple(Waiting(name, now.get(name, ""), value) for name, value in (then or {}).items())
    bmc = a_bmc(
        vendor, cpu, now, then, waiting=known(waiting),
        gpus=known((BmcGpu("slot_3", "L40", known("PCIe 3"), health=known("Critical")),)),
        power_supplies=known((Part("PS1", known("OK")), Part("PS2", known("Critical")))),
    )  # fmt: skip
    shown = {"sriov": Sriov(capable=True), "bar1_bytes": a_gpu().bar1_bytes}
    host = a_host(
        gpus=(a_gpu(0, 0, **{**shown, **gpu}), a_gpu(1, 1, "l40s", bar1_bytes=GIB // 4)),
        vms=(a_vm(0, None),), vendor=bmc.vendor, bmc=known(bmc),
        **processors((1, 1), vendor=cpu),
    )  # fmt: skip
    return changed(host, testimonies=bmc_witness.testimonies_of(host, host.bmc))


HOSTS = {
    "healthy": synthetic("2 package, 2 node, 1 gpu/node, 1 nic/node, 1 vm/gpu"),
    "every flaw": flawed(),
    "one node": synthetic("1 package, 1 node, 2 gpu, 1 nic, 1 vm/gpu"),
    "interleaved": synthetic("2 package, 1 node, 1 gpu, 1 nic, 1 vm"),
    "nested": changed(synthetic("8 package, 1 node, 1 nic"), model="VMware7,1"),
    "driver mute": synthetic("2 package, 2 node, 1 gpu/node", smi_answers=known(False)),
    "one GPU good, one bad": with_gpu(
        synthetic("2 package, 2 node, 1 gpu/node, 1 nic/node"), graphics_active=GraphicsType.BASIC
    ),
    "one GPU lost, one with room": a_host(
        gpus=(a_gpu(0, 0, smi_seen=False), a_gpu(1, 1)), vms=(a_vm(0, None),)
    ),
    "one GPU given up and free, one full": a_host(
        gpus=(
            a_gpu(0, 0, recovery_action="Reset", reset_required=True),
            a_gpu(1, 1, profiles_creatable=()),
        ),
        vms=(a_vm(0, None),),
    ),
    "one GPU given up in the right mode, one in the other": a_host(
        gpus=(
            a_gpu(0, 0, virtualization_mode="None"),
            a_gpu(1, 1, vgpu_mode="multiInstanceGpu", mig_current=Mode.ENABLED),
        ),
        vms=(a_vm(0, None),),
    ),
    "two modes of one GPU": a_host(
        gpus=(a_gpu(0, 0, vgpu_mode="sameSize", mig_current=Mode.ENABLED),),
        vms=(a_vm(0, None), a_vm(1, None, vgpus=asks("grid_a100d-3-40c"))),
    ),
    "errors that its driver says are harmless": a_host(
        gpus=(a_gpu(0, 0, ecc_current=Mode.ENABLED, ecc_uncorrected=2),), vms=(a_vm(0, None),)
    ),
    "an ill fabric": a_host(
        gpus=(a_gpu(0, 0, "h100-sxm-80", fabric_health="Unhealthy", fabric_faults=("x: True",)),)
    ),
    "a group that is not joined": a_host(
        gpus=(a_gpu(0), a_gpu(1)),
        vms=(
            a_vm(0, None, device_groups=("Nvidia:2@grid_a100d-80c%NVLink",)),
            a_vm(1, None, device_groups=("Nvidia:4@grid_a100d-80c%NVLink",)),
        ),
        nvlink=(("X", "SYS"), ("SYS", "X")),
    ),
    "a BMC that tells all is right": of_bmc("dell", "intel", ALL_ON),
    "a BMC that says off": of_bmc("dell", "intel", SRIOV_OFF, ALL_ON),
    "a BMC that says off to a GPU without functions": of_bmc(
        "dell", "intel", SRIOV_OFF, sriov=Sriov(capable=False)
    ),
    "a BMC that says on to a GPU without functions": of_bmc(
        "supermicro",
        "intel",
        {"SR_IOVSupport_0047": "Enabled", "SNC_F300": "Auto"},
        sriov=Sriov(capable=False),
    ),
    "a BMC that says off to functions that are there": of_bmc(
        "dell",
        "intel",
        {**SRIOV_OFF, "MmioAbove4Gb": "Disabled", "ProcVirtualization": "Disabled"},
        sriov=Sriov(capable=True, enabled=True, active=True, vf_count=16),
        bar1_bytes=64 * GIB,
    ),
    "a profile that holds a switch": of_bmc(
        "hpe",
        "amd",
        {
            "Sriov": "Disabled",
            "ProcAmdIoVt": "Disabled",
            "WorkloadProfile": "GraphicProcessing",
            "AMDPerformanceWorkloadProfile": "VMwareVSphereOptimized",
            "NumaMemoryDomainsPerSocket": "FourMemoryDomainsPerSocket",
        },
    ),
    "powered off": a_host(
        gpus=(a_gpu(0, 0), a_gpu(1, 1)),
        nics=(a_nic(0, 0), a_nic(1, 1)),
        vms=(a_vm(0, None, ("vmnic1",)),),
    ),
}


@pytest.mark.parametrize("name", HOSTS)
def test_losing_one_fact(name):
    assert broken_facts(HOSTS[name]) == []


def test_the_flawed_host_fails_every_check_that_can_fail_there():
    failed = {one.check for one in report_of(flawed()).results if one.status is Status.FAIL}
    assert failed >= {
        "NUMA-001", "GFX-001", "GFX-002", "GFX-003", "PCI-001", "ECC-001", "ECC-002", "MIG-001",
        "GPU-001", "GPU-002", "GPU-006", "GPU-007", "GPU-008",
        "DRV-001", "DRV-002", "VM-001", "VM-006", "VM-007", "VM-008",
        "VM-009", "VM-010", "VM-011", "VM-012", "VM-013", "VM-014", "VM-015", "VM-016", "VM-017",
        "VM-018", "VM-019", "VM-020", "VM-021", "VM-022", "VM-023", "MEM-001", "MEM-002",
        "LOC-001", "LOC-002", "HOST-001", "HOST-002", "HOST-003", "SRC-001",
    }  # fmt: skip


# --- (b) every answer, and every property of an answer --------------------------------------------

PROPERTY = re.compile(r"<propSet><name>([^<]+)</name>.*?</propSet>", re.DOTALL)
DENIED = (
    '<missingSet xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><path>{}</path><fault>'
    '<fault x:type="NoPermission"><privilegeId>System.Read</privilegeId></fault>'
    "<localizedMessage>Permission was denied.</localizedMessage></fault></missingSet>"
)
OBJECTS = ("HostSystem", "VirtualMachine", "ComputeResource", "ClusterComputeResource")


@pytest.fixture(autouse=True)
def _read_once():
    """Answers that were not touched are not read again."""
    with opening_by(remembered()):
        yield


@lru_cache(2)
def found(folder):
    return RecordedSource(folder)


def joined(folder, held):
    """Collect and assemble a recording that is held in memory."""
    source = found(folder)
    (target,) = source.machines()
    with patch.object(recording, "load", lambda *_: held):
        return host_of(source.collect(target))


def judged(folder, held):
    return report_of(joined(folder, held))


def without_answer(held):
    for key in held.captures:
        left = {other: capture for other, capture in held.captures.items() if other != key}
        yield f"{key[1]} {key[2]}", replace(held, captures=left)


def without_property(held):
    """Take each property away: of one machine it is absent, of the next it is denied."""
    for key, capture in held.captures.items():
        if key[1] not in OBJECTS:
            continue
        for match in PROPERTY.finditer(capture.text):
            absent = crc32(f"{held.ref.name} {match[1]}".encode()) % 2
            how, instead = ("absent", "") if absent else ("denied", DENIED.format(match[1]))
            text = capture.text[: match.start()] + instead + capture.text[match.end() :]
            yield (
                f"{key[2]} {match[1]} ({how})",
                replace(held, captures={**held.captures, key: replace(capture, text=text)}),
            )


def test_each_property_is_absent_of_one_machine_and_denied_of_another():
    ways, tellers = defaultdict(set), defaultdict(set)
    for folder in RECORDINGS:
        for told, _ in without_property(recording.load(folder)):
            _, name, how = told.rsplit(" ", 2)
            ways[name].add(how)
            tellers[name].add(folder)
    of_several = [name for name, folders in tellers.items() if len(folders) > 1]
    assert len(of_several) > 50
    assert [name for name in of_several if len(ways[name]) < 2] == []


def broken(folder, losses):
    held = recording.load(folder)
    before = Richer(joined(folder, held))
    return [
        f"without {what}: {words}"
        for what, changed in losses(held)
        for words in before.betrayed(joined(folder, changed))
    ]


@recordings
def test_losing_one_fact_of_a_recorded_machine(folder):
    assert broken_facts(joined(folder, recording.load(folder))) == []


@recordings
def test_losing_one_answer(folder):
    assert broken(folder, without_answer) == []


@recordings
def test_losing_one_property(folder):
    assert broken(folder, without_property) == []


# --- (c) values that hold nothing, versions that are none -----------------------------------------

ODD_WORDS = ("abc", "8.0.U3", "9" * 5000, "-1", "8..3")


FIELD_OF_VALUE = re.compile(
    r"<name>([\w.]+)</name>(<val [^<>]*>)((?:(?!</val></propSet>).)*)</val></propSet>", re.DOTALL
)
MUST_HOLD = ("config.hardware", "hardware.pciDevice", "hardware.numaInfo", "hardware.cpuPkg")
"""No VM is without devices, no host without PCI devices, nodes and packages."""


@recordings
def test_an_object_that_holds_nothing_is_lost(folder):
    def hollow(held):
        for key, capture in held.captures.items():
            for match in FIELD_OF_VALUE.finditer(capture.text) if key[1] in OBJECTS else ():
                if match[1] in MUST_HOLD:
                    text = capture.text[: match.start(3)] + capture.text[match.end(3) :]
                    changed = {**held.captures, key: replace(capture, text=text)}
                    yield f"{key[2]} {match[1]}", replace(held, captures=changed)

    assert len(list(hollow(recording.load(folder)))) > len(MUST_HOLD) - 2
    assert broken(folder, hollow) == []


def test_a_vm_that_holds_nothing_is_still_there():
    folder = FIXTURES / "1n-1xT4-esxi703"
    held = recording.load(folder)
    (key,) = [one for one in held.captures if one[1:] == ("VirtualMachine", "vm-10027")]
    text = FIELD_OF_VALUE.sub(
        lambda one: one[0].replace(one[3], "") if one[1] == "config.hardware" else one[0],
        held.captures[key].text,
    )
    emptied = {**held.captures, key: replace(held.captures[key], text=text)}
    after = judged(folder, replace(held, captures=emptied))
    assert "vm-10027" in {vm.id for vm in after.host.vms.value}
    assert after.verdict is Answer.UNSURE


def test_a_version_that_is_no_version_crashes_no_check():
    folder = FIXTURES / "2n-2xA100-80-esxi803"
    held = recording.load(folder)
    places = (
        ("HostSystem", re.compile(r"<version>(8\.0\.3)</version>")),
        ("VirtualMachine", re.compile(r">(vmx-\d+)<")),
        ("nvidia-smi -q -x", re.compile(r"<driver_version>([\d.]+)<")),
        ("esxcli software vib list", re.compile(r" (550\.[\d.]+)")),
    )
    before = judged(folder, held)
    found = set()
    for key, capture in held.captures.items():
        for asked, pattern in places:
            match = pattern.search(capture.text) if key[1] == asked else None
            for words in ODD_WORDS if match else ():
                found.add(asked)
                text = capture.text[: match.start(1)] + words + capture.text[match.end(1) :]
                changed = {**held.captures, key: replace(capture, text=text)}
                after = judged(folder, replace(held, captures=changed))
                assert [one for one in after.results if one.status is Status.ERROR] == [], words
                assert after.verdict in MAY_BECOME[before.verdict]
    assert len(found) == len(places)


def test_a_start_is_judged_by_the_results_that_are_not_of_another_vm():
    """The law leaves those out, which one candidate alone looks through."""
    for host in HOSTS.values():
        report = report_of(host)
        vms = host.vms.value if isinstance(host.vms, Known) else ()
        whole = {
            vm.id: candidate_of(vm.id, vm.name, report).verdict
            for vm in vms
            if vm.vgpus or vm.passthroughs
        }
        assert starts(report) == whole
    answers = {one for host in HOSTS.values() for one in starts(report_of(host)).values()}
    assert len(answers) == 3, "GO, NO-GO and UNSURE are among them"


# --- the test of the test -------------------------------------------------------------------------


def test_the_law_is_not_vacuous():
    """A report that forgets a fail is caught, and so is one that invents one."""
    good = report_of(HOSTS["healthy"])
    bad = report_of(with_gpu(HOSTS["healthy"], graphics_active=GraphicsType.SHARED))
    assert any("fail became pass" in words for words in betrayals(bad, good))
    assert any("pass became fail" in words for words in betrayals(good, bad))
    assert "host: NO-GO became GO" in betrayals(bad, good)
    assert "host: GO became NO-GO" in betrayals(good, bad)
