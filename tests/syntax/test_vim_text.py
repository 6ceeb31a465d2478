"""Values cut as text: what is cut is what the parser reads, and all else is left to the parser."""

import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers import vim_virtual_machine
from hostcheck.syntax import vim_text
from hostcheck.syntax.vim_node import NOT_SET
from hostcheck.syntax.vim_objects import object_of

HEAD = (
    '<objects xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><obj type="VirtualMachine">vm-7</obj>'
)
OPENED = HEAD.partition("<obj ")[0]
WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12).map(
    str.strip
)


def written(path, value, blank=""):
    """The VM with one property, as servers write it; `blank` makes it a text for the parser."""
    return f"{HEAD}{blank}<propSet><name>{path}</name>{value}</propSet></objects>"


def array(members):
    return f'<val xsi:type="ArrayOfAnything">{"".join(members)}</val>'


@given(st.lists(WORD))
def test_words(given_words):
    value = array(f"<string>{escape(word)}</string>" for word in given_words)
    for blank in ("", " "):
        vm = object_of(written("some.words", value, blank), kind="VirtualMachine")
        read = vm.words("some.words")
        assert read == tuple(given_words) if all(given_words) else isinstance(read, Unknown)


@given(st.lists(st.tuples(WORD, WORD)))
def test_pairs(given_pairs):
    value = array(
        f'<OptionValue xsi:type="OptionValue"><key>{escape(key)}</key>'
        f'<value xsi:type="xsd:string">{escape(word)}</value></OptionValue>'
        for key, word in given_pairs
    )
    for blank in ("", " "):
        vm = object_of(written("config.extraConfig", value, blank), kind="VirtualMachine")
        assert vm.pairs("config.extraConfig") == tuple(given_pairs)


@pytest.mark.parametrize(
    "value",
    [
        "<val><a>1</a></val><val/>", "<val><a>1</a>", "<val><a>1</a> <a>2</a></val>",
        "<val><a>1<b/></a></val>", "<val><a>&lt;</a></val>", "<val><a>1</a><!-- --></val>",
        "<value><a>1</a></value>", "", "<val/>", "<val><a>1</b></val>",
    ],
)  # fmt: skip
def test_what_is_spelt_otherwise_is_left_to_the_parser(value):
    assert vim_text.words(OPENED, value) is None
    assert vim_text.pairs(OPENED, value) is None


def test_a_pair_without_a_value_is_no_setting():
    value = array(["<OptionValue><key>numa.x</key></OptionValue>"])
    assert object_of(written("o", value), kind="VirtualMachine").pairs("o") == ()
    refused = object_of(
        f"{HEAD}<propSet><name>a</name><val/></propSet></objects>", kind="VirtualMachine"
    )
    assert isinstance(refused.pairs("o"), Unknown)


@pytest.mark.parametrize("tag", ['<val :type="ArrayOfX">', '<val xs:type="A">', "<val a>"])
def test_members_below_a_start_tag_that_is_not_well_formed_are_refused(tag):
    members = "<X><id>1</id></X><X><id>2</id></X>"
    host = object_of(written("config.x", f"{tag}{members}</val>"), kind="VirtualMachine")
    with pytest.raises(ParseError):
        host.each("config.x", lambda node: node.text("id"))


MEMBER = '<X xsi:type="X" type="Y">'
READS = {
    '<val xsi:type="xsd:string">one</val>': lambda vm: vm.text("p"),
    f'<val xsi:type="ArrayOfX">{MEMBER}one</X><X>two</X></val>': lambda vm: vm.words("p"),
    f'<val xsi:type="ArrayOfX">{MEMBER}<key>k</key><value xsi:type="xsd:int">1</value></X></val>': (
        lambda vm: vm.pairs("p")
    ),
    '<val xsi:type="A"><n>4</n><x><n>5</n></x></val>': lambda vm: vm.text("p", "n"),
    '<val xsi:type="A"><x><y>5</y></x><n>4</n></val>': lambda vm: vm.text("p", "n"),
    '<val xmlns:i="urn:i" i:type="A"><n>4</n></val>': lambda vm: vm.text("p", "none"),
}  # fmt: skip
"""Values that are cut without a parser, and what cuts them."""


def harmed(value):
    """Yield a value with each sign of its tags, of those that hold attributes, gone or replaced."""
    for tag in re.finditer("<[^<>]* [^<>]*>", value):
        for at in range(tag.start(), tag.end()):
            for instead in ("", " ", '"', "=", ":", "<", "&", "1", "a", '" b="', ' type="'):
                yield value[:at] + instead + value[at + 1 :]


def told(read, text):
    """Return what is read of a VM, or that it is damaged."""
    try:
        return read(object_of(text, kind="VirtualMachine"))
    except ParseError:
        return ParseError


@pytest.mark.parametrize("value", READS)
def test_a_start_tag_that_is_harmed_is_damage_to_whoever_cuts_as_to_the_parser(value):
    refused = 0
    for one in harmed(value):
        # A blank in front of the properties makes the whole object one for the parser.
        parsed = told(READS[value], written("p", one, " "))
        cut = told(READS[value], written("p", one))
        assert cut == parsed, one
        refused += cut is ParseError
    assert refused > 100


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace('Schema-instance"', "Schema-instance"), HEAD.replace("xmlns:xsi", "xmlns:i"),
        HEAD.replace("xmlns:xsd", "xmlns:xsi"), HEAD.replace("<objects ", "<objects a "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [one for one in READS if "xmlns" not in one])
def test_nothing_is_read_below_a_head_that_declares_no_prefix_or_is_cut(head, value):
    text = written("p", value).replace(HEAD, head)
    assert told(READS[value], text) is ParseError


DEVICE = '<device xsi:type="VirtualKeyboard"><key>600</key></device>'
GPU = (
    '<device xsi:type="VirtualPCIPassthrough"><key>13000</key>'
    '<backing xsi:type="VirtualPCIPassthroughVmiopBackingInfo"><vgpu>{}</vgpu></backing></device>'
)


def vm_with(devices):
    return written(
        "config.hardware",
        f"<val><numCPU>4</numCPU><memoryMB>4096</memoryMB>{devices}</val>",
    )


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (vm_with(DEVICE), False),
        (vm_with(DEVICE + GPU.format("grid_a100-40c")), True),
        (vm_with(GPU.format("x").replace("PCIP", "PCI&#80;")), True),  # a sign spelt by its number
        (vm_with(DEVICE + "<device>"), True),  # something is missing, and may have been a GPU
        (vm_with("").replace("</val>", ""), True),
        (written("name", "<val>vm</val>"), True),  # its devices are not known
    ],
)
def test_a_vm_is_read_whole_unless_it_surely_has_no_gpu(text, whole):
    try:
        found = vim_virtual_machine.parse_neighbour(text)
    except vim_virtual_machine.ParseError:
        assert whole
        return
    assert isinstance(found, vim_virtual_machine.VirtualMachine) is whole
    assert found.id == "vm-7"
    if "memoryMB" in text:
        assert found.memory_bytes == 4096 * 2**20


BEHIND = (
    "<simultaneousThreads>2</simultaneousThreads><virtualICH7MPresent>false</virtualICH7MPresent>"
)


@pytest.mark.parametrize("behind", ["", BEHIND])
def test_members_are_cut_where_plain_fields_stand_behind_them(behind):
    devices = ['<device xsi:type="A"><key>1</key></device>', "<device><key>2</key></device>"]
    value = f"<val><numCPU>4</numCPU>{''.join(devices)}{behind}</val>"
    assert vim_text.members(value, "device") == devices


@pytest.mark.parametrize("behind", ["x", "<a><b>1</b></a>", "<a>1", "<a>1</b>", "</device>"])
def test_members_with_anything_else_behind_them_are_left_to_the_parser(behind):
    assert vim_text.members(f"<val><device><key>1</key></device>{behind}</val>", "device") is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"<val><device><key>1</key></device>{BEHIND}</val>", "2"),
        ("<val><simultaneousThreads> 2 </simultaneousThreads></val>", "2"),
        ("<val><device><simultaneousThreads>2</simultaneousThreads></device></val>", None),
        (f"<val>{BEHIND}<device><key>1</key></device></val>", None),
        (f"<val>{BEHIND}{BEHIND}</val>", None),
        (f"<val><simultaneousThreads a='1'/>{BEHIND}</val>", None),
        (f"<val>{BEHIND}", None),
        ("<val><device/></val>", None),
    ],
)
def test_a_field_behind_all_others_is_cut_and_no_other(value, found):
    assert vim_text.trailing_field(OPENED, value, "simultaneousThreads") == found


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize("threads", ["", "<simultaneousThreads>2</simultaneousThreads>"])
def test_a_field_is_the_same_cut_and_parsed(blank, threads):
    value = f"<val><numCPU>4</numCPU><device><key>1</key></device>{threads}</val>"
    vm = object_of(written("config.hardware", value, blank), kind="VirtualMachine")
    read = vm.number("config.hardware", "simultaneousThreads")
    if threads:
        assert read == 2
    else:
        told = "VirtualMachine config.hardware.simultaneousThreads"
        assert (read.why, read.detail, read.asked) == (Why.ABSENT, NOT_SET, told)


def test_half_an_object_is_none():
    whole = written("name", "<val>a</val>")
    with pytest.raises(ParseError):
        object_of(whole.removesuffix("</objects>"), kind="VirtualMachine")
    assert object_of(whole + whole, kind="VirtualMachine").text("name") == "a"
