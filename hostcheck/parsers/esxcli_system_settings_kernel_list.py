"""`esxcli system settings kernel list`: boot options of the VMkernel, those in force and those set.

    Name       Type  Configured  Runtime  Default  Description
    ---------  ----  ----------  -------  -------  ----------------------------------------
    iovDisableIR  Bool  FALSE       FALSE    FALSE    Disable Interrupt Remapping in the IOMMU.
    noIOMMU    Bool  TRUE        FALSE    FALSE    Disable IOMMU (and IOV) support forcibly

`Configured` is what the next boot will have, `Runtime` what this one has. ESXi 8 lists some 300.
"""

import re
from functools import lru_cache

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.esxcli import records_of
from hostcheck.syntax.record import Record, key

REQUEST = Request(
    Wire.SHELL,
    "esxcli system settings kernel list",
    "boot options: IOMMU, passthrough, hot-plug, NUMA; in force and waiting for a reboot",
)
_COLUMNS = ("Name", "Type", "Configured", "Runtime", "Default", "Description")
_READ = tuple(map(key, _COLUMNS))
_NUMBER = re.compile(r"-?(?:0x[0-9a-fA-F]+|[0-9]+)")
_SHAPES = {
    "bool": re.compile("true|false", re.IGNORECASE), "int": _NUMBER, "uint": _NUMBER,
}  # fmt: skip
_ANY = re.compile(".*")


class KernelOption(Struct, frozen=True):
    """One boot option; values are words, `TRUE` and `FALSE` among them. Some have none."""

    name: str
    configured: Reading[str]
    runtime: Reading[str]
    default: Reading[str]


def parse(text: str) -> tuple[KernelOption, ...]:
    """Read any format of esxcli.

    Raises ParseError for an option that is told twice, and for one without a description, which
    all have: the answer was cut, maybe inside a value.
    """
    records = records_of(
        text,
        what=REQUEST.template,
        knows=("Configured", "Runtime"),
        columns=_COLUMNS,
        may_be_empty=False,
    )
    found: dict[str, KernelOption] = {}
    for record in records:
        option = _option(tuple(map(record.fields.get, _READ)))
        if option.name in found:
            raise ParseError(f"{REQUEST.template}: {option.name} is there twice")
        found[option.name] = option
    return tuple(found.values())


@lru_cache(1024)
def _option(values: tuple[tuple[str, ...] | None, ...]) -> KernelOption:
    """Read an option by its columns. Hosts have most of theirs in common."""
    told = {name: value for name, value in zip(_READ, values, strict=True) if value is not None}
    record = Record(REQUEST.template, told)
    name = record.text("Name")
    if isinstance(name, Unknown) or isinstance(record.text("Description"), Unknown):
        raise ParseError(f"{REQUEST.template}: an option without a name or a description")
    return KernelOption(
        name, *(_value(record, column) for column in ("Configured", "Runtime", "Default"))
    )


def _value(record: Record, column: str) -> Reading[str]:
    """Read a value; a word that is none of its type is no value."""
    value, kind = record.text(column), record.text("Type")
    if isinstance(value, Unknown) or isinstance(kind, Unknown):
        return value
    shape = next((one for start, one in _SHAPES.items() if kind.lower().startswith(start)), _ANY)
    if shape.fullmatch(value):
        return value
    return Unknown(Why.UNPARSED, f"{value!r} is no {kind}", f"{REQUEST.template}: {column}")
