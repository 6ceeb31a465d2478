"""Which BMC belongs to which host: as a file says it, or a pattern.

    host,address,user,vendor                          CSV, with a line of names; `;` does too
    esx-01.example.com,10.0.0.11,auditor,dell

    [[bmc]]                                           TOML
    service_tag = "ABC1234"
    address = "idrac-01.example.com:8443"

No password stands in it; `password_file` names a file whose first line is one.
"""

import csv
import ipaddress
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from hostcheck.errors import UsageError
from hostcheck.secrets import refuse_in_user
from hostcheck.urls import without_secrets
from hostcheck.ways.redfish.door import fingerprint

TABLE = "bmc"
LIMIT_BYTES = 16 << 20
_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,253}")
_SLOT = re.compile(r"\{(\w*)\}")


class InventoryRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One BMC. `service_tag` is the serial number of the machine where it has no tag."""

    address: str
    host: str = ""
    service_tag: str = ""
    user: str = ""
    vendor: str = ""
    fingerprint: str = ""
    password_file: str = ""


def read(path: Path) -> tuple[InventoryRow, ...]:
    """Read an inventory. Raises UsageError that names the line or entry, and what to do."""
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise UsageError(f"{path}: larger than {LIMIT_BYTES >> 20} MiB; give an inventory")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give a CSV or TOML file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    entries = _from_toml(text, path) if path.suffix.lower() == ".toml" else _from_csv(text, path)
    rows = tuple(_row(fields, f"{path}: {where}") for where, fields in entries)
    if not rows:
        raise UsageError(f"{path}: names no BMC; give a line for each")
    _refuse_twice(rows, path)
    return rows


def _from_csv(text: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    head = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if ";" in head else ",", strict=True)
    try:
        lines = [
            (reader.line_num, [cell.strip() for cell in line])
            for line in reader
            if any(cell.strip() for cell in line) and not line[0].lstrip().startswith("#")
        ]
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num}: {error}; give a CSV file") from None
    if not lines:
        return []
    names = [_name(one) for one in lines[0][1]]
    if "address" not in names:
        raise UsageError(
            f"{path}: its first line names no column address; give for example "
            "host,address,user,vendor"
        )
    for number, cells in lines[1:]:
        if len(cells) > len(names):
            told = f"{len(cells)} cells under {len(names)} names"
            raise UsageError(f"{path}: line {number}: {told}; give a cell for each name")
    return [
        (f"line {number}", {name: cell for name, cell in zip(names, cells, strict=False) if cell})
        for number, cells in lines[1:]
    ]


def _name(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().lower())


def _from_toml(text: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    listed = found.get(TABLE)
    if found.keys() - {TABLE} or not isinstance(listed, list):
        raise UsageError(f"{path}: give a table [[{TABLE}]] for each BMC, and nothing else")
    return [(f"[[{TABLE}]] {number}", one) for number, one in enumerate(listed, 1)]


def _row(fields: Mapping[str, Any], where: str) -> InventoryRow:
    try:
        row = msgspec.convert(fields, InventoryRow)
    except msgspec.ValidationError as error:
        known = ", ".join(InventoryRow.__struct_fields__)
        raise UsageError(f"{where}: {error}; a BMC has {known}") from None
    try:
        place(row.address)
        refuse_in_user(row.user, "user")
        pinned = fingerprint(row.fingerprint) if row.fingerprint else ""
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return msgspec.structs.replace(row, fingerprint=pinned)


def _refuse_twice(rows: Iterable[InventoryRow], path: Path) -> None:
    listed = list(rows)
    for what, names in (
        ("host", [one.host.lower() for one in listed]),
        ("service_tag", [one.service_tag.lower() for one in listed]),
        ("address", [":".join(map(str, place(one.address))).lower() for one in listed]),
    ):
        for name, times in Counter(one for one in names if one).items():
            if times > 1:
                raise UsageError(f"{path}: {what} {name} stands there {times} times; keep one")


def place(text: str) -> tuple[str, int]:
    """Return host and port of `host`, `host:port`, `[v6]:port`, `v6`, or an https URL of a host.

    Raises UsageError for anything else; what may be a password is not repeated.
    """
    plain = text.strip()
    if _is_v6(plain):
        return plain, 443
    try:
        parts = urlsplit(plain if "://" in plain else f"https://{plain}")
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if "@" in parts.netloc:
        raise UsageError("an address holds no user and password: give HOST or HOST:PORT")
    if parts.scheme != "https" or parts.path.strip("/") or parts.query or parts.fragment:
        host = ""
    if not (_ADDRESS.fullmatch(host) or _is_v6(host)):
        raise UsageError(f"{_shown(text)!r} is no address of a BMC: give HOST or HOST:PORT")
    return host, port


def _shown(text: str) -> str:
    """Return what may be repeated: a path or a name, and of a URL what holds no secret."""
    plain = "://" not in text and not set("@?#") & set(text)
    return (text if plain else without_secrets(text))[:60]


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def check_pattern(pattern: str) -> None:
    """Raise UsageError for a pattern that is the same for every host, or has odd slots."""
    slots = set(_SLOT.findall(pattern))
    if not slots or slots - {"host", "short"} or set("{}") & set(_SLOT.sub("", pattern)):
        raise UsageError(
            f"{_shown(pattern)!r} is no pattern of addresses: put {{host}} or {{short}} where the "
            "name of the host goes"
        )
    place(pattern.replace("{host}", "esx").replace("{short}", "esx"))


def by_pattern(pattern: str, host: str) -> str:
    """Return the address that a pattern gives for a host; empty where its name makes none."""
    if not _ADDRESS.fullmatch(host) or host.replace(".", "").isdecimal():
        return ""
    return pattern.replace("{host}", host).replace("{short}", host.partition(".")[0])


def of_host(
    rows: Iterable[InventoryRow], host: str, tags: Iterable[str] = ()
) -> list[InventoryRow]:
    """Return the rows of a host: by its name, else by service tag, else by its short name."""
    listed = list(rows)
    wanted = host.lower()
    found = [one for one in listed if one.host.lower() == wanted]
    serials = {one.strip().lower() for one in tags if one.strip()}
    found = found or [one for one in listed if one.service_tag.strip().lower() in serials]
    if found or wanted.replace(".", "").isdecimal():
        return found
    return [
        one
        for one in listed
        if one.host
        and ("." not in one.host or "." not in wanted)
        and one.host.lower().partition(".")[0] == wanted.partition(".")[0]
    ]
