"""What every SSH client is told: where the hosts are, and what to run on each."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hostcheck.model.pci import from_hex
from hostcheck.parsers import nvidia_smi_q_x
from hostcheck.ways.shell import order as esxi_shell


class Plan(NamedTuple):
    """`hosts` maps an address to the PCI addresses of its GPUs; `jump` is a file for `ssh -F`.

    It says which host every connection goes through, empty where they go straight.
    """

    port: int
    user: str
    key: str
    known_hosts: str
    workers: int
    hosts: dict[str, list[str]]
    jump: str = ""


def read(path: str) -> Plan:
    """Read what `write` wrote."""
    return Plan(**json.loads(Path(path).read_text()))


def write(plan: Plan, path: Path) -> None:
    """Keep a plan for another process."""
    path.write_text(json.dumps(plan._asdict()))


def commands(gpus: Sequence[str]) -> list[str]:
    """Return the command lines that an audit runs on a host with these GPUs."""
    asked = [
        *esxi_shell.HOST_REQUESTS, *(esxi_shell.config_header(from_hex(gpu)) for gpu in gpus),
    ]  # fmt: skip
    if gpus:
        asked += [nvidia_smi_q_x.REQUEST, *esxi_shell.NVIDIA_REQUESTS]
    return [request.text for request in asked]
