"""The checks with one condition turned round at a time: a test that the tests notice.

    python -m tests.torture.mutants --minutes 60

A condition is a comparison, an `and`, an `or`, a `not`. A mutant is noticed when a test fails: of
those that name a check of its file, or of the recorded machines. A run that was ended goes on where
it was.
"""

import argparse
import ast
import contextlib
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
CODE = ROOT / "hostcheck"
CHECKS = {"checks": "checks", "vmclasses/checks": "vmclasses"}
"""Folders of checks, and of their tests."""
TESTS = ROOT / "tests"
SLOW = ("test_losing_information.py",)
OTHERS = ("test_machines.py",)
"""Run on what the tests of a check let pass."""
FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE,
    ast.LtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Mutant(NamedTuple):
    """The condition of that number in a file below hostcheck/, where it stands, what it says."""

    file: str
    number: int
    line: int
    words: str
    of: str
    """The function."""


def _conditions(tree: ast.Module) -> Iterator[tuple[str, ast.Compare | ast.BoolOp | ast.UnaryOp]]:
    """Yield every condition in a function, with the function's name."""
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef):
            for node in ast.walk(one):
                if (
                    isinstance(node, ast.BoolOp)
                    or (isinstance(node, ast.Compare) and len(node.ops) == 1)
                    or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
                ):
                    yield one.name, node


def mutants() -> list[Mutant]:
    """Return every condition in the functions of the files that hold checks."""
    found = []
    for file in sorted(one for folder in CHECKS for one in (CODE / folder).glob("*.py")):
        text = file.read_text()
        if "\n@check(\n" not in text:
            continue
        name = file.relative_to(CODE).as_posix()
        for number, (of, node) in enumerate(_conditions(ast.parse(text))):
            found.append(Mutant(name, number, node.lineno, ast.unparse(node), f"{name} {of}"))
    return found


def turned(text: str, number: int) -> ast.Module:
    """Return the code of a file with one condition turned round; a `not` is struck."""
    tree = ast.parse(text)
    _, node = list(_conditions(tree))[number]
    if isinstance(node, ast.Compare):
        node.ops = [FLIPPED[type(node.ops[0])]()]
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    else:
        node.op = ast.Not()
        node.operand = ast.UnaryOp(ast.Not(), node.operand)
    return ast.fix_missing_locations(tree)


class Turned(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module of checks with a condition turned round."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = f"hostcheck.{mutant.file.removesuffix('.py').replace('/', '.')}"

    def find_spec(
        self, fullname: str, _path: Any = None, _target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answer for the one module."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(
            fullname, CODE / self._mutant.file, loader=self
        )

    def exec_module(self, module: Any) -> None:
        """Run the changed code."""
        file = CODE / self._mutant.file
        code = compile(turned(file.read_text(), self._mutant.number), str(file), "exec")
        exec(code, vars(module))


def related(file: str) -> list[Path]:
    """Return the tests that name a check of a file, its own first."""
    ids = set(re.findall(r'^    "([A-Z]+-\d+)",$', (CODE / file).read_text(), re.MULTILINE))
    folder, _, name = file.rpartition("/")
    tests = TESTS / CHECKS[folder]
    own = tests / f"test_{name}"
    found = [own] if own.is_file() else []
    for one in sorted(tests.glob("test_*.py")):
        if one.name not in SLOW and one not in found and ids & set(_ids(one)):
            found.append(one)
    return found


def _ids(file: Path) -> list[str]:
    return re.findall(r"\b[A-Z]+-\d{3}\b", file.read_text())


def noticed(mutant: Mutant) -> tuple[Mutant, bool]:
    """Say whether a test fails with a mutant. Runs in a process of its own."""
    import pytest  # noqa: PLC0415  imported before the fork

    sys.meta_path.insert(0, Turned(mutant))
    os.chdir(ROOT)
    options = [
        "-x",
        "-q",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--no-header",
    ]
    others = [TESTS / one for one in OTHERS]
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        for tests in (related(mutant.file), others):
            if tests and pytest.main([*options, *map(str, tests)]):
                return mutant, True
    return mutant, False


def _digest() -> str:
    there = hashlib.sha256()
    folders = [CODE / one for one in CHECKS] + [TESTS / one for one in CHECKS.values()]
    files = [file for one in folders for file in one.glob("*.py")]
    for file in sorted([*files, Path(__file__)]):
        there.update(file.read_bytes())
    return there.hexdigest()


def _kept(path: Path, key: str) -> dict[Mutant, bool]:
    lines = path.read_text().splitlines() if path.is_file() else []
    if not lines or json.loads(lines[0]) != {"of": key}:
        return {}
    told = map(json.loads, lines[1:])
    return {Mutant(*mutant): seen for mutant, seen in told}


def _in_turns(every: list[Mutant]) -> list[Mutant]:
    """Order them by chance, the first of each function before the second of any."""
    Random(1).shuffle(every)
    turns: Counter[str] = Counter()
    turn = {}
    for one in every:
        turn[one] = turns[one.of]
        turns[one.of] += 1
    return sorted(every, key=turn.__getitem__)


def main(given: list[str]) -> int:
    """Turn conditions round as long as there is time, and keep which were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.mutants", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, default=ROOT / ".torture")
    parser.add_argument("--file", help="only this one: checks/cpu.py")
    wanted = parser.parse_args(given)
    until = time.monotonic() + 60 * wanted.minutes
    every = [one for one in mutants() if wanted.file in (None, one.file)]
    every = _in_turns(every)
    path, key = wanted.work / "mutants.jsonl", _digest()
    kept = _kept(path, key)
    wanted.work.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        file.write(f"{json.dumps({'of': key})}\n")
        file.writelines(f"{json.dumps(one)}\n" for one in kept.items())
    fork = multiprocessing.get_context("fork")
    import pytest  # noqa: F401, PLC0415  so that no process needs to

    left = [one for one in every if one not in kept]
    with fork.Pool(wanted.processes, maxtasksperchild=1) as pool, path.open("a") as file:
        for mutant, seen in pool.imap_unordered(noticed, left):
            kept[mutant] = seen
            file.write(f"{json.dumps((mutant, seen))}\n")
            file.flush()
            if not seen:
                sys.stdout.write(f"not noticed: {mutant.file}:{mutant.line}: {mutant.words}\n")
            if time.monotonic() > until:
                pool.terminate()
                break
    caught = sum(kept[one] for one in every if one in kept)
    sys.stdout.write(f"{caught} of {sum(one in kept for one in every)} noticed, of {len(every)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
