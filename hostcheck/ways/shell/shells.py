"""Shells of a fleet: opens that of any host, as the user's options and ssh_config say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import structs

from hostcheck.model.capture import Request
from hostcheck.ways.base import Refused, SoFar
from hostcheck.ways.shell.codes import Codes
from hostcheck.ways.shell.reach import Shell, jumps_of, shell_from_ssh_config
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.tries import RunTries


@dataclass(frozen=True)
class Shells:
    """Opens shells. May be pickled: then the secrets travel along, and are in no `repr`.

    `base` holds what goes for all hosts; the options override what `config` says of one.
    """

    base: Shell
    config: Path
    user: str
    port: int
    known_hosts: tuple[str, ...]
    keys: tuple[str, ...]
    allowed: Callable[[Request], bool]
    password: Callable[[], str] | None = field(repr=False)
    own_config: bool = True
    """Whether `config` stands alone, or in front of the system's."""
    passphrases: Mapping[str, str] | None = field(default=None, repr=False)
    run: RunTries = field(default_factory=RunTries)
    codes: Codes = field(default_factory=Codes)
    """Whoever is there to type one; nobody is where this was sent to."""

    def __call__(self, so_far: SoFar) -> SshTransport:
        """Open the shell of the host whose turn it is."""
        return self.open(so_far.ref.name)

    def open(self, host: str) -> SshTransport:
        """Open the shell of a host or guest; it connects when it is first asked."""
        refused = None
        try:
            shell = self.shell_of(host)
        except Refused as caught:
            shell, refused = self.base, caught.unknown
        return SshTransport(
            shell, self.allowed, self.password,
            tries=self.run.tries, passphrases=self.passphrases, refused=refused,
            codes=self.codes,
        )  # fmt: skip

    def shell_of(self, host: str) -> Shell:
        """Return how a host or guest is reached. Raises Refused."""
        return shell_from_ssh_config(
            host,
            config=self.config,
            own=self.own_config,
            base=self.base,
            override_user=self.user,
            override_port=self.port,
            override_known_hosts=self.known_hosts,
            override_keys=self.keys,
        )

    def jumps_of(self, shell: Shell) -> tuple[Shell, ...]:
        """Return the jump hosts of a shell, those before others first. Raises Refused."""
        base = structs.replace(self.base, known_hosts=(), key_files=(), port=22)
        return tuple(jumps_of(shell, self.config, base, own=self.own_config))

    def __reduce__(self) -> tuple[Any, ...]:
        """Ask for the password here: there is nobody to ask where this is going."""
        password = partial(str, self.password()) if self.password else None
        return (
            Shells,
            (
                self.base, self.config, self.user, self.port, self.known_hosts, self.keys,
                self.allowed, password, self.own_config, self.passphrases, self.run,
            ),
        )  # fmt: skip
