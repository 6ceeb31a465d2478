"""`OptionManager.QueryOptions`: one setting, told, not told, or told in odd words."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers.vim_query_options import HOT_MIGRATION, parse


def told(value, key=HOT_MIGRATION):
    option = f"<returnval><key>{key}</key>{value}</returnval>"
    return parse(f"<QueryOptionsResponse>{option}</QueryOptionsResponse>")


@pytest.mark.parametrize(
    ("words", "value"), [("true", True), ("false", False), ("1", True), (" True ", True)]
)
def test_a_value(words, value):
    assert told(f"<value>{words}</value>") is value


@pytest.mark.parametrize("words", ["", "yes", "perhaps", "2"])
def test_a_value_that_is_no_boolean(words):
    found = told(f"<value>{words}</value>")
    assert isinstance(found, Unknown)
    assert found.why is Why.UNPARSED


@pytest.mark.parametrize(
    "found", [told("", key="other"), told(""), parse("<QueryOptionsResponse/>")]
)
def test_a_setting_that_is_not_told(found):
    assert isinstance(found, Unknown)
    assert found.why is Why.ABSENT


@pytest.mark.parametrize("text", ["", "<other/>", "<QueryOptionsResponse>", "plain"])
def test_no_answer(text):
    with pytest.raises(ParseError):
        parse(text)
