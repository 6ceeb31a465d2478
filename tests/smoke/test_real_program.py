"""The real program on a GPU that is none, delivered in every way."""

import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from hostcheck.smoke import build
from tests.peers import shapes
from tests.peers.fleet import Fleet, Guest
from tests.smoke import lab
from tests.smoke.guest_server import GuestServer

peers = pytest.importorskip("tests.smoke.program.conftest", reason="the program is not here yet")
SCHEMA = Path(build.__file__).parents[1] / "schema" / "smoke-1.json"


@pytest.fixture(scope="session")
def program(keep_running):
    """Bring the real program instead of the stand-in."""
    return keep_running(peers._Peer(build.up_to_date))


@pytest.fixture(scope="session")
def driver(keep_running):
    return str(keep_running(peers._Peer(peers.fake.driver)))


def valid(text):
    document = json.loads(text)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    return document


def test_here(hostcheck, monkeypatch, driver):
    monkeypatch.setenv("LD_LIBRARY_PATH", driver)
    done = hostcheck("smoke", "--quick", "--json", env={"FAKE_GPU_FAULT": "bitflip"})
    assert done.exit_code == 1, done.output
    assert valid(done.stdout)["reason"] == "int8: the sparse tensor cores compute wrong results"
    monkeypatch.delenv("LD_LIBRARY_PATH")
    done = hostcheck("smoke", "--quick", "--json")
    assert done.exit_code in (0, 3, 4), "the machine may have a GPU of its own"
    valid(done.stdout)


def test_over_ssh(hostcheck, keep_running, tmp_path_factory, driver):
    server = keep_running(GuestServer(tmp_path_factory.mktemp("real")))
    server.behaves("", LD_LIBRARY_PATH=driver, FAKE_GPU_CC="86")
    done = hostcheck("smoke", *server.reach, "--quick", "--json", env={"PATH": os.environ["PATH"]})
    assert done.exit_code == 0, done.output
    assert valid(done.stdout)["gpu"]["cc"] == "8.6"


def test_over_vmware_tools_and_in_an_audit(hostcheck, new_vcenter, driver):
    def guest(*more):
        return Guest(environment=(f"LD_LIBRARY_PATH={driver}", *more))

    healthy = shapes.HEALTHY.hosts[0]
    vms = (
        lab._sliced("right", "grid_a100d-80c", lab.FIRST_GPU, guest("FAKE_GPU_CC=80")),
        lab._sliced("wrong", "grid_a100d-80c", lab.SECOND_GPU,
                    guest("FAKE_GPU_CC=80", "FAKE_GPU_FAULT=ignore-metadata")),
        lab.plain("hangs", guest("FAKE_GPU_FAULT=hang")),
    )  # fmt: skip
    server = new_vcenter(Fleet((replace(healthy, vms=vms),), (shapes.CLUSTER,)))
    hang = hostcheck(
        "smoke", *lab.target(server), "--guest", "hangs", "--limit", "5", "--json",
        env=lab.secrets(server),
    )  # fmt: skip
    assert hang.exit_code == 6, hang.output
    assert "stuck in phase verify" in valid(hang.stdout)["reason"]
    wrong = hostcheck(
        "audit", *lab.target(server), "--smoke", "--smoke-guest", "wrong", "-q", "--format", "json",
        env=lab.secrets(server),
    )  # fmt: skip
    (host,) = json.loads(wrong.stdout)["hosts"]
    found = {
        one["subject"]["id"]: one["status"]
        for one in host["results"]
        if one["check"] == "SPARSE-001"
    }
    assert found == {lab.FIRST_GPU: "unknown", lab.SECOND_GPU: "fail"}
    assert all(not Path(place).exists() for place in server.stats()["guest_places"])
