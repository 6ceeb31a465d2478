"""JUnit XML for build servers: a suite per host, a case per result.

A fail is a `failure`. An unknown and a crashed check are an `error`: a build must not look clean
because nobody could look. What does not apply is `skipped`.
"""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hostcheck.model.capture import Source
from hostcheck.model.result import Result, Status
from hostcheck.model.run import Run
from hostcheck.reports import summary, words


def render(run: Run) -> str:
    """Return the run as one XML document."""
    root = Element("testsuites", name=words.clean(f"hostcheck {run.target}"))
    titles = {manual.id: manual.title for manual in run.checks}
    for report in run.hosts:
        _suite(root, report.host.name, report.results, report.host.sources, titles)
    if run.preflight is not None:
        sources = {report.host.name: report.host.sources for report in run.hosts}
        for candidate in run.preflight.candidates:
            own = summary.beyond(run, candidate.host, candidate.results)
            if own:
                name = f"preflight of {run.preflight.vm} on {candidate.host}"
                _suite(root, name, own, sources.get(candidate.host, ()), titles)
    for kind in ("tests", "failures", "errors", "skipped"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(
    root: Element,
    name: str,
    results: Sequence[Result],
    sources: tuple[Source, ...],
    titles: dict[str, str],
) -> None:
    suite = SubElement(root, "testsuite", name=words.clean(name))
    suite.set("tests", str(len(results)))
    suite.set("failures", str(_count(results, Status.FAIL)))
    suite.set("errors", str(_count(results, Status.UNKNOWN, Status.ERROR)))
    suite.set("skipped", str(_count(results, Status.NOT_APPLICABLE)))
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


def _count(results: Iterable[Result], *statuses: Status) -> int:
    return sum(result.status in statuses for result in results)


def _outcome(case: Element, result: Result) -> None:
    if result.status is Status.FAIL:
        message = f"{result.observed}; expected: {result.expected}"
        made = SubElement(case, "failure", type=result.severity.value)
        made.text = words.clean("\n".join(f"{c.tool}: {c.text}" for c in result.fix))
    elif result.status in {Status.UNKNOWN, Status.ERROR}:
        seen = result.unseen
        message = f"{words.why_words(seen.why)}: {seen.detail}" if seen else result.trace
        made = SubElement(case, "error", type=result.status.value)
        if seen:
            need = f"\nmissing: {seen.privilege}" if seen.privilege else ""
            made.text = words.clean(f"asked: {seen.asked}{need}")
    elif result.status is Status.NOT_APPLICABLE:
        message = result.note or result.observed
        made = SubElement(case, "skipped")
    else:
        return
    made.set("message", words.one_line(message))


def _evidence(result: Result, sources: tuple[Source, ...]) -> str:
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
