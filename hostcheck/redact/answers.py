"""Answers with what is private replaced: XML, JSON, and what a shell prints."""

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, unescape

from hostcheck.redact.mask import Mask

SERIALS = frozenset((
    "AssetTag", "ChassisServiceTag", "ExpressServiceCode", "NodeID", "PartNumberSerial",
    "SKU", "SerialNumber", "ServiceTag", "assetTag", "board_serial", "chassis_serial_number",
    "enclosureSerialNumber", "identifierValue", "serial", "serialNumber", "serial_number",
    "systemId",
))  # fmt: skip
"""Elements and keys that hold what only one machine has."""
NAMES = frozenset((
    "HostName", "dnsName", "hostName", "networkName", "process_name", "vmName", "vm_name",
))  # fmt: skip
"""Elements and keys that hold a name."""
FILE = re.compile(r"\[([^\]]+)\] (?:(.+)/)?([^/]+?)((?:-\d+)?\.\w+)")
"""A file on a datastore: store, folder, name, and what is added to the name."""
GUEST_INFO = "guestinfo."
"""Settings of a VM that begin so hold what anybody put there: no value is kept."""
_GUEST_INFO_LINE = re.compile(r"(?im)^([ \t]*guestinfo\.[^\s=]+[ \t]*=[ \t]*)\S.*$")
_TOKEN = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+", re.DOTALL)
_UNCOMMENTED = re.compile(r"<[^>]*>|[^<]+")
_OUTSIDE = re.compile(r"[^<]+")
_TAG = re.compile(r"<([\w.:-]+)")
_ENTITIES = {"&quot;": '"', "&apos;": "'"}
_SERIAL_LINE = re.compile(
    r"(?im)^(?=[^:\n]*\b(?:serial|service tag|asset tag)\b)([^:\n]*+:[ \t]*)(\S.*)$"
)
_NAME_LINE = re.compile(r"(?im)^([ \t]*VM Name[ \t]*:[ \t]*)(\S.*)$")


def masked(text: str, mask: Mask) -> str:
    """Return an answer with everything private replaced."""
    start = text.lstrip()[:1]
    if start == "<":
        return "".join(_xml(text, mask))
    if start in ("{", "["):
        try:
            return json.dumps(values(json.loads(text), mask), ensure_ascii=False, indent=1)
        except ValueError:
            pass
    text = _SERIAL_LINE.sub(lambda found: found[1] + mask.serial(found[2]), text)
    text = _GUEST_INFO_LINE.sub(r'\1""', text)
    text = _NAME_LINE.sub(lambda found: found[1] + mask.name(found[2]), text)
    return mask.text(text)


def _pieces(text: str) -> Iterator[str]:
    """Yield comments, tags and what stands between them; a `<` that nothing ends is none of them.

    Behind the last end of a comment, or of a tag, none is looked for: each would be, to the end.
    """
    at = 0
    ends = (text.rfind("-->"), text.rfind(">"), len(text))
    for pattern, end in zip((_TOKEN, _UNCOMMENTED, _OUTSIDE), ends, strict=True):
        while at <= end and (found := pattern.search(text, at)):
            yield found[0]
            at = found.end()


def _xml(text: str, mask: Mask) -> Iterator[str]:
    """Yield the pieces: only what stands between tags is replaced."""
    tag = path = setting = ""
    for piece in _pieces(text):
        if piece.startswith("<"):
            opened = _TAG.match(piece)
            tag = opened[1].rpartition(":")[2] if opened else ""
            if piece.startswith("</") and piece.endswith(("/value>", ":value>")):
                setting = ""
            yield "" if piece.startswith("<!") and setting else piece
        elif not piece.strip():
            yield piece
        elif not setting:
            setting = piece if tag == "key" and _is_guest_info(piece.strip()) else ""
            yield _told(piece, tag, path, mask)
            path = piece if tag == "name" else "" if tag == "val" else path


def _is_guest_info(setting: object) -> bool:
    return isinstance(setting, str) and setting.casefold().startswith(GUEST_INFO)


def _text(text: str, key: str, mask: Mask) -> str:
    """Return a text; of a path on a datastore each part is a name, be it an ordinary word."""
    found = FILE.fullmatch(text.strip())
    if found is None:
        return mask.text(text, versions="ersion" in key)
    store, folder, name, added = found.groups()
    if folder and name.casefold().startswith(folder.casefold()):
        new = mask.name(folder) + mask.text(name[len(folder) :])
    else:
        new = mask.name(name)
    inside = f"{mask.name(folder)}/" if folder else ""
    return f"[{mask.name(store)}] {inside}{new}{added}"


def _told(piece: str, tag: str, path: str, mask: Mask) -> str:
    told = unescape(piece, _ENTITIES)
    if tag in SERIALS:
        new = mask.serial(told)
    elif tag in NAMES or (tag == "val" and path == "name"):
        new = mask.name(told)
    elif tag == "name" and "." in told:  # a property path, or a name
        new = mask.text(told)
    else:
        new = _text(told, tag, mask)
    return piece if new == told else escape(new)


def values(thing: Any, mask: Mask, key: str = "") -> Any:
    """Return plain data with all its texts replaced; keys stay.

    The `value` of a fact is what the fact is called.
    """
    if _is_guest_info(key):
        return ""
    if isinstance(thing, str):
        if key in SERIALS:
            return mask.serial(thing)
        if key in NAMES:
            return mask.name(thing)
        if key == "Id":
            return mask.identifier(thing)
        return _text(thing, key, mask)
    if isinstance(thing, list | tuple):
        return [values(one, mask, key) for one in thing]
    if isinstance(thing, dict):
        if _is_guest_info(thing.get("key")):
            key = thing["key"]
        return {
            name: values(one, mask, key if name == "value" else str(name))
            for name, one in thing.items()
        }
    return thing
