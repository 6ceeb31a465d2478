"""Several vCenters in one run: two real servers that have hosts, VMs and ids of the same names."""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from msgspec import structs

from hostcheck import app, exits, runfile, secrets
from hostcheck.cli import main
from hostcheck.errors import LimitOver, UsageError
from hostcheck.journal import Heading, Journal
from hostcheck.model.result import Answer
from hostcheck.model.run import Asked
from hostcheck.reports.run import html, junit, text
from hostcheck.reports.summary import whole as summary
from hostcheck.sources import live
from hostcheck.sources.live import LiveSource
from hostcheck.sources.several import Vcenters
from hostcheck.ways.vsphere.vms import named
from tests.peers import shapes
from tests.peers.api import Trouble
from tests.peers.fleet import Cluster, Fleet
from tests.peers.live import Vcenter, running_vcenter
from tests.reports import builders as b
from tests.ways.meddler import silence

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PASSWORD = "the-same-everywhere"
HEALTHY = shapes.HOSTS["2n-2xA100-80-esxi803"]
SICK = shapes.HOSTS["2n-1xA100-40-driver-missing-esxi801"]
OFF = replace(HEALTHY.vms[0], on=False, gpus=())
CLUSTERS = (Cluster("gpu-cluster-01"),)


def host(number, like=HEALTHY, **changes):
    return replace(like, **shapes.at(number), cluster="gpu-cluster-01", **changes)


FIRST = Fleet(
    (host(1, vms=(replace(OFF, name="vm-a"),)), host(2, vms=()), host(3, vms=())), CLUSTERS
)
SECOND = Fleet((host(1, SICK, vms=(replace(OFF, name="vm-b"),)), host(2, SICK, vms=())), CLUSTERS)


@dataclass(frozen=True)
class Lab:
    """Two vCenters, and how the program is pointed at them."""

    servers: tuple[Vcenter, ...]

    @property
    def names(self):
        return tuple(f"{one.host}:{one.port}" for one in self.servers)

    def options(self, *servers):
        return [
            word
            for one in servers or self.servers
            for word in (
                "--vcenter", f"{one.user}@{one.host}:{one.port}", "--tls-ca", str(one.ca_file)
            )
        ]  # fmt: skip

    def run(self, command, *words, servers=(), **env):
        return invoke(command, *self.options(*servers), *words, **env)


def invoke(*words, **env):
    given = {"GOVC_PASSWORD": PASSWORD, **env}
    return CliRunner().invoke(main, [*map(str, words)], env=given)


@pytest.fixture(autouse=True)
def nothing_of_this_user(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("GOVC_URL", "GOVC_USERNAME", "GOVC_TLS_CA_CERTS", "GOVC_TLS_KNOWN_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture(scope="module")
def lab(keep_running):
    """Two vCenters for tests that break and change nothing."""
    return Lab(
        tuple(keep_running(running_vcenter(one, password=PASSWORD)) for one in (FIRST, SECOND))
    )


@pytest.fixture
def new_lab(new_vcenter):
    """Two vCenters of one's own: the troubles are of the second."""

    def new_lab(*troubles, first=FIRST, second=SECOND, **options):
        there = new_vcenter(second, *troubles, password=PASSWORD, **options)
        return Lab((new_vcenter(first, password=PASSWORD), there))

    return new_lab


def read(name="run.json"):
    return runfile.read(Path(name))


def lines(run, target):
    """Return what is told of the hosts of one vCenter, whatever they were asked with."""
    return [
        TIME.sub("T", runfile.pack(unsealed(one)).decode())
        for one in run.hosts
        if one.host.target == target
    ]


def unsealed(report):
    host = structs.replace(report.host, asked_with=(), logins=())
    return structs.replace(report, host=host)


def nobody():
    with silence() as port:
        pass
    return f"user@127.0.0.1:{port}"


# Both answer


def test_what_two_vcenters_tell_is_not_mixed_up(lab):
    done = lab.run("audit", "-q", "-o", "run.json")
    assert done.exit_code == 1, done.output
    run = read()
    assert run.target == ", ".join(sorted(lab.names))
    assert run.targets == tuple(Asked(name) for name in sorted(lab.names))
    keys = [(one.host.name, one.host.target) for one in run.hosts]
    assert keys == sorted(
        (one.name, name)
        for fleet, name in zip((FIRST, SECOND), lab.names, strict=True)
        for one in fleet
    )
    assert len({one.host.id for one in run.hosts}) < len(run.hosts)  # host-1001 is in both
    for server, name in zip(lab.servers, lab.names, strict=True):
        assert lab.run("audit", "-q", "-o", "one.json", servers=[server]).exit_code in (0, 1)
        one = read("one.json")
        assert (one.target, one.targets) == (name, ())
        assert lines(run, name) == lines(one, name)
        assert server.stats()["open_sessions"] == 0


def test_two_vcenters_replay_to_the_same_bytes(lab, tmp_path):
    live = lab.run(
        "audit", "-q", "-o", "live.json", "--html", "live.html", "--save", "saved", "--format",
        "junit",
    )  # fmt: skip
    again = invoke(
        "audit", "-q", "-o", "again.json", "--html", "again.html", "--from", "saved", "--format",
        "junit",
    )  # fmt: skip
    assert (live.exit_code, again.exit_code) == (1, 1), live.output
    assert live.stdout == again.stdout
    for name in ("json", "html"):
        first, second = (tmp_path / f"{one}.{name}" for one in ("live", "again"))
        assert first.read_bytes() == second.read_bytes()
    folders = sorted(path.name for path in (tmp_path / "saved").iterdir())
    assert folders == [
        "esx-01.lab.test", "esx-01.lab.test-2", "esx-02.lab.test", "esx-02.lab.test-2",
        "esx-03.lab.test",
    ]  # fmt: skip


def test_a_recording_is_not_replaced_by_one_of_another_vcenter(lab, tmp_path):
    for _ in range(2):
        assert lab.run("record", "-q", "--save", "saved").exit_code == 0
        assert len(list((tmp_path / "saved").iterdir())) == 5
    found = {
        (told["host"], told["target"])
        for told in (json.loads(path.read_text()) for path in tmp_path.glob("saved/*/*.json"))
    }
    assert len(found) == 5


@pytest.mark.parametrize("form", ["text", "junit", "html", "line"])
def test_reports_name_the_vcenter_of_each_host(lab, form):
    page = lab.run("audit", "-q", "--format", form).stdout
    for name in lab.names:
        found = f'host="esx-01.lab.test".*target="{name}"' if form == "line" else (
            re.escape(f"esx-01.lab.test ({name})")
        )  # fmt: skip
        assert re.search(found, page), page[:2000]


def test_an_index_leads_to_the_page_of_each_host(lab, monkeypatch, tmp_path):
    monkeypatch.setattr(summary, "LARGEST_PAGE", 3)
    assert lab.run("audit", "-q", "--html", "run.html").exit_code == 1
    index = (tmp_path / "run.html").read_text()
    pages = {path.name: path.read_text() for path in (tmp_path / "run_files").glob("esx-*.html")}
    assert len(pages) == 5
    for page, told in pages.items():
        (name,) = [name for name in lab.names if name.replace(":", "_") in page]
        assert f"({name})" in told
        assert page in unquote(index)


def test_hosts_are_asked_in_turns(lab, log_in):
    sources = [
        LiveSource(name, log_in(one))
        for name, one in zip("ab", lab.servers, strict=True)
    ]  # fmt: skip
    found = Vcenters(sources, {}).machines()
    assert [(one.vcenter, one.name[:6]) for one in found] == [
        ("a", "esx-01"), ("b", "esx-01"), ("a", "esx-02"), ("b", "esx-02"), ("a", "esx-03"),
    ]  # fmt: skip


def test_a_filter_must_match_somewhere_and_not_everywhere(lab):
    done = lab.run("audit", "-q", "--host", "esx-03*", "-o", "run.json")
    assert done.exit_code == 0, done.output
    assert [one.host.name for one in read().hosts] == ["esx-03.lab.test"]
    done = lab.run("audit", "-q", "--host", "esx-03*", "--host", "esx-9*")
    assert done.exit_code == 2
    assert done.stderr.startswith("hostcheck: no host matches 'esx-9*'; there are: ")


def test_installed_packages_are_asked_by_the_number_of_all_hosts(lab, log_in, monkeypatch):
    monkeypatch.setattr(live, "FEW_HOSTS", 4)
    sources = [LiveSource(name, log_in(one)) for name, one in zip("ab", lab.servers, strict=True)]
    both = Vcenters(sources, {})
    assert both.one_by_one is False
    found = app.recordings(both, both.machines(), done=lambda _: None)
    assert not any("fetchSoftware" in key[1] for one in found for key in one.captures)
    assert sources[0].one_by_one is True


def test_capacity_counts_clusters_of_the_same_name_apart(lab):
    done = lab.run("capacity", "-q", "--format", "json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    clusters = [
        (one["name"]["value"], one["target"], len(one["hosts"])) for one in told["clusters"]
    ]
    assert sorted(clusters) == sorted(
        ("gpu-cluster-01", name, count) for name, count in zip(lab.names, (3, 2), strict=True)
    )
    page = lab.run("capacity", "-q", "--profile", "grid_a100d-40c").stdout
    for name in lab.names:
        assert f"gpu-cluster-01 ({name})" in page


# One does not answer


@pytest.mark.parametrize("how", ["nobody", "password", "authority", "inventory"])
def test_one_that_cannot_be_asked_ends_no_run(how, new_lab):
    trouble = [Trouble("CreateContainerView", "no_permission")] if how == "inventory" else []
    lab = new_lab(*trouble)
    healthy, silent = lab.servers
    name, words = lab.names[1], {
        "nobody": "no vSphere API answers there", "authority": "its certificate is not trusted",
        "password": "user name or password of", "inventory": "the inventory cannot be listed",
    }[how]  # fmt: skip
    options = lab.options(*([healthy] if how in ("nobody", "authority") else []))
    if how == "nobody":
        url = nobody()
        name = url.partition("@")[2]
        options += ["--vcenter", url]
    elif how == "authority":
        options += ["--vcenter", f"{silent.user}@{name}"]
    elif how == "password":
        options[options.index(f"{silent.user}@{name}")] = f"stranger@{name}"
    done = invoke("audit", "-q", "-o", "run.json", "--html", "run.html", *options)
    assert done.exit_code == 3, done.output
    run = read()
    assert [one.host.target for one in run.hosts] == [lab.names[0]] * 3
    (failed,) = [one for one in run.targets if one.failure]
    assert failed.name == name
    assert words in failed.failure
    assert "\n" not in failed.failure
    told = " ".join(done.stdout.split())
    assert told.startswith("? UNSURE 1 of 2 vCenters could not be asked")
    assert f"Note: {name} could not be asked: {failed.failure}." in told
    assert failed.failure.partition("'")[0] in Path("run.html").read_text()
    assert all(one.stats()["open_sessions"] == 0 for one in lab.servers)

    done = invoke("record", "-q", "--save", "saved", *options)
    assert done.exit_code == 3
    assert f"hostcheck: {name} could not be asked: {words}"[:60] in done.stderr
    assert len(list(Path("saved").iterdir())) == 3
    done = invoke("capacity", "-q", "--profile", "grid_a100d-40c", *options)
    assert done.exit_code == 3
    assert done.stdout.startswith(">=")
    assert f"Note: {name} could not be asked" in done.stdout
    for command in ("hosts", "vms", "profiles"):
        done = invoke(command, "-q", *options)
        assert done.exit_code == 3
        assert f"hostcheck: {name} told of no host: {words}"[:60] in done.stderr


def test_when_none_can_be_asked_one_line_says_why_of_each():
    one, other = nobody(), nobody()
    done = invoke("audit", "--vcenter", one, "--vcenter", other)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("no vSphere API answers there") == 2
    assert done.stderr.count("\n") == 1


def test_when_none_can_be_listed_the_report_says_why_of_each(new_lab):
    refused = Trouble("CreateContainerView", "no_permission")
    lab = new_lab(refused)
    done = lab.run("audit", "-q", "--vcenter", nobody(), "-o", "run.json", servers=lab.servers[1:])
    assert done.exit_code == 3, done.output
    run = read()
    assert (list(run.hosts), [bool(one.failure) for one in run.targets]) == ([], [True, True])
    assert done.stderr.count(" could not be asked: ") == 2
    assert done.stderr.count("\n") == 1
    assert lab.servers[1].stats()["open_sessions"] == 0


@pytest.mark.parametrize("how", ["no_permission", "drop", "delay"])
def test_a_single_vcenter_that_does_not_list_its_hosts_is_in_the_report(new_vcenter, how):
    """It let us in: that is no mistake of the command line, and a report appears."""
    server = new_vcenter(FIRST, Trouble("CreateContainerView", how, amount=3000), password=PASSWORD)
    lab, first = Lab((server,)), new_vcenter(FIRST, password=PASSWORD)
    assert Lab((first,)).run("audit", "-q", "-o", "before.json").exit_code in (0, 1)
    told = ("-o", "run.json", "--html", "run.html", "--timeout", "1")
    for more in ((), ("--fail-on", "new", "--since", "before.json"), ("--history", "nights.db")):
        done = lab.run("audit", "-q", *told, *more)
        assert done.exit_code == 3, done.output
        run = read()
        assert list(run.hosts) == []
        (failed,) = run.targets
        assert (failed.name, "cannot be listed" in failed.failure) == (lab.names[0], True)
        shown = " ".join(done.stdout.split())
        assert f"{failed.name} could not be asked" in shown
        assert "is not known" in shown
        assert done.stderr.splitlines()[-1].endswith(": no host was asked")
        assert failed.name in Path("run.html").read_text()
    assert not Path("nights.db").exists()
    done = lab.run("audit", "-q", "--format", "junit", "--timeout", "1")
    assert 'errors="' in done.stdout
    assert server.stats()["open_sessions"] == 0
    done = lab.run("hosts", "-q", "--timeout", "1")
    assert (done.exit_code, done.stdout) == (2, "")


@pytest.mark.sessions_left(0)
def test_one_that_dies_half_way_ends_no_run(new_lab):
    lab = new_lab(Trouble("RetrievePropertiesEx", "drop", first=2))
    whole = lab.run("audit", "-q", "-o", "first.json", servers=lab.servers[:1])
    assert whole.exit_code == 0, whole.output
    done = lab.run("audit", "-q", "-o", "run.json")
    assert done.exit_code == 3, done.output
    run = read()
    assert lines(run, lab.names[0]) == lines(read("first.json"), lab.names[0])
    lost = [one for one in run.hosts if one.host.target == lab.names[1]]
    assert [one.verdict for one in lost] == [Answer.UNSURE] * 2
    for report in lost:
        unseen = [one.unseen for one in report.results if one.unseen is not None]
        assert {"unreachable"} <= {one.why for one in unseen}
        assert report.host.name in done.stdout


def test_a_fail_stays_a_fail_where_a_vcenter_is_silent(lab):
    done = lab.run("audit", "-q", "--vcenter", nobody(), servers=lab.servers[1:])
    assert done.exit_code == 1
    assert "1 of 2 vCenters could not be asked, and 2 are not ready" in " ".join(
        done.stdout.split()
    )


def test_a_run_says_which_vcenter_is_silent():
    missing = (Asked("vc-a"), Asked("vc-b", "nobody <there>"))
    run = replace_run(b.run(b.report(b.host())), targets=missing)
    assert summary.of(run).verdict is Answer.UNSURE
    assert exits.exit_code(run) == 3
    assert 'errors="1"' in junit.render(run).splitlines()[1]
    for render in (text.render, html.render):
        page = " ".join(render(run).split())
        assert "vc-b could not be asked: nobody" in page
        assert "<there>" not in page.replace("nobody <there>", "") or render is text.render
    empty = replace_run(run, hosts=())
    assert summary.of(empty).reason == "Whether the hosts of vc-b are ready is not known."


def replace_run(run, **changes):
    return type(run)(**{name: getattr(run, name) for name in run.__struct_fields__} | changes)


# A run that goes on


def test_a_resumed_run_keeps_what_a_silent_vcenter_told(new_lab, log_in):
    lab = new_lab()
    whole = lab.run("audit", "-q", "-o", "whole.json")
    assert whole.exit_code == 1
    run = read("whole.json")

    def sources():
        return [
            LiveSource(name, log_in(one)) for name, one in zip(lab.names, lab.servers, strict=True)
        ]

    place = Path("run.json.journal")
    with app.start_journal(Vcenters(sources(), {}), place, resume=False) as journal:
        for report in run.hosts:
            if report.host.name == "esx-01.lab.test":
                journal.add(runfile.pack(report))
    silent = Vcenters(sources()[:1], {lab.names[1]: "nobody is there"})
    with app.start_journal(silent, place, resume=True) as journal:
        assert len(journal) == 2
        cut = app.audit(silent, journal, done=lambda _: None)
        assert [(one.host.name, one.host.target) for one in cut.hosts] == [
            key for key in ((one.host.name, one.host.target) for one in run.hosts)
            if key != ("esx-02.lab.test", lab.names[1])
        ]  # fmt: skip
    both = Vcenters(sources(), {})
    with app.start_journal(both, place, resume=True) as journal:
        told = app.audit(both, journal, done=lambda _: None)
        assert [lines(told, name) for name in lab.names] == [lines(run, name) for name in lab.names]


def test_hosts_that_were_not_asked_are_named_with_their_vcenter(lab, log_in):
    both = Vcenters(
        [LiveSource(name, log_in(one)) for name, one in zip("ab", lab.servers, strict=True)], {}
    )

    @contextmanager
    def over():
        raise LimitOver("the run's limit of 1 s was over")
        yield

    with app.start_journal(both, None, resume=False) as journal:
        run = app.audit(both, journal, limit=over(), done=lambda _: None)
    assert run.ended == "the run's limit of 1 s was over"
    assert run.unasked == (
        "esx-01.lab.test (a)", "esx-01.lab.test (b)", "esx-02.lab.test (a)", "esx-02.lab.test (b)",
        "esx-03.lab.test (a)",
    )  # fmt: skip


def test_hosts_of_one_name_and_id_have_each_a_line(tmp_path):
    origin = Heading("1", "2", "vc-a, vc-b", ())
    one, other = (
        b.report(type(b.host())(**fields | {"target": target}))
        for target in ("vc-b", "vc-a")
        for fields in [{name: getattr(b.host(), name) for name in b.host().__struct_fields__}]
    )
    with Journal(origin, tmp_path / "j") as journal:
        journal.add(runfile.pack(one))
        journal.add(runfile.pack(other))
    with Journal(origin, tmp_path / "j", resume=True) as journal:
        assert tuple(journal.hosts()) == (other, one)
        journal.keep({(one.host.name, "vc-b", one.host.id)})
        assert tuple(journal.hosts()) == (one,)


# One VM


def test_a_vm_is_judged_where_it_is(lab):
    done = lab.run("preflight", "vm-a", "-q", "-o", "run.json")
    assert done.exit_code == 0, done.output
    run = read()
    assert {one.target for one in run.preflight.candidates} == {lab.names[0]}
    assert len(run.preflight.candidates) == 3
    assert {one.host.target for one in run.hosts} == {lab.names[0]}
    done = lab.run("preflight", "vm-b", "-q", "--host", "esx-0*", "--format", "line")
    assert done.exit_code == 1
    assert done.stdout.count(f'target="{lab.names[1]}"') == 2
    assert lab.names[0] not in done.stdout


def test_a_vm_that_does_not_exist_yet_is_judged_everywhere(lab):
    done = lab.run(
        "preflight", "--profile", "grid_a100d-40c", "-q", "-o", "run.json", "--html", "run.html"
    )
    assert done.exit_code == 0, done.output
    run = read()
    assert sorted((one.host, one.target) for one in run.preflight.candidates) == [
        (one.host.name, one.host.target) for one in run.hosts
    ]
    verdicts = {(one.host, one.target): one.verdict for one in run.preflight.candidates}
    assert verdicts["esx-01.lab.test", lab.names[0]] is Answer.GO
    assert verdicts["esx-01.lab.test", lab.names[1]] is Answer.NO_GO
    assert run.preflight.summary.startswith(f"esx-01.lab.test ({lab.names[0]}): ")
    assert f"esx-01.lab.test ({lab.names[1]})" in Path("run.html").read_text()


def test_a_vm_of_two_vcenters_is_ambiguous(new_lab):
    twin = Fleet((host(1, vms=(replace(OFF, name="vm-a"),)),), CLUSTERS)
    lab = new_lab(second=twin)
    for command in ("preflight", "power-on"):
        done = lab.run(command, "vm-a", "-q")
        assert (done.exit_code, done.stdout) == (2, "")
        places = ", ".join(
            sorted(
                f"{server.ids.vms['vm-a']} on esx-01.lab.test ({name})"
                for server, name in zip(lab.servers, lab.names, strict=True)
            )
        )
        assert done.stderr == (f"hostcheck: 2 VMs are called 'vm-a': {places}; give one vCenter\n")
    assert {one.power_state("vm-a") for one in lab.servers} == {"poweredOff"}


def test_a_vm_is_started_where_it_is(new_lab):
    there = Fleet((host(1, vms=(replace(OFF, name="vm-b"),)),), CLUSTERS)
    lab = new_lab(second=there)
    done = lab.run("power-on", "vm-b", "-q", "-o", "run.json")
    assert done.exit_code == 0, done.output
    assert lab.servers[1].power_state("vm-b") == "poweredOn"
    assert lab.servers[0].power_state("vm-a") == "poweredOff"
    assert "PowerOnVM_Task" not in lab.servers[0].stats()["calls"]
    assert read().power_on.host == "esx-01.lab.test"


def test_with_a_silent_vcenter_a_vm_is_judged_and_not_started(new_lab):
    lab = new_lab()
    words = ["vm-a", "-q", "--vcenter", nobody()]
    done = lab.run("preflight", *words, servers=lab.servers[:1])
    assert done.exit_code == 3
    (told,) = done.stdout.splitlines()
    assert told.startswith("preflight verdict=UNSURE ")
    assert f" silent={words[-1].rpartition('@')[2]} " in told
    done = lab.run("preflight", words[0], *words[2:], servers=lab.servers[:1])
    assert done.exit_code == 3
    first, reason = done.stdout.splitlines()[:2]
    assert first.endswith("Whether vm-a would start could not be settled")
    assert reason.strip().startswith("esx-01.lab.test: all ")
    assert "may have another vm-a" in " ".join(done.stdout.split())
    done = lab.run("preflight", *words, "--strict", servers=lab.servers[:1])
    assert done.exit_code in (1, 3)
    done = lab.run("power-on", *words, servers=lab.servers[:1])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "whether another VM 'vm-a' is there is not known" in done.stderr
    assert lab.servers[0].power_state("vm-a") == "poweredOff"
    done = lab.run("preflight", "vm-b", *words[1:], servers=lab.servers[:1])
    assert done.exit_code == 2
    assert done.stderr.startswith("hostcheck: no VM is called 'vm-b' where that could be asked; ")


def test_a_guest_is_named_in_the_vcenter_that_has_it(lab, log_in):
    sessions = {name: log_in(one) for name, one in zip("ab", lab.servers, strict=True)}
    both = Vcenters([LiveSource(name, one) for name, one in sessions.items()], {})
    ids = named(sessions, both.vms(), ["vm-b"], "")
    assert ids == {"a": frozenset(), "b": frozenset([lab.servers[1].ids.vms["vm-b"]])}
    with pytest.raises(UsageError, match="no VM is called 'vm-c'"):
        named(sessions, both.vms(), ["vm-c"], "")


# Settings


def several(lab, **changes):
    first, second = (
        {"url": name, "user": one.user, "tls_ca": [str(one.ca_file)]}
        for name, one in zip(lab.names, lab.servers, strict=True)
    )
    entries = (first, second | changes)
    return "".join(
        "[[vcenters]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in one.items())
        for one in entries
    )


def test_several_vcenters_stand_in_the_settings_each_with_its_own(new_lab):
    lab = new_lab(user="other@vsphere.local")
    assert len({one.user for one in lab.servers}) == 2
    Path("hostcheck.toml").write_text(several(lab))
    done = invoke("audit", "-q", "-o", "run.json", GOVC_USERNAME="nobody")
    assert done.exit_code == 1, done.output
    assert len(read().hosts) == 5
    done = invoke("audit", "-q", "-o", "run.json", "--vcenter", lab.names[1])
    assert done.exit_code == 1, done.output
    assert read().target == lab.names[1]
    done = invoke("audit", "-q", "-o", "run.json", GOVC_URL=lab.names[0])
    assert done.exit_code == 0, done.output
    assert read().target == lab.names[0]


def test_what_entries_leave_out_is_as_the_common_part_says(lab, tmp_path):
    together = tmp_path / "both.pem"
    together.write_text("".join(one.ca_file.read_text() for one in lab.servers))
    entries = "".join(f'[[vcenters]]\nurl = "{name}"\n' for name in lab.names)
    user = lab.servers[0].user
    Path("hostcheck.toml").write_text(
        f'[vcenter]\nuser = "{user}"\ntls_ca = ["{together}"]\n{entries}'
    )
    done = invoke("audit", "-q", "-o", "run.json")
    assert done.exit_code == 1, done.output
    assert len(read().hosts) == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--vcenter u@a --vcenter u@a:443", "a is named 2 times: name each vCenter once"),
        ("--vcenter u@a --vcenter b", "no user for b: give --user"),
        ("--vcenter u@a --vcenter u@b --tls-thumbprint ab", "--tls-thumbprint is of one server"),
        ("--vcenter u@a --vcenter u:s3cr3t@b", "a password in --vcenter is visible"),
    ],
)
def test_options_that_contradict_are_one_line(words, told):
    done = invoke("audit", *words.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert "s3cr3t" not in done.stderr


def test_each_vcenter_has_its_own_password(lab, monkeypatch):
    asked = []
    monkeypatch.setattr(secrets, "from_keyring", lambda name: asked.append(name) or PASSWORD)
    done = lab.run("audit", "-q", GOVC_PASSWORD="")
    assert done.exit_code == 1, done.output
    assert asked == [f"{one.user}@{one.host}" for one in lab.servers]
