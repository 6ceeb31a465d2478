"""Read-only, proven: what three servers heard of whole runs is what `hostcheck requests` lists."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import asked, ways
from hostcheck.cli import main
from hostcheck.model.capture import Wire
from hostcheck.ways.shell import script
from hostcheck.ways.vsphere.order import METHODS, WRITES
from tests.peers import live, shapes
from tests.peers.fleet import Fleet
from tests.peers.redfish import Login, State, running_bmcs
from tests.ways.meddler import meddling
from tests.ways.redfish.machines import rack

KINDS = ("2n-2xA100-80-esxi803", "2n-1xA100-40-driver-missing-esxi801")
SECRETS = {
    "GOVC_PASSWORD": "the-vcenter-password", "HOSTCHECK_BMC_PASSWORD": Login().password,
}  # fmt: skip
COMMANDS = (
    ("hosts",),
    ("vms",),
    ("profiles",),
    ("audit", "--ssh", "--esxcli", "--packages", "--bmc", "-o", "run.json"),
    ("record", "--ssh", "--bmc", "--save", "saved"),
    ("preflight", "train-01-a", "--ssh"),
    ("preflight", "--profile", "grid_a100d-40c", "--vcpus", "4", "--memory", "8192"),
    ("capacity", "--profile", "grid_a100d-40c", "--ssh"),
    ("topology", "esx-01.lab.test", "--ssh"),
)
OWN = {"RetrieveServiceContent", "Login", "Logout"}


def listed(*wires: str) -> set[str]:
    return {one.template for one in asked.requests() if one.wire in wires}


def fits(heard: str, templates: set[str]) -> bool:
    """Say whether a question is a listed one; slots take integers."""
    return any(
        re.fullmatch(re.sub(r"\\\{\w+\\\}", r"[0-9]+", re.escape(one)), heard) for one in templates
    )


@pytest.fixture(scope="module")
def heard(keep_running, tmp_path_factory):
    """What a vCenter, the shells and the BMCs were asked by all these commands."""
    folder = tmp_path_factory.mktemp("readonly")
    hosts = tuple(replace(shapes.HOSTS[kind], vms=shapes.HOSTS[kind].vms[:2]) for kind in KINDS)
    fleet = Fleet(hosts, (shapes.CLUSTER,))
    vcenter = keep_running(live.running_vcenter(fleet, password=SECRETS["GOVC_PASSWORD"]))
    shells = keep_running(live.running_shells(fleet))
    log = logging(shells.log_file.parent)
    states = {f"127.0.0.{2 + at}": State(rack()) for at, _ in enumerate(hosts)}
    bmc = keep_running(running_bmcs(states))
    rows = [f"{host.name},{address}:{bmc.port},{bmc.fingerprint}"
            for host, address in zip(hosts, states, strict=True)]  # fmt: skip
    (folder / "bmc.csv").write_text("\n".join(["host,address,fingerprint", *rows, ""]))
    config = [
        "[ssh]", f'config = "{shells.config_file}"', "[bmc]",
        f'inventory = "{folder / "bmc.csv"}"', 'user = "auditor"',
    ]  # fmt: skip
    (folder / "hostcheck.toml").write_text("\n".join([*config, ""]))
    told = []
    with meddling(vcenter) as server:
        before = vcenter.stats()["open_sessions"]
        target = ["--vcenter", f"{server.user}@{server.host}:{server.port}", "--tls-ca",
                  str(server.ca_file), "--config", str(folder / "hostcheck.toml")]  # fmt: skip
        for command in COMMANDS:
            done = CliRunner().invoke(
                main, [command[0], *target, *(placed(folder, one) for one in command[1:])],
                env={**SECRETS, "HOME": str(folder), "HOSTCHECK_SSH_PASSWORD": shells.password},
            )  # fmt: skip
            assert done.exit_code in (0, 1, 3), (command, done.output)
            told.append(done.output)
        assert vcenter.stats()["open_sessions"] == before
    stats = vcenter.stats()
    return {
        "calls": server.calls, "http": server.paths, "paths": set(stats["paths"]),
        "esxcli": set(stats["esxcli"]), "shell": log.read_text().splitlines(),
        "bmc": [line for one in states.values() for line in one.heard],
        "left": [token for one in states.values() for token in one.sessions],
    }  # fmt: skip


def placed(folder: Path, word: str) -> str:
    return str(folder / word) if word in ("run.json", "saved") else word


def logging(work: Path) -> Path:
    """Let the played shell write down each command line that it is given."""
    log = work / "asked"
    log.touch()
    log.chmod(0o666)
    shell = work / "esx_shell.sh"
    before = shell.read_text()
    line = "    command=${SSH_ORIGINAL_COMMAND:-}\n"
    assert before.count(line) == 1
    shell.write_text(before.replace(line, f"{line}    printf '%s\\n' \"$command\" >>'{log}'\n"))
    return log


def test_vsphere_hears_listed_methods_and_ends_with_as_many_views_and_sessions(heard):
    calls = heard["calls"]
    assert set(calls) <= set(METHODS) - WRITES
    assert len(set(calls) - OWN) > 8
    assert calls["Login"] == calls["Logout"] == len(COMMANDS)
    assert calls["CreateContainerView"] == calls["DestroyView"] > 0
    assert calls["CreatePropertyCollector"] == calls["DestroyPropertyCollector"]
    assert heard["http"] <= {"GET /sdk/vimServiceVersions.xml", "POST /sdk"}


def test_vsphere_hears_listed_property_paths(heard):
    paths = {path.name for one in asked.requests() for path in one.paths}
    told = {one.partition(".")[2] for one in heard["paths"]}
    assert len(told) > 60
    paths |= {word for note in ways.named("vsphere").notes for word in note.words}
    assert told <= paths, told - paths


def test_esxcli_over_vsphere_hears_listed_commands(heard):
    names = {one.removeprefix("esxcli ").replace(" ", ".") for one in listed(Wire.ESXCLI)}
    assert heard["esxcli"] == names


def test_shells_hear_listed_commands_in_the_listed_frame(heard):
    shell = listed(Wire.SHELL)
    asked_of = set()
    for line in heard["shell"]:
        if line.startswith("m="):
            mark = line.removeprefix("m=").partition(";")[0]
            assert re.fullmatch(r"hostcheck-[0-9a-f]{24}", mark)
            commands = re.findall(r"\((.*?)\); printf '", line)
            assert script.framed(commands, mark) == line
        else:
            commands = [line]
        for command in commands:
            assert fits(command, shell), command
        asked_of |= set(commands)
    assert len(asked_of) > 20


def test_bmcs_hear_listed_gets_and_one_session_each_time(heard):
    opened = [line for line in heard["bmc"] if line.startswith("POST ")]
    closed = [line for line in heard["bmc"] if line.startswith("DELETE ")]
    assert set(opened) == {"POST /redfish/v1/SessionService/Sessions"}
    assert all(line.startswith("DELETE /redfish/v1/SessionService/Sessions/") for line in closed)
    assert len(opened) == len(closed) == 2 * len(KINDS)
    assert heard["left"] == []
    templates = {re.sub(r"\{\w+\}", "*", one) for one in listed("redfish")}
    gets = {line for line in heard["bmc"] if line.startswith("GET ")}
    assert len(gets) > 5
    for line in gets:
        assert any(
            re.fullmatch(re.escape(one).replace(r"\*", "[^/]+") + "/?", line) for one in templates
        ), line
