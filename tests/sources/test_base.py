"""What a source is: few members, each of which does something, and the same in all of them."""

import ast
import inspect
import textwrap

import pytest

from hostcheck.sources.base import Source
from hostcheck.sources.live import LiveSource
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.several import Vcenters

MEMBERS = {name for name in vars(Source) if not name.startswith("_")}
VALUES = {"about", "one_by_one"}
"""Values: a source may keep them as attributes."""


def test_a_source_has_few_members():
    assert len(MEMBERS) <= 9


@pytest.mark.parametrize("kind", [LiveSource, Vcenters, RecordedSource])
def test_every_member_does_something(kind):
    for name in MEMBERS - VALUES:
        body = ast.parse(textwrap.dedent(inspect.getsource(getattr(kind, name)))).body[0].body
        told = [one for one in body if not isinstance(one, ast.Expr | ast.Pass)]
        assert told or any(isinstance(getattr(one, "value", None), ast.Call) for one in body), name
