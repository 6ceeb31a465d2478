"""The house is in order: nothing private, no file and no function too long, hooks that run."""

import ast
import configparser
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from tests.private_data import FINDS, FIXTURES, private, scan

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hostcheck"
LONGEST_FILE, LONGEST_FUNCTION = 450, 60


@cache
def _trees() -> dict[Path, ast.Module]:
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in PACKAGE.rglob("*.py")}


@cache
def _nodes(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_trees()[file]))


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def _functions(file: Path) -> Iterator[tuple[str, int]]:
    """Yield each function with its lines of code: no docstring, no comment, no blank."""
    lines = file.read_text(encoding="utf-8").splitlines()
    for one in _nodes(file):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            end = one.end_lineno or one.lineno
            told = set()
            if ast.get_docstring(one):
                told = set(range(one.body[0].lineno, (one.body[0].end_lineno or 0) + 1))
            code = [
                number
                for number in range(one.lineno, end + 1)
                if number not in told
                and lines[number - 1].strip().strip("#")
                and not lines[number - 1].lstrip().startswith("#")
            ]
            yield one.name, len(code)


def test_files_are_short() -> None:
    files = {one.relative_to(PACKAGE).as_posix(): _lines(one) for one in PACKAGE.rglob("*.py")}
    assert [f"{name}: {lines}" for name, lines in files.items() if lines > LONGEST_FILE] == []


def test_functions_are_short() -> None:
    functions = {
        f"{one.relative_to(PACKAGE).as_posix()}:{name}": lines
        for one in PACKAGE.rglob("*.py")
        for name, lines in sorted(_functions(one), key=lambda found: found[1])
    }
    assert [
        f"{name}: {lines}" for name, lines in functions.items() if lines > LONGEST_FUNCTION
    ] == []


def test_fixtures_hold_nothing_private() -> None:
    files = [one for one in FIXTURES.rglob("*") if one.is_file()]
    assert len(files) > 100
    assert scan(files) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<name>esx01.dc2.firma.ch</name>", "name"),
        ("esxi-7.corp", "name"),
        ("jane.doe@hospital.org", "mail"),
        ("<ipAddress>8.8.4.4</ipAddress>", "address"),
        ("server 10.20.30.40,", "address"),
        ("172.16.4.9", "address"),
        ("<macAddress>3c:ec:ef:12:34:56</macAddress>", "MAC"),
        ("<serialNumber>CZ2D1X0ABC</serialNumber>", "serial"),
        ("\tSerial Number                     : 1654922003111", "serial"),
        ("<serial>1654922003111</serial>", "serial"),
        ("HG00K-03H8K-48929-8K1NP-3LUJ4", "licence"),
        ("-----BEGIN RSA PRIVATE KEY-----", "secret"),
        ("password=hunter2", "secret"),
        ("vmware_soap_session=52ab", "secret"),
    ],
)
def test_the_scan_sees_what_is_private(text: str, kind: str) -> None:
    assert kind in FINDS
    assert kind in {found for found, _ in private(text)}


def test_the_scan_leaves_what_was_made_up() -> None:
    for text in (
        "esx-01.lab.test", "www.w3.org", "127.1.0.22", "02:00:00:00:00:01", "8.0.3.0",
        "config.product", "<serial>1320322014840</serial>", "root@esx.example.com",
    ):  # fmt: skip
        assert list(private(text)) == [], text


def test_the_page_has_every_room_on_its_floor() -> None:
    """Whoever looks for the room of a line finds it in docs/dataflow.md, floor by floor."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    told = setup["importlinter:contract:layers"]["layers"].split("\n")
    floors = [set(one.split(" | ")) for one in told if one]
    page = (ROOT / "docs" / "dataflow.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \|", page.partition("## Every room")[2], re.MULTILINE
    )
    assert [set(re.findall(r"\w+", one)) for one in rows] == floors


def test_hooks_run_what_there_is() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"entry: (.*)", text)
    assert len(entries) == 3
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    for entry in entries:
        tool, *_ = entry.removeprefix(".venv/bin/").split()
        assert tool == "python" or f"$(BIN)/{tool}" in made, entry
    assert "python -m tests.private_data" in text


def test_what_is_installed_has_ranges_and_a_pin_within_each() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    pins = dict(
        line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().split() if line
    )
    needed = setup["options"]["install_requires"].split()
    assert len(needed) >= 6
    for one in needed:
        name, low, high = re.fullmatch(r"([a-z0-9]+)>=([\d.]+),<(\d+)", one).groups()  # type: ignore[union-attr]
        pin = tuple(map(int, pins[name].split(".")))
        assert tuple(map(int, low.split("."))) <= pin < (int(high),), one


def test_no_room_sees_two_classes_of_one_name() -> None:
    """A name means one thing wherever it is read; one that needs `as` means two."""
    homes: dict[str, set[str]] = {}
    trees = _trees()
    for file, tree in trees.items():
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for one in tree.body:
            if isinstance(one, ast.ClassDef):
                homes.setdefault(one.name, set()).add(module)
    seen = []
    for file, tree in trees.items():
        own = {one.name for one in tree.body if isinstance(one, ast.ClassDef)}
        imported: dict[str, str] = {}
        for node in _nodes(file):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("host"):
                continue
            for name in node.names:
                if name.name not in homes:
                    continue
                twice = imported.setdefault(name.name, str(node.module)) != node.module
                if twice or name.asname or name.name in own:
                    seen.append(f"{file.relative_to(ROOT)}: {name.name}")
    assert len(homes) > 100
    assert seen == []


ONE_MEANING = {
    "Audit": "what a way reads of `[audit]`",
    "Exchange": "calls over the connections of one server",
    "Folder": "a folder with the answers of one host",
    "Given": "what a user may give a way",
    "Packed": "a .tgz with the answers of one host",
    "Reply": "what came back over HTTP",
    "Section": "a way's table in hostcheck.toml",
    "Session": "a login at a server, held until it is closed",
}
"""Names that several classes have, for what they mean is the same in each room. A new class takes
another name. One that begins with a line belongs to its file, and nobody else reads it."""


def test_a_name_of_a_class_has_one_meaning() -> None:
    """Whoever reads a name need not ask which is meant."""
    homes: dict[str, list[Path]] = {}
    for file in _trees():
        for one in _nodes(file):
            if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
                homes.setdefault(one.name, []).append(file.relative_to(PACKAGE))
    several = {name for name, files in homes.items() if len(files) > 1}
    assert len(homes) > 400
    assert several == set(ONE_MEANING), "choose another name, or say the one meaning of all"


def test_no_docstring_is_read() -> None:
    """`python -OO` leaves none; what is printed is a value with a name."""
    read = [
        f"{file.relative_to(PACKAGE)}:{one.lineno}"
        for file in _trees()
        for one in _nodes(file)
        if isinstance(one, ast.Name | ast.Attribute)
        and "__doc__" in (getattr(one, "id", ""), getattr(one, "attr", ""))
    ]
    assert read == []


def test_a_way_to_mend_is_written_once() -> None:
    """Several commands in a row, as a fix tells them, have one place and a name."""
    places: dict[str, list[str]] = {}
    for file in _trees():
        for one in _nodes(file):
            if not isinstance(one, ast.Tuple):
                continue
            commands = [
                ast.unparse(part)
                for part in one.elts
                if isinstance(part, ast.Call)
                and isinstance(part.func, ast.Name)
                and part.func.id in ("run", "look")
            ]
            for pair in pairwise(commands):
                where = f"{file.relative_to(PACKAGE)}:{one.lineno}"
                places.setdefault("; ".join(pair), []).append(where)
    assert len(places) > 20
    assert {what: where for what, where in places.items() if len(where) > 1} == {}
