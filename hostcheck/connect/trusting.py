"""`hostcheck trust`: what machines show before a login is told, compared, and pinned on a word.

Nobody logs in to what is looked at. The first look is a person's decision: nothing is pinned but
with `pin`, and what is pinned already is never replaced.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from hostcheck import files, fleet
from hostcheck.connect import bmcs
from hostcheck.connect.given import Trusting
from hostcheck.connect.precedence import (
    authorities_of,
    known_hosts_of,
    servers_of,
    settings_of,
    ssh_section,
    thumbprint_of,
)
from hostcheck.connect.sessions import opened
from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef
from hostcheck.model.trust import CHANGED, DIFFERS, KNOWN, NEW, PINNED, UNKNOWN, Sighting
from hostcheck.parsers import vim_certificates
from hostcheck.settings import SettingsFile, pin_name, thumbprint_in, vcenter_for
from hostcheck.sources.live import LiveSource
from hostcheck.sources.several import Vcenters
from hostcheck.syntax.opened import opened as read
from hostcheck.ways import looked
from hostcheck.ways.redfish import inventory, pins
from hostcheck.ways.tls import Endpoint, digits_of, tls_context

NO_NAME = (
    "--ssh-host: give the name or address of a host alone, no user or URL; a port by --ssh-port"
)
NOTHING = (
    "nothing to look at: name BMCs (ADDRESS, --bmc-inventory FILE), a vCenter (--vcenter HOST), or "
    "hosts (--ssh-host NAME; --ssh and --esxi: those that vCenter lists)"
)
NO_FILE = (
    "nothing says where certificates are pinned: export GOVC_TLS_KNOWN_HOSTS=FILE, which hostcheck "
    "and govc read, or give --tls-known-hosts FILE"
)

RENEWED = (
    "the certificate was renewed, or somebody sits in between; it is left as it is: compare with "
    "what the machine itself shows, and if that is the new one take the old one out of {place}, "
    "then look again"
)
BETWEEN = (
    "somebody may sit in between, so it is not pinned; if its certificate was changed on purpose, "
    "reconnect the host in vCenter"
)


class Trusted(NamedTuple):
    """What was seen, and what makes it known from now on: lines of the file that it names."""

    sight: Sighting
    lines: str = ""
    head: str = ""


class TlsServer(NamedTuple):
    """A server of TLS. `pinned` is a digest in hexadecimal, empty where there is none."""

    of: str
    name: str
    host: str
    port: int
    address: str
    pinned: str
    place: str
    """What pins it, or would."""
    ca: tuple[str, ...] = ()
    """Files of authorities that are trusted beside the system's."""
    head: str = ""
    by: str = ""
    """The vCenter that lists it."""
    stated: str | Unknown = ""
    """What that vCenter has of its certificate: a digest in hexadecimal."""


def sights(given: Trusting, front: Front) -> Iterator[Sighting]:
    """Look at all that is named, in its order; pin what is new where that is wanted.

    Raises UsageError for what the user has to mend.
    """
    for one in given.ssh_hosts:
        if {"@", "/"} & set(one) or one.count(":") == 1:
            raise UsageError(NO_NAME)
    settings = settings_of(given)
    listed: list[HostRef] = []
    targets = [*_of_bmcs(given, settings)]
    if given.esxi or given.ssh:
        found, silent, listed = _listed(given, settings, front)
        targets += found
        yield from silent
    elif given.vcenter:
        targets += _of_servers(given, settings, front)
    names = dict.fromkeys((*given.ssh_hosts, *((one.name for one in listed) if given.ssh else ())))
    if not targets and not names and not (given.esxi or given.ssh):
        raise UsageError(NOTHING)
    if given.pin:
        for place in {one.place for one in targets if not one.pinned}:
            if not place:
                raise UsageError(NO_FILE)
            files.refuse_unwritable(Path(place))
    yield from _certificates(given, settings, front, targets)
    if names:
        from hostcheck.connect import host_keys  # noqa: PLC0415  it brings paramiko

        section = ssh_section(settings)
        shells = host_keys.shells_of(given, section, front)
        yield from host_keys.sights(shells, tuple(names), partial(pinned, given, front))


def pinned(given: Trusting, front: Front, found: Trusted) -> Sighting:
    """Tell and then pin what is new, where that is wanted, and say so.

    It is told first: what is pinned was shown even where the report is lost.
    """
    sight = found.sight
    if sight.word != NEW or not given.pin:
        return sight
    try:
        if not sight.file:
            raise UsageError("nothing says where it is pinned")  # noqa: TRY301  one way out
        digests = ", ".join(f"{one.kind} {one.sha256}" for one in sight.shown)
        front.tell(f"pinning {sight.of} {sight.name} in {sight.file}: {digests}")
        files.append(Path(sight.file), found.lines, found.head)
    except UsageError as error:
        return structs.replace(sight, told=f"it could not be pinned: {error}")
    return structs.replace(sight, word=PINNED)


def _of_bmcs(given: Trusting, settings: SettingsFile) -> Iterator[TlsServer]:
    section = bmcs.section_of(settings)
    named = given.places or given.inventory is not None
    others = given.vcenter or given.esxi or given.ssh or given.ssh_hosts
    if not named and (others or not section.inventory):
        return
    file = (given.fingerprints or Path(section.fingerprints)).expanduser()
    known = pins.read(file)
    ca = tuple(str(Path(one).expanduser()) for one in section.ca)
    for row in bmcs.rows_of(given.places, given.inventory, section):
        key = pins.key_of(row.address)
        host, port = inventory.place(row.address)
        own = row.fingerprint
        yield TlsServer(
            "BMC", row.host or row.address, host, port, pins.name_of(key),
            own or known.get(key, ""), "the inventory of BMCs" if own else str(file), ca, pins.HEAD,
        )  # fmt: skip


def _of_servers(given: Trusting, settings: SettingsFile, front: Front) -> Iterator[TlsServer]:
    """Yield the servers that are named. A certificate that an option pins is compared with it."""
    servers = servers_of(given, settings, front)
    texts, place = _tls_pins(given, front)
    for one in servers:
        in_file = _pinned_in(texts, one.host, one.port)
        told = thumbprint_of(one, given, settings, front, servers=len(servers))
        where = place if in_file or not told else "--tls-thumbprint or tls_thumbprint of [vcenter]"
        yield TlsServer(
            "vSphere", one.name, one.host, one.port, pin_name(one.host, one.port),
            digits_of(told or in_file), where,
            authorities_of(given, vcenter_for(settings, one), front),
        )  # fmt: skip


def _tls_pins(given: Trusting, front: Front) -> tuple[list[str], str]:
    """Return the texts that pin servers, and the file to pin more in, empty where there is none."""
    texts, _ = known_hosts_of(front)
    place, own = "", given.tls_known_hosts
    if own is not None:
        place = str(own)
        texts.append(own.read_text(errors="replace") if own.is_file() else "")
    else:
        named = front.variable("GOVC_TLS_KNOWN_HOSTS")
        place = str(Path(named.split(os.pathsep)[0]).expanduser()) if named else ""
    return texts, place


def _pinned_in(texts: Iterable[str], host: str, port: int) -> str:
    return digits_of(next(filter(None, (thumbprint_in(one, host, port) for one in texts)), ""))


def _listed(
    given: Trusting, settings: SettingsFile, front: Front
) -> tuple[list[TlsServer], list[Sighting], list[HostRef]]:
    """Ask the vCenters for their hosts; return their certificates' targets, and who was silent."""
    source, _ = opened(
        given, settings, front, hosts=given.hosts, clusters=given.clusters, how={"packages": False}
    )
    ca = authorities_of(given, settings.vcenter, front)
    try:
        listed = source.machines()
        texts, place = _tls_pins(given, front) if given.esxi else ([], "")
        targets = []
        for part in source.parts if isinstance(source, Vcenters) else (source,):
            stated = _stated(part) if given.esxi else {}
            targets += [
                _of_host(ref, stated.get(ref.id), texts, place, ca)
                for ref in listed if given.esxi and ref.vcenter == part.target
            ]  # fmt: skip
        silent = [
            Sighting("vSphere", one.name, one.name, UNKNOWN, told=f"not asked: {one.failure}")
            for one in source.about.targets
            if one.failure
        ]
        return targets, silent, listed
    finally:
        source.close()


def _stated(part: LiveSource) -> dict[str, vim_certificates.Stated]:
    capture = part.certificates()
    found = () if capture.failure else read(capture, vim_certificates.parse)
    return {} if isinstance(found, Unknown) else {one.id: one for one in found}


def _of_host(
    ref: HostRef,
    stated: vim_certificates.Stated | None,
    texts: Iterable[str],
    place: str,
    ca: tuple[str, ...],
) -> TlsServer:
    told = stated.port if stated is not None else "443"
    port = int(told) if isinstance(told, str) and told.isdecimal() and len(told) < 6 else 443
    return TlsServer(
        "ESXi", ref.name, ref.name, port, pin_name(ref.name, port),
        _pinned_in(texts, ref.name, port), place, ca, by=ref.vcenter,
        stated=stated.digest if stated is not None else "",
    )  # fmt: skip


def _certificates(
    given: Trusting, settings: SettingsFile, front: Front, targets: list[TlsServer]
) -> Iterator[Sighting]:
    """Look at certificates, all side by side."""
    contexts = {
        ca: tls_context(Endpoint("", "", ca_files=ca)) for ca in {one.ca for one in targets}
    }
    seconds = given.timeout or bmcs.section_of(settings).connect_timeout

    def look(one: TlsServer) -> Trusted:
        return _compared(one, looked.look(one.host, one.port, contexts[one.ca], seconds))

    for found in beside(targets, look):
        yield pinned(given, front, found)


def beside(items: Iterable[fleet.T], work: Callable[[fleet.T], fleet.R]) -> Iterator[fleet.R]:
    """Yield what becomes of each, in their order; all are done side by side."""
    listed = list(dict.fromkeys(items))
    ahead = fleet.Ahead(listed, work)
    try:
        for one in listed:
            yield ahead.take(one)
    finally:
        ahead.close()


def _compared(target: TlsServer, seen: looked.SeenCertificate | Unknown) -> Trusted:
    """Set what a server shows beside what is pinned and what vCenter has."""
    sight = Sighting(target.of, target.name, target.address, UNKNOWN, file=target.place)
    if isinstance(seen, Unknown):
        return Trusted(structs.replace(sight, told=seen.detail))
    shown = looked.described(seen.der)
    matches = target.pinned in ("", *looked.digests(seen.der))
    word = CHANGED if not matches else KNOWN if target.pinned else NEW
    told = "" if matches else RENEWED.format(place=target.place)
    witness = ""
    if target.by:
        witness, same = _witness(target, looked.digests(seen.der))
        word, told = (word, told) if same else (DIFFERS, BETWEEN)
    against = f"no authority vouches for it: {seen.against}" if seen.against else (
        "an authority that is trusted here vouches for it, and no pin is needed"
    )  # fmt: skip
    digits = shown.sha256.upper()
    colons = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    line = f"{target.address} {shown.sha256 if target.of == 'BMC' else colons}\n"
    sight = structs.replace(
        sight, word=word, shown=(shown,), chain=against, witness=witness, told=told,
        pinned=(target.pinned,) if target.pinned else (),
    )  # fmt: skip
    return Trusted(sight, line, target.head)


def _witness(target: TlsServer, digests: tuple[str, ...]) -> tuple[str, bool]:
    """Say what vCenter has, and whether that is no other certificate."""
    if isinstance(target.stated, Unknown) or not target.stated:
        why = target.stated.detail if isinstance(target.stated, Unknown) else "it was not told"
        return f"{target.by} does not tell what it knows of the certificate ({why})", True
    if target.stated in digests:
        return f"{target.by} knows the same certificate", True
    return f"{target.by} knows another certificate: {target.stated}", False
