"""What damage once made a report say, and must not again."""

import re

import pytest
from msgspec.structs import replace

from hostcheck.model.result import Status
from hostcheck.verdict import report_of
from tests.torture.machine import Machine, assemble
from tests.torture.run import ROOT

USUAL = "2n-2xA100-80-esxi803"
FOUND = {
    "a host that has no datastore": (
        USUAL, "HostSystem", "element emptied", "/objects/propSet[datastore]/val", "VM-019",
    ),
    "a host that is on no network": (
        USUAL, "HostSystem", "element emptied", "/objects/propSet[network]/val", "VM-020",
    ),
    "a VM with adapters on no network": (
        USUAL, "VirtualMachine", "element emptied", "/objects/propSet[network]/val", "VM-020",
    ),
    "a switch with an uplink that is no adapter": (
        USUAL, "HostSystem", "element deleted",
        "/objects/propSet[config.network.pnic]/val/PhysicalNic", "LOC-001",
    ),
    "a GPU with graphics and no place": (
        USUAL, "HostSystem", "element deleted",
        "/objects/propSet[hardware.pciDevice]/val/HostPciDevice", "VGPU-001",
    ),
    "a processor on no node": (
        USUAL, "HostSystem", "element deleted",
        "/objects/propSet[hardware.numaInfo]/val/numaNode/cpuID", "LOC-002",
    ),
    "types that can do something, and are not offered": (
        USUAL, "HostSystem", "element emptied",
        "/objects/propSet[config.sharedPassthruGpuTypes]/val", "VGPU-003",
    ),
    "ECC on, and no count of errors": (
        USUAL, "nvidia-smi -q -x", "element deleted", "/nvidia_smi_log/gpu/ecc_errors", "GPU-007",
    ),
    "a licence cut in its word": (
        USUAL, "nvidia-smi vgpu -q", "cut", "License Status", "VGPU-005",
    ),
    "a GPU that is listed twice": (
        USUAL, "nvidia-smi vgpu -c", "line doubled", "GPU 0", "VGPU-002",
    ),
}  # fmt: skip


@pytest.mark.usefixtures("opened_anew")
@pytest.mark.parametrize("name", FOUND)
def test_what_was_lost_is_not_known(name: str) -> None:
    folder, asked, kind, where, check = FOUND[name]
    machine = Machine(ROOT / "fixtures" / folder)
    assert {one.status for one in machine.before.report.results if one.check == check} & {
        Status.PASS
    }
    hits = [
        (key, one)
        for key, one in machine.damages
        if (key[1], one.kind, one.where) == (asked, kind, where)
    ]
    told = []
    for hit in hits:
        outcome = machine.hit(hit)
        assert outcome.slips == outcome.crashes == ()
        after = report_of(assemble(machine._answers(machine.damaged(hit))))
        told += [one for one in after.results if one.check == check]
    lost = [one for one in told if one.status is Status.UNKNOWN]
    assert lost
    assert all(one.unseen and one.unseen.detail for one in lost)


@pytest.mark.usefixtures("opened_anew")
def test_a_vm_without_memory_has_not_reserved_all_of_it() -> None:
    machine = Machine(ROOT / "fixtures" / "1n-1xT4-esxi703")
    failed = [one for one in machine.before.report.results if one.check == "VM-001"]
    (vm_id,) = (one.subject.id for one in failed if one.status is Status.FAIL)
    (key,) = (key for key in machine.held.captures if key[1:] == ("VirtualMachine", vm_id))
    whole = machine.held.captures[key]
    text = re.sub(r"<(memoryMB|reservation)>\d+<", r"<\1>0<", whole.text)
    assert text != whole.text
    assert machine._judged({key: replace(whole, text=text)}).slips == ()
