"""Data objects of shapes that are known: cut from their text they read as parsed ones do."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.syntax.vim_node import XSI, Node
from hostcheck.syntax.vim_shape import LONGEST, OFTEN, _latest, _shape, all_shaped, shaped
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


def row_of(texts):
    """What is cut of an array of these members."""
    return all_shaped(f"<val>{''.join(texts)}</val>", len("<val>"), HEAD, "asked")


ROWS = st.lists(st.tuples(FIELDS, TYPES), min_size=1, max_size=3)


@given(ROWS, st.integers(0, 400), st.integers(0, 3), MARKS)
def test_members_in_a_row_read_as_the_parser_reads_them(rows, at, lost, put):
    texts = [member(fields, type_) for fields, type_ in rows]
    for _ in range(OFTEN):
        row = row_of(texts)
    value = "".join(texts)
    assert (row is None) is not value.isascii()
    if row is not None:
        assert [reads(one) for one in row] == [reads(parsed(text)) for text in texts]
    at %= len(value)
    value = value[:at] + put + value[at + lost :]
    row = row_of([value])
    if row is not None:
        root = root_of(f"{HEAD}{value}</val></objects>", what="test")[0]
        assert [reads(one) for one in row] == [reads(Node(one, "asked")) for one in root]


@pytest.mark.parametrize(
    "value",
    [
        "", "words", "<device><id>1</id></device> ", "<device><id>1</id></device><other>1</other>",
        "<device><id>1</id></device><other><id>1</id></other>", "<device><id>1</id>",
        "<device><id>1</id></device><device><id>1</id>", "<device><device>1</device></device>",
        "<device><id>1</id></device>words<device><id>1</id></device>",
        "<device><id>é</id></device>", "<device/><device><id>1</id></device>", "<val><id>1</id>",
        "<device><id>1</id></device><val>",
    ],
)  # fmt: skip
def test_an_array_that_servers_do_not_write_is_not_cut_in_a_row(value):
    for _ in range(OFTEN + 1):
        row_of(["<device><id>1</id></device>"])
        row_of(["<other><id>1</id></other>"])
        assert row_of([value]) is None


def test_members_that_come_often_are_cut_by_the_expression_of_their_shape():
    _shape.cache_clear()
    _latest.cache_clear()
    kinds = ("<device><id>{}</id></device>", "<device><text>{}</text></device>")
    for number in range(OFTEN * 2):
        row = row_of([kinds[number % 2].format(number), kinds[0].format(number)])
        assert row is not None
        assert [one.number("id") for one in row][1] == number
    cut = [_latest(HEAD, "device").cut(one.format(7), 0) for one in kinds]
    assert [found and found[1].groups() for found in cut] == [("7",), ("7",)]
    assert _shape.cache_info().hits + _shape.cache_info().misses == OFTEN * 2


def test_shapes_are_learned_once():
    _shape.cache_clear()
    for number in range(50):
        cut = shaped(f"<device><id>{number}</id><text>é {number}</text></device>", HEAD, "asked")
        assert cut is not None
        assert cut.number("id") == number
    assert _shape.cache_info().misses == 1
