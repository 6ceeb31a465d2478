"""What is cut out of an answer of vSphere."""

import pytest

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
