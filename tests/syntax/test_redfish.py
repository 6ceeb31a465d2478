"""One Redfish resource: what is told twice is told by nobody."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.syntax.redfish import resource_of


def test_a_setting_that_is_told_twice_is_no_answer() -> None:
    twice = '{"Attributes": {"SriovGlobalEnable": "Disabled", "SriovGlobalEnable": "Enabled"}}'
    with pytest.raises(ParseError, match="'SriovGlobalEnable' is told twice"):
        resource_of(twice, asked="GET Bios")
    assert resource_of('{"Attributes": {"A": "1", "B": "1"}}', asked="GET Bios").get("Attributes")
