"""JUnit XML for build servers: a suite per host, a case per result.

It is red where the verdict is: what the verdict rests on is a `failure` where it fails and an
`error` where it is unknown or its check crashed, for a build must not look clean because nobody
could look. What does not decide is `skipped` with its words, and so is what is waived.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hostcheck.model.capture import Origin
from hostcheck.model.policy import Policy
from hostcheck.model.result import Result, Status
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.judged import Item, Place, places, titles

SKIPPED = (Status.NOT_APPLICABLE, Status.NOT_SELECTED)
COUNTED = ("tests", "failures", "errors", "skipped")


def render(run: Run) -> str:
    """Return the run as one XML document."""
    return "".join(pieces(run))


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document suite by suite. The hosts are walked over twice."""
    totals: Counter[str] = Counter()
    for place in places(run):
        totals.update(_counts(place.items))
    root = Element("testsuites", name=words.clean(f"hostcheck {run.target}"))
    for kind in COUNTED:
        root.set(kind, str(totals[kind]))
    opening = tostring(root, encoding="unicode").removesuffix(" />")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}'
    named = titles(run)
    ending = " />\n"
    for place in places(run):
        suite = _suite(place, named, run.policy)
        indent(suite, level=1)
        yield (
            (">" if ending == " />\n" else "")
            + "\n  "
            + tostring(suite, encoding="unicode").rstrip()
        )
        ending = "\n</testsuites>\n"
    yield ending


def _suite(place: Place, named: dict[str, str], policy: Policy | None) -> Element:
    suite = Element("testsuite", name=words.clean(place.name))
    for kind, number in _counts(place.items).items():
        suite.set(kind, str(number))
    suite.set("time", "0")
    if policy is not None:
        told = SubElement(suite, "properties")
        for name, value in (("policy", policy.name), ("policy_sha256", policy.sha256)):
            SubElement(told, "property", name=name, value=words.one_line(value))
    for item in place.items:
        result = item.result
        case = SubElement(suite, "testcase")
        case.set("classname", words.clean(f"{place.name}.{result.check}"))
        title = named.get(result.check, result.check)
        case.set("name", words.one_line(f"{title} [{result.subject.name}]"))
        case.set("time", "0")
        _outcome(case, item)
        evidence = _evidence(result, place.sources)
        if evidence:
            SubElement(case, "system-out").text = words.clean(evidence)
    return suite


def _counts(items: Sequence[Item]) -> dict[str, int]:
    kinds = Counter(_kind(one) for one in items)
    return {
        "tests": len(items), "failures": kinds["failure"], "errors": kinds["error"],
        "skipped": kinds["skipped"],
    }  # fmt: skip


def _kind(item: Item) -> str:
    """Return the element that tells what became of a case; empty where it passes."""
    status = item.result.status
    if status is Status.PASS:
        return ""
    if status in SKIPPED or item.waiver is not None or not item.decides:
        return "skipped"
    return "failure" if status is Status.FAIL else "error"


def _outcome(case: Element, item: Item) -> None:
    result, kind = item.result, _kind(item)
    if not kind:
        return
    if kind == "skipped":
        SubElement(case, "skipped").set("message", words.one_line(_passed_over(item)))
        return
    message = _said(result)
    type_ = result.severity.value if kind == "failure" else result.status.value
    made = SubElement(case, kind, type=type_, message=words.one_line(message))
    made.text = words.clean(message + _more(result))


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


def _evidence(result: Result, sources: tuple[Origin, ...]) -> str:
    lines = [
        f"observed: {result.observed}" if result.observed else "",
        f"expected: {result.expected}" if result.expected else "",
        f"note: {result.note}" if result.note else "",
    ]
    lines += [
        f"read: {words.where(source)} at {words.moment(source.taken_at)}"
        for source in words.places(sources, result.sources)
    ]
    return "\n".join(line for line in lines if line)
