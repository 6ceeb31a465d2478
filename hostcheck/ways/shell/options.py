"""What a user may say of the ESXi shells: on the command line, and in `[ssh]` of the settings."""

from dataclasses import dataclass
from pathlib import Path

from hostcheck.ways.options import option

SECTION = "ssh"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How shells are reached, of hosts or guests."""

    ssh_port: int | None = option("whole", "SSH port.", least=1, most=65535)
    ssh_config: Path | None = option("path", "Default: ~/.ssh/config.")
    ssh_known_hosts: tuple[Path, ...] = option(
        "path", "Trusted host keys, repeatable. Default: ~/.ssh/known_hosts.", many=True
    )
    ssh_key: tuple[Path, ...] = option("file", "Private key.", many=True)
    ssh_agent: bool | None = option("yes or no", "Offer the agent's keys.")
    ask_ssh_password: bool = option("flag", "Prompt for the SSH password.")


@dataclass(frozen=True, kw_only=True)
class Given(Reach):
    """Whether the shells of hosts are asked, and how. Times are seconds."""

    ssh: bool | None = option("yes or no", "Also ask the ESXi shells over SSH.")
    ssh_user: str = option("text", "SSH user. Default: ssh_config, then root.")
    ssh_password_file: Path | None = option(
        "file",
        "File whose first line is the SSH password. Default: HOSTCHECK_SSH_PASSWORD, keyring.",
    )
    command_timeout: float | None = option("seconds", "Seconds a command.", least=1, most=3600)
    host_timeout: float | None = option("seconds", "Seconds of SSH a host.", least=1, most=36000)


@dataclass(frozen=True, kw_only=True)
class Section:
    """`[ssh]`: how to reach the ESXi shell. Times are seconds."""

    enabled: bool = False
    user: str = "root"
    port: int = 22
    config: str = "~/.ssh/config"
    known_hosts: tuple[str, ...] = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
    key_files: tuple[str, ...] = ()
    agent: bool = False
    connect_timeout: float = 15
    command_timeout: float = 30
    host_timeout: float = 180
    workers: int = 16


def wanted(given: Given, section: Section) -> bool:
    """Say whether the shells are asked: by the option, else the settings."""
    return section.enabled if given.ssh is None else given.ssh
