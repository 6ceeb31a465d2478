"""Losses after which an answer is whole, and states another fact: nobody counts these lists.

What such an answer says is judged as what it says: only what a `Statement` names may come of it,
nothing may crash, and whatever else is damaged is held against what the answer states then.
"""

import re
from typing import NamedTuple

from tests.torture.damage import Damage


class Statement(NamedTuple):
    """Damage that leaves a whole answer; `asked`, `where`, `line` and `may` are patterns.

    `line` is what is struck of the text: of a command's answer, whole lines only, and where it was
    cut, all that is struck. `may` is what may come of it, in words of `law`; `{own}` stands for
    the object that was asked about; `last` ones are at the end of the answer.
    """

    asked: str
    where: str
    kinds: tuple[str, ...]
    why: str
    may: str
    line: str = ""
    last: bool = False


_VERDICT = r"(host|power-on of \S+): (GO|UNSURE) became NO-GO"
_ROW = r"[^\s-]\S+ {2,}\S.*\n"
STATEMENTS = (
    Statement(
        "VirtualMachine", r"/propSet\[config\.hardware\]/val/device$",
        ("element deleted",), "the VM has one device fewer",
        r"\S+ vm {own}: \w+ (went out of sight|became notapplicable)"
        r"|host: (NO-GO became (NO-GPU|UNSURE|GO)|UNSURE became (NO-GPU|GO))",
    ),
    Statement(
        "HostSystem", r"/propSet\[(network|datastore)\]/val/ManagedObjectReference$",
        ("element deleted",), "the host is on one network fewer, or has one datastore fewer",
        rf"VM-0(19|20) vm \S+: (pass|unknown) became fail|{_VERDICT}",
    ),
    Statement(
        "HostSystem", r"/propSet\[config\.pciPassthruInfo\]/val/HostPciPassthruInfo/hardwareLabel$",
        ("element deleted",), "a device has no label: vSphere leaves out an empty one",
        r"VM-007 vm \S+: (pass|unknown) became fail|VM-008 vm \S+: \w+ became notapplicable"
        rf"|{_VERDICT}",
    ),
    Statement(
        "ClusterComputeResource", r"/drsConfig/option$",
        ("element deleted",), "an option that is not set has its default",
        r"HOST-008 host \S+: (pass|unknown) became fail",
    ),
    Statement(
        "esxcli software vib list", "", ("line deleted", "cut"), "packages are not installed",
        r"DRV-002 host \S+: pass became fail|DRV-0(04|05|10) \w+ \S+: \w+ became notapplicable",
        line=rf"({_ROW})+",
    ),
    Statement(
        "nvidia-smi vgpu -c", "", ("line deleted", "cut"), "a GPU can start fewer types now",
        rf"VGPU-002 vm \S+: (pass|unknown) became fail|{_VERDICT}",
        line=r"\s+\S.*\n(\s+\S.*\n|GPU .*\n)*",  # of a GPU that is not listed it says nothing
    ),
    Statement(
        r"vsish -e dir .*", "", ("line deleted", "cut"), "the last numbers are not there",
        r"SRC-001 agreement .+: pass became fail", line=r"(\d+\n)+", last=True,
    ),
)  # fmt: skip


def statement(asked: str, text: str, damage: Damage) -> Statement | None:
    """Return what makes the damaged answer a statement, None where it only lost something."""
    end = min(damage.end, len(text))
    for one in STATEMENTS:
        if (
            damage.kind in one.kinds
            and re.fullmatch(one.asked, asked)
            and re.search(one.where, damage.where)
            and (not one.line or re.fullmatch(one.line, text[damage.start : end]))
            and (not one.line or text[: damage.start].endswith("\n"))
            and (not one.last or end == len(text))
        ):
            return one
    return None


def excused(said: Statement, own: str, slip: str) -> bool:
    """Say whether a slip is what may come of a statement about the object `own`."""
    return re.fullmatch(said.may.replace("{own}", re.escape(own)), slip) is not None
