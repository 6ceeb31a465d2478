"""The built program, and a GPU that is none to run it on."""

import json
import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hostcheck.errors import UsageError
from hostcheck.smoke import build, nvrtc
from tests.peers.sshd import Missing
from tests.smoke.program import fake


class Answer(NamedTuple):
    code: int
    document: dict[str, Any]
    stderr: str


class _Peer:
    """Something that has to be built first."""

    def __init__(self, make: Callable[[], Path]) -> None:
        self._make = make

    def __enter__(self) -> Path:
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            raise Missing("the smoke program runs on x86-64 Linux")
        try:
            nvrtc.version()
            return self._make()
        except UsageError as error:
            raise Missing(str(error)) from None

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def smoke_program(keep_running) -> Path:
    """The program, built if it is not current."""
    return keep_running(_Peer(build.up_to_date))


@pytest.fixture(scope="session")
def fake_driver(keep_running) -> Path:
    """The folder of the fake libcuda."""
    return keep_running(_Peer(fake.driver))


@pytest.fixture(scope="session")
def smoke(smoke_program, fake_driver) -> Callable[..., Answer]:
    """Run the program on a fake GPU: `smoke("--quick", FAKE_GPU_CC=86)`."""

    def run(*options: object, driver: Path | None = fake_driver, **environment: object) -> Answer:
        known = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
        if driver:
            known["LD_LIBRARY_PATH"] = str(driver)
        done = subprocess.run(
            [smoke_program, *map(str, options)],
            env={**known, **{name: str(value) for name, value in environment.items()}},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout.count("\n") == 1, (done.stdout, done.stderr)
        return Answer(done.returncode, json.loads(done.stdout), done.stderr)

    return run
