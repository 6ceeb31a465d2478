"""A real PostgreSQL server on loopback, by an unprivileged user, in a temporary directory."""

import glob
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.authority import Issued
from tests.peers.ports import own_port
from tests.peers.sshd import Missing

USER = "auditor"
UNPRIVILEGED = "nobody"
STARTS_IN = 60
"""Seconds."""


@dataclass(frozen=True)
class Database:
    """One empty database of a running server; the password is never in its URL."""

    port: int
    name: str
    password: str

    @property
    def url(self) -> str:
        """`postgresql://auditor@127.0.0.1:port/name`"""
        return self.url_at("127.0.0.1")

    def url_at(self, host: str) -> str:
        """Return its URL at another address of the server."""
        return f"postgresql://{USER}@{host}:{self.port}/{self.name}"


class Postgresql:
    """A running server."""

    def __init__(self, port: int, password: str) -> None:
        self.port = port
        self.password = password
        self._made = 0

    def connect(self, database: str = "postgres") -> Any:
        """Connect as another client does, committing each statement."""
        import psycopg  # noqa: PLC0415  an extra

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=self.password, dbname=database,
            autocommit=True,
        )  # fmt: skip

    def database(self) -> Database:
        """Make an empty database."""
        self._made += 1
        name = f"history_{self._made}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return Database(self.port, name, self.password)


@contextmanager
def running_postgresql(issued: Issued | None = None, *more: str) -> Iterator[Postgresql]:
    """Serve until the block ends, at `more` addresses too. Raises Missing without PostgreSQL.

    With a certificate that was `issued` it takes TLS, and nothing else from other addresses.
    """
    tools = _tools()
    account: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        one = pwd.getpwnam(UNPRIVILEGED)
        account = {"user": one.pw_uid, "group": one.pw_gid, "extra_groups": []}
    with ExitStack() as stack:
        work = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="hostcheck-postgresql-"))
        )
        password = secrets.token_urlsafe(12)
        (work / "password").write_text(password)
        if account:
            for each in (work, work / "password"):
                os.chown(each, account["user"], account["group"])
        given = {"cwd": work, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **account}
        subprocess.run(
            [
                tools / "initdb", "-D", "data", "-U", USER, "--pwfile", "password", "-A",
                "scram-sha-256", "--no-sync", "-E", "UTF8",
            ],
            check=True, capture_output=True, **given,
        )  # fmt: skip
        port = stack.enter_context(own_port())
        secured = [] if issued is None else _secured(work, issued, account)
        with (work / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    tools / "postgres", "-D", "data", "-p", str(port), "-h",
                    ",".join(("127.0.0.1", *more)), "-k", work, "-c", "fsync=off", "-c",
                    "max_connections=20", *secured,
                ],
                stdout=log, stderr=log, **given,
            )  # fmt: skip
        try:
            server = Postgresql(port, password)
            _wait_for(server, process, work / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # SIGTERM would wait for whoever is connected
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _secured(work: Path, issued: Issued, account: dict[str, Any]) -> list[str]:
    """Put a certificate where the server reads it, and return what makes it use that."""
    for place in (issued.certificate, issued.key):
        copy = work / place.name
        shutil.copy(place, copy)
        copy.chmod(0o600)
        if account:
            os.chown(copy, account["user"], account["group"])
    rules = work / "data" / "pg_hba.conf"
    own = "host all all 127.0.0.1/32 scram-sha-256"
    rules.write_text(f"{own}\nhostssl all all 127.0.0.0/8 scram-sha-256\n")
    given = {
        "ssl": "on", "ssl_cert_file": work / issued.certificate.name,
        "ssl_key_file": work / issued.key.name,
    }  # fmt: skip
    return [word for name, value in given.items() for word in ("-c", f"{name}={value}")]


def _tools() -> Path:
    found = shutil.which("initdb")
    places = [found] if found else sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))  # noqa: PTH207
    if not places:
        raise Missing("no PostgreSQL: install postgresql")
    return Path(places[-1]).resolve().parent


def _wait_for(server: Postgresql, process: "subprocess.Popen[bytes]", log: Path) -> None:
    import psycopg  # noqa: PLC0415  an extra

    until = time.monotonic() + STARTS_IN
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.05)
        else:
            return
