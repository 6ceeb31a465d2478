"""hostcheck bmc: servers by their BMCs alone, shown and judged; live as from a recording."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import recording
from hostcheck.cli import main
from tests.peers.redfish import Login, State, Trouble, resources_in, running_bmcs

FIXTURES = Path(__file__).parents[1] / "fixtures"
MACHINES = {
    "dell": "2n-2xA100-80-bmc-dell-esxi803",
    "dell-off": "2n-1xA30-bmc-dell-sriov-off-esxi800",
    "hpe": "8n-1xL40S-bmc-hpe-profile-esxi802",
    "lenovo": "4n-2xA100-80-bmc-lenovo-snc2-esxi803",
    "supermicro": "2n-8xH100-bmc-supermicro-sick-esxi803",
    "cisco": "2n-1xA30-bmc-cisco-none-shown-esxi800",
}
PASSWORD = Login().password


def held(name):
    return resources_in(recording.load(FIXTURES / MACHINES[name]).captures)


@pytest.fixture
def rack(running, tmp_path, monkeypatch):
    """All of them, each at an address, and an inventory that names them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HOSTCHECK_BMC_PASSWORD", PASSWORD)
    states = {f"127.0.0.{10 + n}": State(held(name)) for n, name in enumerate(MACHINES)}
    bmc = running(running_bmcs(states))
    rows = [
        f"{name},{at}:{bmc.port},{bmc.fingerprint}"
        for name, at in zip(MACHINES, states, strict=True)
    ]
    Path("bmc.csv").write_text("\n".join(["host,address,fingerprint", *rows, ""]))
    return bmc


def bmc(*words):
    return CliRunner().invoke(main, ["bmc", *words, "--bmc-user", "auditor", "-q"])


def sessions(rack):
    return [token for one in rack.states.values() for token in one.sessions]


def verdicts(text):
    told = [line.split(maxsplit=1) for line in text.splitlines() if line[:1] in ("G", "N", "U")]
    return {rest.partition(":")[0]: verdict for verdict, rest in told}


def test_one_bmc_is_shown_with_its_settings(rack):
    done = bmc("bmc.csv")
    assert done.exit_code == 0, done.output
    assert "dell: Dell, PowerEdge R750xa, service tag" in done.output
    assert "SriovGlobalEnable = Enabled" in done.output
    assert "waits for a restart: SriovGlobalEnable: Disabled -> Enabled" in done.output
    assert sessions(rack) == []


def test_an_inventory_is_judged_before_there_is_a_host(rack):
    done = bmc("--judge", "--for", "nvidia_l40s-24q", "bmc.csv")
    assert done.exit_code == 1, done.output
    assert verdicts(done.output) == {
        "dell": "GO", "dell-off": "NO-GO", "hpe": "NO-GO", "lenovo": "GO", "supermicro": "GO",
        "cisco": "GO",
    }  # fmt: skip
    assert "6 servers for nvidia_l40s-24q (NVIDIA L40S): 4 GO, 2 NO-GO, 0 UNSURE" in done.output
    assert "Graphic Processing holds SR-IOV" in done.output
    waits = "SriovGlobalEnable: Enabled is set and waits for a restart; nothing else to set"
    assert waits in done.output
    assert sessions(rack) == []


@pytest.mark.usefixtures("rack")
def test_a_board_without_virtual_functions_needs_no_sriov():
    done = bmc("--judge", "--for", "grid_t4-8q", "bmc.csv")
    assert verdicts(done.output)["dell-off"] == "GO"


def test_what_is_not_known_is_unsure_and_never_go(rack):
    states = dict(zip(MACHINES, rack.states.values(), strict=True))
    states["dell"].troubles.append(Trouble("GET .*Bios", "status", 404))
    states["lenovo"].troubles.append(Trouble("GET .*", "hang"))
    states["supermicro"].troubles.append(Trouble("POST .*", "status", 401))
    del states["cisco"].resources["/redfish/v1/Systems/WZP00000AAA/Bios"]["Attributes"]["SrIov"]
    done = bmc("--judge", "bmc.csv", "--bmc-timeout", "4")
    told = verdicts(done.output)
    assert {told[one] for one in ("dell", "lenovo", "supermicro", "cisco")} == {"UNSURE"}
    assert done.exit_code == 1
    assert sessions(rack) == []


@pytest.mark.usefixtures("rack")
def test_a_recording_says_the_same_as_the_bmc(tmp_path):
    live = bmc("--judge", "bmc.csv", "--save", "saved", "--format", "json")
    again = CliRunner().invoke(
        main, ["bmc", "--judge", "--from", "saved", "-q", "--format", "json"]
    )
    assert (live.exit_code, again.exit_code) == (1, 1)
    one, other = json.loads(live.output), json.loads(again.output)
    mine = {each.pop("name"): each for each in one["servers"]}
    theirs = {each.pop("name"): each for each in other["servers"]}
    for each in (*mine.values(), *theirs.values()):
        each.pop("address")
    assert mine == theirs
    kept = "".join(path.read_text() for path in (tmp_path / "saved").rglob("*") if path.is_file())
    assert PASSWORD not in kept


def test_recordings_without_a_bmc_are_named_and_unsure(tmp_path):
    for name in (MACHINES["dell"], "2n-2xA100-80-esxi803"):
        shutil.copytree(FIXTURES / name, tmp_path / name)
    sick = tmp_path / "sick"
    sick.mkdir()
    (sick / "manifest.json").write_text("{")
    done = CliRunner().invoke(main, ["bmc", "--judge", "--from", str(tmp_path), "-q"])
    assert done.exit_code == 3, done.output
    assert verdicts(done.output) == {
        "esx-01.lab.test": "UNSURE", "esx-41.lab.test": "GO", "sick": "UNSURE",
    }  # fmt: skip
    assert "esx-01.lab.test: not known: the BMC was not asked (--bmc)" in done.output
    assert "sick: not known: " in done.output
    assert "not a manifest of a recording" in done.output
    assert "3 servers: 1 GO, 0 NO-GO, 2 UNSURE" in done.output
    shown = CliRunner().invoke(main, ["bmc", "--from", str(tmp_path), "-q"])
    assert shown.exit_code == 3
    assert "esx-01.lab.test\n  not known: the BMC was not asked" in shown.output


def test_recordings_of_which_none_has_a_bmc_are_one_line():
    only = str(FIXTURES / "2n-2xA100-80-esxi803")
    done = CliRunner().invoke(main, ["bmc", "--judge", "--from", only, "-q"])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "no recording there holds answers of a BMC (--bmc)" in done.output


@pytest.mark.usefixtures("rack")
def test_a_recording_of_a_bmc_alone_is_no_host_and_crashes_no_audit():
    assert bmc("bmc.csv", "--save", "saved").exit_code == 0
    done = CliRunner().invoke(main, ["audit", "--from", "saved", "-q", "-o", "run.json"])
    assert done.exit_code in (1, 3), done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no BMC: give an ADDRESS"),
        (["b1", "--for", "nvidia_l40s-24q"], "give --judge too"),
        (["b1", "--judge", "--for", "nvidia_x-1"], "the catalogue has no such vGPU profile"),
        (["b1", "--from", "."], "--from replays recordings and an address is asked live"),
        (["gone.csv"], "gone.csv: No such file"),
        (["root@b1"], "an address holds no user and password"),
    ],
)
def test_what_cannot_be_is_one_line(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    done = bmc(*words)
    assert done.exit_code == 2
    assert told in done.output
    assert done.output.count("\n") == 1
