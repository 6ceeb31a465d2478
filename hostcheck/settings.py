"""Settings: one file, the variables that this ecosystem sets already, and options over both.

Nothing here holds a password: passwords come from a prompt, the environment, a file or a keyring.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast, get_type_hints
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Meta

from hostcheck import ways
from hostcheck.errors import UsageError
from hostcheck.files import is_there
from hostcheck.secrets import refuse_in_user
from hostcheck.urls import without_secrets
from hostcheck.ways.options import SETTING, FileSetting

S = TypeVar("S", bound=msgspec.Struct)
FILE = "hostcheck.toml"
PAGE = "docs/settings.md"
PINNED = "GOVC_TLS_KNOWN_HOSTS is looked up where it is empty"


def known(
    option: str, variable: str = "", else_: str = "", note: str = "", *, files: bool = False
) -> dict[str, Any]:
    """Return what `Meta` knows of a setting: the field of the option that goes before it.

    A `variable` does so too; `else_` names one that counts where the file has no such setting.
    `files`: it names files, relative ones beside that of the settings.
    """
    return {"option": option, "variable": variable, "else": else_, "note": note, "files": files}


TLS_CA = Meta(extra=known("tls_ca", else_="GOVC_TLS_CA_CERTS", files=True))
NO_OPTION = Meta(extra=known(""))
"""Of a setting that no option goes before."""
CA = Meta(extra=known("", files=True))


class VcenterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[vcenter]`: where to connect. `timeout` is in seconds."""

    url: Annotated[str, Meta(extra=known("vcenter", "GOVC_URL"))] = ""
    user: Annotated[str, Meta(extra=known("user", "GOVC_USERNAME"))] = ""
    tls_ca: Annotated[tuple[str, ...], TLS_CA] = ()
    tls_thumbprint: Annotated[str, Meta(extra=known("tls_thumbprint", note=PINNED))] = ""
    timeout: Annotated[float, Meta(ge=1, le=3600, extra=known("timeout"))] = 60


class OneOfSeveral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `[[vcenters]]`. What it leaves out is as `[vcenter]` says."""

    url: str
    user: str = ""
    tls_ca: Annotated[tuple[str, ...], TLS_CA] = ()
    tls_thumbprint: str = ""
    timeout: Annotated[float, Meta(ge=1, le=3600)] | None = None


class AuditSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[audit]`: which hosts, by name patterns."""

    hosts: Annotated[tuple[str, ...], Meta(extra=known("hosts"))] = ()
    clusters: Annotated[tuple[str, ...], Meta(extra=known("clusters"))] = ()
    esxcli: Annotated[bool, Meta(extra=known("esxcli"))] = False
    packages: Annotated[bool | None, Meta(extra=known("packages"))] = None
    lifecycle: Annotated[bool, Meta(extra=known("lifecycle"))] = False
    waivers: Annotated[str, Meta(extra=known("waivers", files=True))] = ""
    policy: Annotated[str, Meta(extra=known("policy"))] = ""
    """A profile, or a file, below the folder of the settings file too."""
    limit: Annotated[float | str, Meta(extra=known("limit"))] = 0
    """Time for a run, as `seconds` reads it; 0 is none."""


class PreflightSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[preflight]`: whether vCenter is asked for its own opinion. Times are seconds."""

    second_opinion: Annotated[bool, Meta(extra=known("second_opinion"))] = True
    task_timeout: Annotated[float, Meta(ge=1, le=3600, extra=known("task_timeout"))] = 60
    start_timeout: Annotated[float, Meta(ge=1, le=36000, extra=known("start_timeout"))] = 600


class HistorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[history]`: where audits are remembered, and for how many days."""

    url: Annotated[str, Meta(extra=known("history"))] = ""
    """A file or a PostgreSQL database; a relative path is below the folder of the settings."""
    keep: Annotated[int | str, Meta(extra=known(""))] = 0
    """As `days` reads it; 0 is for ever."""


class Smoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[smoke]`: guests that may run the smoke test, by name or by a custom attribute of the VM.

    `limit` is how many seconds the program gives itself in a guest.
    """

    guests: Annotated[tuple[str, ...], Meta(extra=known("smoke_guests"))] = ()
    attribute: Annotated[str, Meta(extra=known("smoke_attribute"))] = ""
    user: Annotated[str, Meta(extra=known("guest_user", "HOSTCHECK_GUEST_USER"))] = ""
    limit: Annotated[int, Meta(ge=5, le=3600, extra=known("limit"))] = 60


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[mail]`: who is told what changed, and by which server. `timeout` is in seconds, for all."""

    server: Annotated[str, NO_OPTION] = ""
    port: Annotated[int, Meta(ge=0, le=65535, extra=known(""))] = 0
    """0: that of the kind of TLS."""
    tls: Annotated[Literal["starttls", "tls", "none"], NO_OPTION] = "starttls"
    sender: Annotated[str, NO_OPTION] = ""
    to: Annotated[tuple[str, ...], Meta(extra=known("mail"))] = ()
    user: Annotated[str, NO_OPTION] = ""
    """Empty: nobody logs in."""
    ca: Annotated[tuple[str, ...], CA] = ()
    timeout: Annotated[float, Meta(ge=1, le=600, extra=known(""))] = 30


class WebhookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[webhook]`: where what changed is posted. `timeout` is in seconds, for all of it."""

    url: Annotated[str, Meta(extra=known("webhook", "HOSTCHECK_WEBHOOK"))] = ""
    form: Annotated[Literal["json", "text"], NO_OPTION] = "json"
    ca: Annotated[tuple[str, ...], CA] = ()
    timeout: Annotated[float, Meta(ge=1, le=600, extra=known(""))] = 10


class SettingsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, but for the sections of ways, which `kind` adds."""

    vcenter: VcenterSettings = VcenterSettings()
    vcenters: tuple[OneOfSeveral, ...] = ()
    audit: AuditSettings = AuditSettings()
    history: HistorySettings = HistorySettings()
    smoke: Smoke = Smoke()
    preflight: PreflightSettings = PreflightSettings()
    mail: MailSettings = MailSettings()
    webhook: WebhookSettings = WebhookSettings()


@cache
def kind() -> type[SettingsFile]:
    """Return the type of the file: `SettingsFile` with a section for each way that has one."""
    sections = {
        one.SECTION: one.Section for one in ways.with_options().values() if hasattr(one, "Section")
    }
    made = {name: _strict(section) for name, section in sections.items()}
    return cast(
        type[SettingsFile],
        msgspec.defstruct(
            "SettingsFile",
            [(name, one, one()) for name, one in made.items()],
            bases=(SettingsFile,),
            frozen=True,
            forbid_unknown_fields=True,
        ),
    )


def _strict(section: type) -> type[msgspec.Struct]:
    """Return a dataclass of settings as a type that refuses what it does not know."""
    hints = get_type_hints(section)
    none = FileSetting(option="", also="", least=None, most=None, files=False)
    made = []
    for one in fields(section):
        told: FileSetting = one.metadata.get(SETTING, none)
        about = Meta(
            ge=told.least, le=told.most, extra=known(told.option, note=told.also, files=told.files)
        )
        made.append((one.name, Annotated[hints[one.name], about], one.default))
    return msgspec.defstruct(section.__name__, made, frozen=True, forbid_unknown_fields=True)


_DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)(s|m|min|h)?")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


def seconds(text: str) -> float:
    """Read `90`, `90s`, `30m` or `2h`. Raises UsageError for anything else, and for no time."""
    match = _DURATION.fullmatch(text.strip())
    found = float(match[1]) * _UNITS[match[2] or "s"] if match else 0.0
    if not found:
        raise UsageError(f"{text!r} is no time: give seconds, or 30m, or 2h")
    return found


def days(text: str) -> int:
    """Read `400` or `400d`. Raises UsageError for anything else, and for no day."""
    match = re.fullmatch(r"([1-9]\d{0,4})d?", text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no number of days: write it as 400d")
    return int(match[1])


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


def read(path: Path) -> SettingsFile:
    """Read a settings file. Raises UsageError that names the file, the line and the setting."""
    from hostcheck.syntax import toml  # noqa: PLC0415  many runs have no such file

    found, file = toml.read(path, kind(), PAGE)
    if found.audit.limit:
        with file.said("audit", "limit"):
            seconds(str(found.audit.limit))
    if found.history.keep:
        with file.said("history", "keep"):
            days(str(found.history.keep))
    for name in found.__struct_fields__:
        held = getattr(found, name)
        if hasattr(held, "user"):
            with file.said(name, "user"):
                refuse_in_user(held.user, "it")
    with file.said("vcenter", "url"):
        if found.vcenters and found.vcenter.url:
            raise UsageError("it and [[vcenters]] both say where to connect: keep one")
        _servers(found.vcenter.url)
    with file.said("vcenter", "tls_thumbprint"):
        if found.vcenters and found.vcenter.tls_thumbprint:
            raise UsageError("it is of one server: put it into its [[vcenters]]")
        thumbprint(found.vcenter.tls_thumbprint)
    servers = []
    for index, one in enumerate(found.vcenters):
        with file.said("vcenters", index, "url"):
            servers += _servers(one.url)
            refuse_twice(servers)
        with file.said("vcenters", index, "user"):
            refuse_in_user(one.user, "it")
        with file.said("vcenters", index, "tls_thumbprint"):
            thumbprint(one.tls_thumbprint)
    return _with_places(found, path.parent)


def _with_places(found: SettingsFile, folder: Path) -> SettingsFile:
    """Return settings in which the files that stand beside theirs are found from anywhere."""
    changed: dict[str, Any] = {}
    for name in found.__struct_fields__:
        held = getattr(found, name)
        if isinstance(held, tuple):
            changed[name] = tuple(_placed(one, folder) for one in held)
        else:
            changed[name] = _placed(held, folder)
    audit, history = changed["audit"], changed["history"]
    if audit.policy.endswith(".toml") or Path(audit.policy).name != audit.policy:
        audit = msgspec.structs.replace(audit, policy=_beside(audit.policy, folder))
    if history.url and "://" not in history.url:
        history = msgspec.structs.replace(history, url=_beside(history.url, folder))
    return msgspec.structs.replace(found, **{**changed, "audit": audit, "history": history})


def _placed(section: S, folder: Path) -> S:
    changed: dict[str, Any] = {}
    for name in _of_files(type(section)):
        told = getattr(section, name)
        many = isinstance(told, tuple)
        changed[name] = tuple(_beside(one, folder) for one in told) if many else _beside(
            told, folder
        )  # fmt: skip
    return msgspec.structs.replace(section, **changed)


def _beside(text: str, folder: Path) -> str:
    """Return a path that is found from anywhere; what is not relative stays as it is written."""
    if not text or Path(text).expanduser().is_absolute():
        return text
    return str(folder / text)


@cache
def _of_files(section: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the settings of a section that name files."""
    hints = get_type_hints(section, include_extras=True)
    return tuple(
        one
        for one in section.__struct_fields__
        if any(
            isinstance(each, Meta) and (each.extra or {}).get("files")
            for each in getattr(hints[one], "__metadata__", ())
        )
    )


def files_of(found: SettingsFile) -> Iterator[tuple[str, Path]]:
    """Yield the files that the settings name, each with the setting: `waivers of [audit]`."""
    for name in found.__struct_fields__:
        held = getattr(found, name)
        for section in held if isinstance(held, tuple) else (held,):
            section_type: type[msgspec.Struct] = type(section)
            for setting in _of_files(section_type):
                told = getattr(section, setting)
                for one in told if isinstance(told, tuple) else (told,):
                    if one:
                        yield f"{setting} of [{name}]", Path(one).expanduser()
    if found.audit.policy:
        yield "policy of [audit]", Path(found.audit.policy).expanduser()
    url = found.history.url.removeprefix("sqlite:///")
    if url and "://" not in url:
        yield "url of [history]", Path(url).expanduser()


def _servers(url: str) -> list["Server"]:
    server = server_of(url) if url else None
    if server is not None and server.password:
        raise UsageError("settings hold no password: a prompt, a variable, a file or the keyring")
    return [server] if server is not None else []


def thumbprint(text: str) -> str:
    """Return a thumbprint as it was given. Raises UsageError for what can be none."""
    if text and not _THUMBPRINT.fullmatch(text.replace(":", "")):
        raise UsageError("a thumbprint is 64 hexadecimal digits (SHA-256) or 40 (SHA-1)")
    return text


_THUMBPRINT = re.compile("[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")


def refuse_twice(servers: Iterable["Server"]) -> None:
    """Raise UsageError where one server is named twice."""
    for name, times in Counter(server.name for server in servers).items():
        if times > 1:
            raise UsageError(f"{name} is named {times} times: name each vCenter once")


def vcenter_for(settings: SettingsFile, server: "Server") -> VcenterSettings:
    """Return what the file says of a server: its entry over `[vcenter]`, else `[vcenter]`."""
    every = settings.vcenter
    for one in settings.vcenters:
        if server_of(one.url).name == server.name:
            return VcenterSettings(
                one.url, one.user or every.user, one.tls_ca or every.tls_ca, one.tls_thumbprint,
                one.timeout or every.timeout,
            )  # fmt: skip
    return every


def place(given: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the file that was given, else hostcheck.toml here or in the user's configuration."""
    if given is not None:
        return given
    home = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return next((one for one in (Path(FILE), home / "hostcheck" / FILE) if is_there(one)), None)


def find(given: Path | None, environment: Mapping[str, str]) -> SettingsFile | None:
    """Read the settings that hold; None where there is no file, so that ways need not be known."""
    found = place(given, environment)
    return None if found is None else read(found)


def server_of(text: str) -> Server:
    """Read `host`, `host:port`, `user@host` or a URL as GOVC_URL takes it.

    Raises UsageError when there is no host in it, or it is not https.
    """
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port or 443
    except ValueError:
        raise UsageError(
            f"{without_secrets(text)}: not a URL, or its port is not a number from 1 to 65535"
        ) from None
    if parts.scheme != "https" or not parts.hostname:
        raise UsageError(f"{without_secrets(text)}: give a host name or an https:// URL")
    user = unquote(parts.username or "")
    refuse_in_user(user, without_secrets(text))
    return Server(parts.hostname, port, user, unquote(parts.password or ""))


def thumbprint_in(text: str, host: str, port: int) -> str:
    """Find a host in a GOVC_TLS_KNOWN_HOSTS file: lines of `host:port THUMBPRINT`."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0].lower() in (pin_name(host, port), host.lower()):
            return words[1]
    return ""


def pin_name(host: str, port: int) -> str:
    """Return how a GOVC_TLS_KNOWN_HOSTS file names a server."""
    return f"[{host}]:{port}".lower() if ":" in host else f"{host}:{port}".lower()
