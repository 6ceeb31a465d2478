"""`esxcli graphics vm list`: which running VM is on which GPU.

World ID  Name       Device Address
--------  ---------  --------------
 6733887  LLMtest01  0000:af:00.0
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.esxcli import records_of

REQUEST = Request(Wire.SHELL, "esxcli graphics vm list", "which VM is on which GPU")
_COLUMNS = ("World ID", "Name", "Device Address")


class GraphicsVm(Struct, frozen=True):
    """One VM on one GPU; a VM with several GPUs comes several times."""

    world_id: Reading[int]
    name: Reading[str]
    address: Reading[PciAddress]


def parse(text: str) -> tuple[GraphicsVm, ...]:
    """Read any format of esxcli."""
    return tuple(
        GraphicsVm(
            world_id=record.number("World ID"),
            name=record.text("Name"),
            address=record.address("Device Address"),
        )
        for record in records_of(text, what=REQUEST.template, knows=_COLUMNS, columns=_COLUMNS)
    )
