"""hostcheck hosts and hostcheck vms: live, of recordings and of a run file they say the same."""

import csv
import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import listing
from hostcheck.cli import main
from hostcheck.cli.completing import names_of_clusters, names_of_hosts, names_of_vms
from hostcheck.reports import formats, pieces
from tests.checks.synthetic import a_gpu, a_host, a_vm, asks, unknown

FIXTURES = Path(__file__).parents[1] / "fixtures"
HEALTHY = FIXTURES / "2n-2xA100-80-esxi803"


def run(*words):
    return CliRunner().invoke(main, [*map(str, words)])


def text(told, kind, format_="text"):
    return "".join(pieces(kind, format_, told))


def rows(output):
    return list(csv.DictReader(io.StringIO(output)))


def test_every_listing_has_text_json_and_csv():
    assert formats("hosts") == formats("vms") == ("text", "csv", "json")


def test_a_recording_in_lines():
    told = run("hosts", "--from", HEALTHY, "-q")
    assert told.exit_code == 0
    head, line, total = told.output.splitlines()
    assert head.split() == ["HOST", "CLUSTER", "STATE", "ESXI", "VMS", "GPUS"]
    assert line.split(maxsplit=5) == [
        "esx-01.lab.test", "gpu-cluster-01", "connected", "8.0.3", "3", "2 x NVIDIA A100 80GB PCIe",
    ]  # fmt: skip
    assert total == "1 host, 2 GPUs"
    vms = run("vms", "--from", HEALTHY, "-q").output.splitlines()
    assert [one.split()[0] for one in vms] == ["VM", "infer-01", "train-01-a", "train-01-b", "3"]
    assert vms[1].split()[2:] == ["off", "esx-01.lab.test", "gpu-cluster-01", "grid_a100d-40c", "-"]
    assert vms[2].split()[-1] == "0000:4a:00.0"


@pytest.mark.parametrize("kind", ["hosts", "vms"])
def test_live_recorded_and_kept_say_the_same(kind, vcenter, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVC_PASSWORD", vcenter.password)
    live = ["--vcenter", f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user, "-q"]
    live += ["--tls-ca", str(vcenter.ca_file), "--host", "esx-0[1489]*"]
    run("record", *live, "--save", tmp_path / "rec")
    run("audit", "--from", tmp_path / "rec", "-q", "-o", tmp_path / "run.json")
    asked = run(kind, *live, "--format", "csv")
    assert asked.exit_code == 0
    assert rows(asked.output)
    for words in (["--from", tmp_path / "rec", "-q"], [tmp_path / "run.json"]):
        assert run(kind, *words, "--format", "csv").output == asked.output


def test_patterns_choose_in_a_run_file(tmp_path):
    run("audit", "--from", FIXTURES, "-q", "-o", tmp_path / "run.json")
    some = rows(run("hosts", tmp_path / "run.json", "--host", "esx-01", "--format", "csv").output)
    assert [one["host"] for one in some] == ["esx-01.lab.test"]
    words = ("--cluster", "gpu-cluster-02", "--format", "csv")
    some = rows(run("vms", tmp_path / "run.json", *words).output)
    assert {one["host"] for one in some} == {"esx-20.lab.test", "esx-22.lab.test"}
    none = run("hosts", tmp_path / "run.json", "--host", "nobody")
    assert none.exit_code == 2
    assert "no host matches 'nobody'; there are: esx-01.lab.test" in none.output
    both = run("hosts", tmp_path / "run.json", "--from", FIXTURES)
    assert (both.exit_code, both.output.count("\n")) == (2, 1)


def test_what_is_not_known_is_a_question_mark_and_no_number():
    dark = a_host(
        gpus=[a_gpu()], cluster=unknown(), version=unknown(), in_maintenance_mode=unknown()
    )
    told = listing.hosts([dark])
    assert text(told, "hosts").splitlines()[1].split()[1:4] == ["?", "?", "?"]
    assert rows(text(told, "hosts", "csv"))[0]["state"] == ""
    assert json.loads(text(told, "hosts", "json"))["rows"][0]["version"]["why"] == "timeout"
    odd = a_vm(devices=unknown(), power_state=unknown())
    told = rows(text(listing.vms([a_host(vms=[odd])]), "vms", "csv"))
    assert (told[0]["power"], told[0]["devices"]) == ("", "")
    assert text(listing.vms([a_host(vms=[odd])]), "vms").splitlines()[1].count("?") == 2


def test_a_host_whose_vms_are_not_known_is_named():
    lost = replace(a_host(), vms=unknown())
    told = listing.vms([lost])
    assert f"Which VMs {lost.name} has is not known: the time limit passed" in text(told, "vms")
    assert told.rows == ()


def test_a_host_in_maintenance_and_one_that_does_not_answer():
    resting = a_host(in_maintenance_mode=True)
    away = a_host(connection_state="notResponding", in_maintenance_mode=True)
    states = {one.state.value for one in listing.hosts([resting, away]).rows}
    assert states == {"maintenance", "notResponding"}


def test_several_vgpus_are_counted():
    vm = a_vm(vgpus=asks("grid_a100d-40c", "grid_a100d-40c"))
    assert "2 x grid_a100d-40c" in text(listing.vms([a_host(vms=[vm])]), "vms")


class Context:
    """What click knows of a command line whose Tab is pressed."""

    def __init__(self, **params):
        self.params = params


def test_names_are_completed_from_recordings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = Context(from_=str(HEALTHY))
    assert names_of_vms(here, None, "train") == ["train-01-a", "train-01-b"]
    assert names_of_hosts(here, None, "ESX") == ["esx-01.lab.test"]
    assert names_of_clusters(here, None, "") == ["gpu-cluster-01"]
    assert names_of_vms(Context(), None, "") == []
    assert names_of_hosts(Context(from_="/nowhere"), None, "") == []


def test_names_are_completed_from_the_run_that_lies_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("audit", "--from", HEALTHY, "-q", "-o", tmp_path / "run.json")
    assert names_of_vms(Context(), None, "train") == ["train-01-a", "train-01-b"]
    assert names_of_hosts(Context(), None, "") == ["esx-01.lab.test"]
    assert names_of_clusters(Context(), None, "gpu") == ["gpu-cluster-01"]
    (tmp_path / "run.json").rename(tmp_path / "other.json")
    assert names_of_hosts(Context(run=str(tmp_path / "other.json")), None, "") != []
    (tmp_path / "run.json").write_text("{")
    assert names_of_hosts(Context(), None, "") == []


def test_a_tab_asks_nobody(tmp_path):
    """A vCenter that answers nobody, and a password that would be asked for: the Tab is over."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = subprocess.run(
            [sys.executable, "-c", "from hostcheck.cli import main; main(prog_name='hostcheck')"],
            capture_output=True, text=True, timeout=60,
            check=True, cwd=tmp_path,
            env={**os.environ, "_HOSTCHECK_COMPLETE": "bash_complete", "COMP_CWORD": "2",
                 "COMP_WORDS": "hostcheck preflight tr", "GOVC_USERNAME": "u",
                 "GOVC_URL": f"127.0.0.1:{server.getsockname()[1]}"},
        )  # fmt: skip
        assert (done.stdout.strip(), done.stderr) == ("", "")
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
