"""How to log in: to a vCenter, to the shells of hosts."""

from collections.abc import Callable

from hostcheck import ways
from hostcheck.connect.given import Machines, Vsphere
from hostcheck.connect.precedence import (
    authorities_of,
    thumbprint_of,
    user_of,
)
from hostcheck.front import Front
from hostcheck.secrets import SecretPlace, password_of
from hostcheck.settings import Server, SettingsFile, vcenter_for
from hostcheck.ways.base import Opener
from hostcheck.ways.tls import Endpoint

Login = tuple[Endpoint, Callable[[], str]]
"""Where and as whom to connect, and a way to the password."""


def login_of(
    server: Server,
    given: Vsphere,
    settings: SettingsFile,
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
    place = SecretPlace(
        f"{user}@{server.host}", "GOVC_PASSWORD", "--password-file", given.password_file
    )
    known = front.variable("GOVC_PASSWORD") or server.password
    return endpoint, password_of(place, f"Password of {user} at {server.host}", front, known)


def ways_of(
    given: Machines, settings: SettingsFile, front: Front
) -> tuple[dict[str, Opener], list[str], list[str]]:
    """Return what opens the ways that are wanted besides vSphere, and the names of others.

    Those are the ways that go over vSphere's session, and those that log in as it does.
    """
    openers: dict[str, Opener] = {}
    carried: list[str] = []
    beside: list[str] = []
    for name, options in ways.with_options().items():
        mine = given.ways.get(name) or options.Given()
        section = getattr(settings, options.SECTION)
        if not options.wanted(mine, section):
            continue
        if ways.named(name).carried_by:
            carried.append(name)
        elif ways.named(name).logs_in:
            beside.append(name)
        else:
            openers[name] = ways.opening(name).opener(mine, section, front)
    return openers, carried, beside
