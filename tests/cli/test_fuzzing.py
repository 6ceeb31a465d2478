"""Command lines that nobody would write end in one line, not in a traceback."""

import pytest

from tests.cli.fuzzing import tried


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_typed_the_answer_is_one_line_and_what_is_written_is_whole(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")  # put back behind the test
    assert tried(seed, 40) == []
