"""Equal texts are read once, in a bounded memory that goes where nothing repeats."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax import repeats, vim, vim_objects
from hostcheck.syntax.repeats import TRIAL, Repeats
from hostcheck.syntax.vim_objects import object_of, objects_of
from hostcheck.ways.vsphere import soap

TYPES = (
    b'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def test_what_was_read_of_a_text_is_there_for_the_next():
    memory = Repeats()
    memory.of("a")["length"] = 0
    assert (memory.of("b"), len(memory)) == ({}, 0), "what came once is not kept"
    assert memory.of("a") == {}
    memory.of("a")["length"] = 1
    assert memory.of("a") == {"length": 1}
    assert memory.of("b") == {}
    assert len(memory) == 2


def test_texts_that_all_differ_are_not_kept():
    memory = Repeats()
    for number in range(TRIAL * 2):
        memory.of(f"S{number}")
    assert not memory.on
    assert len(memory) == memory.characters == 0
    memory.of("a")["length"] = 1
    assert memory.of("a") == {}


def test_texts_that_repeat_now_and_then_are_kept():
    memory = Repeats()
    for number in range(TRIAL * 4):
        memory.of(f"S{number // 2}")
    assert memory.on


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(repeats, "LIMIT_CHARACTERS", 1000)
    memory = Repeats()
    for number in range(500):
        memory.of(f"{number % 40:0100}")
        assert memory.characters <= 1000
        assert len(memory) <= 10
    memory.of("x" * 2000)
    assert memory.characters <= 1000


def answer(*properties, refused=""):
    sets = "".join(f"<propSet><name>{name}</name>{value}</propSet>" for name, value in properties)
    text = (f'<objects><obj type="HostSystem">host-1</obj>{sets}{refused}</objects>').encode()
    ((_, xml),) = soap.objects_in(b"<e " + TYPES + b">" + text + b"</e>")
    return xml


def words(node):
    return tuple(item.words for item in node.items())


LIST = '<val xsi:type="ArrayOfString"><string>a</string><string>b</string></val>'


def test_short_values_are_read_once_for_all_objects_that_have_them(monkeypatch):
    vim.remembered.cache_clear()
    monkeypatch.setattr(vim_objects, "REMEMBERED", 3)
    one, other = (
        object_of(answer(("name", f"<val>{name}</val>"), ("vm", LIST)), kind="HostSystem")
        for name in ("esx-1", "esx-2")
    )
    assert one.text("name") == "esx-1"
    assert other.text("name") == "esx-2"
    assert one.words("vm") is other.words("vm")
    kept = vim.remembered(one.kind, one._head)
    for number in range(9):
        object_of(answer(("name", f"<val>{number}</val>")), kind="HostSystem")
        assert 1 <= len(kept) <= 3
    assert one.words("vm") == ("a", "b")


REFUSED = (
    '<missingSet><path>config.service</path><fault><fault xsi:type="NoPermission">'
    "<privilegeId>System.Read</privilegeId></fault></fault></missingSet>"
)


@pytest.mark.parametrize("spelling", ["cut", "blanks", "comment", "prefix"])
def test_an_object_reads_the_same_however_it_is_spelt(spelling):
    text = answer(
        ("name", '<val xsi:type="xsd:string">esx &amp; co</val>'),
        ("hardware.memorySize", "<val>42</val>"), ("vm", LIST),
        refused=REFUSED,
    )  # fmt: skip
    if spelling == "blanks":
        text = text.replace("<propSet>", "\n  <propSet>\n  ").replace("</objects>", "\n</objects>")
    if spelling == "comment":
        text = text.replace("<val>", "<!-- </propSet> --><val>")
    if spelling == "prefix":
        text = text.replace('xmlns="urn:vim25"', 'xmlns:v="urn:vim25"')
        for tag in ("objects", "obj", "propSet", "name", "val", "missingSet", "path"):
            text = text.replace(f"<{tag}", f"<v:{tag}").replace(f"</{tag}", f"</v:{tag}")
        text = text.replace("v:objects", "objects").replace("<v:object", "<object")
    found = object_of(text, kind="HostSystem")
    assert (found.kind, found.id) == ("HostSystem", "host-1")
    assert found.text("name") == "esx & co"
    assert found.number("hardware.memorySize") == 42
    assert found.read("vm", words) == ("a", "b")
    refused = found.text("config.service")
    assert isinstance(refused, Unknown)
    assert (refused.why, refused.privilege) == (Why.DENIED, "System.Read")
    assert found.text("config.product", "version").why is Why.ABSENT


@pytest.mark.parametrize(
    "value", ["<val><a></val>", "<val>&unknown;</val>", "<val>\x00</val>", "<value>1</value"]
)
def test_a_value_that_is_no_xml_is_a_parse_error(value):
    with pytest.raises(ParseError):
        [one.text("name") for one in objects_of(answer(("name", value)), what="HostSystem")]
