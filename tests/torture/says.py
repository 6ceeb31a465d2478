"""Losses after which an answer is whole, and states another fact: nobody counts these lists.

What such an answer says is judged as what it says. Nothing may crash on it all the same.
"""

import re
from typing import NamedTuple

from tests.torture.damage import Damage


class Statement(NamedTuple):
    """Damage that leaves a whole answer; `asked` and `where` are patterns."""

    asked: str
    where: str
    kinds: tuple[str, ...]
    why: str


STATEMENTS = (
    Statement(
        "HostSystem", r"/propSet\[config\.sharedPassthruGpuTypes\]/val/string$",
        ("element deleted",), "the host offers one type fewer",
    ),
    Statement(
        "VirtualMachine", r"/propSet\[config\.hardware\]/val/device$",
        ("element deleted", "element doubled"), "the VM has one device fewer, or more",
    ),
    Statement(
        "HostSystem", r"/propSet\[(network|datastore)\]/val/ManagedObjectReference$",
        ("element deleted",), "the host is on one network fewer, or has one datastore fewer",
    ),
    Statement(
        "HostSystem", r"/propSet\[config\.network\.\w+\]/val/Host(Virtual|Proxy)Switch/pnic$",
        ("element deleted",), "the switch has one uplink fewer",
    ),
    Statement(
        "ClusterComputeResource|VirtualMachine",
        r"(/drsConfig/option|extraConfig\]/val/OptionValue)$",
        ("element deleted",), "an option that is not set has its default",
    ),
    Statement(
        "esxcli software vib list", "", ("line deleted", "cut"), "packages are not installed",
    ),
    Statement(
        r"nvidia-smi vgpu -c", "", ("line deleted", "cut"), "a GPU can start fewer types now",
    ),
    Statement(
        r"vsish -e dir .*", r"^0?$", ("line deleted", "cut"), "the last number is not there",
    ),
)  # fmt: skip


def statement(asked: str, damage: Damage) -> Statement | None:
    """Return what makes the damaged answer a statement, None where it only lost something."""
    for one in STATEMENTS:
        if (
            damage.kind in one.kinds
            and re.fullmatch(one.asked, asked)
            and re.search(one.where, damage.where)
        ):
            return one
    return None
