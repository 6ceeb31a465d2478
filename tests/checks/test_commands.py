"""Every command that any check may print, read as its tool reads it; none is forgotten.

A new check's commands are found by themselves. What fails here would fail when it is copied.
"""

import os
import re
import shlex
import subprocess
from functools import cache

import click
import pytest

from hostcheck import cli
from hostcheck.checks import fixes
from hostcheck.checks.engine import all_checks
from tests.peers import esx_tools, live, powercli

GPU = "0000:4a:00.0"
VM = "a 'b' $(reboot); \u2018c"
SAMPLES = {
    "host": "esx-01.lab.test", "vm": VM, "vm_id": "VirtualMachine-vm-7",
    "gpu": GPU, "toggle": GPU, "mode": "1",
    "cluster": "gpu cluster", "pool": "gold", "pool_id": "ResourcePool:resgroup-9",
    "repair": "row remapping", "waiting": "passthrough", "package": "NVD-VMware_ESXi_8.0.0_Driver",
}  # fmt: skip
"""Words for slots; one that is not named here takes a number."""
OF_CHECK = {
    ("VM-005", "setting"): "pciPassthru0.cfg.enable_uvm", ("VM-013", "setting"): "SevEnabled",
}  # fmt: skip
ON_ESXI = ("esxcli", "nvidia-smi", "shell")
PASTED = (*ON_ESXI, "govc", "PowerCLI", "hostcheck", "displaymodeselector")
OLDEST = (6, 7, 0)
NOT_ON_A_HOST = {"displaymodeselector --gpumode physical_display_disabled"}
"""Run in a booted Linux, as NVIDIA's page on the tool prints it."""

COMMANDS = [
    pytest.param(check, command, id=f"{check.id} {command.text[:50]}")
    for check in all_checks()
    for command in check.manual.commands
]
pytestmark = pytest.mark.parametrize(("check", "command"), COMMANDS)


def tool_of(command):
    return command.tool.partition(" (")[0]


def filled(check, command):
    values = {
        slot: OF_CHECK.get((check.id, slot), SAMPLES.get(slot, "16"))
        for slot in fixes.slots(command.text)
    }
    return fixes.fill(command, values)


def first_release(command):
    """The oldest release that the command is printed for."""
    since = re.search(r"ESXi (\d+(?:\.\d+)*) and later", command.tool)
    numbers = [int(part) for part in since[1].split(".")] if since else []
    return tuple(numbers + [0] * (3 - len(numbers))) if since else OLDEST


def last_release(command):
    before = re.search(r"before ESXi (\d+)", command.tool)
    return (int(before[1]) - 1, 9, 9) if before else (9, 2, 0)


def test_the_tool_is_one_that_is_checked_here(check, command):
    tool = tool_of(command)
    assert command.is_menu or tool in PASTED, f"{check.id}: who reads {tool}? say how it is checked"


def test_the_command_begins_with_itself(check, command):
    tool = tool_of(command)
    if tool in PASTED and tool not in ("shell", "PowerCLI"):
        assert command.text.startswith(f"{tool} "), f"{check.id}: {tool}: {command.text}"
        assert command.label != command.tool


def test_esxi_takes_it_from_the_first_release_on(check, command):
    if tool_of(command) not in ON_ESXI:
        return
    text = filled(check, command)
    for release in {first_release(command), last_release(command)}:
        try:
            looks = esx_tools.looks_only(text, release)
        except esx_tools.Refused as refused:
            pytest.fail(f"{check.id}: {text}: {refused}; name the releases, or add the command "
                        "with its source to tests/peers/esx_tools.py")  # fmt: skip
        says = fixes.LOOKS in command.tool
        assert looks is says, f"{check.id}: {text}: {'Look' if looks else 'Run'} it is"


@cache
def govc():
    try:
        return live.govc()
    except live.Missing as missing:
        pytest.skip(str(missing))


def test_govc_takes_it(check, command):
    """Real govc reads flags and their values before it connects, here to nobody."""
    if tool_of(command) != "govc":
        return
    words = shlex.split(filled(check, command))
    nobody = {"GOVC_URL": "https://u:p@127.0.0.1:1/sdk", "HOME": "/nonexistent"}
    done = subprocess.run(
        [str(govc()), *words[1:]], env={**os.environ, **nobody}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert "connection refused" in done.stderr, f"{check.id}: {words}: {done.stderr[:400]}"
    assert not re.search(r"-[mc] 0\b", command.text), "0 is govc's word for no change"
    assert words[1] not in ("vm.info", "host.info", "find", "ls"), "this only looks"


def test_powershell_takes_it(check, command):
    if tool_of(command) != "PowerCLI":
        return
    text = filled(check, command)
    session = powercli.Session()
    session.run(text)
    assert session.calls
    names = ("vm-7.", f"cluster of {SAMPLES['host']}.")
    assert all(one.startswith(names) for one in session.calls)


def test_powershells_grammar_takes_it(check, command):
    if tool_of(command) != "PowerCLI":
        return
    grammar = pytest.importorskip("tree_sitter_powershell")
    sitter = pytest.importorskip("tree_sitter")
    parser = sitter.Parser(sitter.Language(grammar.language()))
    tree = parser.parse(filled(check, command).encode())
    assert not tree.root_node.has_error, tree.root_node


def test_hostcheck_takes_it(check, command):
    if tool_of(command) != "hostcheck":
        return
    _, name, *words = shlex.split(filled(check, command))
    found = cli.main.commands[name]
    with click.Context(cli.main, **cli.main.context_settings) as parent:
        assert found.make_context(name, words, parent=parent)


def test_what_runs_elsewhere_is_listed(check, command):
    if tool_of(command) == "displaymodeselector":
        assert filled(check, command) in NOT_ON_A_HOST


def test_a_slot_is_one_word(check, command):
    if tool_of(command) in (*ON_ESXI, "govc", "hostcheck") and "{vm}" in command.text:
        assert VM in shlex.split(filled(check, command))
