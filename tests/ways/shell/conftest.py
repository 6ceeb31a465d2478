"""Opens what a test dials, and closes it."""

import pytest

from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL


@pytest.fixture
def dial():
    """Return a function that opens a transport, closed with the test."""
    opened = []

    def dial(to, password=None, allowed=SHELL.allows, **given):
        secret = None if password is None else lambda: password
        opened.append(SshTransport(to, allowed, secret, **given))
        return opened[-1]

    yield dial
    for one in opened:
        one.close()
