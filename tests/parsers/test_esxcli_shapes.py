"""The same adapter or device in every shape in which esxcli can print it."""

# ruff: noqa: E501  tables keep the width that the commands print

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.esxcli import record_of, records_of, scalar_of
from hostcheck.syntax.record import integer, key

KNOWS = ("Name", "NUMA Node", "PCI Device", "Speed")

TABLE = """\
Name    PCI Device    Speed  Description
------  ------------  -----  -----------
vmnic0  0000:3b:00.0  25000  Two  blanks
vmnic1  0000:3b:00.1      0
"""
XML = """<?xml version="1.0" encoding="utf-8"?>
<output xmlns="http://www.vmware.com/Products/ESX/5.0/esxcli"><root><list type="structure">
<structure typeName="Nic">
 <field name="Name"><string>vmnic0</string></field>
 <field name="PCIDevice"><string>0000:3b:00.0</string></field>
 <field name="Speed"><integer>25000</integer></field>
 <field name="Description"><string>Two  blanks</string></field>
</structure>
<structure typeName="Nic">
 <field name="Name"><string>vmnic1</string></field>
 <field name="PCIDevice"><string>0000:3b:00.1</string></field>
 <field name="Speed"><integer>0</integer></field>
 <field name="Description"><string></string></field>
</structure>
</list></root></output>"""
KEYVALUE = """\
structure[0].Nic.Name.string=vmnic0
structure[0].Nic.PCIDevice.string=0000:3b:00.0
structure[0].Nic.Speed.integer=25000
structure[0].Nic.Description.string=Two  blanks
structure[1].Nic.Name.string=vmnic1
structure[1].Nic.PCIDevice.string=0000:3b:00.1
structure[1].Nic.Speed.integer=0
structure[1].Nic.Description.string=
"""
CSV = "Description,Name,PCIDevice,Speed,\nTwo  blanks,vmnic0,0000:3b:00.0,25000,\n,vmnic1,0000:3b:00.1,0,\n"
JSON = """[{"Name": "vmnic0", "PCIDevice": "0000:3b:00.0", "Speed": 25000, "Description": "Two  blanks"},
{"Name": "vmnic1", "PCIDevice": "0000:3b:00.1", "Speed": 0, "Description": ""}]"""
API = """<obj xmlns="urn:vim25" xmlns:r="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:type="ArrayOfDataObject">
<r:DataObject xsi:type="VimEsxCLInetworkniclistNic"><r:Name>vmnic0</r:Name>
<r:PCIDevice>0000:3b:00.0</r:PCIDevice><r:Speed>25000</r:Speed>
<r:Description>Two  blanks</r:Description></r:DataObject>
<DataObject><Name>vmnic1</Name><PCIDevice>0000:3b:00.1</PCIDevice><Speed>0</Speed>
<Description></Description></DataObject></obj>"""
BLOCKS = """\
vmnic0
   Name: vmnic0
   PCI Device: 0000:3b:00.0
   Speed: 25000
   Description: Two  blanks

vmnic1
   Name: vmnic1
   PCI Device: 0000:3b:00.1
   Speed: 0
   Description:
"""


def absent(reading):
    return isinstance(reading, Unknown) and reading.why is Why.ABSENT


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("text", [TABLE, XML, KEYVALUE, CSV, JSON, API, BLOCKS])
def test_every_shape_tells_the_same(text, newline):
    first, second = records_of(text.replace("\n", newline), what="nic list", knows=KNOWS)
    assert first.text("Name") == "vmnic0"
    assert first.address("PCI Device") == "0000:3b:00.0"
    assert first.number("Speed") == 25000
    assert first.text("Description") == "Two  blanks"
    assert second.number("Speed") == 0
    assert absent(second.text("Description"))


@pytest.mark.parametrize("text", [TABLE, XML, KEYVALUE, CSV, JSON, API, BLOCKS])
def test_an_answer_to_another_question_is_refused(text):
    with pytest.raises(ParseError, match="graphics device list: expected"):
        records_of(text, what="graphics device list", knows=("Graphics Type",))


@pytest.mark.parametrize(
    "text",
    [
        "Error: Unknown command or namespace network nic list",
        "sh: esxcli: not found",
        "<html><body>503 Service Unavailable</body></html>",
        "<output><root><list><structure>",
        '[{"Name": "vmnic0", "PCIDev',
        '["vmnic0"]',
        "[[[[1]]]]",
        "[" * 100_000,
        "<a>" * 50 + "</a>" * 50,
        '<!DOCTYPE a [<!ENTITY x "y">]><output><root/></output>',
        "<output/>",
        '<obj xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:string">ok</obj>',
        "<output>\ud800</output>",
        "Connection to host closed by remote host.",
        "\x00\x01\x02",
    ],
)
def test_what_is_no_list_of_adapters_is_refused(text):
    with pytest.raises(ParseError) as caught:
        records_of(text, what="nic list", knows=KNOWS)
    assert str(caught.value).startswith("nic list: ")
    assert "\n" not in str(caught.value)


def test_no_text_is_an_empty_list_only_where_that_can_be():
    assert records_of(" \r\n", what="vm list", knows=KNOWS) == ()
    with pytest.raises(ParseError, match="the answer is empty"):
        records_of("", what="pci list", knows=KNOWS, may_be_empty=False)


@pytest.mark.parametrize(
    "text",
    [
        "Name    PCI Device\n------  ----------\n",
        "<output><root><list type='structure'/></root></output>",
        "<obj xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='ArrayOfDataObject'/>",
        "[]",
        "Name,PCIDevice,\n",
    ],
)
def test_no_rows_is_an_empty_list(text):
    assert records_of(text, what="nic list", knows=KNOWS) == ()
    with pytest.raises(ParseError, match="the list is empty"):
        records_of(text, what="nic list", knows=KNOWS, may_be_empty=False)


def test_an_empty_record_is_no_answer():
    for text in ("", "  \n", "[]", "{}"):
        with pytest.raises(ParseError):
            record_of(text, what="memory get", knows=("NUMA Node Count",))


def test_one_record_is_not_two():
    twice = "   NUMA Node Count: 2\n   NUMA Node Count: 4\n"
    with pytest.raises(ParseError, match="'NUMA Node Count' comes twice"):
        record_of(twice, what="memory get", knows=("NUMA Node Count",))
    with pytest.raises(ParseError, match="expected one record, found 2"):
        record_of(
            '[{"NUMANodeCount": 2}, {"NUMANodeCount": 4}]', what="x", knows=("NUMANodeCount",)
        )


def test_indentation_may_be_odd_and_lines_unknown():
    text = "Warning about something\nPhysical Memory: 5 Bytes\n NUMA Node Count: 2\n      New In 9: x\n"
    record = record_of(text, what="memory get", knows=("NUMA Node Count",))
    assert record.number("NUMA Node Count") == 2
    assert record.number("Physical Memory") == 5
    assert record.heading == "Warning about something"


def test_a_field_below_an_empty_one_is_found_under_both_names():
    text = "   Driver Info:\n         Bus Info: 0000:18:00:0\n   Name: vmnic0\n"
    record = record_of(text, what="nic get", knows=("Name",))
    assert record.address("Driver Info.Bus Info") == "0000:18:00.0"
    assert record.address("Bus Info") == "0000:18:00.0"
    assert record.text("Name") == "vmnic0"


@pytest.mark.parametrize(
    "text",
    [
        ("NICInfo.Name.string=vmnic0\nNICInfo.DriverInfo.NICDriverInfo.BusInfo.string=0000:18:00:0\n"
        "NICInfo.Modes[0].string=Auto\nNICInfo.Modes[1].string=10000BaseT/Full\n"),
        '{"Name": "vmnic0", "DriverInfo": {"BusInfo": "0000:18:00:0"}, "Modes": ["Auto", "10000BaseT/Full"]}',
        ("<obj><Name>vmnic0</Name><DriverInfo><BusInfo>0000:18:00:0</BusInfo></DriverInfo>"
        "<Modes>Auto</Modes><Modes>10000BaseT/Full</Modes></obj>"),
    ],
)  # fmt: skip
def test_nested_structures_and_lists(text):
    record = record_of(text, what="nic get", knows=("Name",))
    assert record.address("Driver Info.Bus Info") == "0000:18:00.0"
    assert record.text("Modes") == "Auto, 10000BaseT/Full"


def test_a_vm_may_be_named_like_a_field_or_like_json():
    text = (
        "web: production\n   World ID: 1\n\n[old] db\n   World ID: 2\n\n"
        "{x}\n   World ID: 3\n   Some Later Line: y\n"
    )
    vms = records_of(text, what="vm process list", knows=("World ID",))
    assert [vm.heading for vm in vms] == ["web: production", "[old] db", "{x}"]
    assert [vm.number("World ID") for vm in vms] == [1, 2, 3]
    vms = records_of("[old] db\n   World ID: 2\n", what="vm process list", knows=("World ID",))
    assert vms[0].heading == "[old] db"


def test_blocks_without_headings_begin_where_a_field_repeats():
    text = "   Name: a\n   Speed: 1\n   Name: b\n   Speed: 2\n"
    records = records_of(text, what="x", knows=("Name", "Speed"))
    assert [record.number("Speed") for record in records] == [1, 2]


def test_an_address_alone_is_a_device_of_which_nothing_is_known():
    text = "0000:3b:00.0\n   Name: a\n\n0000:3b:00.1\n"
    known, lost = records_of(text, what="x", knows=("Name",))
    assert known.heading_address() == "0000:3b:00.0"
    assert lost.heading_address() == "0000:3b:00.1"
    assert absent(lost.text("Name"))


def test_a_row_shifted_by_wide_letters_is_cut_at_its_blanks():
    text = (
        "World ID  Name        Device Address\n"
        "--------  ----------  --------------\n"
        "       7  gr\u00fcnbl\u00e4u  0000:3b:00.0\n"
    )
    (vm,) = records_of(text, what="graphics vm list", knows=("World ID",))
    assert vm.text("Name") == "gr\u00fcnbl\u00e4u"
    assert vm.address("Device Address") == "0000:3b:00.0"


def test_a_row_that_cannot_be_cut_is_refused_and_a_sentence_is_not_a_row():
    head = "World ID  Name        Device Address\n--------  ----------  --------------\n"
    row = "       7  web         0000:3b:00.0\n"
    with pytest.raises(ParseError, match="expected 3 columns"):
        records_of(head + "123456789012345  0000:3b:00.0\n", what="x", knows=("World ID",))
    assert (
        len(records_of(head + row + "Some closing remark.\n", what="x", knows=("World ID",))) == 1
    )


def test_rows_without_their_header():
    columns = ("Name", "PCI Device", "Speed")
    first, _ = records_of(
        "vmnic0  0000:3b:00.0  25000\nvmnic1  0000:3b:00.1  0\n",
        what="nic list", knows=columns, columns=columns,
    )  # fmt: skip
    assert first.number("Speed") == 25000
    (second,) = records_of(
        "Name    PCI Device     Speed\nvmnic1  0000:3b:00.1   0\n",
        what="nic list", knows=columns, columns=columns,
    )  # fmt: skip
    assert second.address("PCI Device") == "0000:3b:00.1"
    (older,) = records_of(
        "vmnic0  0000:3b:00.0\n", what="nic list", knows=columns, columns=columns, optional=1
    )
    assert absent(older.number("Speed"))
    for text in ("vmnic0  0000:3b:00.0\n", "Name    PCI Device    Speed\n", "something else\n"):
        with pytest.raises(ParseError):
            records_of(text, what="nic list", knows=columns, columns=columns)


@pytest.mark.parametrize(
    "text",
    [
        "Enabled", " enabled\r\n", '"Enabled"', "string=Enabled", "<obj>Enabled</obj>",
        "<output><root><string>Enabled</string></root></output>", "Some banner\nEnabled\n",
    ],
)  # fmt: skip
def test_one_word_in_every_shape(text):
    assert scalar_of(text, what="x", among=("Enabled", "Disabled")) == "Enabled"


@pytest.mark.parametrize("text", ["", "Maybe", "Enabled\nDisabled", "<obj/>", "<obj>", "Enabled!"])
def test_another_word_is_refused(text):
    with pytest.raises(ParseError, match="x: "):
        scalar_of(text, what="x", among=("Enabled", "Disabled"))


def test_numbers_in_every_notation():
    assert integer("4318") == integer("0x10de") == integer("0x10DE") == 0x10DE
    assert integer("-1") == -1
    assert integer("240470433792 Bytes") == 240470433792
    assert integer("3 -> HV Enabled") == 3
    for words in ("", "x", "1_000", "4 GB", "0x", "1.5", "9" * 30, "\u0663", "--1", "12ab"):
        assert integer(words) is None


def test_numbers_that_say_there_is_none():
    text = "Node: {}\n"
    for words in ("-1", "4294967295", "0xffffffff", "18446744073709551615", "N/A", "n/a", ""):
        assert absent(record_of(text.format(words), what="x", knows=("Node",)).number("Node"))
    for words in ("-2", "seven", "9" * 18, "1 2"):
        reading = record_of(text.format(words), what="x", knows=("Node",)).number("Node")
        assert isinstance(reading, Unknown)
        assert reading.why is Why.UNPARSED
        assert reading.asked == "x: Node"


def test_signed_shorts_are_undone():
    record = record_of("Vendor ID: -32634\nOdd: 70000\n", what="x", knows=("Vendor ID",))
    assert record.identity("Vendor ID") == 0x8086
    assert isinstance(record.identity("Odd"), Unknown)


def test_switches_and_addresses_that_are_not_understood():
    record = record_of(
        "On: maybe\nWhere: 0000:003:00.0\nFrom: PCI 0:999:0:0\n", what="x", knows=("On",)
    )
    for reading in (record.truth("On"), record.address("Where"), record.decimal_address("From")):
        assert isinstance(reading, Unknown)
        assert reading.why is Why.UNPARSED


def test_names_are_compared_without_case_blanks_dots_and_dashes():
    assert key("NUMA Node") == key("NUMANode") == key("NumaNode") == key("numa-node")
    assert key("Driver Info.Bus Info") == key("DriverInfo") + key("BusInfo")


@pytest.mark.parametrize(
    "text",
    [
        "<obj><Name>" + "<a>" * 50 + "<b>x</b>" + "</a>" * 50 + "</Name></obj>",
        '{"Name": ' + '{"a": ' * 50 + "1" + "}" * 50 + "}",
        "Name,Speed,\n" + "x" * 200_000,
    ],
)
def test_answers_beyond_all_measure_are_refused(text):
    with pytest.raises(ParseError) as caught:
        records_of(text, what="nic list", knows=KNOWS)
    assert len(str(caught.value)) < 200


def test_a_line_that_ran_over_in_a_block_is_passed_over():
    text = "0000:3b:00.0\n   Name: a\n      and more of it\n   Speed: 5\n"
    (record,) = records_of(text, what="x", knows=KNOWS)
    assert (record.text("Name"), record.number("Speed")) == ("a", 5)


def test_null_and_truth_in_json():
    record = record_of('{"Name": null, "On": true, "Off": false}', what="x", knows=KNOWS)
    assert absent(record.text("Name"))
    assert record.truth("On") is True
    assert record.truth("Off") is False


def test_a_byte_order_mark_is_not_a_letter():
    assert records_of("\ufeff", what="x", knows=KNOWS) == ()
    (record,) = records_of("\ufeff0000:3b:00.0\n   Name: a\n", what="x", knows=KNOWS)
    assert record.heading_address() == "0000:3b:00.0"
