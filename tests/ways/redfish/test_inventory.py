"""Which BMC belongs to which host: files, patterns, addresses, and one clear line for bad ones."""

from pathlib import Path

import pytest

from hostcheck.errors import UsageError
from hostcheck.ways.redfish import inventory, pins
from hostcheck.ways.redfish.door import fingerprint
from hostcheck.ways.redfish.inventory import InventoryRow

SHA = "ab" * 32


def read(tmp_path: Path, text: str, name: str = "bmc.csv") -> tuple[InventoryRow, ...]:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return inventory.read(file)


@pytest.mark.parametrize(
    "text",
    [
        "host,address,user,vendor\nesx-01.lab.test,192.0.2.1,auditor,dell\n",
        "Host; Address; User; Vendor\nesx-01.lab.test; 192.0.2.1; auditor; dell\n",
        (
            "\ufeffhost,address,user,vendor\r\n\r\n# a remark\r\n"
            "esx-01.lab.test,192.0.2.1,auditor,dell\r\n"
        ),
        '"host","address","user","vendor"\n"esx-01.lab.test","192.0.2.1","auditor","dell"\n',
    ],
)
def test_a_csv_in_every_spelling_of_spreadsheets(tmp_path: Path, text: str) -> None:
    row = InventoryRow("192.0.2.1", host="esx-01.lab.test", user="auditor", vendor="dell")
    assert read(tmp_path, text) == (row,)


def test_a_toml_file(tmp_path: Path) -> None:
    text = f"""
    [[bmc]]
    service_tag = "TAG0001"
    address = "idrac-01.lab.test:8443"
    fingerprint = "{":".join([SHA[:2].upper()] * 32)}"
    password_file = "/run/secrets/bmc"
    """
    (row,) = read(tmp_path, text, "bmc.toml")
    assert (row.service_tag, row.fingerprint) == ("TAG0001", SHA)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "host,user\nesx,root\n", "its first line names no column address"),
        ("a.csv", "address,host\n192.0.2.1\n,esx-02\n", "line 3: Object missing required field"),
        ("a.csv", "address,colour\n192.0.2.1,red\n", "line 2: Object contains unknown field"),
        ("a.csv", "address\n192.0.2.1,esx\n", "line 2: 2 cells under 1 names"),
        ("a.csv", 'address\n"192.0.2.1\n', "line 2"),
        ("a.csv", "address,host\nb1,esx\nb2,ESX\n", "host esx stands there 2 times"),
        ("a.csv", "address\nb1\nB1:443\n", "address b1:443 stands there 2 times"),
        ("a.csv", "address,service_tag\nb1,T\nb2,t\n", "service_tag t stands there 2 times"),
        ("a.csv", "", "names no BMC"),
        ("a.csv", "address\n", "names no BMC"),
        ("a.csv", "address\nhttps://root:hunter2@bmc/\n", "holds no user and password"),
        ("a.csv", "address\nhttp://bmc\n", "is no address of a BMC"),
        ("a.csv", "address\nbmc:99999\n", "is no address of a BMC"),
        ("a.csv", "address\nbmc/redfish/v1\n", "is no address of a BMC"),
        ("a.csv", "address,fingerprint\nbmc,12:34\n", "is no SHA-256 fingerprint"),
        ("a.toml", "bmc = 3\n", "give a table [[bmc]]"),
        ("a.toml", "[[bmc]]\naddress = 3\n", "[[bmc]] 1: Expected `str`"),
        ("a.toml", "[[bmc]]\npassword = 'x'\naddress = 'b'\n", "unknown field `password`"),
        ("a.toml", "[bmc", "not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text, name)
    told = str(raised.value)
    assert words in told
    assert name in told
    assert "\n" not in told
    assert "hunter2" not in told


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        inventory.read(tmp_path / "gone.csv")
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfeaddress")
    with pytest.raises(UsageError, match="not UTF-8"):
        inventory.read(tmp_path / "odd.csv")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bmc.lab.test", ("bmc.lab.test", 443)),
        ("https://bmc.lab.test:8443/", ("bmc.lab.test", 8443)),
        ("2001:db8::1", ("2001:db8::1", 443)),
        ("[2001:db8::1]:8443", ("2001:db8::1", 8443)),
        ("192.0.2.1", ("192.0.2.1", 443)),
    ],
)
def test_addresses(text: str, found: tuple[str, int]) -> None:
    assert inventory.place(text) == found


def test_a_pattern_makes_an_address_of_a_name_and_of_nothing_else() -> None:
    assert inventory.by_pattern("{short}-bmc.lab.test", "esx-01.lab.test") == "esx-01-bmc.lab.test"
    assert inventory.by_pattern("bmc.{host}", "esx-01.lab.test") == "bmc.esx-01.lab.test"
    for odd in ("evil.test/x", "a@b", "192.0.2.1", "x y", ""):
        assert inventory.by_pattern("{short}-bmc.lab.test", odd) == ""


@pytest.mark.parametrize("pattern", ["bmc.lab.test", "{name}-bmc", "{host", "{host}/x", "{}"])
def test_odd_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        inventory.check_pattern(pattern)


ROWS = (
    InventoryRow("b1", host="esx-01.lab.test"),
    InventoryRow("b2", host="esx-02"),
    InventoryRow("b3", service_tag="TAG0003"),
    InventoryRow("b4", host="esx-04.a.test"),
    InventoryRow("b5", host="esx-04.b.test"),
)


@pytest.mark.parametrize(
    ("host", "tags", "found"),
    [
        ("ESX-01.lab.test", (), ["b1"]),
        ("esx-01", (), ["b1"]),
        ("esx-02.lab.test", (), ["b2"]),
        ("esx-03.lab.test", ("tag0003",), ["b3"]),
        ("esx-01.other.test", (), []),
        ("esx-04", (), ["b4", "b5"]),
        ("esx-09", ("",), []),
    ],
)
def test_the_rows_of_a_host(host: str, tags: tuple[str, ...], found: list[str]) -> None:
    assert [one.address for one in inventory.of_host(ROWS, host, tags)] == found


def test_pins_are_read_as_they_are_written(tmp_path: Path) -> None:
    told = {("bmc.lab.test", 443): SHA, ("2001:db8::1", 8443): "0" * 64, ("192.0.2.1", 1): SHA}
    file = tmp_path / "pins"
    file.write_text("".join(f"{pins.name_of(one)} {sha}\n" for one, sha in told.items()))
    assert pins.read(file) == told
    assert pins.read(tmp_path / "gone") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bmc abc\n", "line 1: 'abc' is no SHA-256"),
        ("bmc\n", "line 1: '' is no SHA-256"),
        (f"# x\nbmc {SHA}\nBMC {'0' * 64}\n", "line 3: BMC is pinned twice"),
        (f"a@b {SHA}\n", "line 1: an address holds no user"),
    ],
)
def test_a_damaged_file_of_pins_pins_nothing(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "pins"
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        pins.read(file)


def test_fingerprints_in_every_spelling() -> None:
    pairs = ":".join(["AB"] * 32)
    assert fingerprint(pairs) == fingerprint(f"sha256:{pairs}") == SHA
