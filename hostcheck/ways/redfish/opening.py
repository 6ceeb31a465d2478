"""How BMCs are opened: which one a host has, as whom it is asked, and what is trusted there."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import structs

from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.secrets import (
    SecretPlace,
    first_line,
    from_keyring,
    password_of,
    password_or_none,
    warn_of,
)
from hostcheck.ways.base import SoFar
from hostcheck.ways.redfish import inventory, pins
from hostcheck.ways.redfish.door import Door, context
from hostcheck.ways.redfish.inventory import InventoryRow
from hostcheck.ways.redfish.options import BmcReach, Given, Section
from hostcheck.ways.redfish.session import Trials
from hostcheck.ways.redfish.transport import RedfishTransport
from hostcheck.ways.redfish.way import WAY

VARIABLE = "HOSTCHECK_BMC_PASSWORD"
_KEYRING = threading.Lock()
NAMED = "--bmc-inventory, --bmc-pattern, or [bmc] in hostcheck.toml"


@dataclass(frozen=True)
class Bmcs:
    """Opens the BMC of any host. May be pickled: the passwords travel along, and are in no `repr`.

    `base` holds what goes for all BMCs; `pinned` is read once.
    """

    rows: tuple[InventoryRow, ...]
    pattern: str
    base: Door
    pinned: Mapping[tuple[str, int], str]
    password: Callable[[InventoryRow], str] = field(repr=False)
    tell: Callable[[str], None] = field(repr=False)
    trials: Trials = field(default_factory=Trials, repr=False)

    def early(self, ref: HostRef) -> bool:
        """Say whether the BMC of a host is known before anything was asked of the host."""
        return bool(inventory.of_host(self.rows, ref.name)) or (
            not self.rows and bool(self.pattern)
        )

    def __call__(self, so_far: SoFar) -> RedfishTransport:
        """Open the BMC of the host whose turn it is."""
        row = self._row_of(so_far)
        return self.open(row)

    def open(self, row: InventoryRow | Unknown) -> RedfishTransport:
        """Open one BMC; it connects when it is first asked. Without a row it tells why not."""
        door = row if isinstance(row, Unknown) else self.door_of(row)
        password: Callable[[], str] = str
        if isinstance(row, InventoryRow) and isinstance(door, Door):
            password = partial(self.password, structs.replace(row, user=door.user))
        return RedfishTransport(door, password, self.trials, WAY.allows, self.tell)

    def door_of(self, row: InventoryRow) -> Door | Unknown:
        """Return how a BMC is reached, or why it cannot be."""
        host, port = inventory.place(row.address)
        door = structs.replace(
            self.base,
            address=host,
            port=port,
            user=row.user or self.base.user,
            vendor=row.vendor,
            fingerprint=row.fingerprint or self.pinned.get((host.lower(), port), ""),
        )
        if not door.user:
            detail = f"nobody says as whom {door.name} is asked (--bmc-user, or user in [bmc])"
            return Unknown(Why.NOT_ASKED, detail)
        return door

    def _row_of(self, so_far: SoFar) -> InventoryRow | Unknown:
        """Return where the BMC of a host is: as the inventory, the pattern, or vSphere says."""
        name = so_far.ref.name
        found = inventory.of_host(self.rows, name)
        if self.rows and not found:
            found = inventory.of_host(self.rows, name, so_far.numbers())
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(one.host for one in found)
            detail = f"{name} may be any of {named} in the inventory of BMCs; give its full name"
            return Unknown(Why.NOT_ASKED, detail)
        if self.pattern:
            address = inventory.by_pattern(self.pattern, name)
            detail = f"the pattern {self.pattern} makes no address of {name}"
            return InventoryRow(address) if address else Unknown(Why.NOT_ASKED, detail)
        if self.rows:
            return Unknown(Why.NOT_ASKED, f"the inventory of BMCs does not name {name}")
        return _of_vsphere(so_far, name)


def _of_vsphere(so_far: SoFar, name: str) -> InventoryRow | Unknown:
    """Return the address that an administrator told vSphere, for its power management."""
    system = so_far.system()
    if system is not None and not isinstance(system.bmc_address, Unknown):
        try:
            inventory.place(system.bmc_address)
        except UsageError as error:
            return Unknown(Why.NOT_ASKED, f"what vSphere has as the address of its BMC: {error}")
        return InventoryRow(system.bmc_address)
    return Unknown(Why.NOT_ASKED, f"nobody says where the BMC of {name} is ({NAMED})")


def opener(given: Given, section: Section, front: Front) -> Bmcs:
    """Return what opens the BMCs of hosts. Raises UsageError for what the user has to mend."""
    listed = given.bmc_inventory or (Path(section.inventory) if section.inventory else None)
    pattern = given.bmc_pattern or section.pattern
    if pattern:
        inventory.check_pattern(pattern)
    rows = inventory.read(listed.expanduser()) if listed is not None else ()
    return bmcs(given, section, front, rows, pattern=pattern, seconds=given.bmc_timeout)


def bmcs(
    given: BmcReach,
    section: Section,
    front: Front,
    rows: tuple[InventoryRow, ...],
    *,
    pattern: str = "",
    seconds: float | None = None,
) -> Bmcs:
    """Return what opens these BMCs. Raises UsageError for what the user has to mend."""
    base = Door(
        "",
        user=given.bmc_user or section.user,
        ca_files=tuple(str(one) for one in given.bmc_ca)
        or tuple(str(Path(one).expanduser()) for one in section.ca),
        connect_timeout=section.connect_timeout,
        answer_timeout=section.answer_timeout,
        host_timeout=seconds or section.host_timeout,
    )
    context(base.ca_files)
    for row in rows:
        if not (row.user or base.user):
            raise UsageError(
                f"no user at the BMC {row.address}: give --bmc-user, or user in the inventory or "
                "[bmc] of hostcheck.toml"
            )
    file = given.bmc_fingerprints or Path(section.fingerprints)
    passwords = Passwords.of(given, front, rows)
    return Bmcs(rows, pattern, base, pins.read(file.expanduser()), passwords, front.tell)


@dataclass(frozen=True)
class Passwords:
    """The password of each BMC: of its own file, of all, of its vendor, or of the keyring."""

    shared: Callable[[], str] | None = field(repr=False)
    of_vendor: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, given: BmcReach, front: Front, rows: Iterable[InventoryRow]) -> "Passwords":
        """Read what the environment says, and ask where that is wanted."""
        place = SecretPlace("bmc", VARIABLE, "--bmc-password-file", given.bmc_password_file)
        asks = given.ask_bmc_password
        for file in sorted({one.password_file for one in rows if one.password_file}):
            warn_of(Path(file).expanduser(), front)
        shared = password_or_none(place, "Password at the BMCs", front, ask=asks)
        vendors = {one.vendor for one in rows if one.vendor}
        told = {one: front.variable(f"{VARIABLE}_{_variable(one)}") for one in vendors}
        found = cls(shared, {one: password for one, password in told.items() if password})
        if shared is None and not found.of_vendor and front.somebody and not _own(rows):
            shared = password_of(place, "Password at the BMCs", front)
            shared()  # now, and not from each of the threads that ask BMCs
            return cls(shared, {})
        return found

    def __call__(self, row: InventoryRow) -> str:
        """Return the password for a BMC. Raises UsageError where nothing says it."""
        if row.password_file:
            return first_line(Path(row.password_file).expanduser())
        found = _kept(row.user, row.address) or self.of_vendor.get(row.vendor, "")
        if found:
            return found
        if self.shared is not None:
            return self.shared()
        raise UsageError(
            f"no password for the BMC {row.address}: set {VARIABLE}, give --bmc-password-file or "
            f"--ask-bmc-password, or keep it in the keyring (keyring set hostcheck bmc)"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Ask for the password here: there is nobody to ask where this is going."""
        shared = partial(str, self.shared()) if self.shared else None
        return Passwords, (shared, dict(self.of_vendor))


def _own(rows: Iterable[InventoryRow]) -> bool:
    """Say whether every BMC has a password of its own, in a file or the keyring."""
    listed = list(rows)
    return bool(listed) and all(one.password_file or _kept(one.user, one.address) for one in listed)


def _variable(vendor: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in vendor.upper())


@cache
def _has_keyring() -> bool:
    return find_spec("keyring") is not None


@cache
def _kept(user: str, address: str) -> str:
    """Ask the keyring for the password of one BMC; one at a time, for it starts up at the first."""
    if not _has_keyring():
        return ""
    with _KEYRING:
        return from_keyring(f"bmc:{user}@{address}")
