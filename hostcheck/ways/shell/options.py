"""What a user may say of the ESXi shells: on the command line, and in `[ssh]` of the settings."""

from dataclasses import dataclass
from pathlib import Path

from hostcheck.ways.options import option, setting

SECTION = "ssh"
TITLE = "ESXi shells, over SSH"
FIRST = "ssh_config goes before it"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How shells are reached, of hosts or guests."""

    ssh_port: int | None = option("whole", "SSH port.", least=1, most=65535)
    ssh_config: Path | None = option("path", "Default: ~/.ssh/config.")
    ssh_known_hosts: tuple[Path, ...] = option(
        "path", "Trusted host keys, repeatable. Default: ~/.ssh/known_hosts.", many=True
    )
    ssh_key: tuple[Path, ...] = option(
        "file",
        "Private key; its passphrase is asked for. Default: ssh_config, the agent.",
        many=True,
    )
    ssh_agent: bool | None = option("yes or no", "Offer the agent's keys. Default: yes.")
    ask_ssh_password: bool = option("flag", "Prompt for the SSH password.")


@dataclass(frozen=True, kw_only=True)
class Given(Reach):
    """Whether the shells of hosts are asked, and how. Times are seconds."""

    ssh: bool | None = option("yes or no", "Also ask the ESXi shells over SSH.")
    manage_ssh: bool = option(
        "flag",
        "Start SSH on hosts where it is off, through vSphere, and stop it again; a change, undone.",
    )
    ssh_user: str = option("user", "SSH user. Default: ssh_config, then root.")
    ssh_password_file: Path | None = option(
        "file",
        "File whose first line is the SSH password. Default: HOSTCHECK_SSH_PASSWORD, keyring.",
    )
    command_timeout: float | None = option("seconds", "Seconds a command.", least=1, most=3600)
    host_timeout: float | None = option("seconds", "Seconds of SSH a host.", least=1, most=36000)


@dataclass(frozen=True, kw_only=True)
class Section:
    """`[ssh]`: how to reach the ESXi shell. Times are seconds."""

    enabled: bool = setting(False, "ssh")
    user: str = setting("root", "ssh_user", also=FIRST)
    port: int = setting(22, "ssh_port", also=FIRST, least=1, most=65535)
    config: str = setting("~/.ssh/config", "ssh_config", files=True)
    known_hosts: tuple[str, ...] = setting(
        ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"), "ssh_known_hosts", also=FIRST,
        files=True,
    )  # fmt: skip
    key_files: tuple[str, ...] = setting((), "ssh_key", also=FIRST, files=True)
    agent: bool = setting(True, "ssh_agent")
    connect_timeout: float = setting(15, least=1, most=3600)
    command_timeout: float = setting(30, "command_timeout", least=1, most=3600)
    host_timeout: float = setting(180, "host_timeout", least=1, most=36000)
    workers: int = setting(16, "workers", least=1, most=256)


def wanted(given: Given, section: Section) -> bool:
    """Say whether the shells are asked: by the option, else the settings."""
    return section.enabled if given.ssh is None else given.ssh
