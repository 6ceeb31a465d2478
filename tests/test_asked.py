"""`hostcheck requests` leaves nothing out: it holds every request that the package holds."""

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hostcheck
from hostcheck import asked
from hostcheck.model.capture import Path as PropertyPath
from hostcheck.model.capture import Request, Wire
from hostcheck.ways.shell import script as ssh_script

PACKAGE = Path(hostcheck.__file__).parent
UNASKED = "hostcheck.parsers.unasked."
COPIES = {
    "assemble/book.py": "the same command, named as it goes through the API, in an Unknown",
    "model/capture.py": "a request with its slots and its subject",
    "recording.py": "what a recording says was asked",
    "ways/guest/steps.py": "steps, listed one by one",
}
"""Where requests are made by functions, and of what."""


def _requests(value: Any, depth: int = 3) -> Iterator[Request]:
    if isinstance(value, Request):
        yield value
    elif isinstance(value, dict) and depth:
        yield from _requests([*value, *value.values()], depth - 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth:
        for one in value:
            yield from _requests(one, depth - 1)
    elif isinstance(value, type) and depth and value.__module__.startswith("hostcheck"):
        yield from _requests(list(vars(value).values()), depth - 1)


def _held() -> dict[str, list[Request]]:
    """Every request that a module holds, by the module's name."""
    for module in pkgutil.walk_packages(hostcheck.__path__, "hostcheck."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {
        name: list(_requests(list(vars(module).values())))
        for name, module in sorted(sys.modules.items())
        if name.startswith("hostcheck.")
    }


HELD = _held()


def test_every_request_of_the_package_is_listed() -> None:
    listed = set(asked.requests())
    found = 0
    for name, requests in HELD.items():
        if name.startswith(UNASKED):
            continue
        sent = [one for one in requests if one.wire is not Wire.GIVEN]
        assert [one.template for one in sent if one not in listed] == [], name
        found += len(sent)
    assert found > len(listed)


def test_what_is_never_asked_is_not_listed_and_cannot_be_sent() -> None:
    unasked = [one for name, held in HELD.items() if name.startswith(UNASKED) for one in held]
    assert len(unasked) > 30
    listed = {(one.wire, one.template) for one in asked.requests()}
    for request in unasked:
        assert (request.wire, request.template) not in listed
        assert not asked.may_run(request), request.template


def test_requests_are_constants() -> None:
    made = set()
    for place in PACKAGE.rglob("*.py"):
        for each in ast.walk(ast.parse(place.read_text())):
            if isinstance(each, ast.FunctionDef) and any(
                isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Request"
                for call in ast.walk(each)
            ):
                made.add(place.relative_to(PACKAGE).as_posix())
    assert made == set(COPIES)


@pytest.mark.parametrize("wire", [one for one in Wire if one is not Wire.GIVEN])
def test_a_wire_has_its_heading_and_its_requests_stand_below(wire: Wire) -> None:
    text = asked.page()
    below = text.split(f"{asked.TITLES[wire]}\n", 1)[1].split("\n\n", 1)[0]
    entries = re.findall(r"^  (\S.*)$", below, re.MULTILINE)
    assert entries == [one.template for one in asked.requests() if one.wire is wire]
    paths = {path.name for one in asked.requests() if one.wire is wire for path in one.paths}
    assert paths <= set(below.replace(",", " ").split())


def test_a_wire_without_heading_still_shows() -> None:
    request = Request(Wire.GIVEN, "Some.Thing", "why", paths=(PropertyPath("a.b"),))
    assert "given\n  Some.Thing\n      why\n      a.b\n" in asked.page([request])


def test_the_frame_of_commands_on_the_page_is_the_one_that_is_sent() -> None:
    script = ssh_script.Script(["COMMAND", "COMMAND"]).text
    mark = script.removeprefix("m=").partition(";")[0]
    assert mark.startswith("hostcheck-")
    assert f"  {script.replace(mark, 'MARK')}\n" in asked.page()
