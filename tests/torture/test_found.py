"""What damage once made a report say, and must not again."""

import re
from random import Random

import pytest
from msgspec.structs import replace

from hostcheck.errors import ParseError
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.result import Status
from hostcheck.parsers import esxcli_hardware_pci_list as pci_list
from hostcheck.verdict import report_of
from tests.torture.damage import Damage, damages
from tests.torture.machine import Machine, assemble
from tests.torture.memory import difference, remember
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
    "a processor on a node twice": (
        USUAL, "HostSystem", "element doubled",
        "/objects/propSet[hardware.numaInfo]/val/numaNode/cpuID", "LOC-002",
    ),
    "a processor on a package twice": (
        USUAL, "HostSystem", "element doubled",
        "/objects/propSet[hardware.cpuPkg]/val/HostCpuPackage/threadId", "LOC-001",
    ),
    "a processor on no node": (
        USUAL, "HostSystem", "element deleted",
        "/objects/propSet[hardware.numaInfo]/val/numaNode/cpuID", "LOC-002",
    ),
    "types that can do something, and are not offered": (
        USUAL, "HostSystem", "element emptied",
        "/objects/propSet[config.sharedPassthruGpuTypes]/val", "VGPU-003",
    ),
    "a host that has no package": (
        "2n-2xA100-80-ssh-stopped-esxi803", "HostImageConfigManager.fetchSoftwarePackages",
        "element emptied", "/fetchSoftwarePackagesResponse", "DRV-002",
    ),
    "ECC on, and no count of errors": (
        USUAL, "nvidia-smi -q -x", "element deleted", "/nvidia_smi_log/gpu/ecc_errors", "GPU-007",
    ),
    "a licence cut in its word": (
        USUAL, "nvidia-smi vgpu -q", "cut", "License Status", "VGPU-005",
    ),
    "a type that is not offered, and can do something": (
        USUAL, "HostSystem", "element deleted",
        "/objects/propSet[config.sharedPassthruGpuTypes]/val/string", "VGPU-003",
    ),
    "a device that is listed twice": (
        USUAL, "VirtualMachine", "element doubled", "/objects/propSet[config.hardware]/val/device",
        "LOC-001",
    ),
    "an uplink of the settings that is no uplink": (
        USUAL, "HostSystem", "element deleted",
        "/objects/propSet[config.network.proxySwitch]/val/HostProxySwitch/pnic", "LOC-001",
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
@pytest.mark.parametrize("asked", ["vgpu -c", "vgpu -s", "vgpu -s -v"])
@pytest.mark.parametrize("how", ["other lists", "listed twice"])
def test_types_below_a_heading_that_was_lost_are_nobodys(asked: str, how: str) -> None:
    """They stand below the GPU before: it could start what only the other one can."""
    machine = Machine(ROOT / "fixtures" / USUAL)
    captures = machine.held.captures
    lists = {
        key: one.text
        for key, one in captures.items()
        if re.fullmatch(r"nvidia-smi vgpu -(c|s|s -v)", key[1])
    }
    (key,) = (one for one in lists if one[1] == f"nvidia-smi {asked}")
    first, second = re.split(r"(?m)^(?=GPU )", lists[key])[1:]
    changed = {key: first + second.partition("\n")[2]}
    if how == "listed twice":  # and no other list tells of the GPU
        changed |= {one: text[: text.index("GPU ", 4)] for one, text in lists.items() if one != key}
    answers = {one: replace(captures[one], text=text) for one, text in changed.items()}
    host = assemble(machine._answers(answers))
    assert isinstance(host.gpus, Known)
    fact = {"vgpu -c": "profiles_creatable", "vgpu -s": "profiles_supported"}
    told = [getattr(one, fact.get(asked, "profile_limits")) for one in host.gpus.value]
    assert all(isinstance(one, Unknown) for one in told)
    assert told[0].why is Why.UNPARSED
    if how == "other lists":
        assert machine._judged(answers).slips == ()


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


def read(text: str) -> object:
    try:
        return pci_list.parse(text)
    except ParseError as error:
        return str(error)


def test_what_is_remembered_is_what_would_be_read() -> None:
    text = (
        ROOT / "fixtures" / "2n-2xA100-80-esxi803" / "shell" / "esxcli_hardware_pci_list.txt"
    ).read_text()
    damaged = [one.of(text) for one in Random(1).sample(damages(text), 150)]
    plain = [read(one) for one in damaged]
    forget = remember()
    try:
        assert [read(one) for one in damaged] == plain
    finally:
        forget()
    assert [read(one) for one in damaged[:9]] == plain[:9]
    assert len({repr(one) for one in plain}) > 100


def test_a_difference_is_where_readings_differ() -> None:
    text = (
        ROOT / "fixtures" / "2n-2xA100-80-esxi803" / "shell" / "esxcli_hardware_pci_list.txt"
    ).read_text()
    whole = pci_list.parse(text)
    other, fewer = list(whole), whole[:3] + whole[4:]
    other[3] = replace(whole[3], numa_node=Unknown(Why.ABSENT, "no such field", "x"))
    worded = list(other)
    worded[3] = replace(whole[3], numa_node=Unknown(Why.ABSENT, "empty", "y"))
    crashed = list(other)
    crashed[3] = replace(whole[3], numa_node=Unknown(Why.ABSENT, "KeyError: 1 (a.py:3)", "y"))
    assert difference(whole, pci_list.parse(text)) is None
    assert difference(whole, tuple(other)) == difference(whole, tuple(worded))
    assert len({difference(whole, tuple(one)) for one in (other, crashed, fewer, whole)}) == 4


@pytest.mark.usefixtures("opened_anew")
def test_beside_a_statement_a_loss_is_still_a_loss() -> None:
    """What a list says without its last line excuses nothing that another damage does."""
    machine = Machine(ROOT / "fixtures" / USUAL)
    (said,) = (
        hit
        for hit in machine.damages
        if hit[0][1] == "vsish -e dir /hardware/cpu/packageList"
        and hit[1].kind == "line deleted"
        and hit[1].end == 4
    )
    assert machine.hit(said) == ("another fact", (), (), True)
    key = next(key for key in machine.held.captures if key[1] == "HostSystem")
    text = machine.held.captures[key].text
    wrong = Damage("value", "", 0, len(text), text.replace(">sharedDirect<", ">shared<"))
    alone, both = machine.hit((key, wrong)), machine.hit(said, (key, wrong))
    assert alone.slips
    assert both.how == "another fact"
    assert both.slips == alone.slips
