"""hostcheck trust: certificates of BMCs are pinned once, and told when they change."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hostcheck.cli import main
from tests.peers.redfish import Bmc, running_bmc
from tests.ways.redfish.machines import rack


@pytest.fixture
def bmc(running: Any) -> Bmc:
    found: Bmc = running(running_bmc(rack()))
    return found


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def trust(*words: str) -> Result:
    return CliRunner().invoke(main, ["trust", *words])


PINS = ".config/hostcheck/bmc-fingerprints"


def test_what_is_new_is_pinned_where_it_is_looked_for(bmc: Bmc, tmp_path: Path) -> None:
    first = trust(bmc.address)
    assert (first.exit_code, first.output) == (0, f"new      {bmc.address} {bmc.fingerprint}\n")
    assert f"{bmc.address} {bmc.fingerprint}\n" in (tmp_path / PINS).read_text()
    again = trust(bmc.address)
    assert (again.exit_code, again.output) == (0, f"known    {bmc.address} {bmc.fingerprint}\n")
    assert (bmc.state.heard, bmc.state.logins) == ([], 0)


def test_a_fleet_from_its_inventory(bmc: Bmc, tmp_path: Path) -> None:
    (tmp_path / "bmc.csv").write_text(f"host,address\nesx-01,{bmc.address}\nesx-02,127.0.0.1:9\n")
    done = trust("--bmc-inventory", "bmc.csv", "--bmc-fingerprints", "pins")
    assert done.exit_code == 3
    assert done.output.splitlines()[0].startswith(f"new      {bmc.address} ")
    assert done.output.splitlines()[1].startswith("unknown  127.0.0.1:9 ")
    assert "127.0.0.1:9" not in (tmp_path / "pins").read_text()


def test_what_differs_is_told_and_left_until_it_is_renewed(bmc: Bmc, tmp_path: Path) -> None:
    pins = tmp_path / "pins"
    before = f"192.0.2.1 {'1' * 64}\n{bmc.address} {'0' * 64}\n"
    pins.write_text(before)
    done = trust(bmc.address, "--bmc-fingerprints", "pins")
    assert done.exit_code == 1
    assert done.output == f"changed  {bmc.address} pinned {'0' * 64}, shown {bmc.fingerprint}\n"
    assert pins.read_text() == before
    done = trust(bmc.address, "--bmc-fingerprints", "pins", "--renew")
    assert done.exit_code == 0
    assert f"{bmc.address} {bmc.fingerprint}" in pins.read_text()
    assert f"192.0.2.1 {'1' * 64}" in pins.read_text()


def test_a_dry_run_writes_nothing(bmc: Bmc, tmp_path: Path) -> None:
    assert trust(bmc.address, "--dry-run").exit_code == 0
    assert not (tmp_path / PINS).exists()


def test_nothing_to_look_at_is_one_line() -> None:
    done = trust()
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    assert "--bmc-inventory" in done.output
