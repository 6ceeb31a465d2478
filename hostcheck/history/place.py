"""Where a history is: a SQLite file, or a PostgreSQL database whose server is verified."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from hostcheck.errors import UsageError
from hostcheck.secrets import refuse_in_user
from hostcheck.urls import login_in

EXAMPLE = "give a file, or postgresql://USER@HOST/DATABASE"
LOCAL = ("localhost", "127.0.0.1", "::1")
TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
VERIFIED = "verify-full"
VISIBLE = (
    "a password in it is visible to others; use HOSTCHECK_HISTORY_PASSWORD, "
    "--history-password-file, the keyring or ~/.pgpass"
)


@dataclass(frozen=True)
class HistoryPlace:
    """A SQLite file, or what names a PostgreSQL database; never a password."""

    file: Path | None = None
    host: str = ""
    port: int | None = None
    user: str = ""
    database: str = ""
    tls: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in reports and errors."""
        if self.file is not None:
            return str(self.file)
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"postgresql://{user}{host}{port}/{self.database}"

    @property
    def key(self) -> str:
        """What its password is kept under in a keyring."""
        return f"{self.user}@{self.host}/{self.database}"


def read(text: str, option: str = "--history") -> HistoryPlace:
    """Read a path or URL. Raises UsageError that names the option for what cannot be one."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        if not text or text == ":memory:":
            raise UsageError(f"{option}: a history is kept: {EXAMPLE}")
        if login_in(text):
            raise UsageError(f"{option}: {VISIBLE}")
        return HistoryPlace(file=Path(text).expanduser())
    if scheme == "sqlite":
        if not rest.startswith("/") or len(rest) == 1:
            raise UsageError(f"{option}: write sqlite:///FILE, or the file alone")
        return HistoryPlace(file=Path(unquote(rest[1:])).expanduser())
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise UsageError(f"{option}: {scheme} is not known: {EXAMPLE}")
    return _server(f"postgresql://{rest}", option)


def _server(url: str, option: str) -> HistoryPlace:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{option}: not a URL, or its port is no number: {EXAMPLE}") from None
    if parts.password is not None or "@" in parts.path:
        raise UsageError(f"{option}: {VISIBLE}")
    refuse_in_user(unquote(parts.username or ""), option)
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database:
        raise UsageError(f"{option}: it names no database: {EXAMPLE}")
    tls = dict(parse_qsl(parts.query, keep_blank_values=True))
    if odd := sorted(set(tls) - set(TLS)):
        raise UsageError(f"{option}: {odd[0]} is not taken; there are: {', '.join(TLS)}")
    host = parts.hostname or ""
    if host and host not in LOCAL:
        if tls.setdefault("sslmode", VERIFIED) != VERIFIED:
            raise UsageError(
                f"{option}: sslmode={tls['sslmode']} does not verify {host}: leave it out, and "
                "name its CA with sslrootcert=FILE where the system does not know it"
            )
        tls.setdefault("sslrootcert", ssl.get_default_verify_paths().cafile or "system")
    return HistoryPlace(
        host=host, port=port, user=unquote(parts.username or ""), database=database, tls=tls
    )
