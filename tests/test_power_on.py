"""vCenter's own opinion beside ours, and the one thing that this program can do."""

from dataclasses import replace

import msgspec
import pytest
from click.testing import CliRunner
from pyVmomi import vim

from hostcheck import exits, recording
from hostcheck.cli import main
from hostcheck.exits import EXIT_CODES
from hostcheck.model.capture import Call
from hostcheck.model.host_ref import HostRef
from hostcheck.model.result import Answer, Status
from hostcheck.model.run import Outcome
from hostcheck.parsers import vim_check_task, vim_power_on
from hostcheck.power_on import WRITES, exit_code, power_on
from hostcheck.preflight import VmSpec, preflight, what_if
from hostcheck.reports.run import json as json_report
from hostcheck.reports.run import line
from hostcheck.reports.run import text as report_text
from hostcheck.reports.summary import whole as summary
from hostcheck.sources.live import LiveSource
from hostcheck.sources.recorded import RecordedSource
from hostcheck.syntax.vim_call import arguments
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.vsphere import soap
from hostcheck.ways.vsphere import transport as vsphere
from tests.peers import shapes
from tests.peers.api import Trouble
from tests.peers.fleet import CANARY, Cluster, DeniedProperty, Fleet, Objection

BASE = shapes.HEALTHY.hosts[0]
VM = replace(BASE.vms[0], name="new-vm", on=False, gpus=())
FULL = "No graphics device is available for vGPU 'grid_a100d-40c'."
HOME, OTHER = BASE.name, "esx-100.lab.test"
ALONE = {"cluster": None}
OPINIONS = ("VC-001", "VC-002", "VC-003", "VC-004")


def host(*vms, **changed):
    return replace(BASE, vms=vms or (VM,), **changed)


def other(**changed):
    return replace(BASE, **shapes.at(100), vms=(), **changed)


def fleet(*hosts, drs="partiallyAutomated", **more):
    return Fleet(hosts or (host(), other()), (Cluster("gpu-cluster-01", drs),), **more)


@pytest.fixture
def lab(new_vcenter, log_in):
    """Serve a fleet; `source(**endpoint)` logs in to it."""

    class Lab:
        def __init__(self, served, *troubles):
            self.vcenter = new_vcenter(served, *troubles)

        def source(self, *, writes=frozenset(), **endpoint):
            session = log_in(self.vcenter, writes=writes, **endpoint)
            return LiveSource("vcenter.test", session)

        def judge(self, vm="new-vm", **endpoint):
            return preflight(self.source(**endpoint), vm, done=lambda _: None)

        def start(self, vm="new-vm", *, accept=False, opinion=True, **endpoint):
            return power_on(
                self.source(writes=WRITES, **endpoint), vm, accept_unsure=accept,
                opinion=opinion, done=lambda _: None,
            )  # fmt: skip

        @property
        def calls(self):
            return self.vcenter.stats()["calls"]

        def state(self, vm="new-vm"):
            return self.vcenter.power_state(vm)

        @property
        def options(self):
            server = self.vcenter
            return ["--vcenter", f"{server.host}:{server.port}", "--user", server.user,
                    "--tls-ca", str(server.ca_file), "-q"]  # fmt: skip

        def run(self, *words):
            env = {"GOVC_PASSWORD": self.vcenter.password}
            return CliRunner().invoke(main, [*map(str, words)], env=env)

    return Lab


def vc(run, name=HOME):
    """Return the results about vCenter's opinion by check id, for one candidate."""
    (found,) = [one for one in run.preflight.candidates if one.host == name]
    return {one.check: one for one in found.results if one.check in OPINIONS}


# The second opinion


def test_one_task_asks_for_a_whole_cluster_and_agrees(lab):
    here = lab(fleet(objections=(Objection("new-vm", "a CPU is old", warning=True),)))
    run = here.judge()
    assert run.preflight.verdict is Answer.GO
    for name in (HOME, OTHER):
        found = vc(run, name)
        assert {check: one.status.value for check, one in found.items()} == {
            "VC-001": "pass", "VC-002": "pass", "VC-004": "fail",
        }  # fmt: skip
        assert "a CPU is old" in found["VC-004"].observed
        assert found["VC-001"].sources
    assert here.calls["CheckPowerOn_Task"] == 1
    assert here.calls["QueryConfigTarget"] == 2
    assert "PowerOnVM_Task" not in here.calls


def test_an_objection_where_all_else_is_well_is_no_go_in_vcenters_words(lab):
    here = lab(fleet(objections=(Objection("new-vm", FULL),)))
    run = here.judge()
    found = vc(run)
    assert run.preflight.verdict is Answer.NO_GO, "vCenter would refuse the power-on itself"
    assert exits.exit_code(run) == 1
    assert found["VC-001"].status is Status.FAIL
    assert FULL in found["VC-001"].observed
    assert "GenericVmConfigFault" in found["VC-001"].observed
    assert found["VC-002"].status is Status.FAIL
    assert found["VC-002"].observed.startswith("GO, and vCenter objects"), "ours is told as it is"
    assert FULL in run.preflight.summary
    assert summary.of(run).headline == "new-vm lacks nothing that was read, but vCenter objects"
    (report,) = (one for one in run.hosts if one.host.name == HOME)
    assert [one.status for one in report.results if one.check == "VC-002"] == [Status.FAIL]
    assert report.verdict is Answer.NO_GO, "one report gives one host one verdict"
    assert "failed=VC-001 unknown=- vcenter=objects" in line.render(run)
    started = here.start(accept=True)
    assert started.power_on.outcome is Outcome.NOT_SENT
    assert exit_code(started) == 1
    assert "PowerOnVM_Task" not in here.calls


def test_an_opinion_that_is_not_understood_may_have_been_an_objection(lab, tmp_path):
    here = lab(fleet(host(), objections=(Objection("new-vm", FULL),)))
    here.run("preflight", "new-vm", "--save", tmp_path, *here.options)
    folder = tmp_path / HOME
    (answer,) = (folder / "api").glob("*CheckPowerOn*")
    answer.write_text("<sick/>")
    run = preflight(RecordedSource(folder), "new-vm", done=lambda _: None)
    assert vc(run)["VC-001"].status is Status.UNKNOWN
    assert run.preflight.verdict is Answer.UNSURE


def test_a_host_that_vcenter_alone_refuses_ranks_behind(lab):
    run = lab(fleet(objections=(Objection("new-vm", FULL, host=HOME),))).judge()
    assert [one.host for one in run.preflight.candidates] == [OTHER, HOME]


@pytest.mark.parametrize(("agrees", "status"), [(False, Status.PASS), (True, Status.FAIL)])
def test_a_no_go_that_vcenter_does_not_see_is_a_contradiction(lab, agrees, status):
    loose = replace(VM, reservation_mb=1024, locked=False)
    run = lab(fleet(host(loose), agrees=agrees)).judge()
    assert run.preflight.verdict is Answer.NO_GO
    found = vc(run)
    assert found["VC-002"].status is status
    assert ("Invalid memory setting" in found["VC-001"].observed) is not agrees


def test_without_drs_each_host_is_a_task_and_maintenance_is_no_verdict(lab):
    here = lab(fleet(host(), other(maintenance=True), drs=""))
    run = here.judge()
    assert here.calls["CheckPowerOn_Task"] == 2
    assert vc(run, OTHER)["VC-001"].status is Status.PASS, "asked by name, it is tested"
    here = lab(fleet(host(), other(maintenance=True)))
    found = vc(here.judge(), OTHER)
    assert {one.status for one in found.values()} == {Status.UNKNOWN}
    assert "left this host out" in found["VC-001"].unseen.detail


@pytest.mark.parametrize(
    ("trouble", "why", "told"),
    [
        (Trouble("CheckPowerOn_Task", "no_permission", privilege="System.View"),
         "denied", "NoPermission"),
        (Trouble("CheckPowerOn_Task", "hold"), "timeout", "has not ended within 0.2 s"),
        (Trouble("WaitForUpdatesEx", "drop"), "unreachable", ""),
        (None, "absent", "only vCenter 6.7 and later has this check"),
    ],
)  # fmt: skip
def test_no_opinion_is_unknown_with_its_reason_and_never_a_verdict(lab, trouble, why, told):
    if trouble is None:
        served = Fleet((host(**ALONE),), (), direct=True)
        here = lab(served)
    else:
        slow = [Trouble("CheckPowerOn_Task", "hold")] if trouble.kind == "drop" else []
        here = lab(fleet(), trouble, *slow)
    run = here.judge(task_timeout=0.2 if why == "timeout" else 20)
    assert run.preflight.verdict is Answer.GO
    found = vc(run)
    assert {one.status for one in found.values()} == {Status.UNKNOWN}
    assert found["VC-001"].unseen.why == why
    assert told in found["VC-001"].unseen.detail
    assert exits.exit_code(run) == 0
    if why == "denied":
        assert found["VC-001"].unseen.privilege == "System.View"
        assert here.calls["CheckPowerOn_Task"] == 1, "a refusal is not asked for again"


def test_that_the_account_may_not_is_no_objection_to_the_vm(lab):
    denied = Objection("new-vm", "Permission was denied.", kind="NoPermission", at_start=False)
    found = vc(lab(fleet(objections=(denied,))).judge())
    assert {one.status for one in found.values()} == {Status.UNKNOWN}
    assert found["VC-001"].unseen.privilege == "Resource.AssignVMToPool"
    both = (denied, Objection("new-vm", FULL))
    found = vc(lab(fleet(objections=both)).judge())
    assert found["VC-001"].status is Status.FAIL
    assert "Permission" not in found["VC-001"].observed


def test_losing_any_answer_never_betters_a_preflight(lab, tmp_path):
    bad = host(replace(VM, profiles=("grid_a100d-40c",) * 3), most_vgpus=2)
    for served in (bad, host()):
        place = tmp_path / str(served.most_vgpus)
        here = lab(fleet(served, objections=(Objection("new-vm", FULL),)))
        here.run("preflight", "new-vm", "--save", place, *here.options)
        folder = place / HOME
        whole = recording.load_manifest(folder)
        before = preflight(RecordedSource(folder), "new-vm", done=lambda _: None)
        was = {(one.check, one.subject.id): one.status for one in vc(before).values()}
        assert any(one.wire == "task" for one in whole.answers)
        for lost in whole.answers:
            if lost.asked == "VirtualMachine":
                continue  # without it no VM goes by that name
            rest = tuple(one for one in whole.answers if one is not lost)
            text = msgspec.json.encode(msgspec.structs.replace(whole, answers=rest))
            (folder / recording.MANIFEST).write_bytes(text)
            after = preflight(RecordedSource(folder), "new-vm", done=lambda _: None)
            told = f"{before.preflight.verdict} became {after.preflight.verdict}: {lost.asked}"
            objection = lost.wire == "task"  # the one answer without which a verdict may be better
            spared = (Answer.GO,) if objection and served.most_vgpus != 2 else ()
            assert after.preflight.verdict in (before.preflight.verdict, Answer.UNSURE, *spared), (
                told
            )
            for one in vc(after).values():
                old = was[one.check, one.subject.id]
                assert one.status in (old, Status.UNKNOWN, Status.NOT_APPLICABLE), (told, one)
            if after.preflight.verdict is before.preflight.verdict:
                assert set(vc(before)) - {"VC-002"} == set(vc(after)) - {"VC-002"}, told


def test_a_session_that_is_lost_while_waiting_finds_its_task_again(lab):
    held = Trouble("CheckPowerOn_Task", "hold", 1, first=2)
    lost = Trouble("WaitForUpdatesEx", "not_authenticated", first=1, last=1)
    here = lab(fleet(), held, lost)
    assert vc(here.judge())["VC-001"].status is Status.PASS
    assert here.calls["CheckPowerOn_Task"] == 1
    assert here.calls["Login"] == 2


def test_it_can_be_left_out_and_a_running_vm_is_not_asked_about(lab):
    here = lab(fleet(host(VM, replace(VM, name="runs", on=True, gpus=("0000:4a:00.0",)))))
    run = preflight(here.source(), "new-vm", opinion=False, done=lambda _: None)
    assert vc(run) == {}
    assert vc(here.judge("runs")) == {}
    assert "CheckPowerOn_Task" not in here.calls


@pytest.mark.parametrize(
    "asked", [["new-vm"], ["--profile", "grid_a100d-40c", "--count", 2, "--memory", 65536]]
)
def test_live_and_replayed_preflights_are_the_same_bytes(lab, tmp_path, asked):
    against = tuple(Objection(vm, FULL, host=OTHER) for vm in ("new-vm", "given"))
    here = lab(fleet(objections=against))
    words = ["preflight", *asked, "-q", "--format", "line"]
    live = here.run(*words, *here.options, "--save", tmp_path / "saved", "-o", tmp_path / "live")
    again = here.run(*words, "--from", tmp_path / "saved", "-o", tmp_path / "again")
    assert (live.exit_code, again.exit_code) == (0, 0), live.output + again.output
    assert live.stdout == again.stdout
    assert "vcenter=agrees" in live.stdout
    assert "vcenter=objects" in live.stdout
    assert (tmp_path / "live").read_bytes() == (tmp_path / "again").read_bytes()
    kept = [path.read_text() for path in (tmp_path / "saved").rglob("*") if path.is_file()]
    assert any("CheckResult" in text for text in kept)
    assert not any(CANARY in text for text in kept), "a task names the account"


def test_a_vm_that_does_not_exist_yet_is_one_task_a_cluster(lab):
    here = lab(fleet(objections=(Objection("given", FULL, host=OTHER),)))
    spec = VmSpec("grid_a100d-40c", count=2, memory_mb=65536)
    run = what_if(here.source(), spec, done=lambda _: None)
    assert vc(run, HOME)["VC-001"].status is Status.PASS
    assert vc(run, OTHER)["VC-001"].status is Status.FAIL
    assert here.calls["CheckVmConfig_Task"] == 1
    assert "QueryConfigTarget" not in here.calls, "what hosts offer is asked for one cluster only"


def test_checks_of_hosts_without_drs_run_side_by_side_and_are_looked_at_together(lab):
    hosts = [host(**shapes.at(number)) for number in range(1, 21)]
    hosts = [replace(one, vms=(replace(VM, name=f"vm-{at}"),)) for at, one in enumerate(hosts)]
    here = lab(fleet(*hosts, drs="", objections=(Objection("given", FULL, host=hosts[3].name),)))
    spec = VmSpec("grid_a100d-40c", memory_mb=65536)
    run = what_if(here.source(), spec, done=lambda _: None)
    refused = [one.name for one in hosts if vc(run, one.name)["VC-001"].status is Status.FAIL]
    assert refused == [hosts[3].name]
    assert here.calls["CheckVmConfig_Task"] == len(hosts)
    assert here.calls["RetrievePropertiesEx"] < len(hosts)


def test_a_preflight_asks_no_more_of_a_larger_vcenter(lab):
    asked = {}
    every = shapes.many(48)
    vm = next(vm for one in every for vm in one.vms if vm.profiles and vm.on)
    for count in (16, 48):
        here = lab(replace(every, hosts=every.hosts[:count], clusters=every.clusters[: count // 8]))
        source = here.source()
        preflight(source, vm.name, done=lambda _: None)
        source.close()
        asked[count] = here.calls
    assert asked[16] == asked[48]
    assert asked[16]["RetrievePropertiesEx"] <= 8
    assert asked[16]["CreateContainerView"] == 1


def test_the_spec_of_a_vm_to_be_is_in_the_order_that_the_server_insists_on():
    given = VmSpec("nvidia_a&b-1q", count=2).told()
    parts = Call(vim_check_task.SPEC)
    text = arguments(msgspec.structs.replace(vim_check_task.VM_CONFIG.of("", **given), call=parts))
    order = [item.name for item in vim.vm.ConfigSpec._GetPropertyList(True)]
    root = soap.root_of(text.replace("xsi:type", "type"), what="spec")
    tags = [order.index(element.tag) for element in root]
    assert tags == sorted(tags)
    assert [element.text for element in root.iter("vgpu")] == ["nvidia_a&b-1q"] * 2


@pytest.mark.parametrize(("count", "status"), [(1, None), (2, Status.PASS), (3, Status.FAIL)])
def test_the_hosts_own_limit_of_vgpus_in_one_vm_is_required(lab, count, status):
    here = lab(fleet(host(replace(VM, profiles=("grid_a100d-40c",) * count), most_vgpus=2)))
    run = here.judge()
    found = vc(run).get("VC-003")
    assert (found and found.status) == status
    assert here.calls.get("QueryConfigOptionEx", 0) == (count > 1)
    if status is Status.FAIL:
        assert run.preflight.verdict is Answer.NO_GO
        assert (found.observed, found.expected) == ("3 vGPUs", "at most 2 in one VM")


def test_a_limit_that_cannot_be_had_is_unknown(lab):
    two = replace(VM, profiles=("grid_a100d-40c",) * 2)
    denied = Trouble("QueryConfigOptionEx", "no_permission", privilege="System.View")
    run = lab(fleet(host(two)), denied).judge()
    assert vc(run)["VC-003"].status is Status.UNKNOWN
    assert run.preflight.verdict is Answer.UNSURE


def test_what_a_host_offers_is_a_fact(lab):
    group = "Nvidia:2@grid_a100d-80c%NVLink"
    run = lab(fleet(host(device_groups=(group,)))).judge()
    (seen,) = (one.host for one in run.hosts)
    assert [one.name for one in seen.offered_groups.value] == [group]
    profiles = {one.name: one for one in seen.offered_profiles.value}
    assert set(profiles) == set(seen.profiles_offered.value)
    assert profiles["grid_a100d-40c"].framebuffer_gib == 40
    assert profiles["grid_a100d-40c"].sharing == "timeSliced"
    told = {one.check: one.status for one in run.preflight.candidates[0].results}
    assert told["VC-005"] is Status.PASS


# Power-on


def test_a_go_is_started_and_agrees(lab):
    here = lab(fleet(host()))
    run = here.start()
    assert run.power_on.outcome is Outcome.STARTED
    assert (run.power_on.host, run.power_on.contradicts) == (HOME, False)
    assert exit_code(run) == 0
    assert here.state() == "poweredOn"
    assert here.calls["PowerOnVM_Task"] == 1
    again = here.start()
    assert (again.power_on.outcome, exit_code(again)) == (Outcome.RUNS, 0)
    assert here.calls["PowerOnVM_Task"] == 1


def test_a_no_go_sends_nothing_whatever_is_accepted(lab):
    here = lab(fleet(host(replace(VM, reservation_mb=1024, locked=False))))
    for accept in (False, True):
        run = here.start(accept=accept)
        assert run.power_on.outcome is Outcome.NOT_SENT
        assert "VM-001" in run.power_on.words
        assert exit_code(run) == 1
        assert run.power_on.words in run.notices[-1], "whoever reads the note alone is told too"
        told = " ".join("".join(report_text.pieces(run)).split())
        assert told.count(run.power_on.words) == 1
    assert "PowerOnVM_Task" not in here.calls
    assert here.state() == "poweredOff"


def test_an_unsure_is_started_only_when_that_is_accepted(lab):
    blind = DeniedProperty("config.graphicsInfo")
    here = lab(fleet(host(denied=(blind,))))
    run = here.start()
    assert (run.power_on.outcome, run.power_on.verdict) == (Outcome.NOT_SENT, Answer.UNSURE)
    assert "--accept-unsure" in run.power_on.words
    assert exit_code(run) == 3
    assert "PowerOnVM_Task" not in here.calls
    run = here.start(accept=True)
    assert (run.power_on.outcome, exit_code(run)) == (Outcome.STARTED, 0)
    assert here.state() == "poweredOn"


def test_a_refusal_after_go_is_a_finding_with_the_checks_that_know_its_words(lab):
    here = lab(fleet(host(), objections=(Objection("new-vm", FULL, before=False),)))
    run = here.start()
    told = run.power_on
    assert told.outcome is Outcome.FAILED
    assert told.contradicts
    assert FULL in told.words
    assert {"VGPU-001": "pass", "VGPU-002": "pass"}.items() <= {
        one.check: one.status for one in told.concerned
    }.items()
    assert "VM-002" not in {one.check for one in told.concerned}, "the wrapper says nothing"
    assert exit_code(run) == 1
    (notice,) = run.notices
    assert notice.startswith("Finding: ")
    read = msgspec.json.decode(json_report.render(run), type=type(run))
    assert tuple(read.hosts) == tuple(run.hosts)
    assert msgspec.structs.replace(read, hosts=run.hosts) == run


def test_words_that_no_check_knows_are_told_as_they_are(lab):
    odd = Objection("new-vm", "It is Tuesday.", kind="InvalidState", before=False)
    told = lab(fleet(host(), objections=(odd,))).start().power_on
    assert (told.concerned, told.contradicts) == ((), True)
    assert "It is Tuesday. (InvalidState)" in told.words


@pytest.mark.parametrize(
    ("troubles", "outcome", "words"),
    [
        ([Trouble("PowerOnVM_Task", "hold")], Outcome.UNKNOWN, "has not ended within 0.2 s"),
        ([Trouble("PowerOnVM_Task", "drop")], Outcome.UNKNOWN, ""),
        ([Trouble("PowerOnVM_Task", "no_permission", privilege="VirtualMachine.Interact.PowerOn")],
         Outcome.FAILED, "VirtualMachine.Interact.PowerOn"),
        ([Trouble("PowerOnVM_Task", "hold", 1, first=2),
          Trouble("WaitForUpdatesEx", "not_authenticated", first=1, last=1)],
         Outcome.STARTED, ""),
    ],
)  # fmt: skip
def test_a_power_on_is_sent_once_whatever_happens(lab, troubles, outcome, words):
    here = lab(fleet(host()), *troubles)
    limit = 0.2 if words.endswith("0.2 s") else 20
    run = here.start(opinion=False, start_timeout=limit)
    assert run.power_on.outcome is outcome
    assert words in run.power_on.words
    assert here.calls["PowerOnVM_Task"] == 1
    assert exit_code(run) == {"started": 0, "failed": 1, "unknown": 3}[outcome.value]
    told = summary.of(run)
    assert (told.verdict, told.headline) == {
        Outcome.STARTED: (Answer.GO, f"new-vm was started on {HOME}"),
        Outcome.FAILED: (Answer.NO_GO, "new-vm did not start"),
        Outcome.UNKNOWN: (Answer.UNSURE, "Whether new-vm started is not known"),
    }[outcome]
    assert told.reason.count(run.power_on.words) == 1


@pytest.mark.parametrize(
    ("drs", "outcome"), [("", Outcome.NOT_SENT), ("manual", Outcome.NOT_SENT),
                         ("fullyAutomated", Outcome.STARTED)],
)  # fmt: skip
def test_a_better_host_counts_only_where_drs_places_the_vm(lab, drs, outcome):
    bad = tuple(replace(gpu, graphics_active="shared") for gpu in BASE.gpus)
    here = lab(replace(fleet(host(gpus=bad), other(), drs=drs), agrees=True))
    run = here.start(opinion=False)
    assert run.power_on.outcome is outcome
    if outcome is Outcome.STARTED:
        assert run.power_on.host == OTHER
    else:
        assert f"{OTHER} is GO, and nothing places the VM there" in run.power_on.words
        assert "PowerOnVM_Task" not in here.calls


BLIND = {"denied": (DeniedProperty("config.graphicsInfo"),)}
"""A host whose GPUs vSphere does not show: UNSURE."""


def third(**changed):
    return replace(BASE, **shapes.at(101), vms=(), **changed)


def test_drs_is_told_the_host_where_it_might_choose_one_that_is_no_go(lab):
    """The VM's own host refuses; of the others one is UNSURE and one is GO, and DRS knows not."""
    full = Objection("new-vm", FULL, host=HOME)
    here = lab(fleet(host(), other(**BLIND), third(), drs="fullyAutomated", objections=(full,)))
    run = here.start()
    assert run.power_on.outcome is Outcome.STARTED
    assert (run.power_on.host, run.power_on.landed) == (third().name, Answer.GO)
    assert run.notices[-1].startswith(f"Started on {third().name}: as GO said")
    assert exit_code(run) == 0


@pytest.mark.parametrize(
    ("changed", "accept", "landed", "code"),
    [(BLIND, False, Answer.UNSURE, 3), (BLIND, True, Answer.UNSURE, 0),
     ({"gpus": tuple(replace(gpu, sriov=False) for gpu in BASE.gpus)}, True,
      Answer.NO_GO, 1)],
)  # fmt: skip
def test_a_vm_that_landed_elsewhere_is_told_with_the_verdict_of_that_host(
    lab, changed, accept, landed, code
):
    """The host that was GO refuses after all, and DRS takes another one."""
    late = Objection("new-vm", FULL, host=HOME, before=False)
    served = fleet(host(), other(**changed), drs="fullyAutomated", objections=(late,))
    here = lab(replace(served, agrees=True))
    run = here.start(accept=accept)
    told = run.power_on
    assert (told.outcome, told.host, told.landed) == (Outcome.STARTED, other().name, landed)
    assert (told.verdict, told.decided_by) == (Answer.GO, HOME)
    assert exit_code(run) == code
    assert EXIT_CODES[summary.of(run).verdict] == code
    assert "as GO said" not in run.notices[-1]
    if code:
        assert f"GO was of {HOME}, and {other().name} was {landed.value}" in run.notices[-1]
    assert told.contradicts is (landed is Answer.NO_GO)


def test_a_preflight_of_a_vm_that_runs_says_so_and_judges_a_restart(lab):
    runs = replace(VM, name="runs", on=True, gpus=("0000:4a:00.0",))
    run = lab(fleet(host(runs))).judge("runs")
    assert run.preflight.runs_on == HOME
    assert run.preflight.summary.startswith(f"it runs on {HOME}, and a restart was judged: ")
    assert summary.of(run).headline == f"runs runs on {HOME}, and would start again"
    assert f'runs_on="{HOME}"' in line.render(run)


def test_a_template_is_called_a_template(lab):
    here = lab(fleet(host(VM, replace(VM, name="golden", template=True))))
    for command in ("preflight", "power-on"):
        done = here.run(command, "golden", *here.options)
        assert done.exit_code == 2
        assert "golden is a template, which cannot be powered on" in done.stderr


def test_an_interrupt_while_waiting_still_gives_a_report(lab, monkeypatch):
    def interrupted(_self, _vm_id, _host_id):
        raise KeyboardInterrupt

    monkeypatch.setattr(LiveSource, "start", interrupted)
    run = lab(fleet(host())).start(opinion=False)
    assert (run.power_on.outcome, exit_code(run)) == (Outcome.UNKNOWN, 3)
    assert "interrupted" in run.power_on.words


def test_an_esxi_host_starts_its_vm_without_a_second_opinion(lab):
    here = lab(Fleet((host(**ALONE),), (), direct=True))
    run = here.start()
    assert run.power_on.outcome is Outcome.STARTED
    assert here.state() == "poweredOn"


# What cannot be done


def test_no_session_but_that_of_power_on_can_write(lab):
    here = lab(fleet(host()))
    source = here.source()
    request = vim_power_on.REQUEST.of(here.vcenter.ids.vms["new-vm"])
    with pytest.raises(PermissionError):
        source.start(request.subject)
    body = soap.call("PowerOnVM_Task", "VirtualMachine", request.subject)
    with pytest.raises(PermissionError):
        source._session._session.post(body)
    recorder = RecorderTransport({"properties": source._session, "method": source._session})
    with pytest.raises(ValueError, match="no transport answers"):
        recorder.fetch(request)
    target = HostRef(HOME, "", "host-1001")
    assert not any(key[0] == "write" for key in source.collector([target]).collect(target).captures)
    assert "PowerOnVM_Task" not in here.calls
    assert here.state() == "poweredOff"


def test_only_one_command_opens_a_session_that_can_write(lab, monkeypatch, tmp_path):
    opened = {}
    real = vsphere.VsphereTransport.__init__

    def watch(self, endpoint, password, requests, writes=frozenset()):
        opened[command] = writes
        real(self, endpoint, password, requests, writes)

    monkeypatch.setattr(vsphere.VsphereTransport, "__init__", watch)
    here = lab(fleet(host()))
    takes = {"audit": [], "preflight": ["new-vm"], "topology": [HOME], "capacity": [],
             "profiles": [], "record": ["--save", "saved"], "power-on": ["new-vm"],
             "smoke": ["--guest", "new-vm"], "hosts": [], "vms": [], "vm-class": [],
             "case": [HOME], "doctor": [], "trust": ["--esxi"]}  # fmt: skip
    live = {
        name for name, one in main.commands.items()
        if any("--vcenter" in option.opts for option in one.params)
    }  # fmt: skip
    assert live <= set(takes), "a new live command belongs into this test"
    monkeypatch.chdir(tmp_path)
    for command in sorted(live):
        quiet = {"-q"} if command in {"smoke", "trust"} else set()  # they say one thing alone
        options = [word for word in here.options if word not in quiet]
        here.run(command, *takes[command], *options)
    assert {name for name, writes in opened.items() if writes & WRITES} == {"power-on"}
    assert {name for name, writes in opened.items() if writes} == {"power-on", "smoke"}
    assert set(opened) == live


@pytest.mark.parametrize(
    "words",
    [["power-on", "new-vm", "--from", "."], ["power-on", "new-vm", "--host", "x"], ["power-on"],
     ["power-on", "nobody"]],
)  # fmt: skip
def test_a_mistake_is_one_line(lab, words):
    here = lab(fleet(host()))
    options = [] if "--from" in words else here.options
    done = here.run(*words, *options)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "PowerOnVM_Task" not in here.calls


def test_the_lines_of_a_power_on(lab):
    here = lab(fleet(host()))
    done = here.run("power-on", "new-vm", "--format", "line", *here.options)
    assert done.exit_code == 0, done.output
    assert [line.split(" ", 2)[:2] for line in done.stdout.splitlines()] == [
        ["candidate", "verdict=GO"], ["preflight", "verdict=GO"], ["power-on", "outcome=started"],
    ]  # fmt: skip
