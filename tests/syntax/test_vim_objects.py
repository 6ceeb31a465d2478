"""Objects are cut out of a listing, however long, without another copy of it."""

import tracemalloc

import pytest

from hostcheck.errors import ParseError
from hostcheck.syntax.vim_objects import objects_of

ONE = (
    '<objects xmlns="urn:vim25"><obj type="HostSystem">host-{}</obj><propSet><name>name</name>'
    "<val>esx-{}</val></propSet></objects>"
)


def objects(count):
    return "".join(ONE.format(number, number) for number in range(count))


def names(text):
    return [(one.id, one.text("name")) for one in objects_of(text, what="test")]


@pytest.mark.parametrize("text", ["<listing>{}</listing>", "<listing>{}\n</listing>"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_listing_holds_its_objects(text, count):
    found = names(text.format(objects(count)))
    assert found == [(f"host-{number}", f"esx-{number}") for number in range(count)]


@pytest.mark.parametrize("text", ["<listing>{}", "{}</listing>", "{}<listing></listing>"])
def test_a_damaged_listing_is_not_read_as_a_whole_one(text):
    with pytest.raises(ParseError):
        names(text.format(objects(2) + "<objects>"))


def test_a_listing_is_read_without_a_copy_of_it():
    text = f"<listing>{objects(20_000)}</listing>"
    next(objects_of(text, what="test"))
    tracemalloc.start()
    try:
        assert sum(1 for _ in objects_of(text, what="test")) == 20_000
        assert tracemalloc.get_traced_memory()[1] < len(text) / 2, "names that are kept, no text"
    finally:
        tracemalloc.stop()
