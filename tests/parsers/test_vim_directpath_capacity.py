"""vCenter's own count of a vGPU profile."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers.vim_directpath_capacity import REQUEST, parse

METHOD = REQUEST.template.partition(".")[2]
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def answer(inner):
    return f'<{METHOD}Response xmlns="urn:vim25" {XSI}>{inner}</{METHOD}Response>'


def told(kind, inner):
    return answer(f'<returnval xsi:type="DirectPathProfileManager{kind}">{inner}</returnval>')


def test_what_remains():
    numbers = "<consumed>1</consumed><remaining>3</remaining><max>4</max>"
    assert parse(told("CapacityInfo", numbers)) == 3
    assert parse(told("CapacityInfo", "<remaining>0</remaining>")) == 0


@pytest.mark.parametrize(
    "text",
    [answer(""), told("CapacityUnknown", "<faultList/>"), told("CapacityInfo", "<max>4</max>")],
)
def test_no_count_is_not_known_and_never_zero(text):
    found = parse(text)
    assert isinstance(found, Unknown)
    assert found.why is Why.ABSENT


@pytest.mark.parametrize("text", ["", "no XML", "<other/>"])
def test_another_answer_is_refused(text):
    with pytest.raises(ParseError):
        parse(text)


def test_a_count_that_is_no_number_is_not_known():
    found = parse(told("CapacityInfo", "<remaining>many</remaining>"))
    assert isinstance(found, Unknown)
    assert found.why is Why.UNPARSED
