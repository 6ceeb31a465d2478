"""`esxcli software vib list`: installed packages, the vGPU driver among them.

    Name                        Version                           Vendor  Acceptance Level  Install Date
    --------------------------  --------------------------------  ------  ----------------  ------------
    NVD-AIE_ESXi_8.0.0_Driver   525.105.14-1OEM.800.1.0.20613240  NVIDIA  VMwareAccepted    2023-07-06

ESXi 8 adds the column `Platforms`.
"""  # noqa: E501  the width is the command's own

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.esxcli import records_of

REQUEST = Request(Wire.SHELL, "esxcli software vib list", "installed VIBs and their versions")
_COLUMNS = ("Name", "Version", "Vendor", "Acceptance Level", "Install Date", "Platforms")


class Vib(Struct, frozen=True):
    """One installed VIB. The date is ISO 8601 without a time."""

    name: Reading[str]
    version: Reading[str]
    vendor: Reading[str]
    acceptance_level: Reading[str]
    install_date: Reading[str]


def parse(text: str) -> tuple[Vib, ...]:
    """Read any format of esxcli. A host without a single VIB does not run."""
    records = records_of(
        text,
        what=REQUEST.template,
        knows=_COLUMNS[1:],  # other lists have a Name too
        columns=_COLUMNS,
        optional=1,
        may_be_empty=False,
    )
    return tuple(
        Vib(
            name=record.text("Name"),
            version=record.text("Version"),
            vendor=record.text("Vendor"),
            acceptance_level=record.text("Acceptance Level"),
            install_date=record.text("Install Date"),
        )
        for record in records
    )
