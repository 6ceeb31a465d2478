"""`esxcli vm process list`: running VMs and their world numbers.

web01
   World ID: 2099532
   Process ID: 0
   VMX Cartel ID: 2099517
   UUID: 56 4d 48 08 86 8b 8f 67-a5 4a 33 f3 87 a8 d0 59
   Display Name: web01
   Config File: /vmfs/volumes/datastore1/web01/web01.vmx
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.esxcli import records_of

REQUEST = Request(Wire.SHELL, "esxcli vm process list", "running VMs and their world numbers")
_KNOWS = ("World ID", "VMX Cartel ID", "Display Name", "Config File", "Process ID", "UUID")
_UUID = re.compile(r"[0-9a-f]{32}")


class VmProcess(Struct, frozen=True):
    """One running VM. The UUID is written as the vSphere API writes `config.uuid`."""

    name: Reading[str]
    world_id: Reading[int]
    vmx_cartel_id: Reading[int]
    uuid: Reading[str]
    config_file: Reading[str]


def parse(text: str) -> tuple[VmProcess, ...]:
    """Read any format of esxcli. No output at all is a host where no VM runs."""
    return tuple(
        VmProcess(
            name=record.text("Display Name") if record.has("Display Name") else record.head(),
            world_id=record.number("World ID"),
            vmx_cartel_id=record.number("VMX Cartel ID"),
            uuid=record.read("UUID", by=_uuid, expected="a UUID"),
            config_file=record.text("Config File"),
        )
        for record in records_of(text, what=REQUEST.template, knows=_KNOWS)
    )


def _uuid(words: str) -> str:
    digits = re.sub(r"[\s-]", "", words).lower()
    if not _UUID.fullmatch(digits):
        raise ValueError(words)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
