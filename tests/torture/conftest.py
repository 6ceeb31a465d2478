"""Machines of the torture remember what was read; a test leaves the program as it was."""

from collections.abc import Iterator

import pytest

from tests.torture import machine


@pytest.fixture
def opened_anew() -> Iterator[None]:
    """Let the program itself open answers again when a test is over."""
    real = [module.opened for module in machine.READERS]  # type: ignore[attr-defined]
    yield
    for module, opened in zip(machine.READERS, real, strict=True):
        module.opened = opened  # type: ignore[attr-defined]
