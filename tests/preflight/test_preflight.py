"""One VM against the hosts on which it might start: which, in which order, and why."""

import threading

import pytest
from msgspec.structs import replace

from hostcheck.checks import engine
from hostcheck.errors import UsageError
from hostcheck.fleet import threads
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef, VmRef
from hostcheck.model.recording import Recording
from hostcheck.model.result import Answer, Status
from hostcheck.parsers import vim_host_system, vim_virtual_machine
from hostcheck.preflight import judge, preflight
from hostcheck.sources.base import AboutSource, Collector
from tests.answers import (
    UUID,
    A,
    B,
    adapter,
    bridge,
    compute_resource,
    element,
    fields,
    function,
    graphics,
    host_system,
    machine,
    mmio,
    offered,
    passthrough,
    pnic,
    resource_pool,
    smi,
    smi_gpu,
    vgpu,
    whole,
)

CLUSTER = "domain-c1"
GOOD = {
    "graphicsInfo": graphics(A) + graphics(B),
    "graphicsConfig": fields(hostDefaultGraphicsType="sharedDirect")
    + element("deviceType", fields(deviceId=A, graphicsType="sharedDirect"))
    + element("deviceType", fields(deviceId=B, graphicsType="sharedDirect")),
    "pciPassthruInfo": passthrough(A) + passthrough(B),
}
OFF = {"powerState": "poweredOff"}


def recorded(name, *vms, cluster=CLUSTER, number=1, **changed):
    """A healthy host; keywords change its properties by their last word."""
    host_id = f"host-{number}"
    lost = changed.pop("lost", None)
    owner = cluster or f"domain-s{number}"
    kind = "ClusterComputeResource" if cluster else "ComputeResource"
    left = changed.pop("left", 2**38)
    system = host_system(host_id, **{**GOOD, "parent": owner, **changed})
    if lost is not None:
        system = replace(system, text="", failure=lost)
    pools = {"resgroup-1": resource_pool(left, owner=owner)}
    captures = [system, compute_resource(owner, kind), *vms, *pools.values()]
    vm_ids = tuple(one.request.subject for one in vms)
    return Recording(
        HostRef(name, "vcenter.test", host_id, kind, owner, vm_ids, tuple(pools)),
        {one.request.key: one for one in captures},
    )


class Fleet:
    """A source of machines that are held in memory."""

    about = AboutSource("vcenter.test")
    one_by_one = False

    def __init__(self, *held):
        self.announced = []
        self.held = {one.ref.name: one for one in held}
        self.collected = []

    def machines(self):
        return [one.ref for _, one in sorted(self.held.items())]

    def vms_called(self, name):
        return [one for one in self.vms() if name in (one.name, one.id)]

    def vms(self):
        return list(self._vms())

    def _vms(self):
        for target in self.machines():
            for vm_id in target.vm_ids:
                key = vim_virtual_machine.REQUEST.of(vm_id).key
                text = self.held[target.name].captures[key].text
                yield VmRef(target, vm_id, vim_virtual_machine.name_in(text))

    def collector(self, targets, **_of):
        list(targets)
        return Collector(self.collect, self.collect, lambda _target, there: there)

    def asker(self, _target, ahead=()):
        self.announced += ahead
        return self.ask

    def ask(self, recorded, questions):
        list(questions)
        return recorded

    def collect(self, target):
        self.collected.append(target.name)
        return self.held[target.name]


def judged(*held, vm="name of vm-1", **options):
    run = preflight(Fleet(*held), vm, done=lambda _: None, **options)
    return run.preflight


VM = machine("vm-1", vgpu(), adapter("VM Network"), **OFF)


class Calling(Fleet):
    """One whose hosts, but for the first, each answer while another one is asked."""

    def __init__(self, *held, calls):
        super().__init__(*held)
        self.calls = calls
        self.both = threading.Barrier(2)

    def collector(self, targets, **_of):
        list(targets)
        return Collector(self.collect, self.collect, lambda _, there: there, calls=self.calls)

    def collect(self, target):
        if target.id != "host-1":
            self.both.wait(60 if self.calls else 0.01)
        return super().collect(target)


# --- verdicts -------------------------------------------------------------------------------------


def test_a_good_host_is_go():
    answer = judged(recorded("esx-1", VM))
    assert (answer.vm, answer.verdict) == ("name of vm-1", Answer.GO)
    (only,) = answer.candidates
    assert (only.rank, only.host, only.gpus) == (1, "esx-1", (A, B))
    assert answer.summary == f"esx-1: {only.summary}"
    assert "required checks pass" in only.summary


@pytest.mark.parametrize("calls", [True, False])
def test_hosts_that_are_called_one_by_one_are_called_side_by_side(calls):
    hosts = [recorded(f"esx-{at}", *[VM][: at == 1], number=at) for at in (1, 2, 3)]
    fleet = Calling(*hosts, calls=calls)
    run = preflight(fleet, "name of vm-1", done=lambda _: None)
    # Where nothing calls for it they are asked in turn, and each waits in vain for another.
    assert sorted(fleet.collected) == ["esx-1", "esx-2", "esx-3"][: 3 if calls else 1]
    assert len(run.preflight.candidates) == 3


def test_one_good_gpu_of_two_is_go_and_named():
    basic = graphics(A, kind="basic", kilobytes=0) + graphics(B)
    (only,) = judged(recorded("esx-1", VM, graphicsInfo=basic)).candidates
    assert only.verdict is Answer.GO
    assert only.gpus == (B,)
    assert B in only.summary
    assert A not in only.summary
    assert not [one for one in only.results if one.subject.id == A]


def test_no_good_gpu_is_no_go_and_the_reason_is_told():
    basic = graphics(A, kind="basic") + graphics(B, kind="shared")
    (only,) = judged(recorded("esx-1", VM, graphicsInfo=basic)).candidates
    assert (only.verdict, only.gpus) == (Answer.NO_GO, ())
    assert "GFX-001" in only.summary


def test_one_unknown_gpu_beside_a_bad_one_is_unsure():
    half = graphics(A, kind="basic") + element("HostGraphicsInfo", fields(pciId=B))
    (only,) = judged(recorded("esx-1", VM, graphicsInfo=half)).candidates
    assert (only.verdict, only.gpus) == (Answer.UNSURE, (B,))


def test_no_gpu_of_the_kind_is_no_go_and_names_the_check():
    vm = machine("vm-1", vgpu("grid_h100-80c"), **OFF)
    (only,) = judged(recorded("esx-1", vm)).candidates
    assert (only.verdict, only.gpus) == (Answer.NO_GO, ())
    assert "VGPU-001" in only.summary
    assert "grid_h100-80c" in only.summary


def test_no_gpu_at_all_is_no_go():
    (only,) = judged(
        recorded("esx-1", VM, pciDevice=bridge("0000:00:1c.0"), graphicsInfo="")
    ).candidates
    assert only.verdict is Answer.NO_GO
    assert "no NVIDIA GPU" in only.summary


def test_two_kinds_of_gpu_do_not_make_one():
    vm = machine("vm-1", vgpu("grid_a100d-40c"), vgpu("grid_a40-8q"), **OFF)
    both = function(A) + function(B, device=0x2235, sub_device=0x145A)
    (only,) = judged(recorded("esx-1", vm, pciDevice=both)).candidates
    assert (only.verdict, only.gpus) == (Answer.NO_GO, ())


@pytest.mark.parametrize("how", ["missing", "without"])
def test_an_unknown_list_of_devices_is_unsure(how):
    (only,) = judged(recorded("esx-1", VM, **{how: ["hardware.pciDevice"]})).candidates
    assert (only.verdict, only.gpus) == (Answer.UNSURE, ())


def test_a_gpu_of_an_unknown_kind_is_unsure():
    odd = function(A, device=0x7777)
    (only,) = judged(recorded("esx-1", VM, pciDevice=odd, graphicsInfo=graphics(A))).candidates
    assert only.verdict is Answer.UNSURE
    assert "not in the catalogue" in only.summary


def test_not_knowing_which_gpu_would_serve_is_unsure_and_said():
    vm = machine("vm-1", vgpu(), without=["runtime.powerState"])
    (only,) = judged(recorded("esx-1", vm)).candidates
    assert (only.verdict, only.gpus) == (Answer.UNSURE, ())
    assert "VGPU-001, VGPU-002, VGPU-003" in only.summary
    assert "VM name of vm-1 is not known" in only.summary


def test_a_vm_whose_devices_may_not_be_read_is_unsure():
    vm = machine("vm-1", vgpu(), missing=["config.hardware"], **OFF)
    (only,) = judged(recorded("esx-1", vm)).candidates
    assert only.verdict is Answer.UNSURE


def test_a_flaw_of_the_vm_is_no_go_everywhere():
    vm = machine("vm-1", vgpu(), memoryReservationLockedToMax="false",
                 memoryAllocation=fields(reservation=0), **OFF)  # fmt: skip
    answer = judged(recorded("esx-1", vm), recorded("esx-2", number=2))
    assert {one.verdict for one in answer.candidates} == {Answer.NO_GO}
    assert all("VM-001" in one.summary for one in answer.candidates)


@pytest.mark.parametrize("state", ["notResponding", "disconnected"])
def test_a_host_that_is_away_is_no_go(state):
    (only,) = judged(recorded("esx-1", VM, connectionState=state)).candidates
    assert only.verdict is Answer.NO_GO
    assert state in only.summary


def test_whole_devices_do_not_need_shared_direct():
    direct = graphics(A, kind="direct", kilobytes=0) + graphics(B, kind="direct", kilobytes=0)
    for device in (whole(A), offered(vendor=0x10DE, device=0x20B5)):
        vm = machine("vm-1", device, **OFF, firmware="efi", extraConfig=mmio(256))
        given = passthrough(A, active="true") + passthrough(B, active="true")
        host = recorded("esx-1", vm, graphicsInfo=direct, pciPassthruInfo=given)
        (only,) = judged(host).candidates
        assert only.verdict is Answer.GO
        assert A in only.gpus


def test_a_running_vm_is_judged_on_its_gpu():
    vm = machine("vm-1", vgpu())
    host = recorded("esx-1", vm, graphicsInfo=graphics(A) + graphics(B, "vm-1"))
    (only,) = judged(host).candidates
    assert (only.verdict, only.gpus) == (Answer.GO, (B,))


def test_results_hold_what_the_verdict_rests_on():
    other = machine("vm-2", vgpu(), memoryReservationLockedToMax="false",
                    memoryAllocation=fields(reservation=0))  # fmt: skip
    (only,) = judged(recorded("esx-1", VM, other)).candidates
    assert only.verdict is Answer.GO
    assert {one.subject.id for one in only.results} == {"host-1", "vm-1", A, B}
    assert all(one.status is not Status.NOT_APPLICABLE for one in only.results)


# --- ranking --------------------------------------------------------------------------------------


def test_go_before_unsure_before_no_go():
    answer = judged(
        recorded("esx-1", VM, inMaintenanceMode="true"),
        recorded("esx-2", number=2, missing=["config.pciPassthruInfo"]),
        recorded("esx-3", number=3),
    )
    assert [(one.rank, one.host, one.verdict) for one in answer.candidates] == [
        (1, "esx-3", Answer.GO), (2, "esx-2", Answer.UNSURE), (3, "esx-1", Answer.NO_GO),
    ]  # fmt: skip
    assert answer.verdict is Answer.GO
    assert answer.summary.startswith("esx-3: ")


def test_among_equals_its_own_host_then_by_name():
    answer = judged(recorded("esx-9", VM), recorded("esx-3", number=3), recorded("esx-1", number=2))
    assert [one.host for one in answer.candidates] == ["esx-9", "esx-1", "esx-3"]


def test_fewer_flaws_come_first():
    answer = judged(recorded("esx-1", VM, rebootRequired="true"), recorded("esx-2", number=2))
    assert [one.host for one in answer.candidates] == ["esx-2", "esx-1"]


def test_the_order_does_not_depend_on_the_order_of_the_machines():
    machines = [recorded("esx-1", VM), recorded("esx-2", number=2), recorded("esx-3", number=3)]
    assert judged(*machines) == judged(*reversed(machines))
    with threads(3) as workers:
        assert judged(*machines) == judged(*machines, workers=workers)


# --- candidates -----------------------------------------------------------------------------------


def test_only_hosts_of_its_cluster():
    answer = judged(
        recorded("esx-1", VM), recorded("esx-2", number=2),
        recorded("esx-3", number=3, cluster="domain-c2"),
    )  # fmt: skip
    assert {one.host for one in answer.candidates} == {"esx-1", "esx-2"}


def test_named_hosts_wherever_they_are():
    machines = (recorded("esx-1", VM), recorded("esx-3", number=3, cluster="domain-c2"))
    assert {one.host for one in judged(*machines, hosts=["esx-3"]).candidates} == {"esx-3"}
    assert {one.host for one in judged(*machines, hosts=["ESX-*"]).candidates} == {"esx-1", "esx-3"}


def test_a_host_outside_a_cluster_stands_alone():
    machines = (recorded("esx-1", VM, cluster=""), recorded("esx-2", number=2, cluster=""))
    assert [one.host for one in judged(*machines).candidates] == ["esx-1"]


def loc(candidate):
    (one,) = [one for one in candidate.results if one.check == "LOC-001"]
    return one


def test_on_another_host_that_hosts_uplinks_count():
    switch = element("HostVirtualSwitch", fields(
        name="vSwitch0", key="key-vSwitch0", pnic="key-vmnic7"))  # fmt: skip
    other = recorded("esx-2", number=2, pnic=pnic(7, "0000:18:00.1"), vswitch=switch)
    home = recorded("esx-1", VM)
    by_host = {one.host: one for one in judged(home, other).candidates}
    assert "vmnic7 on node 1" in loc(by_host["esx-2"]).observed
    assert "vmnic7" not in loc(by_host["esx-1"]).observed
    assert "vmnic0 on node 0" in loc(by_host["esx-1"]).observed


def test_a_network_that_the_other_host_has_not_is_unknown_there():
    vm = machine("vm-1", vgpu(), adapter(uuid=UUID), **OFF)
    other = recorded("esx-2", number=2, proxySwitch="")
    by_host = {one.host: one for one in judged(recorded("esx-1", vm), other).candidates}
    assert loc(by_host["esx-1"]).status is not Status.UNKNOWN
    assert loc(by_host["esx-2"]).status is Status.UNKNOWN


def test_running_at_home_says_nothing_of_another_host():
    vm = machine("vm-1", vgpu())
    home = recorded("esx-1", vm, graphicsInfo=graphics(A, "vm-1") + graphics(B))
    by_host = {one.host: one for one in judged(home, recorded("esx-2", number=2)).candidates}
    assert by_host["esx-1"].gpus == (A,)
    assert by_host["esx-2"].gpus == (A, B)


def test_a_host_that_did_not_answer_is_unsure():
    lost = Unknown(Why.TIMEOUT, "the time limit passed", "HostSystem")
    answer = judged(recorded("esx-1", VM), recorded("esx-2", number=2, lost=lost))
    last = answer.candidates[-1]
    assert (last.host, last.verdict) == ("esx-2", Answer.UNSURE)
    assert "the time limit passed" in last.summary


def test_every_host_is_asked_once():
    fleet = Fleet(recorded("esx-1", VM), recorded("esx-2", number=2))
    done = []
    run = preflight(fleet, "name of vm-1", done=done.append)
    assert sorted(fleet.collected) == sorted(done) == ["esx-1", "esx-2"]
    assert [one.host.name for one in run.hosts] == ["esx-1", "esx-2"]
    assert vim_host_system.REQUEST.template == "HostSystem"


# --- what the user got wrong ----------------------------------------------------------------------


def refused(*held, **options):
    with pytest.raises(UsageError) as error:
        judged(*held, **options)
    words = str(error.value)
    assert "\n" not in words
    return words


def test_an_unknown_vm():
    assert "'nobody'" in refused(recorded("esx-1", VM), vm="nobody")


def test_an_ambiguous_vm():
    twin = machine("vm-2", vgpu(), name="name of vm-1")
    words = refused(recorded("esx-1", VM), recorded("esx-2", twin, number=2))
    told = "2 VMs are called 'name of vm-1': vm-1 on esx-1, vm-2 on esx-2; give its id, its UUID"
    assert told in words


def test_one_of_two_vms_of_a_name_is_chosen_by_its_id_or_its_host():
    twin = machine("vm-2", vgpu(), name="name of vm-1")
    both = (recorded("esx-1", VM), recorded("esx-2", twin, number=2))
    assert judged(*both, vm="vm-2").vm == "name of vm-1"
    assert judged(*both, hosts=["esx-2"]).candidates[0].host == "esx-2"


def test_a_misspelt_vm_is_told_what_is_like_it():
    assert "did you mean name of vm-1?" in refused(recorded("esx-1", VM), vm="Name of VM1")
    assert "there are: name of vm-1" in refused(recorded("esx-1", VM), vm="nobody")


def test_a_vm_without_gpu():
    assert "no vGPU" in refused(recorded("esx-1", machine("vm-1", adapter("VM Network"))))


def test_a_template_is_nothing_to_start():
    assert "is a template, which cannot be powered on" in refused(
        recorded("esx-1", machine("vm-1", vgpu(), template="true"))
    )


def test_no_host_matches():
    assert "no host matches 'nope*'; there are: esx-1" in refused(
        recorded("esx-1", VM), hosts=["nope*"]
    )


def test_a_whole_gpu_that_is_not_in_passthrough_is_no_go():
    vm = machine("vm-1", whole(A), **OFF)
    (only,) = judged(recorded("esx-1", vm)).candidates
    assert only.verdict is Answer.NO_GO
    assert "VM-008" in only.summary
    assert f"{A} is not in passthrough" in only.summary


def test_memory_that_is_short_is_no_go_and_memory_that_is_tight_unsure():
    def told(running):
        other = machine("vm-2", runtime="", hardware=fields(numCPU=8, memoryMB=running * 1024))
        (only,) = judged(recorded("esx-1", VM, other)).candidates
        return only.verdict, only.summary

    assert told(400)[0] is Answer.GO
    verdict, summary = told(500)
    assert verdict is Answer.NO_GO
    assert "MEM-001" in summary
    verdict, summary = told(440)
    assert verdict is Answer.UNSURE
    assert "MEM-001" in summary


def test_a_pool_that_is_used_up_is_no_go_on_every_host_of_the_cluster():
    first = recorded("esx-1", VM, left=2**30)
    found = judged(first, recorded("esx-2", number=2, left=2**30)).candidates
    assert [one.verdict for one in found] == [Answer.NO_GO, Answer.NO_GO]
    assert all("MEM-002" in one.summary and "pool gold" in one.summary for one in found)


@pytest.fixture
def deciding_too(monkeypatch):
    """Lets checks decide a power-on that only recommend."""

    def also(*ids):
        changed = tuple(
            replace(one, manual=replace(one.manual, decides_now=True)) if one.id in ids else one
            for one in engine.all_checks()
        )
        monkeypatch.setattr(engine, "all_checks", lambda: changed)
        monkeypatch.setattr(judge, "all_checks", lambda: changed)
        engine.deciding.cache_clear()
        engine._manuals.cache_clear()

    yield also
    monkeypatch.undo()
    engine._manuals.cache_clear()
    engine.deciding.cache_clear()


def test_a_check_that_decides_now_decides_whatever_its_severity(deciding_too):
    old = machine("vm-1", vgpu(), adapter("VM Network"), version="vmx-13", **OFF)
    before = judged(recorded("esx-1", old))
    assert before.verdict is Answer.GO
    (flaw,) = (one for one in before.candidates[0].results if one.check == "VM-003")
    assert flaw.status is Status.FAIL

    deciding_too("VM-003")
    after = judged(recorded("esx-1", old))
    assert after.verdict is Answer.NO_GO
    assert "VM-003" in after.summary


def test_a_gpu_that_a_check_of_now_refuses_is_not_counted_on(deciding_too):
    bad = smi(smi_gpu(A, pending="Disabled"), smi_gpu(B))
    waiting = recorded("esx-1", VM)
    waiting.captures[bad.request.key] = bad
    assert judged(waiting).candidates[0].gpus == (A, B)

    deciding_too("ECC-002")
    assert judged(waiting).candidates[0].gpus == (B,)


def test_other_hosts_are_compared_with_the_vms_own():
    found = judged(recorded("esx-1", VM), recorded("esx-2", number=2)).candidates
    (compared,) = (one for one in found[1].results if one.check == "VGPU-008")
    assert compared.status is Status.UNKNOWN
    assert compared.unseen.why == "not asked"
    log = smi(smi_gpu(A), smi_gpu(B))
    both = [
        replace(one, captures={**one.captures, log.request.key: log})
        for one in (recorded("esx-1", VM), recorded("esx-2", number=2))
    ]
    (compared,) = (one for one in judged(*both).candidates[1].results if one.check == "VGPU-008")
    assert compared.status is Status.PASS
    assert compared.sources


def test_a_pool_of_another_cluster_is_not_taken_for_the_one_it_would_be_in():
    away = recorded("esx-2", number=2, cluster="domain-c2")
    found = judged(recorded("esx-1", VM), away, hosts=["esx-*"]).candidates
    assert [one.verdict for one in found] == [Answer.GO, Answer.UNSURE]
    assert "belongs to another cluster" in found[1].summary
