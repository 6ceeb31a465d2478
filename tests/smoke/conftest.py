"""The program that these tests bring to guests: the stand-in."""

import pytest
from click.testing import CliRunner

from hostcheck.cli import main
from hostcheck.smoke import build
from hostcheck.ways.guest import over_vsphere
from tests.peers import live
from tests.smoke import lab


@pytest.fixture(scope="session")
def program(keep_running):
    """The stand-in, built."""
    return keep_running(_Built())


class _Built:
    def __enter__(self):
        return live.built("stand_in", module=lab.STAND_IN)

    def __exit__(self, *_):
        pass


@pytest.fixture
def hostcheck(program, monkeypatch, tmp_path):
    """Run a command in this process: `hostcheck("smoke", "--quick", env={...})`."""
    monkeypatch.setattr(build, "ready", lambda *_: program)
    monkeypatch.setattr(over_vsphere, "FIRST_LOOK_SECONDS", 0.02)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(*arguments, env=None):
        for name in ("GOVC_URL", "GOVC_PASSWORD", "HOSTCHECK_GUEST_PASSWORD"):
            monkeypatch.delenv(name, raising=False)
        return CliRunner().invoke(main, [str(one) for one in arguments], env=env or {})

    return run
