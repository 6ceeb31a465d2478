"""Sessions with every vCenter that is wanted; one that cannot be asked ends nothing."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from typing import TypedDict

from hostcheck import ways
from hostcheck.connect.given import Vsphere
from hostcheck.connect.logins import Login, login_of
from hostcheck.connect.precedence import known_hosts_of, servers_of
from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.settings import SettingsFile
from hostcheck.sources.live import LiveSource
from hostcheck.sources.several import Vcenters
from hostcheck.ways.base import Opener
from hostcheck.ways.vsphere.session import PasswordRefusedError
from hostcheck.ways.vsphere.transport import VsphereTransport

MOST_REFUSALS = 2
"""How many servers are offered one password of one user that they refuse."""

Live = LiveSource | Vcenters
Sessions = Mapping[str, VsphereTransport]


class How(TypedDict, total=False):
    """In which ways hosts are asked besides the API."""

    openers: Mapping[str, Opener]
    carried: Collection[str]
    packages: bool | None
    knocks: bool
    options: tuple[str, ...]


class Patience(TypedDict, total=False):
    """Seconds for what vCenter does for us, where an option says so."""

    task_timeout: float | None
    start_timeout: float | None


def opened(
    given: Vsphere,
    settings: SettingsFile,
    front: Front,
    *,
    hosts: tuple[str, ...] = (),
    clusters: tuple[str, ...] = (),
    how: How | None = None,
    patience: Patience | None = None,
    writes: Iterable[str] = (),
    beside: Iterable[str] = (),
    quiet: bool = False,
) -> tuple[Live, Sessions]:
    """Log in to every vCenter that is wanted; return the source, and its sessions by name.

    `writes` names the only changes that these sessions can send; ways that log in `beside` them
    are used too. One vCenter that cannot be asked
    is a failure of the source. Raises UsageError where all are.
    """
    servers = servers_of(given, settings, front)
    if front.variable("GOVC_INSECURE").lower() in ("1", "true") and not quiet:
        front.tell(
            "GOVC_INSECURE is ignored: certificates are always verified; trust a CA with --tls-ca "
            "FILE, or one certificate with --tls-thumbprint SHA256"
        )
    unread = known_hosts_of(front)[1]
    if unread and not given.tls_thumbprint:
        front.tell(f"GOVC_TLS_KNOWN_HOSTS pins nothing by {', '.join(unread)}: give a file")
    filters = (hosts or settings.audit.hosts, clusters or settings.audit.clusters)
    logins = {
        one.name: login_of(
            one, given, settings, front, servers=len(servers), **(patience or Patience())
        )
        for one in servers
    }
    sessions, failures = _sessions(logins, frozenset(writes))
    parts = [
        LiveSource(name, one, hosts=filters[0], clusters=filters[1], **(how or How()))
        for name, one in sessions.items()
    ]
    for way in beside:
        for part in parts:
            made = ways.opening(way).beside(*logins[part.target])
            part.beside[way] = made
            part.use(way, made, made.end)
    if len(logins) == 1:
        return parts[0], sessions
    return Vcenters(parts, failures, hosts=filters[0], clusters=filters[1]), sessions


def _heed(
    refused_by: Mapping[tuple[str, str], list[str]], user: str, password: Callable[[], str]
) -> None:
    """Raise UsageError for a password that was refused twice: more could lock an account."""
    servers = refused_by.get((user, password()), []) if refused_by else []
    if len(servers) >= MOST_REFUSALS:
        raise UsageError(
            f"the password of {user} was not tried: {' and '.join(servers)} refused it, and more "
            "failed logins could lock an account that they share"
        )


def _sessions(
    logins: Mapping[str, Login], writes: frozenset[str]
) -> tuple[dict[str, VsphereTransport], dict[str, str]]:
    """Log in everywhere; return the sessions, and of the others why there is none.

    Raises UsageError where there is no session at all.
    """
    if len(logins) > 1:  # all prompts come before anything takes its time
        for _, password in logins.values():
            password()
    sessions: dict[str, VsphereTransport] = {}
    errors: list[str] = []
    failures: dict[str, str] = {}
    refused_by: dict[tuple[str, str], list[str]] = {}
    with ExitStack() as undo:
        for name, (end, password) in logins.items():
            try:
                _heed(refused_by, end.user, password)
                sessions[name] = VsphereTransport(end, password, ways.requests(), writes)
                undo.callback(sessions[name].close)
            except UsageError as error:
                if isinstance(error, PasswordRefusedError):
                    refused_by.setdefault((end.user, password()), []).append(name)
                errors.append(str(error))
                told = errors[-1].removeprefix(f"{end.host}:{end.port}: ")
                failures[name] = told.removeprefix(f"{end.host}: ")
        undo.pop_all()  # from here on they are the source's to close
    if not sessions:
        raise UsageError("; ".join(errors))
    return sessions, failures
