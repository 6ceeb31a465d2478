"""A policy file, and the profiles that the package carries.

extends = "vgpu-inference"

[[rule]]
check = "NUMA-001"
cluster = "hpc-*"
expect = { nodes_per_package = [1, 2] }
reason = "Sub-NUMA clustering is on for the HPC jobs"
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hostcheck.checks.engine import Check, all_checks
from hostcheck.errors import UsageError
from hostcheck.model.policy import EVERY, Expected, Listed, Policy, Rule, Wish
from hostcheck.model.result import Severity
from hostcheck.near import meant, near
from hostcheck.syntax import toml

PAGE = "docs/policy.md"
PROFILES = resources.files(__package__) / "profiles"
SUFFIX = ".toml"
GRAVER = tuple(Severity)
"""The gravest first."""


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    check: str | tuple[str, ...]
    cluster: str = EVERY
    selected: bool | None = None
    severity: str = ""
    expect: dict[str, Any] = {}
    reason: str = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    name: str = ""
    about: str = ""
    extends: str = ""
    rule: tuple[_Entry, ...] = ()


def names() -> tuple[str, ...]:
    """Return the profiles that there are."""
    found = (one.name for one in PROFILES.iterdir() if one.name.endswith(SUFFIX))
    return tuple(sorted(one.removesuffix(SUFFIX) for one in found))


def listed() -> tuple[Listed, ...]:
    """Return the profiles, each with what it is for."""
    found = map(read, names())
    return tuple(Listed(one.name, one.about, one.sha256, len(one.rules)) for one in found)


def read(given: str, *, folder: Path = Path(), above: tuple[Path, ...] = ()) -> Policy:
    """Read a profile by its name, or a file; a relative path is below `folder`.

    Raises UsageError, which names the file, the line and the key, for what is no policy.
    """
    if missing := _missing(given, folder):
        raise UsageError(missing)
    path = folder / Path(given).expanduser()
    if path.is_file():
        return _read(path, "", above)
    with resources.as_file(PROFILES / f"{given}{SUFFIX}") as profile:
        return _read(profile, given, above)


def _missing(given: str, folder: Path) -> str:
    """Say that there is no such policy; empty where there is one."""
    if (folder / Path(given).expanduser()).is_file() or given in names():
        return ""
    told = meant(given, names())
    return f"{given}: no such file, and no policy profile is called so; {told}"


def _read(path: Path, profile: str, above: tuple[Path, ...]) -> Policy:
    found, file = toml.read(path, _File, PAGE)
    ground = Policy("")
    if found.extends:
        if path.resolve() in above:
            chain = " -> ".join(one.name for one in (*above, path))
            raise file.wrong(["extends"], f"extends: it extends itself: {chain}")
        if missing := _missing(found.extends, path.parent):
            raise file.wrong(["extends"], f"extends: {missing}")
        ground = read(found.extends, folder=path.parent, above=(*above, path.resolve()))
    said = f"profile {profile}" if profile else str(path)
    rules = (
        *ground.rules,
        *(_Reader(file, number, said).rule(one) for number, one in enumerate(found.rule)),
    )
    made = Policy(
        found.name or profile or path.stem, "" if profile else str(path), found.about,
        (*ground.extends, ground.name) if ground.name else (), "", rules,
    )  # fmt: skip
    return replace(made, sha256=_hash(rules))


def _hash(rules: tuple[Rule, ...]) -> str:
    bare = tuple(replace(one, where="") for one in rules)
    return sha256(msgspec.json.encode(bare, order="deterministic")).hexdigest()


@cache
def _checks() -> dict[str, Check[Any]]:
    return {one.id: one for one in all_checks()}


class _Reader:
    """Reads one entry of a file."""

    def __init__(self, file: toml.File, number: int, said: str) -> None:
        self._file = file
        self._number = number
        line = toml.line_of(file.text, ["rule", number])
        self._where = f"{said}, line {line}" if line else said

    def _wrong(self, key: str, told: str) -> NoReturn:
        steps: list[toml.Step] = ["rule", self._number, key]
        raise self._file.wrong(steps, f"{toml.named(steps)}: {told}")

    def rule(self, one: _Entry) -> Rule:
        given = (one.check,) if isinstance(one.check, str) else one.check
        checks = tuple(dict.fromkeys(check for each in given for check in self._ids(each)))
        if not given:
            self._wrong("check", "it names no check")
        if not one.cluster.strip():
            self._wrong("cluster", "it must not be empty; '*' is every cluster")
        if one.selected is None and not one.severity and not one.expect:
            self._wrong("check", "the rule changes nothing: give selected, severity or expect")
        severity = self._severity(one.severity)
        self._refuse_silence(one, given, checks, severity)
        expect = tuple(self._wish(name, value, checks) for name, value in one.expect.items())
        return Rule(
            checks, one.cluster, one.selected, severity, expect, one.reason.strip(), self._where
        )

    def _ids(self, pattern: str) -> list[str]:
        known = _checks()
        found = [one for one in known if fnmatchcase(one, pattern.upper())]
        if not found:
            families = {f"{one.partition('-')[0]}-*" for one in known}
            like = near(pattern, [*known, *families])
            hint = f"; did you mean {', '.join(like)}?" if like else "; see hostcheck checks"
            self._wrong("check", f"no check is called {pattern!r}{hint}")
        return found

    def _severity(self, word: str) -> Severity | None:
        words = [one.value for one in Severity]
        if word and word not in words:
            self._wrong("severity", f"{word!r} is no severity; {meant(word, words)}")
        return Severity(word) if word else None

    def _refuse_silence(
        self, one: _Entry, given: tuple[str, ...], checks: tuple[str, ...], to: Severity | None
    ) -> None:
        """Refuse what makes less of a check that decides a power-on, and does not say it."""
        less = [
            check
            for check in checks
            if _checks()[check].decides
            and (
                one.selected is False
                or (to and GRAVER.index(to) > GRAVER.index(_checks()[check].severity))
            )
        ]
        key = "selected" if one.selected is False else "severity"
        unnamed = [check for check in less if check not in {each.upper() for each in given}]
        if unnamed:
            more = f" and {len(unnamed) - 4} more" if len(unnamed) > 4 else ""
            self._wrong(key, f"{', '.join(unnamed[:4])}{more} decide a power-on: to make less of "
                             "one, name it by its id, and give a reason")  # fmt: skip
        if less and not one.reason.strip():
            self._wrong(key, f"{less[0]} decides a power-on: give a reason")

    def _wish(self, name: str, value: Any, checks: tuple[str, ...]) -> Wish:
        made: list[Expected] = []
        for check in checks:
            there = {each.name: each for each in _checks()[check].expects}
            if name not in there:
                made += self._no_such(name, check, list(there))
            try:
                made.append(there[name].read(value))
            except ValueError as error:
                self._wrong("expect", f"{name}: {error}")
        return Wish(name, made[0])

    def _no_such(self, name: str, check: str, there: list[str]) -> NoReturn:
        told = meant(name, there)
        if not there:
            told = "it has none; those that have: " + ", ".join(_with_expectations())
        self._wrong("expect", f"{check} has no expectation {name!r}; {told}")


def _with_expectations() -> Iterator[str]:
    return (check for check, one in _checks().items() if one.expects)
