"""NVIDIA's list of drivers decides which guests a host takes, by the rule of GPU Operator."""

import pytest

from hostcheck.errors import UsageError
from hostcheck.model.plan import Feasible
from hostcheck.planner.listed import read
from tests.checks.synthetic import NEEDS
from tests.planner.fleet import machine, option, planned

FILE = """
version: 1
date: 2026-11-01
branch:
- {name: r535, type: host}
- {name: r535, type: guest}
- {name: r570, type: host, allow: {branch: [r570, r550]}}
- {name: r570, type: guest}
- {name: r550, type: guest, deny: {branch: [r580]}}
- name: r580
  type: host
- {name: r580, type: guest, allow: {branch: [r580]}}
driver:
- {version: 580.159.01, date: 2026-05-01, branch: r580, type: host}
- {version: 535.230.02, branch: r535, type: guest, os: [linux]}
- {version: 535.309.01, branch: r535, type: guest, deny: {driver: [{version: 580.159.01}]}}
"""


@pytest.fixture
def listed(tmp_path):
    def made(text=FILE):
        file = tmp_path / "vgpuDriverCatalog.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(file)

    return made


def release(number):
    return next(one for one in NEEDS.releases if one.release == number)


@pytest.mark.parametrize(
    ("host", "guest", "fits"),
    [(19, 16, True), (19, 18, True), (19, 17, False), (19, 19, True), (18, 17, True),
     (18, 16, False), (18, 18, True), (16, 19, False), (16, 16, True), (16, 17, True)],
)  # fmt: skip
def test_branches(listed, host, guest, fits):
    """16 on 17: the list forbids it nowhere, whatever the table says."""
    judge = listed().judge(NEEDS, ())
    assert judge(release(host), release(guest)).fits is fits


def test_a_host_branch_that_is_not_listed_is_the_tables(listed):
    judge = listed().judge(NEEDS, ())
    assert judge(release(20), release(19)).fits
    assert not judge(release(20), release(16)).fits


@pytest.mark.parametrize(
    ("ruling", "fits"),
    [("deny: {gpu: [{devid: '0x2235'}]}", False), ("allow: {gpu: [{devid: '0x20b5'}]}", False),
     ("allow: {gpu: [{devid: '0x2235', ssid: '0x145a'}]}", True),
     ("deny: {gpu: [{devid: 'zz'}]}", True)],
)  # fmt: skip
def test_lists_by_gpu(listed, ruling, fits):
    text = FILE.replace("  type: host\n", f"  type: host\n  {ruling}\n")
    judge = listed(text).judge(NEEDS, (NEEDS.models["a40"],))
    assert judge(release(19), release(16)).fits is fits


def test_the_list_turns_a_plan(listed):
    """By the table guests of 16 run on 19; this list takes them from 18 alone."""
    guests = "- {name: r535, type: guest"
    text = FILE.replace(f"{guests}}}", f"{guests}, allow: {{branch: [r535, r570]}}}}")
    text = text.replace("[r570, r550]", "[r570, r535]")
    hosts = [machine(number) for number in (1, 2)]
    one = option(planned(*hosts, listed=listed(text)), "19.5")
    assert one.path == ("16", "18.6", "19.5")
    assert option(planned(*hosts, listed=listed()), "19.5").path == ("16", "19.5")


def test_a_driver_that_the_list_forbids_stops_the_plan(listed):
    hosts = [machine(number, guest="535.309.01") for number in (1, 2)]
    one = option(planned(*hosts, listed=listed()), "19.5")
    assert one.feasible is Feasible.BLOCKED
    assert one.stops[0].what == "NVIDIA's list forbids guest driver 535.309.01 on 580.159.01"
    assert option(planned(*hosts), "19.5").feasible is Feasible.POSSIBLE


def test_what_the_list_lacks_is_said(listed):
    (warning,) = (one for one in planned(machine(1), listed=listed()).warnings if "list" in one)
    assert "no host branch of vGPU 20.1, 21" in warning


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("branch: [", "line 1"),
        ("a: b", "branch"),
        ("", "null"),
        ("[]", "array"),
        ("branch: []", "no branch of type host"),
        ("branch: [{name: r535}]", "type"),
        ("x: &a [1]\nbranch: *a", "line 2: alias *a is not taken"),
        ("branch: []\nbranch: []", "line 2: 'branch' stands twice"),
        (b"\xff\xfe\x00", "not YAML"),
        (b"a: \x00", "not YAML"),
        ("- " * 2000 + "a", "not YAML"),
        (b"#" * (4 * 2**20 + 1), "bytes, more than"),
        ("branch: !!python/object/apply:os.system ['true']", "branch"),
    ],
)
def test_what_is_no_such_file(listed, text, words):
    with pytest.raises(UsageError) as told:
        listed(text)
    assert words in str(told.value)
    assert "vgpuDriverCatalog.yaml" in str(told.value)
    assert "\n" not in str(told.value)
