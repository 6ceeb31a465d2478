"""Whether a BMC is that of a host: by UUID in either byte order, else by service tag.

SMBIOS tells the first three groups of a UUID in the order of the processor, and firmware that swaps
them, or no longer does, is in the field. UUIDs of zeros and the same UUID in many machines exist.
Asset tags are what people type, and are never asked.
"""

import re
from uuid import UUID

from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.parsers.redfish_system import System
from hostcheck.syntax.vim_identity import Identity

BY_UUID, BY_SWAPPED, BY_TAG = "UUID", "UUID, bytes swapped", "service tag"
SHORTEST = 5
_NO_UUID = frozenset(
    (
        "00000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffff",
        "03000200040005000006000700080009",  # what firmware has that nobody gave one
        "12345678123456781234567812345678",
    )
)
NO_SERIAL = Unknown(Why.ABSENT, "vSphere tells no serial number of the host", "hardware.systemInfo")
_NO_TAG = re.compile(
    r"to be filled.*|default string|not? (?:specified|available|applicable)|system serial.*|"
    r"0+|x+|123456789|0123456789|empty|unknown|chassis serial.*|\W*",
    re.IGNORECASE,
)


def joined(host: Identity, systems: tuple[System, ...], dell: bool) -> tuple[System, str] | Unknown:
    """Return the computer that the host is and how that is known, or why none is.

    `dell` says whether the service tag is in `SKU`, and the serial number that of a board.
    """
    for how, same in ((BY_UUID, _same_uuid), (BY_SWAPPED, _swapped)):
        found = [one for one in systems if same(_uuid(host.uuid), _uuid(one.uuid))]
        if found:
            return _only(found, how)
    tags = _tags(host)
    found = [one for one in systems if tag_of(one, dell=dell).upper() in tags]
    return _only(found, BY_TAG) if found else _nobody(host, systems, dell)


def tag_of(system: System, *, dell: bool) -> str:
    """Return the number of a machine; empty where it has none that tells it from others."""
    return _tag(system.sku if dell else system.serial)


def _only(found: list[System], how: str) -> tuple[System, str] | Unknown:
    if len(found) == 1:
        return found[0], how
    detail = f"{len(found)} computers behind this BMC have the host's {how}: which is it?"
    return Unknown(Why.ABSENT, detail, "Redfish Systems")


def _nobody(host: Identity, systems: tuple[System, ...], dell: bool) -> Unknown:
    theirs = "; ".join(
        f"UUID {_shown(one.uuid)}, service tag {tag_of(one, dell=dell) or 'not told'}"
        for one in systems
    )
    mine = f"UUID {_shown(host.uuid)}, service tag {', '.join(sorted(_tags(host))) or 'not told'}"
    if not _uuid(host.uuid) and not _tags(host):
        return Unknown(Why.ABSENT, "vSphere does not tell which machine the host is", "systemInfo")
    detail = f"the BMC is not this host's: it is of {theirs}, the host is {mine}"
    return Unknown(Why.ABSENT, detail, "Redfish Systems")


def told_tag(host: Reading[Identity]) -> Reading[str]:
    """Return what the vendor of a host asks for: its service tag, else its serial number."""
    if isinstance(host, Unknown):
        return host
    listed = () if isinstance(host.service_tags, Unknown) else host.service_tags
    tags = filter(None, map(_tag, (*listed, host.serial)))
    return next(tags, NO_SERIAL)


def _shown(words: Reading[str]) -> str:
    return "not told" if isinstance(words, Unknown) else words.lower()


def _uuid(words: Reading[str]) -> UUID | None:
    if isinstance(words, Unknown):
        return None
    digits = re.sub(r"[-{}\s]", "", words).lower()
    if not re.fullmatch(r"[0-9a-f]{32}", digits) or digits in _NO_UUID:
        return None
    return UUID(digits)


def _same_uuid(mine: UUID | None, theirs: UUID | None) -> bool:
    return mine is not None and mine == theirs


def _swapped(mine: UUID | None, theirs: UUID | None) -> bool:
    return mine is not None and theirs is not None and UUID(bytes_le=mine.bytes) == theirs


def _tags(host: Identity) -> frozenset[str]:
    listed = () if isinstance(host.service_tags, Unknown) else host.service_tags
    return frozenset(filter(None, (_tag(one).upper() for one in (host.serial, *listed))))


def _tag(words: Reading[str]) -> str:
    tag = "" if isinstance(words, Unknown) else words.strip()
    return "" if len(tag) < SHORTEST or _NO_TAG.fullmatch(tag) else tag
