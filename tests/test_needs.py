"""What any VM needs of its host, from recorded answers to the exit code."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck.cli import main

FIXTURES = Path(__file__).parents[1] / "fixtures"
MACHINE = FIXTURES / "2n-1xL40S-amd-nps1-esxi802"
"""ESXi 8.0.2 with 128 logical processors, and a VM that is powered off."""


def off_vm(folder: Path) -> tuple[Path, str]:
    """Return the answer about the VM that is powered off, and its name."""
    for path in sorted(folder.glob("api/VirtualMachine-*.xml")):
        text = path.read_text(encoding="utf-8")
        if "poweredOff" in text:
            return path, re.search(r"<name>name</name><val[^>]*>([^<]+)<", text)[1]
    raise AssertionError("no such VM")


def with_vm(folder: Path, old: str, new: str) -> str:
    """Record the machine with one thing of its VM changed; return the VM's name."""
    shutil.copytree(MACHINE, folder)
    path, name = off_vm(folder)
    text = path.read_text(encoding="utf-8")
    changed = re.sub(old, new, text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    return name


def preflight(folder: Path, vm: str) -> tuple[int, str]:
    told = CliRunner().invoke(main, ["preflight", vm, "--from", str(folder), "--format", "line"])
    return told.exit_code, told.stdout


def test_the_machine_itself_is_good():
    assert preflight(MACHINE, off_vm(MACHINE)[1])[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        (">vmx-20<", ">vmx-22<", "VM-014"),
        (r"<numCPU>\d+<", "<numCPU>129<", "VM-015"),
    ],
)
def test_what_the_host_cannot_run_is_no_go(tmp_path, old, new, check):
    folder = tmp_path / "machine"
    vm = with_vm(folder, old, new)
    code, told = preflight(folder, vm)
    assert code == 1
    assert f"failed={check}" in told
    audit = ["audit", "--from", str(folder), "--quiet"]
    assert CliRunner().invoke(main, audit).exit_code == 1
