"""`esxcli software component list`: installed components, ESXi 7.0 and later.

    Name         Display Name                  Version             Display Version  Vendor  ...
    -----------  ----------------------------  ------------------  ---------------  ------  ...
    NVD-AIE-800  NVIDIA AI Enterprise vGPU ..  525.105.14-1OEM...  525.105.14       NVIDIA  ...

The last column, `Platforms`, came with ESXi 8.
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.esxcli import records_of

REQUEST = Request(Wire.SHELL, "esxcli software component list", "installed components")
_COLUMNS = (
    "Name", "Display Name", "Version", "Display Version", "Vendor",
    "Creation Date", "Acceptance Level", "Platforms",
)  # fmt: skip


class Component(Struct, frozen=True):
    """One installed component. The date is as esxcli prints it: 03-27-2023 is a March."""

    name: Reading[str]
    display_name: Reading[str]
    version: Reading[str]
    display_version: Reading[str]
    vendor: Reading[str]
    creation_date: Reading[str]
    acceptance_level: Reading[str]


def parse(text: str) -> tuple[Component, ...]:
    """Read any format of esxcli. A host without a single component does not run."""
    records = records_of(
        text,
        what=REQUEST.template,
        knows=_COLUMNS,
        columns=_COLUMNS,
        optional=1,
        may_be_empty=False,
    )
    return tuple(
        Component(
            name=record.text("Name"),
            display_name=record.text("Display Name"),
            version=record.text("Version"),
            display_version=record.text("Display Version"),
            vendor=record.text("Vendor"),
            creation_date=record.text("Creation Date"),
            acceptance_level=record.text("Acceptance Level"),
        )
        for record in records
    )
