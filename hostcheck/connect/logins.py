"""How to log in: to a vCenter, to the shells of hosts, in a guest."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from hostcheck.connect.front import Front
from hostcheck.connect.given import Guests, Machines, OneGuest, Reach, Vsphere
from hostcheck.connect.precedence import (
    authorities_of,
    first,
    guest_user_of,
    ssh_files_of,
    thumbprint_of,
    user_of,
)
from hostcheck.connect.secrets import Place, password_of, ssh_password_of
from hostcheck.model.capture import Request
from hostcheck.settings import Server, Settings, vcenter_for
from hostcheck.ways.guest import steps
from hostcheck.ways.guest.delivery import Plan
from hostcheck.ways.guest.over_vsphere import GuestLogin
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.shells import Shells
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL
from hostcheck.ways.vsphere.tls import Endpoint

Login = tuple[Endpoint, Callable[[], str]]
"""Where and as whom to connect, and a way to the password."""


def login_of(
    server: Server,
    given: Vsphere,
    settings: Settings,
    front: Front,
    *,
    servers: int,
    task_timeout: float | None = None,
    start_timeout: float | None = None,
) -> Login:
    """Return how to connect to one of so many servers. Times are seconds."""
    own = vcenter_for(settings, server)
    user = user_of(server, given, settings, front, servers=servers)
    endpoint = Endpoint(
        host=server.host,
        user=user,
        port=server.port,
        ca_files=authorities_of(given, own, front),
        thumbprint=thumbprint_of(server, given, settings, front, servers=servers),
        timeout=given.timeout or own.timeout,
        task_timeout=task_timeout or settings.preflight.task_timeout,
        start_timeout=start_timeout or settings.preflight.start_timeout,
    )
    place = Place(f"{user}@{server.host}", "GOVC_PASSWORD", "--password-file", given.password_file)
    known = front.variable("GOVC_PASSWORD") or server.password
    return endpoint, password_of(place, f"Password of {user} at {server.host}", front, known)


def shells_of(given: Machines, settings: Settings, front: Front) -> Shells:
    """Return what opens the shells of hosts."""
    place = Place("ssh", "HOSTCHECK_SSH_PASSWORD", "--ssh-password-file", given.ssh_password_file)
    times = (
        given.command_timeout or settings.ssh.command_timeout,
        given.host_timeout or settings.ssh.host_timeout,
    )
    password = ssh_password_of(given, place, front)
    return _reached(given, settings, given.ssh_user, times, SHELL.allows, password)


def guest_shell_of(
    given: OneGuest, settings: Settings, front: Front, name: str, user: str, plan: Plan
) -> Callable[[], SshTransport]:
    """Return what opens the shell of a guest, which is never offered the hosts' password."""
    patience = float(plan.patience)
    password = ssh_password_of(given, _guest_place(given, user), front)
    times = (patience, 3 * patience)
    return partial(_reached(given, settings, user, times, steps.may_run, password).open, name)


def guest_login_of(given: Guests, settings: Settings, front: Front) -> GuestLogin:
    """Return user and password in guests; it is asked for before anything runs."""
    user = guest_user_of(given.guest_user, settings, front)
    known = front.variable("HOSTCHECK_GUEST_PASSWORD")
    place = _guest_place(given, user)
    password = password_of(place, f"Password of {user} in the guest", front, known)
    password()
    return GuestLogin(user, password)


def _guest_place(given: Guests, user: str) -> Place:
    return Place(
        f"guest:{user}", "HOSTCHECK_GUEST_PASSWORD", "--guest-password-file",
        given.guest_password_file,
    )  # fmt: skip


def _reached(
    given: Reach,
    settings: Settings,
    user: str,
    times: tuple[float, float],
    allowed: Callable[[Request], bool],
    password: Callable[[], str] | None,
) -> Shells:
    """Return how shells of hosts or guests are reached; `times` are seconds a command, a host."""
    config, known_hosts, keys = ssh_files_of(given, settings)
    base = Shell(
        address="",
        user=settings.ssh.user,
        port=settings.ssh.port,
        known_hosts=known_hosts,
        key_files=keys,
        use_agent=first(given.ssh_agent, settings.ssh.agent),
        connect_timeout=settings.ssh.connect_timeout,
        command_timeout=times[0],
        host_timeout=times[1],
    )
    return Shells(
        base,
        config=config,
        user=user,
        port=given.ssh_port or 0,
        known_hosts=_words(given.ssh_known_hosts),
        keys=_words(given.ssh_key),
        allowed=allowed,
        password=password,
    )


def _words(paths: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(str(path) for path in paths)
