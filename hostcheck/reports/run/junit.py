"""JUnit XML for build servers: a suite per host, a case per result.

It is red where the verdict is: what the verdict rests on is a `failure` where it fails and an
`error` where it is unknown or its check crashed, for a build must not look clean because nobody
could look. What does not decide is `skipped` with its words, and so is what is waived.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from html import escape

from hostcheck.model.capture import Origin
from hostcheck.model.policy import Policy
from hostcheck.model.result import Result, Status
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.judged import SKIPPED, Item, JudgedPlace, counted, places, titles

_text = partial(escape, quote=False)
_NO_TEXT = re.compile(r'[&<>"\r\n\t]')
_IN_ATTRIBUTES = str.maketrans({'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#09;"})
COUNTED = ("tests", "failures", "errors", "skipped")


def render(run: Run) -> str:
    """Return the run as one XML document."""
    return "".join(pieces(run))


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document suite by suite. The hosts are walked over twice."""
    totals: Counter[str] = Counter()
    for one in counted(run):
        totals.update(_counts(one.open))
        totals.update(tests=one.results - len(one.open), skipped=one.skipped)
    counts = {kind: str(totals[kind]) for kind in COUNTED}
    opening = _begun("testsuites", name=words.clean(f"hostcheck {run.target}"), **counts)
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}'
    named, empty = titles(run), True
    for place in places(run):
        yield (">" if empty else "") + _suite(place, named, run.policy)
        empty = False
    yield " />\n" if empty else "\n</testsuites>\n"


def _begun(element: str, /, **attributes: str) -> str:
    """Return an element as far as its attributes go."""
    return f"<{element}" + "".join(f' {key}="{_attribute(one)}"' for key, one in attributes.items())


def _attribute(text: str) -> str:
    """Escape what an attribute may not hold as it is."""
    if _NO_TEXT.search(text) is None:
        return text
    return _text(text).translate(_IN_ATTRIBUTES)


def _suite(place: JudgedPlace, named: dict[str, str], policy: Policy | None) -> str:
    counts = {kind: str(number) for kind, number in _counts(place.items).items()}
    begun = "\n  " + _begun("testsuite", name=words.clean(place.name), **counts, time="0")
    inside = "".join((*_properties(policy), *_cases(place, named)))
    return f"{begun}>{inside}\n  </testsuite>" if inside else f"{begun} />"


def _properties(policy: Policy | None) -> Iterator[str]:
    if policy is None:
        return
    yield "\n    <properties>"
    for name, value in (("policy", policy.name), ("policy_sha256", policy.sha256)):
        yield f"\n      {_begun('property', name=name, value=words.one_line(value))} />"
    yield "\n    </properties>"


@lru_cache(1024)
def _head(check: str, title: str) -> str:
    """Return what the cases of a check have in common: the end of their class, and the title."""
    titled = words.one_line(f"{title} [").removesuffix("[")
    return f'.{_attribute(words.clean(check))}" name="{_attribute(titled)}'


def _cases(place: JudgedPlace, named: dict[str, str]) -> Iterator[str]:
    """Yield the cases of a place. What many say in the same words is put into words once."""
    start = f'\n    <testcase classname="{_attribute(words.clean(place.name))}'
    read: dict[tuple[int, ...], str] = {}
    abouts: dict[str, str] = {}
    for item in place.items:
        result, name = item.result, item.result.subject.name
        if result.sources not in read:
            read[result.sources] = _read(result, place.sources)
        if name not in abouts:
            abouts[name] = _attribute(words.one_line(f"[{name}]"))
        head = _head(result.check, named.get(result.check, result.check))
        begun = f'{start}{head}{abouts[name]}" time="0"'
        told = (_told(result.observed, result.expected, result.note), read[result.sources])
        evidence = "\n".join(filter(None, told))
        inside = _outcome(item) + (evidence and f"\n      <system-out>{evidence}</system-out>")
        yield f"{begun}>{inside}\n    </testcase>" if inside else f"{begun} />"


def _counts(items: Sequence[Item]) -> dict[str, int]:
    kinds = Counter(_kind(one) for one in items)
    return {
        "tests": len(items), "failures": kinds["failure"], "errors": kinds["error"],
        "skipped": kinds["skipped"],
    }  # fmt: skip


def _kind(item: Item) -> str:
    """Return the name of the element that tells what became of a case; empty where it passes."""
    status = item.result.status
    if status is Status.PASS:
        return ""
    if status in SKIPPED or item.waiver is not None or not item.decides:
        return "skipped"
    return "failure" if status is Status.FAIL else "error"


def _outcome(item: Item) -> str:
    """Return the element that tells what became of a case; empty where it passes."""
    result, kind = item.result, _kind(item)
    if not kind:
        return ""
    if kind == "skipped":
        return f'\n      <skipped message="{_attribute(words.one_line(_passed_over(item)))}" />'
    message = _said(result)
    type_ = result.severity.value if kind == "failure" else result.status.value
    begun = _begun(kind, type=type_, message=words.one_line(message))
    told = _text(words.clean(message + _more(result)))
    return f"\n      {begun}>{told}</{kind}>" if told else f"\n      {begun} />"


def _passed_over(item: Item) -> str:
    """Say why a case is skipped, and what it would be."""
    result, waiver = item.result, item.waiver
    if result.status in SKIPPED:
        return result.note or result.observed
    said = f"{words.STATUS[result.status]} ({result.severity.value}): {_said(result)}"
    if waiver is None:
        return f"{said}{_more(result)}"
    return f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}; {said}"


def _said(result: Result) -> str:
    if result.status is Status.FAIL:
        return f"{result.observed}; expected: {result.expected}"
    seen = result.unseen
    return words.reason(seen.why, seen.detail) if seen else result.trace


def _more(result: Result) -> str:
    """Return what mends a fail, or what an unknown lacks."""
    if result.status is Status.FAIL:
        return "".join(
            f"\n{f'{one.label}:' if one.label else ''}\n  {one.text}" for one in result.fix
        )
    seen = result.unseen
    asked = f"\nasked: {seen.asked}" if seen and seen.asked else ""
    return asked + (f"\nmissing: {seen.privilege}" if seen and seen.privilege else "")


@lru_cache(4096)
def _told(observed: str, expected: str, note: str) -> str:
    """Put into words what a result says."""
    told = (("observed", observed), ("expected", expected), ("note", note))
    return _text(words.clean("\n".join(f"{name}: {said}" for name, said in told if said)))


def _read(result: Result, sources: tuple[Origin, ...]) -> str:
    """Say where a result was read, and when: a line each."""
    told = (
        f"read: {words.where(source)} at {words.moment(source.taken_at)}"
        for source in words.places(sources, result.sources)
    )
    return _text(words.clean("\n".join(told)))
