"""Let a benchmark start the program in processes that need not read its modules."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks import aims_of, measure, stages, vsphere
from benchmarks import start as starts
from tests.starting import Starter

PROGRAM = ["-m", "hostcheck"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, start: Starter) -> list[tuple[Path, list[str]]]:
    """Fork instead of starting the program, and return which build was asked what.

    It is this build that answers, and its memory is not measured. What is no program of ours is
    started by `measure.cost`, as ever.
    """
    told: list[tuple[Path, list[str]]] = []
    measured: Callable[..., dict[str, float]] = measure.cost

    def cost(
        command: Sequence[str], *, env: Mapping[str, str], cwd: Path, accepted: Sequence[int] = (0,)
    ) -> dict[str, float]:
        rest = command[1:]
        if rest[:2] != PROGRAM:
            return measured(command, env=env, cwd=cwd, accepted=accepted)
        told.append((Path(env["PYTHONPATH"]), rest[2:]))
        begun = time.perf_counter()
        done = start(*rest[2:], cwd=cwd, env=dict(env))
        if done.returncode not in accepted:
            raise RuntimeError(f"{command[:3]} ended with {done.returncode}: {done.stderr}")
        wall = time.perf_counter() - begun
        return {"wall": wall, "cpu": wall, "memory": 1.0}

    for module in (aims_of, stages, starts, vsphere):
        monkeypatch.setattr(module, "cost", cost)
    return told
