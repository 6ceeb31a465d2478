"""What somebody meant who slipped: a name that is near, or none at all."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.checks.engine import all_checks
from hostcheck.cli import main
from hostcheck.near import meant, near
from tests.private_data import FIXTURES

HOSTS = [f"esx-{number:02}.lab.test" for number in range(1, 25)]
CHECKS = [one.id for one in all_checks()]


@pytest.mark.parametrize(
    ("typed", "names", "found"),
    [
        ("infer-1", ["infer-01", "infer-02", "train-01"], ["infer-01"]),
        ("TRAIN-7", ["infer-01", "Train-07"], ["Train-07"]),
        ("INFER-01", ["infer-01", "infer-02"], ["infer-01"]),
        ("gpu-clutser-01", ["gpu-cluster-01", "gpu-cluster-02"], ["gpu-cluster-01"]),
        ("esx-1", HOSTS, ["esx-01.lab.test", "esx-10.lab.test", "esx-11.lab.test"]),
        ("esx-99", HOSTS, ["esx-09.lab.test", "esx-19.lab.test"]),
        ("NUMA-01", CHECKS, ["NUMA-001"]),
        ("--clutser", ["--cluster", "--user", "--bmc-user", "--host"], ["--cluster"]),
        ("--hosts", ["--host", "--ssh", "--no-ssh"], ["--host"]),
        ("memory", ["memory_mb", "vcpus", "profile"], ["memory_mb"]),
        ("l40s-24q", ["nvidia_l40s-24q", "nvidia_l40s-4q"], ["nvidia_l40s-24q"]),
        ("zzz", HOSTS, []), ("", HOSTS, []), ("x" * 5000, HOSTS, []), ("vm", ["vm-1"], []),
        ("ab", ["ba"], ["ba"]), ("abcdefg", ["abcdexy"], []),
        ("abcdefgh", ["abcdefxy"], ["abcdefxy"]),
    ],
)  # fmt: skip
def test_what_is_near_is_told_and_nothing_else(typed: str, names: list[str], found: list[str]):
    assert near(typed, names) == found


def test_where_nothing_is_near_some_that_there_are_are_told():
    assert meant("zzz", ["b", "a"]) == "there are: a, b"
    assert meant("zzz", []) == "there are: none"
    assert meant("zzz", HOSTS).endswith("esx-05.lab.test and 19 more")


@given(
    st.sampled_from(CHECKS + HOSTS),
    st.integers(0, 40),
    st.sampled_from(["lost", "more", "other", "swap"]),
)
def test_one_slip_anywhere_finds_the_name_again(name: str, at: int, slip: str):
    at %= len(name) - 1
    typed = {
        "lost": name[:at] + name[at + 1 :], "more": f"{name[:at]}~{name[at:]}",
        "other": f"{name[:at]}~{name[at + 1 :]}",
        "swap": name[:at] + name[at + 1] + name[at] + name[at + 2 :],
    }[slip]  # fmt: skip
    there = CHECKS if name in CHECKS else HOSTS
    alike = near(typed, there, most=99)
    assert name in alike or typed in there


@pytest.mark.parametrize("name", sorted(main.commands))
def test_a_slip_in_a_command_or_an_option_is_answered_with_it_or_with_help(name: str):
    there = sorted(main.commands)
    for typed in (name[1:], f"{name}s", name[:2] + name[3:]):
        if typed in there:
            continue
        said = CliRunner().invoke(main, [typed]).stderr
        offered = re.findall(r"Did you mean (.*)\?", said)
        assert offered == ([", ".join(near(typed, there))] if near(typed, there) else [])
        assert offered or "`hostcheck --help` lists them" in said
    said = CliRunner().invoke(main, [name, "--zzzz"]).stderr
    assert "--help` lists them" in said or "No such command" in said


def test_no_other_module_guesses():
    guessing = [
        one.name
        for one in Path("hostcheck").rglob("*.py")
        if "get_close_matches" in one.read_text(encoding="utf-8")
    ]
    assert guessing == []


class TestRecordings:
    """Hosts and clusters of recordings go by the names that live ones go by."""

    def told(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, [*words, "--from", str(FIXTURES), "-q"])
        return done.exit_code, done.output

    def test_a_cluster_chooses(self):
        code, told = self.told("hosts", "--cluster", "gpu-cluster-02", "--format", "csv")
        assert code == 0
        assert "gpu-cluster-01" not in told
        assert told.count("gpu-cluster-02") == 2

    def test_a_name_that_there_is_not_is_told_what_is_near(self):
        said = self.told("audit", "--cluster", "gpu-clutser-02")
        told = "no cluster matches 'gpu-clutser-02'; did you mean gpu-cluster-02?"
        assert said == (2, f"hostcheck: {FIXTURES}: {told}\n")
        assert "did you mean esx-01.lab.test" in self.told("topology", "esx-1")[1]
        code, told = self.told("audit", "--host", "esx-01", "--cluster", "gpu-cluster-02")
        assert (code, "no host matches both" in told) == (2, True)


def test_a_host_whose_cluster_is_lost_is_in_any(tmp_path: Path):
    """It may be the one that is meant: to leave it out would hide what fails there."""
    for at, name in enumerate(("2n-2xA100-80-esxi803", "2n-1xA30-sriov-off-esxi800")):
        shutil.copytree(FIXTURES / name, tmp_path / "rec" / str(at))
    words = ["audit", "--from", str(tmp_path / "rec"), "-q", "--format", "line"]
    whole = CliRunner().invoke(main, [*words, "--cluster", "gpu-cluster-01"])
    lost = tmp_path / "rec" / "1" / "api" / "ClusterComputeResource.xml"
    before = whole.output.count("esx-07.lab.test")
    lost.write_text("<cut")
    after = CliRunner().invoke(main, [*words, "--cluster", "gpu-cluster-01"])
    assert before > 0
    assert after.output.count("esx-07.lab.test") > 0
    assert after.exit_code == whole.exit_code == 1
    (tmp_path / "rec" / "1" / "manifest.json").write_text("{")
    sick = CliRunner().invoke(main, [*words, "--cluster", "gpu-cluster-01"])
    assert (sick.exit_code, "not a manifest" in sick.output) == (3, True)
