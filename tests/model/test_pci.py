"""PCI addresses: a dozen spellings, two bases, one canonical form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.model.pci import (
    PciId,
    address,
    from_decimal,
    from_hex,
    parts,
    unsigned16,
    vf_parent,
)

numbers = st.tuples(
    st.integers(0, 0xFFFF), st.integers(0, 0xFF), st.integers(0, 0x1F), st.integers(0, 7)
)
short = st.integers(0, 0xFFFF)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("0000:af:00.0", "0000:af:00.0"),  # API, esxcli
        ("0000:AF:00.0", "0000:af:00.0"),  # vCenter's PCI page
        ("00000000:AF:00.0", "0000:af:00.0"),  # nvidia-smi
        ("00000001:C8:00.0", "0001:c8:00.0"),
        ("4A:00.0", "0000:4a:00.0"),  # short form
        ("0000:18:00:0", "0000:18:00.0"),  # esxcli network nic get
        ("0:66:0.0", "0000:66:00.0"),
        ("0000:3b:1f.7", "0000:3b:1f.7"),
        (" 0000:af:00.0\n", "0000:af:00.0"),
        ("10000:01:00.0", None),  # a domain of a VMD bridge does not fit
    ],
)
def test_hexadecimal(text, where):
    if where is None:
        with pytest.raises(ValueError, match="not a"):
            from_hex(text)
    else:
        assert from_hex(text) == where


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("PCI 0:175:0:0", "0000:af:00.0"),  # esxcli Parent Device
        ("PCI 0:174:0:0", "0000:ae:00.0"),
        ("00000:175:00.0", "0000:af:00.0"),  # .vmx, sriovnic
        ("0:66:0.0", "0000:42:00.0"),  # .vmx of other builds
        ("06:00.0", "0000:06:00.0"),  # old .vmx
        ("130:00.0", "0000:82:00.0"),
        ("0:10:31.7", "0000:0a:1f.7"),
    ],
)
def test_decimal(text, where):
    assert from_decimal(text) == where


def test_the_source_tells_the_base_and_not_the_shape():
    assert from_hex("0:66:0.0") == "0000:66:00.0"
    assert from_decimal("0:66:0.0") == "0000:42:00.0"
    assert from_hex("10:00.0") != from_decimal("10:00.0")


@pytest.mark.parametrize(
    "text",
    [
        "", "af", "0000:af:00", "0000:af:00.8", "0000:af:20.0", "0000:afa:00.0", "0000:ag:00.0",
        "0000:af:00.0.0", "000000000:af:00.0", "00010000:af:00.0", "s00000004.00", "000:11.0",
        "PCI 0:175:0:0", "PF_0.202.0_VF_0", "[PF_0.202.0_VF_0]", "0000:af:00.0 (rev a1)",
        "-1:af:00.0", "0x0000:af:00.0", "0000:\u0661f:00.0", "N/A", "4294967295",
    ],
)  # fmt: skip
def test_not_hexadecimal(text):
    with pytest.raises(ValueError, match="not a"):
        from_hex(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "0000:af:00.0", "0:256:0.0", "0:999:0.0", "0:175:32.0", "0:175:0.8", "65536:1:0.0",
        "PCI", "PCI 0:175:0", "PF_0.202.0_VF_0", "s00000004.00", "0:-1:0.0", "1:2:3:4:5",
    ],
)  # fmt: skip
def test_not_decimal(text):
    with pytest.raises(ValueError, match="not a"):
        from_decimal(text)


@pytest.mark.parametrize(
    "out_of_range",
    [(0x10000, 0, 0, 0), (-1, 0, 0, 0), (0, 0x100, 0, 0), (0, -1, 0, 0), (0, 0, 0x20, 0),
     (0, 0, -1, 0), (0, 0, 0, 8), (0, 0, 0, -1)],
)  # fmt: skip
def test_out_of_range_is_refused(out_of_range):
    with pytest.raises(ValueError, match="not a PCI address"):
        address(*out_of_range)


@given(numbers)
def test_round_trip_through_the_canonical_form(four):
    where = address(*four)
    assert parts(where) == four
    assert from_hex(where) == where
    assert len(where) == len("dddd:bb:ss.f")
    assert where == where.lower()


@given(numbers)
def test_round_trip_through_every_hexadecimal_spelling(four):
    segment, bus, slot, function = four
    where = address(*four)
    for text in (
        f"{segment:08X}:{bus:02X}:{slot:02X}.{function}",
        f"{segment:04X}:{bus:02x}:{slot:02x}.{function}",
        f"{segment:04x}:{bus:02x}:{slot:02x}:{function}",
        f"{segment:x}:{bus:x}:{slot:x}.{function}",
    ):
        assert from_hex(text) == where
    assert from_hex(f"{bus:02X}:{slot:02X}.{function}") == address(0, bus, slot, function)


@given(numbers)
def test_round_trip_through_every_decimal_spelling(four):
    segment, bus, slot, function = four
    where = address(*four)
    for text in (
        f"PCI {segment}:{bus}:{slot}:{function}",
        f"{segment:05}:{bus:03}:{slot:02}.{function}",
        f"{segment}:{bus}:{slot}.{function}",
    ):
        assert from_decimal(text) == where
    assert from_decimal(f"{bus:03}:{slot:02}.{function}") == address(0, bus, slot, function)


@given(numbers)
def test_order_of_addresses_is_order_of_numbers(four):
    other = (0, 0x80, 0, 0)
    assert (address(*four) < address(*other)) is (four < other)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_a_value_error(text):
    for read in (from_hex, from_decimal):
        try:
            where = read(text)
        except ValueError:
            continue
        assert from_hex(where) == where


@pytest.mark.parametrize(
    ("text", "parent"),
    [
        ("PF_0.202.0_VF_0", ("0000:ca:00.0", 0)),
        ("[PF_0.202.1_VF_0]", ("0000:ca:00.1", 0)),
        ("PF_0.59.0_VF_15", ("0000:3b:00.0", 15)),
        ("vmnic0", None),
        ("", None),
        ("PF_0.ca.0_VF_0", None),
        ("PF_0.202.9_VF_0", None),
    ],
)
def test_virtual_functions_name_their_parent_in_decimal(text, parent):
    assert vf_parent(text) == parent


def test_a_virtual_function_of_no_bus_is_refused():
    with pytest.raises(ValueError, match="not a PCI address"):
        vf_parent("PF_0.256.0_VF_0")


@pytest.mark.parametrize(
    ("signed", "number"),
    [(-32634, 0x8086), (4318, 0x10DE), (0, 0), (-1, 0xFFFF), (32767, 0x7FFF), (-32768, 0x8000)],
)
def test_signed_shorts(signed, number):
    assert unsigned16(signed) == number


@given(short)
def test_shorts_round_trip(number):
    signed = number - 0x10000 if number > 0x7FFF else number
    assert unsigned16(signed) == number == unsigned16(number)


@given(short, short, short, short)
def test_ids_print_as_in_pci_ids(vendor, device, sub_vendor, sub_device):
    words = str(PciId(vendor, device, sub_vendor, sub_device))
    assert words.startswith(f"{vendor:04x}:{device:04x}")
    assert ("subsystem" in words) is bool(sub_vendor)


def test_an_id_prints():
    assert str(PciId(0x10DE, 0x20B7)) == "10de:20b7"
    assert str(PciId(0x10DE, 0x25B6, 0x10DE, 0x14A9)) == "10de:25b6 (subsystem 10de:14a9)"
