"""What a reader made of an object is given again where it looked at the same words, else not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.syntax import recall as module
from hostcheck.syntax.recall import LIMIT, SETS, Recall
from hostcheck.syntax.repeats import TRIAL
from hostcheck.syntax.vim_shape import Shaped, shaped

HEAD = "<objects><val>"
WORDS = st.sampled_from(["0", "1", "2", "true"])


def first_or(told):
    """Which words are looked at depends on those before: all of them make the value."""
    if told[0] == "0":
        return ("first", told[0])
    return ("both", told[0], told[1 if told[0] == "1" else 2])


@given(st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS), max_size=60))
def test_what_is_recalled_is_what_reading_gives(texts):
    memory = Recall()
    for told in texts:
        assert memory.read(told, first_or) == first_or(told)


def test_an_object_that_differs_in_words_nobody_looks_at_is_not_read_again():
    memory, asked = Recall(), []

    def reader(told):
        asked.append(1)
        return told[1]

    assert [memory.read((str(number), "same"), reader) for number in range(9)] == ["same"] * 9
    assert memory.read(("0", "other"), reader) == "other"
    assert len(asked) == 2


def test_what_a_reader_raises_is_raised_each_time():
    memory = Recall()

    def reader(told):
        raise ParseError(told[0])

    for _ in range(2):
        with pytest.raises(ParseError, match="odd"):
            memory.read(("odd",), reader)


def test_what_never_comes_again_is_not_kept():
    memory = Recall()
    for number in range(TRIAL):
        memory.read((str(number),), lambda told: told[0])
    assert not memory.on
    assert len(memory) == 0


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "WORTH", TRIAL)
    memory = Recall()
    for number in range(LIMIT * 3):
        told = (str(number),)
        assert memory.read(told, lambda told: told[0]) == memory.read(told, lambda told: told[0])
        assert len(memory) <= LIMIT
    for number in range(SETS * 3):
        words = [f"{number}"] * (number + 1)
        assert memory.read(words, lambda told, at=number: told[at]) == f"{number}"
    assert memory.on


def fields(one):
    return (one.text("id"), one.child("deep").text("number"), one.once(text), one.text("none"))


def text(one):
    return one.text("text")


def member(*words):
    cut = shaped(
        "<device><id>{}</id><deep><number>{}</number></deep><text>{}</text><not>{}</not></device>"
        .format(*words), HEAD, "asked",
    )  # fmt: skip
    assert isinstance(cut, Shaped)
    return cut


@given(st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS), max_size=30))
def test_an_object_reads_the_same_from_memory_however_deep_it_is_looked_at(texts):
    for words in texts:
        assert member(*words).once(fields) == fields(member(*words))


def test_objects_that_go_by_another_name_are_told_apart():
    one = "<device><id>1</id></device>"
    named = [shaped(one, HEAD, name) for name in ("first", "second")]
    assert [cut.once(fields_of_none).asked for cut in named] == ["first.none", "second.none"]


def fields_of_none(one):
    one.text("id")
    return one.text("none")
