"""The table of BIOS attributes: each row has its source, and tells on from off."""

import pytest

from hostcheck import catalog
from hostcheck.model.bios import SWITCHES, canonical
from hostcheck.model.bmc import OFF, ON, Setting

TABLE = catalog.bios()
every_row = pytest.mark.parametrize(
    "row", TABLE.rows, ids=lambda row: f"{row.vendor or 'any'}-{row.cpu or 'both'}-{row.setting}"
)


@every_row
def test_a_row_says_where_it_was_read(row):
    assert row.source in TABLE.sources
    assert row.cpu in ("", "intel", "amd")
    assert not row.vendor or TABLE.shown(row.vendor)
    assert row.attributes or "no such switch" in row.menu
    assert set(row.want) <= set(row.attributes)


@every_row
def test_what_a_gpu_host_is_to_have_is_what_the_row_reads(row):
    wanted = {row.meaning(value) for value in row.want.values()}
    assert len(wanted) <= 1
    assert wanted <= {ON, OFF}
    if row.setting in SWITCHES and row.attributes:
        assert row.meaning("?") is None
        assert row.meaning("") is None


def test_no_two_rows_of_a_vendor_say_one_setting_of_one_processor():
    keys = [
        (row.setting, row.vendor, cpu)
        for row in TABLE.rows
        for cpu in ("intel", "amd")
        if row.vendor and row.cpu in ("", cpu)
    ]
    assert len(set(keys)) == len(keys)


def test_no_attribute_of_a_vendor_says_two_settings():
    for maker in TABLE.makers:
        for cpu in ("intel", "amd"):
            names = [
                canonical(name)
                for row in TABLE.rows
                if row.vendor == maker.key and row.cpu in ("", cpu)
                for name in row.attributes
            ]
            assert len(set(names)) == len(names), (maker.key, cpu)


def test_every_setting_has_a_name_and_words_where_it_is_to_be_set():
    assert set(TABLE.settings) == set(Setting)
    for row in TABLE.rows:
        if row.want:
            neutral = TABLE.settings[row.setting]
            assert neutral.intel or neutral.amd


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("Dell Inc.", "dell"), ("HPE", "hpe"), ("HP", "hpe"), ("Hpe", "hpe"),
        ("Hewlett Packard Enterprise", "hpe"), ("LENOVO", "lenovo"), ("Supermicro", "supermicro"),
        ("Super Micro Computer, Inc.", "supermicro"), ("Cisco Systems Inc", "cisco"),
        ("NVIDIA", "nvidia"), ("XFUSION", "xfusion"), ("FUJITSU", None), ("", None),
    ],
)  # fmt: skip
def test_makers(words, key):
    found = TABLE.maker(words)
    assert (found.key if found else None) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SR_IOVSupport_0047", "SR_IOVSupport_002B"), ("SR_IOVSupport_0047", "SR-IOV Support"),
        ("IntelVTforDirectedI_O_VT_d__1E32", "IntelVTforDirectedI/O(VT-d)"),
        ("Devices_and_IO_Ports_SRIOV", "DevicesandIOPorts_SRIOV"), ("MmioAbove4Gb", "MmioAbove4GB"),
    ],
)  # fmt: skip
def test_names_that_are_the_same(one, other):
    assert canonical(one) == canonical(other)


def test_names_that_are_not():
    assert canonical("SNC_F300") != canonical("SNCx_F300")
    assert canonical("SubNumaCluster") != canonical("SubNumaClustering")


def test_profiles_are_told_from_each_other():
    for one in TABLE.profiles:
        assert not any(one.allows(value) for value in one.wrong)
        assert not any(one.forbids(value) for value in one.right)
        assert one.source in TABLE.sources
