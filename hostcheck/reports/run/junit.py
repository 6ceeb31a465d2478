"""JUnit XML for build servers: a suite per host, a case per result.

A fail is a `failure`. An unknown and a crashed check are an `error`: a build must not look clean
because nobody could look. What does not apply is `skipped`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from msgspec.structs import replace

from hostcheck.model.capture import Origin
from hostcheck.model.fact import Why
from hostcheck.model.result import Result, Severity, Status, Subject, Unseen
from hostcheck.model.run import Run, silent
from hostcheck.model.waiver import Waiver
from hostcheck.reports import PAPER, Screen, summary, words

COUNTED = ("tests", "failures", "errors", "skipped")


def render(run: Run) -> str:
    """Return the run as one XML document."""
    return "".join(pieces(run))


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document suite by suite. The hosts are walked over twice."""
    run = summary.named(run)
    totals: Counter[str] = Counter()
    for _, results, _ in _suites(run):
        totals.update(_counts(results))
    root = Element("testsuites", name=words.clean(f"hostcheck {run.target}"))
    for kind in COUNTED:
        root.set(kind, str(totals[kind]))
    opening = tostring(root, encoding="unicode").removesuffix(" />")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}'
    titles = {manual.id: manual.title for manual in run.checks}
    ending = " />\n"
    for name, results, sources in _suites(run):
        suite = _suite(name, results, sources, titles)
        indent(suite, level=1)
        yield (
            (">" if ending == " />\n" else "")
            + "\n  "
            + tostring(suite, encoding="unicode").rstrip()
        )
        ending = "\n</testsuites>\n"
    yield ending


def _suites(run: Run) -> Iterator[tuple[str, Sequence[Result], tuple[Origin, ...]]]:
    excuses = summary.Excuses(run)
    for report in run.hosts:
        results = [_excused(one, excuses.waiver(report, one)) for one in report.results]
        yield report.host.name, results, report.host.sources
    for name in run.unasked:
        yield name, (_left_out(name, f"{summary.ended(run)} before this host"),), ()
    for one in silent(run.targets):
        yield one.name, (_left_out(one.name, one.failure),), ()
    if run.preflight is None:
        return
    for host, (own, sources) in summary.beyond(run).items():
        if own:
            yield f"preflight of {run.preflight.vm} on {host}", own, sources


def _excused(result: Result, waiver: Waiver | None) -> Result:
    """Return a result that is waived as one that is skipped, with who answers for it."""
    if waiver is None:
        return result
    seen = f"{words.STATUS[result.status]}: {result.observed}" if result.observed else ""
    said = f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"
    note = "; ".join(part for part in (said, seen) if part)
    return replace(result, status=Status.NOT_APPLICABLE, note=note)


def _left_out(name: str, why: str) -> Result:
    """Return what stands for a host or vCenter that was left out: no build is to look clean."""
    return Result(
        "HOST", Severity.REQUIRED, Status.UNKNOWN, Subject("host", name, name), "not known", "",
        unseen=Unseen(Why.NOT_ASKED.value, why, ""),
    )  # fmt: skip


def _suite(
    name: str, results: Sequence[Result], sources: tuple[Origin, ...], titles: dict[str, str]
) -> Element:
    suite = Element("testsuite", name=words.clean(name))
    for kind, number in _counts(results).items():
        suite.set(kind, str(number))
    suite.set("time", "0")
    for result in results:
        case = SubElement(suite, "testcase")
        case.set("classname", words.clean(f"{name}.{result.check}"))
        title = titles.get(result.check, result.check)
        case.set("name", words.one_line(f"{title} [{result.subject.name}]"))
        case.set("time", "0")
        _outcome(case, result)
        told = _evidence(result, sources)
        if told:
            SubElement(case, "system-out").text = words.clean(told)
    return suite


def _counts(results: Sequence[Result]) -> dict[str, int]:
    kinds = {
        "failures": (Status.FAIL,), "errors": (Status.UNKNOWN, Status.ERROR),
        "skipped": (Status.NOT_APPLICABLE,),
    }  # fmt: skip
    return {"tests": len(results)} | {
        kind: sum(result.status in statuses for result in results)
        for kind, statuses in kinds.items()
    }


def _outcome(case: Element, result: Result) -> None:
    if result.status is Status.FAIL:
        message = f"{result.observed}; expected: {result.expected}"
        made = SubElement(case, "failure", type=result.severity.value)
        steps = "".join(f"\n{c.tool}:\n  {c.text}" for c in result.fix)
        made.text = words.clean(message + steps)
    elif result.status in {Status.UNKNOWN, Status.ERROR}:
        seen = result.unseen
        message = f"{words.why_words(seen.why)}: {seen.detail}" if seen else result.trace
        made = SubElement(case, "error", type=result.status.value)
        asked = f"\nasked: {seen.asked}" if seen and seen.asked else ""
        need = f"\nmissing: {seen.privilege}" if seen and seen.privilege else ""
        made.text = words.clean(f"{message}{asked}{need}")
    elif result.status is Status.NOT_APPLICABLE:
        message = result.note or result.observed
        made = SubElement(case, "skipped")
    else:
        return
    made.set("message", words.one_line(message))


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
