"""Data objects of plain fields: cut from their text they read as the parser reads them."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.syntax.vim_node import XSI, Node, plain
from hostcheck.syntax.xml import root_of

HEAD = f'<objects xmlns:xsi="{XSI}"><val xmlns:odd="urn:odd">'
NAMES = ("id", "busNumber", "sriovCapable", "text")
WORDS = st.sampled_from(["", " ", "0", "-32634", " 7 ", "true", "1", "false", "af:00.0", "é #1"])
MARKS = st.sampled_from(["", "<", ">", "&", "/", "x", '"', "</id>"])
FIELDS = st.lists(st.tuples(st.sampled_from(NAMES), WORDS), max_size=6)
TYPES = st.sampled_from(["", ' xsi:type="HostSriovInfo"', ' xsi:type="vim25:HostSriovInfo"'])


def member(fields, type_="", between=""):
    """One member of an array."""
    inside = between.join(f"<{name}>{escape(words)}</{name}>" for name, words in fields)
    return f"<device{type_}>{inside}</device>"


def reads(node):
    """Everything that can be asked of a data object."""
    found = [node.asked, node.type, node.words, node.text(), node.tells(*NAMES), node.tells("none")]
    found += [(one.asked, one.type, one.words) for one in node.items()]
    for name in (*NAMES, "none"):
        found += [node.text(name), node.number(name), node.truth(name), node.tells(name)]
        found += [node.text(name, "deeper"), node.word(name, among=("true", "1"))]
        found += [node.number(name, "deeper"), node.truth(name, "deeper")]
        found += [(one.asked, one.words, one.text()) for one in node.children(name)]
        child = node.child(name)
        found += [child if not isinstance(child, Node) else (child.asked, child.words)]
        try:
            found.append(node.numbers(name))
        except ParseError as error:
            found.append(str(error))
    return found


def parsed(text):
    """The same member, from the parser."""
    return Node(root_of(f"{HEAD}{text}</val></objects>", what="test")[0][-1], "asked")


@given(FIELDS, TYPES)
def test_plain_fields_read_as_the_parser_reads_them(fields, type_):
    text = member(fields, type_)
    cut = plain(text, HEAD, "asked")
    assert cut is not None
    assert reads(cut) == reads(parsed(text))


@pytest.mark.parametrize("words", ["esx-01.lab.test", " 7 ", "", "é"])
def test_a_member_of_words_alone_reads_as_the_parser_reads_it(words):
    cut = plain(f"<string>{words}</string>", HEAD, "asked")
    assert cut is not None
    assert reads(cut) == reads(parsed(f"<string>{words}</string>"))


@given(FIELDS, TYPES, st.integers(0, 400), st.integers(0, 3), MARKS)
def test_what_is_damaged_is_left_to_the_parser_or_reads_the_same(fields, type_, at, lost, put):
    text = member(fields, type_)
    at %= len(text)
    text = text[:at] + put + text[at + lost :]
    cut = plain(text, HEAD, "asked")
    if cut is not None:
        assert reads(cut) == reads(parsed(text))


@pytest.mark.parametrize(
    "text",
    [
        "<device><id>1</id> <text>2</text></device>", "<device> <id>1</id></device>",
        "<device><id>1</id>words</device>", "<device><id>a&amp;b</id></device>",
        "<device><id>1<text>2</text></id></device>", "<device><id/></device>",
        '<device><id type="x">1</id></device>', '<device odd:type="X"><id>1</id></device>',
        '<device none:type="X"><id>1</id></device>', "<device><id>1</text></device>",
        '<device type="X"><id>1</id></device>', "<device/>", "<device><id>1</id>", "",
        "<device><!-- --><id>1</id></device>", "<x:device><id>1</id></x:device>",
    ],
)  # fmt: skip
def test_what_is_spelt_otherwise_is_left_to_the_parser(text):
    assert plain(text, HEAD, "asked") is None


def test_the_last_declaration_of_a_prefix_holds():
    text = '<device xsi:type="X"><id>1</id></device>'
    assert plain(text, HEAD, "asked") is not None
    assert plain(text, f'{HEAD}<val xmlns:xsi="urn:other">', "asked") is None
