"""What is cut out of an answer of vSphere."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.syntax.vim_objects import object_of
from hostcheck.ways.vsphere import soap

XSI = "http://www.w3.org/2001/XMLSchema-instance"
OBJECT = (
    '<objects><obj type="Folder">group-1</obj><propSet><name>name</name>'
    '<val xsi:type="xsd:string">a</val></propSet></objects>'
)


def cut(namespace, count=3):
    envelope = f'<e:Envelope xmlns:xsi="{namespace}" xmlns:e="urn:e">{OBJECT * count}</e:Envelope>'
    return [text for _, text in soap.objects_in(envelope.encode())]


def test_each_object_declares_the_namespaces_of_the_envelope():
    for text in cut(XSI):
        assert f'xmlns:xsi="{XSI}"' in text
        assert object_of(text, kind="Folder").text("name") == "a"


def test_a_namespace_of_a_megabyte_is_not_copied_to_each_object():
    texts = cut(XSI + "x" * 1_000_000, count=50)
    assert len(texts) == 50
    assert sum(map(len, texts)) < 50 * 1_000
    assert f'"{XSI}"' not in texts[0], "nor is it taken for another one"


def test_a_namespace_that_is_cut_is_damage():
    (text, *_) = cut(f"{XSI}&")
    with pytest.raises(ParseError):
        object_of(text, kind="Folder")


START = '<OptionValue xsi:type="OptionValue"><key>'
PIECES = st.sampled_from([
    START, "<OptionValue><key>", "<OptionValue> <key>", "<OptionValue>x<key>", "</OptionValue>",
    "</key><value>", '</key><value xsi:type="xsd:string">', "</value>", "numa.nodes", "guestinfo.a",
    "secret", " ", "OptionValue", "<key>", "<", "<![CDATA[", "]]>", "<OptionValues><key>",
    f"</value></OptionValue>{START}guestinfo.b</key><value>",
    f"</value></OptionValue>{START}sched.cpu.min</key><value>",
])  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
@example(f"{START}guestinfo.a</key><value>secret")
@example(f"{START}numa.nodes</key><value>1</value></OptionValue>{START}guestinfo.a</key><value>s")
@example(f"{START}guestinfo.a</key><value>OptionValue</value></OptionValue>")
def test_settings_are_dropped_alike_however_they_are_spelt(settings):
    inner = f'<obj type="VirtualMachine">vm-1</obj><val>{settings}</val>'.encode()
    assert soap._without_unknown(inner) == soap._NOT_KEPT.sub(b"", inner)


def test_settings_as_servers_write_them_are_not_looked_at_one_by_one(monkeypatch):
    monkeypatch.setattr(soap, "_NOT_KEPT", None)
    kept, dropped = (
        f"{START}{key}</key><value>1</value></OptionValue>".encode()
        for key in ("numa.nodes", "guestinfo.a")
    )
    assert soap._without_unknown(b"a" + dropped + kept + dropped + kept + b"b") == (
        b"a" + kept + kept + b"b"
    )
    assert soap._without_unknown(b"a" + dropped + b"b") == b"ab"
