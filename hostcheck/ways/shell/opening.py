"""How the shells of hosts and guests are opened: options over ssh_config over the settings."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.capture import Request
from hostcheck.secrets import SecretPlace, from_keyring, password_or_none
from hostcheck.ways.shell.codes import Codes
from hostcheck.ways.shell.identities import Locked, identities, opened
from hostcheck.ways.shell.options import Given, Reach, Section
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.shells import Shells
from hostcheck.ways.shell.way import WAY


def opener(given: Given, section: Section, front: Front) -> Shells:
    """Return what opens the shells of hosts."""
    place = SecretPlace(
        "ssh", "HOSTCHECK_SSH_PASSWORD", "--ssh-password-file", given.ssh_password_file
    )
    password = password_or_none(place, "SSH password", front, ask=given.ask_ssh_password)
    times = (
        given.command_timeout or section.command_timeout,
        given.host_timeout or section.host_timeout,
    )
    return reached(given, section, front, given.ssh_user, times, WAY.allows, password)


def reached(
    given: Reach,
    section: Section,
    front: Front,
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
    config = given.ssh_config or Path(section.config)
    if given.ssh_config and not given.ssh_config.exists():
        raise UsageError(f"--ssh-config {given.ssh_config}: there is no such file")
    keys = _words(given.ssh_key)
    return Shells(
        base,
        config=config.expanduser().absolute(),
        user=user,
        port=given.ssh_port or 0,
        known_hosts=_words(given.ssh_known_hosts),
        keys=keys,
        allowed=allowed,
        password=password,
        own_config=str(config) != Section.config,
        passphrases=_passphrases(base, keys, front),
        codes=Codes(front.ask if front.somebody else None),
    )


def _passphrases(base: Shell, keys: tuple[str, ...], front: Front) -> dict[str, str]:
    """Ask for the passphrase of each named key that needs one, while somebody is there.

    What the agent holds needs none. Raises UsageError for a wrong one.
    """
    wanted = replace(base, key_files=keys or base.key_files, only_these_keys=True)
    found: dict[str, str] = {}
    with identities(wanted, found) as there:
        for path in there.locked if front.somebody else ():
            found[path] = from_keyring(f"ssh-key:{path}") or front.ask(f"Passphrase of {path}")
            try:
                opened(path, found[path])
            except (Locked, ValueError, OSError) as error:
                raise UsageError(f"{path} {error}") from None
    return found


def _words(paths: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(str(path) for path in paths)
