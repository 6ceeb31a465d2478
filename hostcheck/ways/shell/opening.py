"""How the shells of hosts and guests are opened: options over ssh_config over the settings."""

from collections.abc import Callable
from pathlib import Path

from hostcheck.front import Front
from hostcheck.model.capture import Request
from hostcheck.secrets import Place, password_or_none
from hostcheck.ways.shell.options import Given, Reach, Section
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.shells import Shells
from hostcheck.ways.shell.way import WAY


def opener(given: Given, section: Section, front: Front) -> Shells:
    """Return what opens the shells of hosts."""
    place = Place("ssh", "HOSTCHECK_SSH_PASSWORD", "--ssh-password-file", given.ssh_password_file)
    password = password_or_none(place, "SSH password", front, ask=given.ask_ssh_password)
    times = (
        given.command_timeout or section.command_timeout,
        given.host_timeout or section.host_timeout,
    )
    return reached(given, section, given.ssh_user, times, WAY.allows, password)


def reached(
    given: Reach,
    section: Section,
    user: str,
    times: tuple[float, float],
    allowed: Callable[[Request], bool],
    password: Callable[[], str] | None,
) -> Shells:
    """Return how shells of hosts or guests are reached; `times` are seconds a command, a host."""
    base = Shell(
        address="",
        user=section.user,
        port=section.port,
        known_hosts=tuple(str(Path(name).expanduser()) for name in section.known_hosts),
        key_files=tuple(str(Path(name).expanduser()) for name in section.key_files),
        use_agent=section.agent if given.ssh_agent is None else given.ssh_agent,
        connect_timeout=section.connect_timeout,
        command_timeout=times[0],
        host_timeout=times[1],
    )
    return Shells(
        base,
        config=Path(given.ssh_config or section.config).expanduser(),
        user=user,
        port=given.ssh_port or 0,
        known_hosts=_words(given.ssh_known_hosts),
        keys=_words(given.ssh_key),
        allowed=allowed,
        password=password,
    )


def _words(paths: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(str(path) for path in paths)
