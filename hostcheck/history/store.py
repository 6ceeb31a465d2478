"""The database of a history: opened late, locked while it is written, and never waited for long."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hostcheck.errors import UsageError
from hostcheck.history.place import HistoryPlace
from hostcheck.history.tables import REVISIONS, VERSION

CONNECT_SECONDS = 10
LOCK_SECONDS = 60
"""So long is waited for whoever else is writing."""
NOTHING = "there is no history; audit --history writes one"
QUESTION_SECONDS = 300
LOCK = 0x686F7374
"""The key of the lock that writers of one PostgreSQL database hold: `host`."""


class HistoryError(UsageError):
    """The history cannot be read or written: one line, with what it is called."""


@contextmanager
def writing(place: HistoryPlace, password: Callable[[], str] | None) -> Iterator[sa.Connection]:
    """Open for one writer; all that is written is there at the end of the block, or nothing.

    What is not there yet is made, and an earlier schema is brought up to date, in the same
    transaction. Raises HistoryError where that cannot be done.
    """
    with _told(place), _engine(place, password, "IMMEDIATE").begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        _bring_up_to_date(connection, place)
        yield connection


@contextmanager
def reading(place: HistoryPlace, password: Callable[[], str] | None) -> Iterator[sa.Connection]:
    """Open for questions, which all see the same state.

    Raises HistoryError where there is none, or it cannot be read.
    """
    if place.file is not None and not place.file.exists():
        raise HistoryError(f"{place.name}: {NOTHING}")
    with _told(place), _engine(place, password, "DEFERRED").begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        found = _revision(connection)
        if not found:
            _refuse_foreign(connection, place)
            raise HistoryError(f"{place.name}: {NOTHING}")
        _refuse_newer(found, place)
        up_to_date = found == REVISIONS[-1]
        if up_to_date:
            yield connection
    if not up_to_date:
        with writing(place, password) as connection:
            yield connection


@contextmanager
def _told(place: HistoryPlace) -> Iterator[None]:
    """Say in one line what a database says in many, and what it is called."""
    try:
        yield
    except DBAPIError as error:
        raise HistoryError(f"{place.name}: {_words(error)}") from None
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise HistoryError(f"{place.name}: {_first_line(error)}") from None


def _words(error: DBAPIError) -> str:
    said = _first_line(error.orig or error)
    if said.startswith("database is locked") or "lock timeout" in said:
        return f"somebody else has been writing it for {LOCK_SECONDS} s; write again later"
    if said.startswith("file is not a database"):
        return "it is no SQLite database; give another file"
    return said


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).strip()


def _engine(
    place: HistoryPlace, password: Callable[[], str] | None, begin: str
) -> sa.Engine:  # fmt: skip
    if place.file is None:
        return _postgresql(place, password)
    if begin == "IMMEDIATE":
        place.file.parent.mkdir(parents=True, exist_ok=True)
    url = sa.URL.create("sqlite", database=str(place.file))
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": LOCK_SECONDS})

    def own_transactions(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 would begin late, and never before DDL

    def begins(connection: Any) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    event.listen(engine, "connect", own_transactions)
    event.listen(engine, "begin", begins)
    return engine


def _postgresql(place: HistoryPlace, password: Callable[[], str] | None) -> sa.Engine:
    url = sa.URL.create(
        "postgresql+psycopg", username=place.user or None, host=place.host or None,
        port=place.port, database=place.database,
    )  # fmt: skip
    limits = (
        f"-c lock_timeout={LOCK_SECONDS}s -c statement_timeout={QUESTION_SECONDS}s "
        f"-c idle_in_transaction_session_timeout={QUESTION_SECONDS}s"
    )
    given: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS, "options": limits, "application_name": "hostcheck",
        "tcp_user_timeout": LOCK_SECONDS * 1000, **place.tls,
    }  # fmt: skip
    if password is not None:
        given["password"] = password()
    return sa.create_engine(url, poolclass=NullPool, connect_args=given)


def _revision(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table(VERSION):
        return ""
    table = sa.Table(VERSION, sa.MetaData(), sa.Column("version_num", sa.String))
    return str(connection.execute(sa.select(table.c.version_num)).scalar() or "")


def _refuse_foreign(connection: sa.Connection, place: HistoryPlace) -> None:
    """Refuse a file that is somebody else's; a database of a server may hold other tables too."""
    there = sa.inspect(connection).get_table_names() if place.file is not None else []
    if there:
        named = ", ".join(sorted(there)[:3])
        raise HistoryError(
            f"{place.name}: it is a database of something else ({named}); give another file"
        )


def _refuse_newer(found: str, place: HistoryPlace) -> None:
    if found not in REVISIONS:
        raise HistoryError(
            f"{place.name}: its schema is {found}, this version knows them up to {REVISIONS[-1]}: "
            "update hostcheck, or give another place"
        )


def _bring_up_to_date(connection: sa.Connection, place: HistoryPlace) -> None:
    found = _revision(connection)
    if found == REVISIONS[-1]:
        return
    if found:
        _refuse_newer(found, place)
    else:
        _refuse_foreign(connection, place)
    migrate(connection)


def migrate(connection: sa.Connection, to: str = "head") -> None:
    """Bring a database to a revision, within the transaction of the connection."""
    from alembic.config import Config  # noqa: PLC0415  a second of imports, once in a schema's life
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "hostcheck:history/migrations")
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs(to, revision)  # noqa: SLF001  as Alembic's cookbook does it

    with EnvironmentContext(config, script, fn=steps, destination_rev=to) as environment:
        environment.configure(connection=connection, version_table=VERSION, transactional_ddl=True)
        environment.run_migrations()
