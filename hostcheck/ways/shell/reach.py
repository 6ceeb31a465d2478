"""How to reach the shell of one host: what goes for all hosts, and what ssh_config says of it."""

from collections.abc import Iterable
from pathlib import Path

import paramiko
from msgspec import Struct

from hostcheck.errors import UsageError


class Shell(Struct, frozen=True):
    """How to reach the shell of one host. Times are seconds.

    `known_hosts` files hold the keys that are trusted; a host that is in none of them is refused.
    """

    address: str
    user: str = "root"
    port: int = 22
    host_key_name: str = ""
    """Name to look up in known_hosts as it is; the address and port when empty."""
    known_hosts: tuple[str, ...] = ()
    key_files: tuple[str, ...] = ()
    use_agent: bool = False
    connect_timeout: float = 15
    command_timeout: float = 30
    host_timeout: float = 180


def shell_from_ssh_config(
    host: str,
    *,
    config: Path,
    base: Shell,
    override_user: str = "",
    override_port: int = 0,
    override_known_hosts: tuple[str, ...] = (),
    override_keys: tuple[str, ...] = (),
) -> Shell:
    """Apply the user's ssh_config to a host: HostName, User, Port, IdentityFile, HostKeyAlias.

    Raises UsageError for a file that cannot be read.
    """
    found: paramiko.SSHConfigDict = paramiko.SSHConfigDict()
    try:
        if config.is_file():
            found = paramiko.SSHConfig.from_path(str(config)).lookup(host)
        port = override_port or int(str(found.get("port", base.port)))
        known_hosts = _expanded(str(found.get("userknownhostsfile", "")).split())
        key_files = _expanded(found.get("identityfile", ()))
    except (OSError, ValueError, ImportError, RuntimeError, paramiko.SSHException) as error:
        raise UsageError(f"{config}: not a usable ssh_config for {host}: {error}") from None
    if port not in range(1, 1 << 16):
        raise UsageError(f"{config}: not a usable ssh_config for {host}: there is no port {port}")
    return Shell(
        address=str(found.get("hostname", host)),
        user=override_user or str(found.get("user", base.user)),
        port=port,
        host_key_name=str(found.get("hostkeyalias", "")),
        known_hosts=override_known_hosts or known_hosts or base.known_hosts,
        key_files=override_keys or key_files or base.key_files,
        use_agent=base.use_agent,
        connect_timeout=base.connect_timeout,
        command_timeout=base.command_timeout,
        host_timeout=base.host_timeout,
    )


def _expanded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(Path(name).expanduser()) for name in names)
