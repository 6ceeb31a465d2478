"""What counts where several say something: the option, the environment, the file, the default.

Passwords follow the same order, with their own places, in `secrets`.
"""

import os
from pathlib import Path
from typing import TypeVar

from hostcheck.connect.given import AUTO, Machines, Smoking, Vsphere
from hostcheck.errors import UsageError
from hostcheck.fleet import cores
from hostcheck.front import Front
from hostcheck.secrets import refuse_in_user
from hostcheck.settings import (
    Server,
    SettingsFile,
    VcenterSettings,
    kind,
    refuse_twice,
    server_of,
    thumbprint,
    thumbprint_in,
    vcenter_for,
)
from hostcheck.ways.shell.options import SECTION, Section

T = TypeVar("T")


def settings_of(given: Vsphere) -> SettingsFile:
    """Return the settings that were read when the command began, else those without a file."""
    return given.settings or kind()()


def first(option: T | None, setting: T) -> T:
    """Return the option where one was given, be it `no`, else the setting."""
    return setting if option is None else option


def servers_of(given: Vsphere, settings: SettingsFile, front: Front) -> list[Server]:
    """Return where to connect: by the options, else GOVC_URL, else the settings.

    Raises UsageError where nothing says so, or a password stands in an option.
    """
    urls = list(given.vcenter) or [one.url for one in settings.vcenters]
    single = front.variable("GOVC_URL") or settings.vcenter.url
    if not given.vcenter and single:
        urls = [single]
    if not urls:
        raise UsageError(
            "no target: give --vcenter HOST (or GOVC_URL, or url in hostcheck.toml), or --from DIR"
        )
    servers = [server_of(url) for url in urls]
    if given.vcenter and any(server.password for server in servers):
        raise UsageError(
            "a password in --vcenter is visible to every user of this machine; use the prompt, "
            "GOVC_PASSWORD, --password-file or the keyring"
        )
    refuse_twice(servers)
    if len(servers) > 1 and given.tls_thumbprint:
        raise UsageError(
            "--tls-thumbprint is of one server: for several give tls_thumbprint in [[vcenters]] of "
            "hostcheck.toml, or GOVC_TLS_KNOWN_HOSTS"
        )
    try:
        thumbprint(given.tls_thumbprint)
    except UsageError as error:
        raise UsageError(f"--tls-thumbprint: {error}") from None
    return servers


def user_of(
    server: Server, given: Vsphere, settings: SettingsFile, front: Front, *, servers: int
) -> str:
    """Return the user at one of so many servers. Raises UsageError where nothing names one."""
    own = vcenter_for(settings, server)
    refuse_in_user(front.variable("GOVC_USERNAME"), "GOVC_USERNAME")
    named = server.user if given.vcenter else ""
    listed = own.user if settings.vcenters else ""
    user = (
        given.user or named or listed or front.variable("GOVC_USERNAME") or server.user or own.user
    )
    if not user:
        where = f" for {server.name}" if servers > 1 else ""
        raise UsageError(
            f"no user{where}: give --user (or GOVC_USERNAME, or user in hostcheck.toml)"
        )
    return user


def thumbprint_of(
    server: Server, given: Vsphere, settings: SettingsFile, front: Front, *, servers: int
) -> str:
    """Return the thumbprint that pins the server's certificate, empty where none does."""
    own = vcenter_for(settings, server)
    its_own = servers == 1 or (own.url and server_of(own.url).name == server.name)
    pinned = given.tls_thumbprint or (own.tls_thumbprint if its_own else "")
    if pinned:
        return pinned
    texts, _ = known_hosts_of(front)
    found = (thumbprint_in(text, server.host, server.port) for text in texts)
    return next(filter(None, found), "")


def known_hosts_of(front: Front) -> tuple[list[str], list[str]]:
    """Return the texts of the files that GOVC_TLS_KNOWN_HOSTS names, and why others are not read.

    One that is not there pins nothing, as with govc; the user believes that it does.
    """
    texts: list[str] = []
    unread: list[str] = []
    for name in filter(None, front.variable("GOVC_TLS_KNOWN_HOSTS").split(os.pathsep)):
        try:
            texts.append(Path(name).read_text(errors="replace"))
        except OSError as error:
            unread.append(f"{name} ({error.strerror})")
    return texts, unread


def authorities_of(given: Vsphere, own: VcenterSettings, front: Front) -> tuple[str, ...]:
    """Return the CA files to trust beside the system's."""
    own_files = (str(Path(name).expanduser()) for name in own.tls_ca)
    named = tuple(str(path) for path in given.tls_ca) or tuple(own_files)
    listed = front.variable("GOVC_TLS_CA_CERTS").split(os.pathsep)
    return named or tuple(path for path in listed if path)


def workers_of(given: Machines, settings: SettingsFile) -> int | str:
    """Return how many hosts are asked side by side, or the address of a Dask scheduler."""
    return ssh_section(settings).workers if given.workers in (None, AUTO) else given.workers


def processes_of(given: Machines, auto: int) -> int:
    """Return how many processes judge, `auto` unless told: no more than there are cores."""
    wanted = given.workers
    return min(wanted if isinstance(wanted, int) else auto, cores())


def guest_user_of(user: str, settings: SettingsFile, front: Front) -> str:
    """Return the user in guests. Raises UsageError where nothing names one."""
    refuse_in_user(front.variable("HOSTCHECK_GUEST_USER"), "HOSTCHECK_GUEST_USER")
    found = user or front.variable("HOSTCHECK_GUEST_USER") or settings.smoke.user
    if not found:
        raise UsageError("no guest user: give --guest-user (or HOSTCHECK_GUEST_USER)")
    return found


def guests_of(given: Smoking, settings: SettingsFile) -> tuple[tuple[str, ...], str] | None:
    """Return the guests that are named, and the attribute that names others.

    None where the smoke test was not wanted. Raises UsageError where nothing names a guest.
    """
    if not given.smoke:
        if given.smoke_guests or given.smoke_attribute:
            raise UsageError("--smoke-guest and --smoke-attribute name guests for --smoke")
        return None
    guests = given.smoke_guests or settings.smoke.guests
    attribute = given.smoke_attribute or settings.smoke.attribute
    if not guests and not attribute:
        raise UsageError(
            "--smoke runs in no guest that nobody named: give --smoke-guest VM or "
            "--smoke-attribute NAME (or [smoke] in hostcheck.toml)"
        )
    return guests, attribute


def ssh_section(settings: SettingsFile) -> Section:
    """Return `[ssh]`, which the smoke test over SSH reads too."""
    found: Section = getattr(settings, SECTION)
    return found
