"""Histories to write into: a SQLite file, and a database of a real PostgreSQL server."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hostcheck.history import place
from hostcheck.history.ask import Inquiry, ask
from hostcheck.history.place import HistoryPlace
from hostcheck.history.write import write
from hostcheck.model.history import History, Past
from hostcheck.model.run import Run
from tests.peers.postgresql import Postgresql, running_postgresql


@dataclass(frozen=True)
class Book:
    """A history and what opens it."""

    url: str
    secret: str = ""

    @property
    def place(self) -> HistoryPlace:
        return place.read(self.url)

    @property
    def password(self) -> Callable[[], str] | None:
        return (lambda: self.secret) if self.secret else None

    def write(self, *runs: Run, keep: int = 0) -> History:
        told = [write(self.place, self.password, one, keep) for one in runs]
        return told[-1]

    def ask(self, **question: Any) -> Past:
        return ask(self.place, self.password, Inquiry(**question))


@pytest.fixture(scope="session")
def postgresql(keep_running: Callable[[Any], Any]) -> Postgresql:
    server: Postgresql = keep_running(running_postgresql())
    return server


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """A file that is not there yet."""
    return Book(str(tmp_path / "history.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Book:
    """An empty history of each kind."""
    if request.param == "sqlite":
        return Book(str(tmp_path / "history.db"))
    database = request.getfixturevalue("postgresql").database()
    return Book(database.url, database.password)
