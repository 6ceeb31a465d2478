"""The tables of a history, as the questions see them. `migrations` makes them.

An instant is a run in one number: the second of its last answer, times 2^20, and its number among
the runs of that second.
"""

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

REVISIONS = ("0001", "0002", "0003")
"""Of the schema, the oldest first; the last one is what this version writes."""
VERSION = "hostcheck_version"
"""The table that says which revision a database has."""
BITS = 20
FAIL, NOT_KNOWN, WELL, GONE = "fail", "unknown", "well", "gone"
"""States of a finding: the last two are the end of it, mended or no longer there."""

METADATA = MetaData()
RUN = Table(
    "hostcheck_run", METADATA,
    Column("instant", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", String, nullable=False, unique=True),
    Column("tool", String, nullable=False),
    Column("catalogue", String, nullable=False),
    Column("target", String, nullable=False),
    Column("seen", LargeBinary, nullable=False),
)  # fmt: skip
"""`seen`: bit n, from the least of the first byte on, is set where it judged host n."""
HOST = Table(
    "hostcheck_host", METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("vcenter", String, nullable=False),
    Column("cluster", String, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)  # fmt: skip
"""`first`: the instant that judged it first; `cluster` is the last that was known."""
TRACK = Table(
    "hostcheck_track", METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("host", Integer, nullable=False),
    Column("check_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("name", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("state", String, nullable=False),
    Column("waived", Boolean, nullable=False),
    Column("since", BigInteger),
)  # fmt: skip
"""What failed once, as it is now, and the verdict on each host, which has no check. `since`: the
instant that saw it fail first; none where it does not fail any more."""
CHANGE = Table(
    "hostcheck_change", METADATA,
    Column("track", Integer, primary_key=True, autoincrement=False),
    Column("instant", BigInteger, primary_key=True, autoincrement=False),
    Column("severity", String, nullable=False),
    Column("state", String, nullable=False),
    Column("waived", Boolean, nullable=False),
    Column("since", BigInteger),
    sqlite_with_rowid=False,
)  # fmt: skip
"""What a track became in a run. `since` is of the fail that it is, or was until then."""


def seconds_of(instant: int) -> int:
    """Return the time of an instant, in seconds since 1970."""
    return instant >> BITS


def instant_of(seconds: int) -> int:
    """Return the first instant of a second."""
    return seconds << BITS


@lru_cache(4096)
def moment(instant: int) -> str:
    """Return the time of an instant as run files write times."""
    return when(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(4096)
def when(instant: int) -> datetime:
    """Return the time of an instant."""
    return datetime.fromtimestamp(seconds_of(instant), UTC)


def packed(hosts: int) -> bytes:
    """Return a set of hosts, the bits of a number, as bytes."""
    return hosts.to_bytes((hosts.bit_length() + 7) // 8, "little")


def bits(hosts: bytes) -> int:
    """Return a set of hosts as the bits of a number."""
    return int.from_bytes(hosts, "little")
