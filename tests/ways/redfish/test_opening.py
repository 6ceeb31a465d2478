"""From what a user gave to an opened BMC: address, user, password, trust."""

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.parsers import redfish_root, redfish_systems
from hostcheck.ways.redfish.inventory import InventoryRow
from hostcheck.ways.redfish.opening import Bmcs, opener
from hostcheck.ways.redfish.options import Given, Section
from tests.peers.redfish import Login, running_bmc
from tests.ways.redfish.machines import rack

PASSWORD = Login().password


def front(asked: list[str] | None = None, **environment: str) -> Front:
    def ask(prompt: str) -> str:
        assert asked is not None, prompt
        asked.append(prompt)
        return PASSWORD

    return Front(environment, ask, print, somebody=asked is not None)


def so_far(name: str, address: str | None = None, *numbers: str) -> Any:
    told = Unknown(Why.ABSENT) if address is None else address
    return SimpleNamespace(
        ref=HostRef(name, "vcenter", "host-1"),
        system=lambda: SimpleNamespace(bmc_address=told),
        numbers=lambda: numbers,
    )


def opened(tmp_path: Path, text: str = "", given: Any = None, **environment: str) -> Bmcs:
    options: dict[str, Any] = {"bmc_user": "auditor", **(given or {})}
    if text:
        (tmp_path / "bmc.csv").write_text(text)
        options["bmc_inventory"] = tmp_path / "bmc.csv"
    section = Section(fingerprints=str(tmp_path / "pins"))
    return opener(Given(**options), section, front(**environment))


def failure_of(bmcs: Bmcs, about: Any) -> Unknown | None:
    transport = bmcs(about)
    try:
        return transport.fetch(redfish_root.REQUEST).failure
    finally:
        transport.close()


def test_an_inventory_names_bmcs_before_vsphere_is_asked(tmp_path: Path) -> None:
    bmcs = opened(tmp_path, "host,address\nesx-01.lab.test,b1\n")
    assert bmcs.early(HostRef("esx-01.lab.test", "v", "h"))
    assert not bmcs.early(HostRef("esx-02.lab.test", "v", "h"))


def test_a_service_tag_is_looked_for_once_vsphere_told_it(tmp_path: Path) -> None:
    with running_bmc(rack()) as bmc:
        text = f"service_tag,address,fingerprint\nTAG0001,{bmc.address},{bmc.fingerprint}\n"
        bmcs = opened(tmp_path, text)
        assert not bmcs.early(HostRef("esx-01", "v", "h"))
        assert failure_of(bmcs, so_far("esx-01", None, "SN1", "tag0001")) is None
        failure = failure_of(bmcs, so_far("esx-01", None, "SN1"))
        assert failure is not None
        assert "does not name esx-01" in failure.detail


def test_a_pattern(tmp_path: Path) -> None:
    bmcs = opened(tmp_path, given={"bmc_pattern": "{short}-bmc.invalid"})
    assert bmcs.early(HostRef("esx-01.lab.test", "v", "h"))
    failure = failure_of(bmcs, so_far("192.0.2.7"))
    assert failure is not None
    assert "makes no address of 192.0.2.7" in failure.detail


def test_the_address_that_vsphere_knows(tmp_path: Path) -> None:
    with running_bmc(rack()) as bmc:
        (tmp_path / "pins").write_text(f"{bmc.address} {bmc.fingerprint}\n")
        bmcs = opened(tmp_path)
        assert not bmcs.early(HostRef("esx-01", "v", "h"))
        assert failure_of(bmcs, so_far("esx-01", bmc.address)) is None
    for odd in ("http://x", "a@b", "/"):
        failure = failure_of(bmcs, so_far("esx-01", odd))
        assert failure is not None
        assert failure.why is Why.NOT_ASKED
    failure = failure_of(bmcs, so_far("esx-01"))
    assert failure is not None
    assert "nobody says where the BMC of esx-01 is" in failure.detail


def test_two_rows_that_may_be_meant_are_none(tmp_path: Path) -> None:
    bmcs = opened(tmp_path, "host,address\nesx-01.a,b1\nesx-01.b,b2\n")
    failure = failure_of(bmcs, so_far("esx-01"))
    assert failure is not None
    assert "any of esx-01.a, esx-01.b" in failure.detail


def test_nobody_to_ask_as(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no user at the BMC b1"):
        opened(tmp_path, "host,address\nesx-01,b1\n", {"bmc_user": ""})
    failure = failure_of(opened(tmp_path, given={"bmc_user": ""}), so_far("esx-01", "b1"))
    assert failure is not None
    assert "as whom b1 is asked" in failure.detail


SHARED = {"HOSTCHECK_BMC_PASSWORD": "shared", "HOSTCHECK_BMC_PASSWORD_HPE": "of-hpe"}


def test_the_nearest_password_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own"
    own.write_text("own\nmore\n")
    own.chmod(0o644)
    bmcs = opened(
        tmp_path,
        f"host,address,vendor,password_file\na,b1,hpe,{own}\nb,b2,hpe,\nc,b3,dell,\n",
        **SHARED,
    )
    assert [bmcs.password(row) for row in bmcs.rows] == ["own", "of-hpe", "shared"]
    told = f"{own} can be read by every user of this machine: chmod 600 {own}"
    assert capsys.readouterr().out.splitlines() == [told]


def test_a_password_file_for_all(tmp_path: Path) -> None:
    (tmp_path / "all").write_text("from-file\n")
    bmcs = opened(tmp_path, given={"bmc_password_file": tmp_path / "all"})
    assert bmcs.password(InventoryRow("b1")) == "from-file"


def test_no_password_is_a_reason_of_that_bmc_and_ends_no_run(tmp_path: Path) -> None:
    with running_bmc(rack()) as bmc:
        text = f"host,address,fingerprint,password_file\na,{bmc.address},{bmc.fingerprint},"
        bmcs = opened(tmp_path, f"{text}/nowhere\n")
        transport = bmcs(so_far("a"))
        failure = transport.fetch(redfish_systems.REQUEST).failure
        transport.close()
        assert failure is not None
        assert failure.why is Why.NOT_ASKED
        assert "/nowhere" in failure.detail
        assert bmc.state.logins == 0


def test_a_person_is_asked_once_and_before_anything_is_opened(tmp_path: Path) -> None:
    asked: list[str] = []
    section = Section(fingerprints=str(tmp_path / "pins"))
    bmcs = opener(Given(bmc_user="auditor"), section, front(asked))
    assert asked == ["Password at the BMCs"]
    assert bmcs.password(InventoryRow("b1")) == bmcs.password(InventoryRow("b2")) == PASSWORD
    assert len(asked) == 1


def test_an_opener_travels_with_its_passwords_and_shows_none(tmp_path: Path) -> None:
    bmcs = opened(tmp_path, "host,address,vendor\na,b1,hpe\nb,b2,dell\n", **SHARED)
    assert not [word for word in SHARED.values() if word in repr(bmcs)]
    again = pickle.loads(pickle.dumps(bmcs))
    assert [again.password(row) for row in again.rows] == ["of-hpe", "shared"]
    assert again.early(HostRef("a", "v", "h"))
