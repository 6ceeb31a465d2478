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
from hostcheck import asked, recording, ways
from hostcheck.assemble.book import Book
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.capture import Path as PropertyPath
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.recording import Recording
from hostcheck.parsers import esxcli_vm_process_list
from hostcheck.sources import asking
from hostcheck.sources.recorded import RecordedSource
from hostcheck.ways.base import SoFar, Way
from hostcheck.ways.replay import ReplayTransport
from hostcheck.ways.shell import script as ssh_script

PACKAGE = Path(hostcheck.__file__).parent
FIXTURES = Path(__file__).parents[1] / "fixtures"
UNASKED = "hostcheck.parsers.unasked."
COPIES = {
    "assemble/book.py": "the same command, named as it goes through the API, in an Unknown",
    "model/capture.py": "a request with its slots and its subject",
    "recording.py": "what a recording says was asked",
    "redact/__init__.py": "the same request, its words redacted, in a recording",
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


@pytest.fixture(scope="module")
def held() -> dict[str, list[Request]]:
    """Every request that a module holds, by the module's name."""
    for module in pkgutil.walk_packages(hostcheck.__path__, "hostcheck."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {
        name: list(_requests(list(vars(module).values())))
        for name, module in sorted(sys.modules.items())
        if name.startswith("hostcheck.")
    }


def test_every_request_of_the_package_is_listed(held: dict[str, list[Request]]) -> None:
    listed = set(asked.requests())
    found = 0
    for name, requests in held.items():
        if name.startswith(UNASKED):
            continue
        sent = [one for one in requests if one.wire != Wire.GIVEN]
        assert [one.template for one in sent if one not in listed] == [], name
        found += len(sent)
    assert found > len(listed)


def test_what_is_never_asked_is_not_listed_and_cannot_be_sent(
    held: dict[str, list[Request]],
) -> None:
    unasked = [one for name, each in held.items() if name.startswith(UNASKED) for one in each]
    assert len(unasked) > 25
    listed = {(one.wire, one.template) for one in asked.requests()}
    for request in unasked:
        assert (request.wire, request.template) not in listed
        assert not any(way.allows(request) for way in ways.every()), request.template


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


WIRES = sorted({one.wire for one in asked.requests()})


def _below(title: str) -> str:
    return asked.page().split(f"{title}\n", 1)[1].split("\n\n", 1)[0]


@pytest.mark.parametrize("wire", WIRES)
def test_a_wire_has_its_heading_and_its_requests_stand_below(wire: str) -> None:
    below = _below(ways.wirings()[wire].title)
    entries = re.findall(r"^  (\S.*)$", below, re.MULTILINE)
    assert entries == [one.template for one in asked.requests() if one.wire == wire]
    paths = {path.name for one in asked.requests() if one.wire == wire for path in one.paths}
    assert paths <= set(below.replace(",", " ").split())


PROBE = """
from hostcheck.model.capture import Path, Request
from hostcheck.ways.base import Way, Wiring

HEARD = Request("probe", "GET /heard", "what a new way asks", paths=(Path("a.b"),))
BESIDE = Request("unnamed", "GET /beside", "asked over a wire without a heading")


def collect(probe, so_far):
    probe.fetch(HEARD)


WAY = Way(
    name="probe",
    wirings=(Wiring("probe", "A new way (only here)", "probe", "json", "nobody probed (--probe)"),),
    requests=(HEARD, BESIDE),
    collect=collect,
    turn=15,
)
"""


@pytest.fixture
def new_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """A way that is nothing but a folder with a way.py in it."""
    folder = tmp_path / "probe"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "way.py").write_text(PROBE)
    monkeypatch.setattr(ways, "__path__", [*ways.__path__, str(tmp_path)])
    ways.every.cache_clear()
    ways.wirings.cache_clear()
    yield ways.named("probe")
    monkeypatch.undo()
    ways.every.cache_clear()
    ways.wirings.cache_clear()
    for name in [one for one in sys.modules if one.startswith("hostcheck.ways.probe")]:
        del sys.modules[name]


def test_a_new_way_cannot_be_left_out(new_way: Way) -> None:
    assert _below("A new way (only here)") == "  GET /heard\n      what a new way asks\n      a.b"
    assert _below("unnamed") == "  GET /beside\n      asked over a wire without a heading"
    assert set(new_way.requests) <= set(asked.requests())


def test_a_new_way_lets_through_what_is_listed_and_nothing_else(new_way: Way) -> None:
    heard, beside = new_way.requests
    assert new_way.allows(heard.of("host-1"))
    for other in (
        Request("probe", "DELETE /heard", ""),
        Request("shell", heard.template, ""),
        Request("probe", heard.template, "", paths=(PropertyPath("a.secret"),)),
    ):
        assert not new_way.allows(other), other
    assert not any(way.allows(beside) for way in ways.every() if way is not new_way)


def test_a_new_way_is_asked_recorded_and_replayed(new_way: Way, tmp_path: Path) -> None:
    heard, _ = new_way.requests

    class Probe(ReplayTransport):
        def fetch(self, request: Request) -> Capture:
            assert new_way.allows(request)
            return Capture(request, '{"a": {"b": 1}}', taken_at="2026-11-29T00:00:00Z")

    def opener(so_far: SoFar) -> Probe:
        assert so_far.system() is not None  # its turn comes after vSphere was asked
        return Probe(Recording(so_far.ref, {}))

    source = RecordedSource(FIXTURES / "2n-2xA100-80-esxi803")
    (ref,) = source.machines()
    there = source.read(ref)
    found = asking.finish(ref, there, {"probe": opener})
    assert found.captures[heard.key].text == '{"a": {"b": 1}}'
    recording.save(found, tmp_path / "saved")
    assert (tmp_path / "saved/probe/GET_heard.json").read_text() == '{"a": {"b": 1}}'
    again = RecordedSource(tmp_path / "saved").collect(ref)
    assert again.captures[heard.key].text == '{"a": {"b": 1}}'
    without = Book(source.collect(ref).captures).read(heard, str)
    assert without.value == Unknown(Why.NOT_ASKED, "nobody probed (--probe)", heard.text)


def test_esxcli_asks_by_the_api_what_the_shell_asks() -> None:
    alone = {esxcli_vm_process_list.REQUEST.template}  # it serves sched-stats, which the API lacks
    shell = [one.template for one in ways.named("shell").requests if "esxcli " in one.template]
    shell = [one for one in shell if one not in alone]
    assert [one.template for one in ways.named("esxcli").requests] == shell


def test_the_frame_of_commands_on_the_page_is_the_one_that_is_sent() -> None:
    script = ssh_script.Script(["COMMAND", "COMMAND"]).text
    mark = script.removeprefix("m=").partition(";")[0]
    assert mark.startswith("hostcheck-")
    assert f"  {script.replace(mark, 'MARK')}\n" in asked.page()


def _seen_ways(folder: Path) -> set[str]:
    """Other ways that the files of a way import."""
    seen = set()
    for place in folder.glob("*.py"):
        for each in ast.walk(ast.parse(place.read_text())):
            names = [one.name for one in each.names] if isinstance(each, ast.Import) else []
            if isinstance(each, ast.ImportFrom):
                names = [f"{each.module}.{one.name}" for one in each.names]
            seen |= {name.split(".")[2] for name in names if name.startswith("hostcheck.ways.")}
    return (seen & {way.name for way in ways.every()}) - {folder.name}


def test_no_way_sees_another_but_the_visit_to_a_guest_which_goes_over_two() -> None:
    folders = {way.name: PACKAGE / "ways" / way.name for way in ways.every()}
    assert all(folder.is_dir() for folder in folders.values())
    assert {name: _seen_ways(folder) for name, folder in folders.items() if _seen_ways(folder)} == {
        "guest": {"shell", "vsphere"}
    }
