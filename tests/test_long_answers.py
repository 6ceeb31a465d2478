"""Long answers are read in time that grows as they do: each of these took minutes or hours.

No time is asserted: what looks for the end of each beginning anew does not come back here.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from hostcheck import ask
from hostcheck.assemble.network import natural
from hostcheck.capacity import rules
from hostcheck.errors import ParseError, UsageError
from hostcheck.model.pci import vf_parent
from hostcheck.model.requirements import type_name
from hostcheck.parsers import nvidia_smi_q
from hostcheck.parsers.unasked import lspci_p, nvidia_smi
from hostcheck.redact.answers import masked
from hostcheck.redact.mask import Mask
from hostcheck.redact.names import SHELL_SERIAL, SHELL_VM
from hostcheck.reports.cells import cell
from hostcheck.syntax import field_tree, toml, vim_objects
from hostcheck.ways.shell import prompts
from hostcheck.ways.vsphere import soap

LONG = 1 << 18
BLANKS = " " * LONG


def _masked(text: str) -> str:
    return masked(text, Mask())


def _end(found: re.Match[str] | None, group: int = 1) -> str:
    assert found is not None
    return found[group][-2:]


def _objects(inner: str) -> list[tuple[str, str]]:
    return list(soap.objects_in(f"<objects>{inner}</objects>".encode()))


CASES: dict[str, tuple[Callable[[], Any], Any]] = {
    "blanks in a field": (
        lambda: field_tree.from_indented([f"a{BLANKS}b", f"c{BLANKS}: d"]).named("c")[0].value, "d",
    ),
    "objects without an end": (lambda: list(soap.objects_in(b"<objects " * LONG)), []),
    "settings without an end": (
        lambda: _objects("<obj>vm-1</obj>" + "<OptionValue><key>x.secret" * LONG)[0][1][-24:],
        "<obj>vm-1</obj></objects>"[-24:],
    ),
    "settings in settings": (
        lambda: _objects("<obj>vm-1</obj>" + "<OptionValue " * LONG)[0][0], "vm-1",
    ),
    "kinds without an end": (lambda: soap.kind_in("<obj " * LONG), ""),
    "ids without an end": (lambda: vim_objects.id_in("<obj " * LONG), ""),
    "words of a prompt": (lambda: prompts.CHANGE.search("chang" * LONG), None),
    "blanks in a cell": (lambda: cell("a" + "\t" * LONG + "a"), "a" + "\t" * LONG + "a"),
    "blanks before a formula": (lambda: cell("a" + "\t" * LONG + "=1"), "a" + "\t" * LONG + "'=1"),
    "blanks in a GPU": (lambda: _end(nvidia_smi._GPU.fullmatch(f"0 a{BLANKS}b"), 2), " b"),
    "slashes of a memory": (lambda: nvidia_smi._MEMORY.fullmatch("/" * LONG + " x y"), None),
    "digits of a size": (
        lambda: nvidia_smi._MEMORY_SIZE.sub(r"\1 \2", f"{'1' * LONG}MiB")[-6:], "11 MiB",
    ),
    "blanks in a process": (lambda: nvidia_smi._PROCESS.fullmatch(f"0 1 C{BLANKS}x"), None),
    "blanks before an owner": (
        lambda: lspci_p._ROW.fullmatch(f"a 1111:2222 3333:4444{BLANKS}/ /{BLANKS}!"), None,
    ),
    "blanks in a header": (lambda: toml.line_of(f"[a{BLANKS}(", ["a"]), 0),
    "blanks behind a VM": (lambda: _end(SHELL_VM.search(f"VM Name: a{BLANKS}b{BLANKS}")), " b"),
    "serials without a colon": (lambda: SHELL_SERIAL.search("serial " * LONG), None),
    "blanks behind a serial": (
        lambda: _end(SHELL_SERIAL.search(f"Serial: a{BLANKS}b{BLANKS}")), " b",
    ),
    "serials to mask": (lambda: _masked("serial " * LONG), "serial " * LONG),
    "comments without an end": (lambda: _masked("<!-- >" * LONG), "<!-- >" * LONG),
    "tags without an end": (lambda: _masked("<a>b" + "<c" * LONG), "<a>b" + "c" * LONG),
    "domains without a user": (lambda: _masked("A-" * LONG), "A-" * LONG),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_long_answer_is_read_once(name: str) -> None:
    read, expected = CASES[name]
    assert read() == expected


def test_a_long_question_is_refused() -> None:
    with pytest.raises(UsageError, match="no request is called"):
        ask.parse(f"a{' ' * LONG}b", "")


def test_a_refusal_with_a_long_run_of_blanks_is_no_answer() -> None:
    with pytest.raises(ParseError):
        nvidia_smi_q.parse(f"NVIDIA-SMI has{BLANKS}failed")


def test_numbers_in_names_have_no_end() -> None:
    """Python refuses to read a number of more than 4,300 digits, and a superscript is no number."""
    digits = "9" * 5000
    assert sorted(["vmnic10", "vmnic2", f"vmnic{digits}", "vmnic²", "²"], key=natural) == [
        "vmnic2", "vmnic10", f"vmnic{digits}", "vmnic²", "²",
    ]  # fmt: skip
    assert type_name(f"grid_a100-{digits}c") is None
    assert vf_parent(f"PF_0.{digits}.0_VF_1") is None
    assert rules._SLICES.search(f"a-{digits}-5c") is None
