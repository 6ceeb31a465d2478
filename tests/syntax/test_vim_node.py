"""Data objects of shapes that are known: cut from their text they read as parsed ones do."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.syntax.vim_node import XSI, Node
from hostcheck.syntax.vim_shape import LONGEST, OFTEN, _latest, _shape, shaped
from hostcheck.syntax.xml import root_of

HEAD = f'<objects xmlns:xsi="{XSI}"><val xmlns:odd="urn:odd">'
NAMES = ("id", "busNumber", "sriovCapable", "text")
WORDS = st.sampled_from(["", " ", "0", "-32634", " 7 ", "true", "1", "false", "af:00.0", "é #1"])
MARKS = st.sampled_from(["", "<", ">", "&", "/", "x", '"', "</id>"])
FIELDS = st.recursive(
    st.lists(st.tuples(st.sampled_from(NAMES), WORDS), max_size=6),
    lambda inner: st.lists(st.tuples(st.sampled_from(NAMES), WORDS | inner), max_size=4),
    max_leaves=4,
)
TYPES = st.sampled_from(["", ' xsi:type="HostSriovInfo"', ' xsi:type="vim25:HostSriovInfo"'])


def member(fields, type_="", between=""):
    """One member of an array; the words of a field may be fields in their turn."""
    return f"<device{type_}>{_inside(fields, type_, between)}</device>"


def _inside(fields, type_, between):
    if isinstance(fields, str):
        return escape(fields)
    return between.join(
        f"<{name}{type_ * isinstance(words, list)}>{_inside(words, type_, between)}</{name}>"
        for name, words in fields
    )


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
        found += [child if not isinstance(child, Node) else child.text(one) for one in NAMES]
        found += [node.text(name, one) for one in NAMES] + [node.truth(name, "id")]
        found += [each.number("id", "id") for each in node.children(name)]
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
    cut = shaped(text, HEAD, "asked")
    assert cut is not None
    assert reads(cut) == reads(parsed(text))


@pytest.mark.parametrize("words", ["esx-01.lab.test", " 7 ", "", "é"])
def test_a_member_of_words_alone_reads_as_the_parser_reads_it(words):
    cut = shaped(f"<string>{words}</string>", HEAD, "asked")
    assert cut is not None
    assert reads(cut) == reads(parsed(f"<string>{words}</string>"))


@given(FIELDS, TYPES, st.integers(0, 400), st.integers(0, 3), MARKS)
def test_what_is_damaged_is_left_to_the_parser_or_reads_the_same(fields, type_, at, lost, put):
    text = member(fields, type_)
    at %= len(text)
    text = text[:at] + put + text[at + lost :]
    cut = shaped(text, HEAD, "asked")
    if cut is not None:
        assert reads(cut) == reads(parsed(text))


@pytest.mark.parametrize(
    "text",
    [
        "<device><id>1</id> <text>2</text></device>", "<device> <id>1</id></device>",
        "<device><id>1</id>words</device>", "<device>words<id>1</id></device>", "<device/>",
        "<device><id>a&amp;b</id></device>", "<device><id>1<text>2</text></id></device>",
        '<device><id/><text x=">">2</text></device>', '<device><id type="x">1</id></device>',
        '<device odd:type="X"><id>1</id></device>', '<device type="X"><id>1</id></device>',
        "<device><id>\n1\t</id></device>", "<device><id>1</id><id>2</id><id/></device>",
        "<device><id>-1_0</id><text>\N{DEVANAGARI DIGIT SIX}</text></device>",
    ],
)  # fmt: skip
def test_what_is_spelt_otherwise_reads_as_the_parser_reads_it(text):
    for _ in range(2):
        cut = shaped(text, HEAD, "asked")
        assert cut is not None
        assert reads(cut) == reads(parsed(text))


@pytest.mark.parametrize(
    "text",
    [
        '<device none:type="X"><id>1</id></device>', "<device><id>1</text></device>",
        "<device><id>1</id>", "", "<device><!-- --><id>1</id></device>",
        "<x:device><id>1</id></x:device>", "<odd:device><id>1</id></odd:device>",
        "<device><id>>1</id></device>", "<device><id> >1</id></device>",
        "<device><id>1</id></device><device/>", "<device></val><val><id>1</id></device>",
        "<device><id>\ue0000\ue000</id></device>", "<device><id>\uffff</id></device>",
        "<device><id>&#xe000;0&#xe000;</id><text>words</text></device>",
        "<device><id>\x1f</id></device>", "<device><id><?xml 1?></id></device>",
        f"<device><id>{'1' * LONGEST}</id></device>",
    ],
)  # fmt: skip
def test_what_servers_do_not_write_is_left_to_the_parser(text):
    assert shaped(text, HEAD, "asked") is None


def test_the_last_declaration_of_a_prefix_holds():
    text = '<device xsi:type="X"><id>1</id></device>'
    first, other = (
        shaped(text, head, "") for head in (HEAD, f'{HEAD[:-1]} xmlns:xsi="urn:other">')
    )
    assert first is not None
    assert other is not None
    assert (first.type, other.type) == ("X", "")


@given(FIELDS, TYPES, st.integers(0, 400), st.integers(0, 3), MARKS)
def test_what_follows_objects_of_a_shape_reads_as_the_parser_reads_it(fields, type_, at, lost, put):
    text = member(fields, type_)
    for _ in range(OFTEN):
        before = shaped(text, HEAD, "asked")
    assert before is not None
    assert reads(before) == reads(parsed(text))
    at %= len(text)
    damaged = text[:at] + put + text[at + lost :]
    cut = shaped(damaged, HEAD, "asked")
    if cut is not None:
        assert reads(cut) == reads(parsed(damaged))


def test_a_shape_that_comes_often_is_cut_by_its_own_expression():
    _shape.cache_clear()
    _latest.cache_clear()
    for number in range(OFTEN + 2):
        cut = shaped(f"<device><id>{number}</id></device>", HEAD, "asked")
        assert cut is not None
        assert cut.number("id") == number
    assert _latest(HEAD).shape is not None
    assert _shape.cache_info().hits == OFTEN - 1


def test_shapes_are_learned_once():
    _shape.cache_clear()
    for number in range(50):
        cut = shaped(f"<device><id>{number}</id><text>é {number}</text></device>", HEAD, "asked")
        assert cut is not None
        assert cut.number("id") == number
    assert _shape.cache_info().misses == 1
