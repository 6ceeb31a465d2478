"""Names that people type: short ones, misspelt ones, ids."""

import pytest

from hostcheck.ways.vsphere.inventory import is_host


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("esx-01.lab.test", True), ("ESX-01", True), ("esx-0?", True), ("esx-01*", True),
        ("esx-1", False), ("lab.test", False), ("*", True),
    ],
)  # fmt: skip
def test_a_host_goes_by_its_name_with_and_without_its_domain(pattern: str, fits: bool) -> None:
    assert is_host("esx-01.lab.test", [pattern]) is fits


def test_the_first_number_of_an_address_is_no_name() -> None:
    assert not is_host("10.0.0.1", ["10"])
    assert is_host("10.0.0.1", ["10.0.0.*"])
    assert is_host("anything", [])
