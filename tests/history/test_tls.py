"""A history on a PostgreSQL server elsewhere: its certificate is verified, whole."""

import pytest

from hostcheck.errors import UsageError
from tests.history.conftest import Book
from tests.history.nights import judged, night
from tests.peers.authority import issued
from tests.peers.postgresql import running_postgresql

NAMED, OTHER = "127.0.0.2", "127.0.0.3"
"""Addresses that are not this machine's own name: the certificate is of the first alone."""


@pytest.fixture(scope="module")
def served(tmp_path_factory, keep_running):
    folder = tmp_path_factory.mktemp("authority")
    made = issued(folder, (NAMED,))
    strangers = folder / "strangers"
    strangers.mkdir()
    return keep_running(running_postgresql(made, NAMED, OTHER)), made, issued(strangers, (NAMED,))


@pytest.fixture
def book(served):
    server, made, stranger = served
    database = server.database()

    def at(host, authority):
        place = {"own": made, "strange": stranger}[authority].authority
        return Book(f"{database.url_at(host)}?sslrootcert={place}", database.password)

    return at


def test_a_server_with_its_certificate_is_written_and_asked_over_tls(book):
    here = book(NAMED, "own")
    assert here.place.tls["sslmode"] == "verify-full"
    assert here.write(night(0, judged("a", "fail")), night(1, judged("a"))).runs == 2
    assert here.ask().runs == 2
    from hostcheck.history.store import reading  # noqa: PLC0415

    with reading(here.place, here.password) as connection:
        asked = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        encrypted, version = connection.exec_driver_sql(asked).one()
    assert encrypted
    assert version.startswith("TLSv1.")


@pytest.mark.parametrize(
    ("host", "authority", "said"),
    [(OTHER, "own", "does not match host name"), (NAMED, "strange", "SSL error")],
)
def test_another_name_and_another_authority_are_refused(book, host, authority, said):
    """Nothing is written, and the password is sent to nobody."""
    wrong = book(host, authority)
    for act in (lambda: wrong.write(night(0, judged("a"))), wrong.ask):
        with pytest.raises(UsageError) as caught:
            act()
        assert said in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
        assert wrong.secret not in str(caught.value)


def test_an_authority_that_nobody_trusts_is_refused_without_a_file(served):
    server, _, _ = served
    database = server.database()
    with pytest.raises(UsageError, match="SSL error: certificate verify failed"):
        Book(database.url_at(NAMED), database.password).write(night(0, judged("a")))
