"""Settings: one file, the variables that this ecosystem sets already, and options over both.

Nothing here holds a password: passwords come from a prompt, the environment, a file or a keyring.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import cast, get_type_hints
from urllib.parse import unquote, urlsplit

import msgspec

from hostcheck import ways
from hostcheck.errors import UsageError

FILE = "hostcheck.toml"


class VcenterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[vcenter]`: where to connect. `timeout` is in seconds."""

    url: str = ""
    user: str = ""
    tls_ca: tuple[str, ...] = ()
    tls_thumbprint: str = ""
    timeout: float = 60


class OneOfSeveral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `[[vcenters]]`. What it leaves out is as `[vcenter]` says."""

    url: str
    user: str = ""
    tls_ca: tuple[str, ...] = ()
    tls_thumbprint: str = ""
    timeout: float = 0


class AuditSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[audit]`: which hosts, by name patterns."""

    hosts: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    esxcli: bool = False
    packages: bool | None = None
    limit: float | str = 0
    """Time for a run, as `seconds` reads it; 0 is none."""


class PreflightSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[preflight]`: whether vCenter is asked for its own opinion. Times are seconds."""

    second_opinion: bool = True
    task_timeout: float = 60
    start_timeout: float = 600


class Smoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[smoke]`: guests that may run the smoke test, by name or by a custom attribute of the VM.

    `limit` is how many seconds the program gives itself in a guest.
    """

    guests: tuple[str, ...] = ()
    attribute: str = ""
    user: str = ""
    limit: int = 60


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, but for the sections of ways, which `kind` adds."""

    vcenter: VcenterSettings = VcenterSettings()
    vcenters: tuple[OneOfSeveral, ...] = ()
    audit: AuditSettings = AuditSettings()
    smoke: Smoke = Smoke()
    preflight: PreflightSettings = PreflightSettings()


@cache
def kind() -> type[Settings]:
    """Return the type of the whole file: `Settings` with a section for each way that has one."""
    sections = {
        one.SECTION: one.Section for one in ways.with_options().values() if hasattr(one, "Section")
    }
    made = {name: _strict(section) for name, section in sections.items()}
    return cast(
        type[Settings],
        msgspec.defstruct(
            "Settings",
            [(name, one, one()) for name, one in made.items()],
            bases=(Settings,),
            frozen=True,
            forbid_unknown_fields=True,
        ),
    )


def _strict(section: type) -> type[msgspec.Struct]:
    """Return a dataclass of settings as a type that refuses what it does not know."""
    hints = get_type_hints(section)
    return msgspec.defstruct(
        section.__name__,
        [(one.name, hints[one.name], one.default) for one in fields(section)],
        frozen=True,
        forbid_unknown_fields=True,
    )


_DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)(s|m|min|h)?")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


def seconds(text: str) -> float:
    """Read `90`, `90s`, `30m` or `2h`. Raises UsageError for anything else, and for no time."""
    match = _DURATION.fullmatch(text.strip())
    found = float(match[1]) * _UNITS[match[2] or "s"] if match else 0.0
    if not found:
        raise UsageError(f"{text!r} is no time: give seconds, or 30m, or 2h")
    return found


class Server(msgspec.Struct, frozen=True):
    """What a URL names."""

    host: str
    port: int
    user: str
    password: str

    @property
    def name(self) -> str:
        """The host, with its port where that is not the usual one."""
        return self.host if self.port == 443 else f"{self.host}:{self.port}"


def read(path: Path) -> Settings:
    """Read a settings file. Raises UsageError that names the file and the setting."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}; `hostcheck audit --help` lists the settings") from None
    try:
        if found.audit.limit:
            seconds(str(found.audit.limit))
    except UsageError as error:
        raise UsageError(f"{path}: [audit] limit: {error}") from None
    try:
        _check_several(found)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    return found


def _check_several(found: Settings) -> None:
    """Raise UsageError where `[vcenter]` and `[[vcenters]]`, or two entries, contradict."""
    if found.vcenters and found.vcenter.url:
        raise UsageError("[vcenter] url and [[vcenters]] both say where to connect: keep one")
    if found.vcenters and found.vcenter.tls_thumbprint:
        raise UsageError("[vcenter] tls_thumbprint is of one server: put it into its [[vcenters]]")
    servers = [server_of(one.url) for one in found.vcenters]
    for server in servers:
        if server.password:
            raise UsageError(f"[[vcenters]] {server.name}: settings hold no password")
    refuse_twice(servers)


def refuse_twice(servers: Iterable["Server"]) -> None:
    """Raise UsageError where one server is named twice."""
    for name, times in Counter(server.name for server in servers).items():
        if times > 1:
            raise UsageError(f"{name} is named {times} times: name each vCenter once")


def vcenter_for(settings: Settings, server: "Server") -> VcenterSettings:
    """Return what the file says of a server: its entry over `[vcenter]`, else `[vcenter]`."""
    every = settings.vcenter
    for one in settings.vcenters:
        if server_of(one.url).name == server.name:
            return VcenterSettings(
                one.url, one.user or every.user, one.tls_ca or every.tls_ca, one.tls_thumbprint,
                one.timeout or every.timeout,
            )  # fmt: skip
    return every


def find(given: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read the file that was given, else hostcheck.toml here or in the user's configuration."""
    if given is not None:
        return read(given)
    home = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for path in (Path(FILE), home / "hostcheck" / FILE):
        if path.is_file():
            return read(path)
    return kind()()


def server_of(text: str) -> Server:
    """Read `host`, `host:port`, `user@host` or a URL as GOVC_URL takes it.

    Raises UsageError when there is no host in it, or it is not https.
    """
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port or 443
    except ValueError:
        raise UsageError(
            f"{_shown(text)}: not a URL, or its port is not a number from 1 to 65535"
        ) from None
    if parts.scheme != "https" or not parts.hostname:
        raise UsageError(f"{_shown(text)}: give a host name or an https:// URL")
    return Server(
        parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or "")
    )


def _shown(text: str) -> str:
    """Return a URL without its user and password, whatever signs are in them."""
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    return f"{scheme}{separator}***@{rest.rpartition('@')[2]}" if "@" in rest else text


def thumbprint_in(text: str, host: str, port: int) -> str:
    """Find a host in a GOVC_TLS_KNOWN_HOSTS file: lines of `host:port THUMBPRINT`."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] in (f"{host}:{port}", host):
            return words[1]
    return ""
