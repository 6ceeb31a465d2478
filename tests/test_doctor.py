"""`hostcheck doctor`: what it says beforehand is what the audit then finds, role by role."""

import json
import os
import re
import shlex
import subprocess

import jsonschema
import pytest
from click.testing import CliRunner
from pyVim.connect import Disconnect, SmartConnect

from hostcheck import asked
from hostcheck.cli import main
from hostcheck.doctor import privileges, role
from hostcheck.errors import ParseError
from hostcheck.parsers import vim_privileges
from tests.peers import live, shapes
from tests.peers.fleet import Fleet
from tests.peers.redfish import Login, State, running_bmcs
from tests.peers.role import holding, needs
from tests.test_docs import ROOT
from tests.ways.redfish.machines import rack

KINDS = (
    "2n-2xA100-80-esxi803",
    "2n-2xA100-80-ssh-denied-esxi803",
    "2n-2xA100-80-ssh-stopped-esxi803",
)
HEALTHY, DENIED, STOPPED = "esx-01.lab.test", "esx-14.lab.test", "esx-24.lab.test"
FLEET = Fleet(tuple(shapes.HOSTS[kind] for kind in KINDS), (shapes.CLUSTER,))
READS = list(role.READ_ONLY)
IMAGE, SETTINGS = "Host.Config.Image", "Host.Config.Settings"
IMAGES = "VcIntegrity.lifecycleSoftwareSpecification.Read"
OPT_IN_SECOND = {"DRV-005"}
"""Compares two answers: without the second it is unknown, and the first is all that is foreseen."""


class Lab:
    """A vCenter whose account holds a role, and shells."""

    def __init__(self, vcenter, shells):
        self.vcenter, self.shells = vcenter, shells
        self.target = ["--vcenter", f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user,
                       "--tls-ca", str(vcenter.ca_file), "-q"]  # fmt: skip
        self.env = {"GOVC_PASSWORD": vcenter.password, "HOSTCHECK_SSH_PASSWORD": shells.password}

    def run(self, command, *words, **env):
        given = [str(self.shells.config_file) if one == "CONFIG" else one for one in words]
        return CliRunner().invoke(main, [command, *self.target, *given], env=self.env | env)

    def json(self, command, *words, **env):
        return json.loads(self.run(command, *words, "--format", "json", **env).stdout)


@pytest.fixture(scope="module")
def shells(keep_running):
    return keep_running(live.running_shells(FLEET))


@pytest.fixture
def lab(running, shells):
    def held(*granted, fleet=FLEET):
        vcenter = running(live.running_vcenter(fleet, rewrite=holding((*READS, *granted))))
        return Lab(vcenter, shells)

    return held


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


SSH = ("--ssh", "--ssh-config", "CONFIG")


def unknown_in(run):
    return {
        (one["check"], report["host"]["name"])
        for report in run["hosts"]
        for one in report["results"]
        if one["status"] in ("unknown", "error")
    }


@pytest.mark.parametrize(
    ("granted", "options"),
    [
        ((), ()),
        ((IMAGE,), ()),
        ((), SSH),
        ((IMAGE,), ("--esxcli",)),
        ((SETTINGS,), ("--esxcli",)),
        ((IMAGE, SETTINGS), ("--esxcli", *SSH)),
        ((SETTINGS,), ("--esxcli", *SSH)),
        ((IMAGE,), SSH),
    ],
)
def test_what_it_foresees_is_what_the_audit_finds(lab, granted, options):
    there = lab(*granted)
    made = there.json("doctor", *options)
    foreseen = {
        (one["check"], host)
        for one in made["checks"]
        for blind in one["blind"]
        for host in blind["hosts"]
    }
    found = unknown_in(there.json("audit", *options))
    assert {one for one in foreseen ^ found if one[0] not in OPT_IN_SECOND} == set()
    assert len(found) > 10


TOLD_BY_SHELLS = {("LOC-001", "esx-21.lab.test"), ("LOC-002", "esx-21.lab.test")}
"""What the API of this host does not hold and its shell, which is not asked beforehand, tells."""
SAID = {"absent", "unparsed"}
"""Reasons that an answer gives: the way was open, and the host has no such thing."""


@pytest.mark.parametrize(
    ("granted", "options"), [((IMAGE,), ("--esxcli",)), ((IMAGE, SETTINGS), ("--esxcli", *SSH))]
)
def test_of_every_machine_it_foresees_what_is_refused_and_nothing_else(
    running, granted, options
):  # fmt: skip
    """Machines that do not let everything be read, or whose shell fails beside the API, too."""
    fleet = Fleet(tuple(shapes.HOSTS.values()), (shapes.CLUSTER, shapes.AWAY))
    vcenter = running(live.running_vcenter(fleet, rewrite=holding((*READS, *granted))))
    there = Lab(vcenter, running(live.running_shells(fleet)))
    foreseen = {
        (one["check"], host)
        for one in there.json("doctor", *options)["checks"]
        for blind in one["blind"]
        for host in blind["hosts"]
    }
    found = {
        (one["check"], report["host"]["name"]): one["unseen"]["why"] if one["unseen"] else "error"
        for report in there.json("audit", *options)["hosts"]
        for one in report["results"]
        if one["status"] in ("unknown", "error")
    }
    assert foreseen - found.keys() - TOLD_BY_SHELLS == set()
    second = OPT_IN_SECOND | {"DRV-010"}
    surprises = {
        key for key, why in found.items() if why not in SAID and key[0] not in second
    } - foreseen  # fmt: skip
    assert surprises == set()
    holes = "esx-15.lab.test"
    assert {key[0] for key in found if key[1] == holes} == {
        key[0] for key in foreseen if key[1] == holes
    }
    assert {holes, DENIED} <= {host for _, host in foreseen}


def test_what_the_api_tells_is_not_hidden_by_a_shell_that_fails(lab):
    """With both asked, esxcli over the API answers where the shell does not, and VIBs as well."""
    without, vibs, both = lab(), lab(IMAGE), lab(IMAGE, SETTINGS)
    closed = (DENIED, STOPPED)

    def unknown(there, *options):
        return {one for one in unknown_in(there.json("audit", *options)) if one[1] in closed}

    nothing = unknown(without)
    by_esxcli = nothing - unknown(both, "--esxcli")
    by_list = nothing - unknown(vibs)
    assert {"HOST-007", "NUMA-002", "PCI-008"} <= {check for check, _ in by_esxcli}
    assert "DRV-002" in {check for check, _ in by_list}
    assert by_esxcli & unknown(both, "--esxcli", *SSH) == set()
    assert by_list & unknown(vibs, *SSH) == set()


def test_each_missing_privilege_is_named_with_its_requests_and_checks(lab):
    made = lab(IMAGE).json("doctor", "--esxcli")
    (lack,) = [one for one in made["lacks"] if one["wanted"]]
    assert (lack["privilege"], lack["lacking"], lack["of"]) == (SETTINGS, 3, 3)
    assert "esxcli system settings kernel list" in lack["requests"]
    blind = {
        one["check"]: one["blind"][0] for one in made["checks"]
        if any(each["asked_for"] for each in one["blind"])
    }  # fmt: skip
    assert {"HOST-007", "NUMA-002", "PCI-008"} <= blind.keys()
    assert {one["privilege"] for one in blind.values()} == {SETTINGS}
    others = {one["privilege"] for one in made["lacks"] if not one["wanted"]}
    assert {IMAGES, "VirtualMachine.Interact.PowerOn"} < others


def test_with_all_that_is_needed_nothing_stands_in_the_way(lab):
    there = lab(IMAGE, SETTINGS, fleet=Fleet(FLEET.hosts[:1], FLEET.clusters))
    done = there.run("doctor", "--esxcli", *SSH)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("✓ What this run asks of 1 host is not refused\n")
    assert re.search(r"✓ ESXi shell over SSH .*: open on 1 of 1", " ".join(done.stdout.split()))
    assert "WILL BE UNKNOWN\n" not in done.stdout
    assert not unknown_in(there.json("audit", "--esxcli", *SSH)) & {
        (one, HEALTHY) for one in re.findall(r"[A-Z]+-\d{3}", done.stdout.partition("JUDGED")[2])
    }


def test_shells_say_why_they_are_closed_and_hosts_what_closes_them(lab):
    done = lab(IMAGE).run("doctor", *SSH)
    assert done.exit_code == 3
    told = " ".join(done.stdout.split())
    assert "(only with --ssh; those of a host may run as one line): open on 1 of 3" in told
    assert re.search(
        rf"unreachable: .*Connection refused \(needs service TSM-SSH\): {STOPPED}", told
    )
    assert re.search(rf"denied: login of .* refused; .*: {DENIED}", told)
    assert f"SSH is off (the service TSM-SSH does not run): {STOPPED}" in told
    assert (
        f"lockdown mode is normal: only exception users log in to the host itself: {DENIED}" in told
    )


def test_a_host_key_that_nobody_knows_is_told(lab, here):
    (here / "none").touch()
    made = lab(IMAGE).json("doctor", *SSH, "--ssh-known-hosts", str(here / "none"))
    (closed,) = [one for one in made["closed"] if HEALTHY in one["hosts"]]
    assert "known" in closed["detail"]


def test_a_bmc_that_refuses_and_one_that_nobody_named(lab, here, running):
    bmc = running(running_bmcs({"127.0.0.2": State(rack())}))
    (address,) = bmc.states
    (here / "bmc.csv").write_text(
        f"host,address,fingerprint\n{HEALTHY},{address}:{bmc.port},{bmc.fingerprint}\n"
    )
    options = ("--bmc", "--bmc-inventory", "bmc.csv", "--bmc-user", "auditor")
    there = lab(IMAGE)
    made = there.json("doctor", *options, HOSTCHECK_BMC_PASSWORD=Login().password)
    (opened,) = made["opened"]
    assert (opened["open"], opened["of"]) == (1, 3)
    assert {tuple(one["hosts"]) for one in made["closed"]} == {(DENIED,), (STOPPED,)}
    wrong = there.json("doctor", *options, HOSTCHECK_BMC_PASSWORD="wrong")
    (refused,) = [one for one in wrong["closed"] if one["hosts"] == [HEALTHY]]
    assert refused["why"] == "denied"
    assert bmc.states[address].sessions == {}


def test_asks_once_a_host_over_each_way_and_only_what_is_published(lab):
    there = lab(IMAGE, SETTINGS)
    assert there.run("doctor", "--esxcli").exit_code == 0
    stats = there.vcenter.stats()
    assert stats["esxcli"] == {"system.version.get": 3}
    assert stats["calls"]["HasPrivilegeOnEntities"] == 3
    assert "FetchSoftwarePackages" not in stats["calls"]
    assert stats["open_sessions"] == 0
    words = asked.page()
    assert all(method in words for method in stats["calls"])


def test_the_session_is_not_told(lab):
    there = lab()
    for one in (there.run("doctor"), there.run("doctor", "--format", "json")):
        assert there.vcenter.password not in one.output
        assert "session" not in one.output.lower()


def test_the_document_follows_its_schema(lab):
    schema = json.loads((ROOT / "hostcheck" / "schema" / "doctor-1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(lab().json("doctor"))


def test_a_vcenter_that_does_not_tell_privileges_is_said_and_costs_no_more(new_vcenter, shells):
    trouble = live.api.Trouble("HasPrivilegeOnEntities", "no_permission", privilege="System.View")
    there = Lab(new_vcenter(FLEET, trouble), shells)
    made = there.json("doctor")
    assert all("does not tell which privileges" in one for one in made["notices"])
    assert len(made["notices"]) == 3
    assert made["lacks"] == []


# The role.


def commands(tool, *options):
    done = CliRunner().invoke(
        main, ["doctor", "--role", tool, "--user", "auditor@lab.test", *options]
    )
    assert done.exit_code == 0
    return [line for line in done.stdout.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("tool", ["govc", "powercli"])
def test_commands_for_nobody_say_whose_name_stands_there(tool, monkeypatch):
    monkeypatch.delenv("GOVC_USERNAME", raising=False)
    done = CliRunner().invoke(main, ["doctor", "--role", tool])
    assert "# auditor@vsphere.local stands for the account of hostcheck" in done.stdout


def made_by_govc(vcenter, lines):
    """Run the commands with VMware's own govc; return what the vCenter's role holds then."""
    env = {
        "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "GOVC_URL": vcenter.url,
        "GOVC_USERNAME": vcenter.user, "GOVC_PASSWORD": vcenter.password,
        "GOVC_TLS_CA_CERTS": str(vcenter.ca_file),
    }  # fmt: skip
    for line in lines:
        program, *words = shlex.split(line)
        assert program == "govc"
        subprocess.run([live.govc(), *words], env=env, check=True, timeout=60)
    session = SmartConnect(
        host=vcenter.host, port=vcenter.port, user=vcenter.user, pwd=vcenter.password,
        sslContext=vcenter.context,
    )  # fmt: skip
    try:
        manager = session.content.authorizationManager
        (made,) = [one for one in manager.roleList if one.name == role.NAME]
        root = manager.RetrieveEntityPermissions(session.content.rootFolder, False)
        (given,) = [one for one in root if one.principal == "auditor@lab.test"]
        assert given.propagate
        return set(made.privilege)
    finally:
        Disconnect(session)


def test_the_least_role_is_enough_and_nothing_of_it_is_too_much(lab, new_vcenter):
    """The account of the live peer holds what govc made of the printed commands, and no more."""
    held = made_by_govc(new_vcenter(FLEET), commands("govc", "--esxcli"))
    assert held == {*READS, IMAGE, SETTINGS}
    there = lab(*held - set(READS))
    run = there.json("audit", "--esxcli")
    reasons = {
        one["unseen"]["privilege"] for report in run["hosts"] for one in report["results"]
        if one["unseen"]
    }  # fmt: skip
    assert reasons == {""}
    calls = there.vcenter.stats()["calls"]
    assert calls[
        "FetchSoftwarePackages" if "FetchSoftwarePackages" in calls else "fetchSoftwarePackages"
    ]
    assert {needs()[one] for one in calls if one in needs()} == held - set(READS)


def test_powercli_makes_the_same_role():
    grammar = pytest.importorskip("tree_sitter_powershell")
    sitter = pytest.importorskip("tree_sitter")
    parser = sitter.Parser(sitter.Language(grammar.language()))
    made, given = commands("powercli", "--esxcli", "--lifecycle")
    for line in (made, given):
        assert not parser.parse(line.encode()).root_node.has_error, line
    assert set(re.findall(r"'([A-Z]\w+\.[\w.]+)'", made)) == {*READS, IMAGE, SETTINGS, IMAGES}
    assert given.startswith("New-VIPermission -Entity (Get-Folder -NoRecursion) -Principal")
    assert r"-Principal 'lab.test\auditor' " in given


def test_the_role_is_that_of_the_published_requests():
    every = privileges.needs()
    everything = frozenset({"esxcli", "rest", "guest"})
    writes = ({"hostcheck power-on"}, {"--manage-ssh"})
    for one, by in every.items():
        where = role.privileges(everything, packages=True)
        assert (one in where) is (by.keys() not in writes), one
    assert role.privileges(frozenset(), packages=False) == role.READ_ONLY
    left = role.left_out(frozenset(), packages=False)
    assert left.keys() == role.WORDS.keys()
    assert {one for more in left.values() for one in more} == every.keys() - {*READS}


@pytest.mark.parametrize("text", ["", "<x/>", "no xml"])
def test_what_is_no_such_answer_is_refused(text):
    with pytest.raises(ParseError):
        vim_privileges.parse(text)


def test_what_an_answer_leaves_out_is_not_known():
    text = (
        "<HasPrivilegeOnEntitiesResponse><returnval><entity>h</entity><privAvailability>"
        "<privId>A</privId><isGranted>true</isGranted></privAvailability><privAvailability>"
        "<privId>B</privId><isGranted>perhaps</isGranted></privAvailability></returnval>"
        "<returnval><privAvailability/></returnval></HasPrivilegeOnEntitiesResponse>"
    )
    assert vim_privileges.parse(text) == {"h": {"A": True}}
