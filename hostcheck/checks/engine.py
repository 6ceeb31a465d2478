"""Declare, find and run checks.

`@check` makes a value and registers nothing; `all_checks` finds the values in the modules of this
package. A check judges one subject. Loops, unknowns, crashes, counting and order belong here:
an Unknown fact becomes an *unknown* result, an exception an *error* result, and neither can look
like a pass.
"""

import importlib
import pkgutil
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cache
from typing import Any, Generic, NoReturn, TypeVar, cast

from msgspec import Struct

import hostcheck.checks
from hostcheck.checks import fixes
from hostcheck.checks.expectation import Expectation, said
from hostcheck.errors import crash
from hostcheck.model.bios import BiosTable
from hostcheck.model.bmc import Setting
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.policy import Wish
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import (
    About,
    Command,
    Manual,
    Phase,
    Result,
    Severity,
    Status,
    Subject,
    Unseen,
    Verdict,
)
from hostcheck.model.result import decides as by_its_manual
from hostcheck.words import printable

S = TypeVar("S")
T = TypeVar("T")
_OPEN = (Status.FAIL, Status.UNKNOWN)

Subjects = Iterable[tuple[Subject, S]] | Unknown
"""What a check is asked about on one host; Unknown when that cannot even be listed."""


class _NotKnown(Exception):  # noqa: N818  not an error: the way out of a check
    def __init__(self, unknown: Unknown) -> None:
        self.unknown = unknown


class Facts:
    """Opens facts inside a check, and remembers where the opened ones were read."""

    __slots__ = ("_wishes", "sources", "unverified", "wished")

    def __init__(self, wishes: tuple[Wish, ...] = ()) -> None:
        """Take what the check is to expect otherwise than it does by itself."""
        self._wishes = wishes
        self.sources: set[int] = set()
        self.unverified: tuple[str, ...] = ()
        self.wished: tuple[Wish, ...] = ()
        """Wishes that were asked for."""

    def __call__(self, fact: Fact[T]) -> T:
        """Return the value, or leave the check: its result is then *unknown*."""
        if isinstance(fact, Unknown):
            raise _NotKnown(fact)
        self.sources.update(fact.sources)
        return fact.value

    def leave(self, unknown: Unknown) -> NoReturn:
        """Leave the check: what it needs cannot be told from the facts that are there."""
        raise _NotKnown(unknown)

    def rests_on(self, entry: str, *, verified: bool) -> None:
        """Note a catalogue entry; on one that no first-hand source confirms nothing can fail."""
        if not verified:
            self.unverified += (entry,)

    def expected(self, what: Expectation[T]) -> T:
        """Return what the check is to expect: a policy's value, else its own."""
        for one in self._wishes:
            if one.name == what.name:
                self.wished += (one,)
                return cast(T, one.value)
        return what.default

    def rest_on(self, others: "Facts") -> None:
        """Note all that others were opened for: what was found by them is used here."""
        self.sources |= others.sources
        self.unverified += others.unverified
        self.wished += others.wished

    def certainly(self, fact: Fact[T], value: T) -> bool:
        """Say whether the fact is known to be `value`; not knowing is False and no way out."""
        if isinstance(fact, Unknown) or fact.value != value:
            return False
        self.sources.update(fact.sources)
        return True


def attempt(look: Callable[[Facts], T], known: Facts | None = None) -> T | Unknown:
    """Open facts outside a check; the Unknown that would have ended the check is returned."""
    try:
        return look(Facts() if known is None else known)
    except _NotKnown as left:
        return left.unknown


def judge(
    *,
    ok: bool,
    observed: str,
    expected: str,
    note: str = "",
    mended_by: str = "",
    **values: object,
) -> Verdict:
    """Return pass or fail. `values` fill the placeholders of the fix commands.

    A tuple makes a command for each; None leaves the commands out that would need it.
    """
    if ok:
        return Verdict(Status.PASS, observed, expected, note)
    words = {name: _words(value) for name, value in values.items() if value is not None}
    return Verdict(Status.FAIL, observed, expected, note, words, mended_by)


def _words(value: object) -> fixes.Words:
    if isinstance(value, tuple):
        return tuple(printable(str(one)) for one in value)
    return printable(str(value))


def not_applicable(observed: str, note: str = "") -> Verdict:
    """Return a verdict for a subject that the question does not concern."""
    return Verdict(Status.NOT_APPLICABLE, observed, "", note)


def unsure(observed: str, expected: str, note: str = "") -> Verdict:
    """Return a verdict for facts that are known and do not suffice."""
    return Verdict(Status.UNKNOWN, observed, expected, note)


class By(Struct, frozen=True):
    """What a policy made of a check."""

    policy: str
    wishes: tuple[Wish, ...] = ()
    off: str = ""
    """Why it is not to be judged, and where that is said; empty where it is judged."""
    weighed: str = ""
    """That it weighs otherwise than by itself; empty where it does not."""
    moot: str = ""
    """Why it cannot be told what it is to expect; empty where it can."""


ITSELF = By("")


class Each(Struct, Generic[S], frozen=True):
    """What a check is asked about: how the subjects of a host are listed, and what they are."""

    label: str
    """As the manual calls one: `NVIDIA GPU`."""
    about: About
    of: Callable[[Host], Subjects[S]]

    def __call__(self, host: Host) -> Subjects[S]:
        """List the subjects of a host, or say why that cannot be done."""
        return self.of(host)


class Check(Struct, Generic[S], frozen=True):
    """One check: what is true of it, what it is asked about, and the function that judges."""

    manual: Manual
    each: Each[S]
    function: Callable[[S, Requirements, Facts], Verdict]
    opt_in: bool = False
    """Whether it has nothing to say in a run that was not told to ask."""
    of_vgpus: bool = False
    """Whether it concerns vGPUs alone, and no VM that is given whole devices."""
    expects: tuple[Expectation[Any], ...] = ()
    """What a policy may let it expect otherwise."""
    by: By = ITSELF

    @property
    def id(self) -> str:
        """Its name, which is never given again."""
        return self.manual.id

    @property
    def severity(self) -> Severity:
        """How much a fail weighs."""
        return self.manual.severity

    @property
    def decides(self) -> bool:
        """Whether it decides a power-on: it is required, or decides it now."""
        return self.severity is Severity.REQUIRED or self.manual.decides_now

    def run(self, host: Host, needs: Requirements) -> Iterator[Result]:
        """Judge every subject of a host; at least one result comes out, unless it is opt-in."""
        return self.judge_all(_subjects(self.each, host), host, needs)

    def judge_all(self, subjects: Subjects[S], host: Host, needs: Requirements) -> Iterator[Result]:
        """Judge subjects that were listed before, for all checks that are asked about the same."""
        if self.by.off:
            if subjects != () or not self.opt_in:
                yield self._off(host)
            return
        if self.by.moot and not isinstance(subjects, Unknown):
            subjects = Unknown(Why.ABSENT, self.by.moot, "hostcheck policy")
        if isinstance(subjects, Unknown):
            yield self._unknown(_itself(host), subjects, Facts())
            return
        nothing = True
        for about, one in subjects:
            nothing = False
            yield self.judge(about, one, needs, host)
        if nothing and not self.opt_in:
            yield self._result(
                _itself(host), not_applicable(f"no {self.manual.subject} here"), Facts()
            )

    def ask(self, one: S, needs: Requirements) -> tuple[Verdict | Unknown, Facts]:
        """Return what its function says, or what it does not know, and the facts it opened."""
        known = Facts(self.by.wishes)
        try:
            return self.function(one, needs, known), known
        except _NotKnown as left:
            return left.unknown, known

    def judge(
        self, about: Subject, one: S, needs: Requirements, host: Host | None = None
    ) -> Result:
        """Judge one subject. Never raises. The fix is made for the host, where one is given."""
        try:
            verdict, known = self.ask(one, needs)
            if isinstance(verdict, Unknown):
                return self._unknown(about, verdict, known)
            return self._result(about, verdict, known, host, needs.bios)
        except Exception as error:  # noqa: BLE001  a crashed check is a result, not the end of a run
            return self._error(about, error)

    def _result(
        self,
        about: Subject,
        verdict: Verdict,
        known: Facts,
        host: Host | None = None,
        table: BiosTable = fixes.NOTHING_KNOWN,
    ) -> Result:
        manual, unseen = self.manual, None
        fix: tuple[Command, ...] = ()
        if verdict.status is Status.FAIL:
            if known.unverified and manual.severity is Severity.REQUIRED:
                verdict = _unverified(verdict, known.unverified)
            elif not verdict.mended_by:
                fix = fixes.of_fail(manual, {**about.values, **verdict.values}, host, table)
        if verdict.status is Status.UNKNOWN:
            told = f"{verdict.observed}; {verdict.note}" if verdict.note else verdict.observed
            unseen = Unseen(Why.ABSENT.value, told, "")
        note = verdict.note if self.by is ITSELF else self._note(verdict, known)
        return Result(
            manual.id, manual.severity, verdict.status, about, verdict.observed, verdict.expected,
            note, tuple(sorted(known.sources)), unseen, fix,
        )  # fmt: skip

    def _note(self, verdict: Verdict, known: Facts) -> str:
        """Return the note of a verdict with what a policy made of it."""
        told = [verdict.note] if verdict.note else []
        if known.wished:
            wishes = dict.fromkeys(f"{one.name} {said(one.value)}" for one in known.wished)
            told.append(f"policy {self.by.policy} expects {', '.join(wishes)}")
        if self.by.weighed and verdict.status in _OPEN:
            told.append(self.by.weighed)
        return "; ".join(told)

    def _off(self, host: Host) -> Result:
        return Result(
            self.id, self.severity, Status.NOT_SELECTED, _itself(host), "not judged", "",
            note=self.by.off,
        )  # fmt: skip

    def _unknown(self, about: Subject, unknown: Unknown, known: Facts) -> Result:
        unseen = Unseen(unknown.why.value, unknown.detail, unknown.asked, unknown.privilege)
        return Result(
            self.id, self.severity, Status.UNKNOWN, about, "not known", "",
            note=self.by.weighed,
            sources=tuple(sorted(known.sources)), unseen=unseen,
        )  # fmt: skip

    def _error(self, about: Subject, error: Exception) -> Result:
        return Result(
            self.id, self.severity, Status.ERROR, about, "the check itself failed", "",
            note=self.by.weighed,
            trace=crash(error),
        )  # fmt: skip


def _unverified(fail: Verdict, entries: Iterable[str]) -> Verdict:
    """Return what is left of a required fail that rests on unconfirmed catalogue entries."""
    named = ", ".join(sorted(set(entries)))
    note = f"the catalogue's entry on {named} is not verified: no NO-GO on it"
    return unsure(fail.observed, fail.expected, f"{fail.note}; {note}" if fail.note else note)


def subject(kind: str, id_: str, name: str, **values: str) -> Subject:
    """Return a subject; control characters never leave a name."""
    return Subject(kind, id_, printable(name), {key: printable(v) for key, v in values.items()})


def _itself(host: Host) -> Subject:
    return subject("host", host.id, host.name, host=host.name)


def subjects(label: str, about: About) -> Callable[[Callable[[Host], Subjects[S]]], Each[S]]:
    """Make a listing of subjects of a function. Of what they are, `about` tells the reports."""
    return lambda of: Each(label, about, of)


def run(tool: str, command: str) -> Command:
    """Return a command that mends it; `tool` may hold where it is to be used, in brackets."""
    return Command(tool, command)


def look(tool: str, command: str) -> Command:
    """Return a command that changes nothing."""
    name, _, words = tool.partition(" (")
    return Command(f"{name} ({fixes.LOOKS}{', ' + words if words else ')'}", command)


def check(
    id_: str,
    *,
    title: str,
    severity: Severity,
    source: str,
    each: Each[S],
    why: str,
    fix: str,
    phase: Phase = Phase.VM,
    experience: str = "",
    symptom: str = "",
    how: tuple[Command, ...] = (),
    explains: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    menus: tuple[str, ...] = (),
    opt_in: bool = False,
    decides_now: bool = False,
    forgives: tuple[Why, ...] = (),
    rules_out: bool = False,
    opinion: bool = False,
    of_vgpus: bool = False,
    expects: tuple[Expectation[Any], ...] = (),
) -> Callable[[Callable[[S, Requirements, Facts], Verdict]], Check[S]]:
    """Make a check of a function: everything that is true of it is said here, and nowhere else.

    `source` says where the requirement is written. Raises ValueError for a check without a title,
    a reason and a fix, and for a BIOS setting whose menus are not known.
    """
    if not (title and why and fix):
        raise ValueError(f"{id_}: a check needs a title, a reason and a fix")
    if unknown := [one for one in menus if one not in frozenset(Setting)]:
        raise ValueError(f"{id_}: no such BIOS setting: {', '.join(unknown)}")
    manual = Manual(
        id=id_, title=title, family=id_.partition("-")[0], severity=severity, subject=each.label,
        why=why, symptom=symptom, fix=fix, commands=how, explains=explains, needs=needs,
        source=source, decides_now=decides_now, experience=experience, menus=menus,
        forgives=tuple(one.value for one in forgives), phase=phase, about=each.about,
        rules_out=rules_out, opinion=opinion,
        expects=tuple((one.name, said(one.default), one.what) for one in expects),
    )  # fmt: skip

    def make(function: Callable[[S, Requirements, Facts], Verdict]) -> Check[S]:
        return Check(manual, each, function, opt_in, of_vgpus, expects)

    return make


def _subjects(each: Each[S], host: Host) -> Subjects[S]:
    """List subjects. Never raises: what cannot be listed is not known."""
    try:
        found = each(host)
        return found if isinstance(found, Unknown) else tuple(found)
    except Exception as error:  # noqa: BLE001  as in Check.judge
        return Unknown(Why.UNPARSED, crash(error), "hostcheck")


@cache
def all_checks() -> tuple[Check[Any], ...]:
    """Find every check, sorted by id. Raises ValueError for an id that is used twice."""
    found: dict[str, Check[Any]] = {}
    for module in pkgutil.iter_modules(hostcheck.checks.__path__):
        for value in vars(importlib.import_module(f"hostcheck.checks.{module.name}")).values():
            if isinstance(value, Check) and found.setdefault(value.id, value) is not value:
                raise ValueError(f"two checks are called {value.id}")
    return tuple(found[id_] for id_ in sorted(found))


@cache
def deciding() -> frozenset[str]:
    """Return the ids of the checks that decide a power-on: what is required, and what is now."""
    return frozenset(one.id for one in all_checks() if one.decides)


@cache
def _manuals() -> dict[str, Manual]:
    return {one.id: one.manual for one in all_checks()}


def decides(result: Result) -> bool:
    """Say whether a power-on depends on a result."""
    return by_its_manual(result, _manuals().get(result.check))


def run_all(
    host: Host, needs: Requirements, checks: tuple[Check[Any], ...] | None = None
) -> tuple[Result, ...]:
    """Run checks on a host, in their order; where none are given all, as they are by themselves."""
    return _run(all_checks() if checks is None else checks, host, needs)


def run_again(
    results: Iterable[Result], ids: Container[str], host: Host, needs: Requirements,
    checks: tuple[Check[Any], ...] | None = None,
) -> tuple[Result, ...]:  # fmt: skip
    """Run some checks once more: of their subjects more is known, or they are others now."""
    asked = [one for one in (all_checks() if checks is None else checks) if one.id in ids]
    kept = [one for one in results if one.check not in ids]
    return tuple(sorted((*kept, *_run(asked, host, needs)), key=lambda one: one.check))


def _run(wanted: Iterable[Check[Any]], host: Host, needs: Requirements) -> tuple[Result, ...]:
    listed: dict[object, Subjects[Any]] = {}
    found: list[Result] = []
    for one in wanted:
        of = one.each.of
        if of not in listed:
            listed[of] = _subjects(one.each, host)
        found += one.judge_all(listed[of], host, needs)
    return tuple(found)
