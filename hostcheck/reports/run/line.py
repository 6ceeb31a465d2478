"""One line per verdict, for scripts: `grep '^preflight verdict=GO '` and the like.

The first word names the kind of line, then come `name=value` pairs in a fixed order. Names, reasons
and other free text are JSON strings; an empty list is `-`. New pairs are only added at the end.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from json.encoder import encode_basestring

from hostcheck.model.result import GRAVEST, Answer, Result, Status, deciding
from hostcheck.model.run import Candidate, Preflight, Run, silent
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.summary.headline import verdict_of
from hostcheck.reports.summary.reasons import Reasons, reason_of
from hostcheck.runbrief import LineBrief, line_briefs

OPINION = {Status.PASS: "agrees", Status.FAIL: "objects"}


def render(run: Run) -> str:
    """Return the lines of a run, the one that sums it up last."""
    return "".join(pieces(run))


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield line by line."""
    return (f"{line}\n" for line in _lines(run))


def _lines(run: Run) -> Iterator[str]:
    if run.preflight is None:
        yield from _audit(run)
        return
    for candidate in sorted(run.preflight.candidates, key=lambda one: one.rank):
        yield _candidate(run, run.preflight, candidate)
    best = run.preflight.candidates[0].host if run.preflight.candidates else ""
    yield _line(
        "preflight", verdict=run.preflight.verdict.value, vm=_text(run.preflight.vm),
        host=_text(best), reason=_text(run.preflight.summary),
        runs_on=_text(run.preflight.runs_on),
        silent=_list(words.one_line(one.name) for one in silent(run.targets)),
        changed=_text(run.preflight.changed),
        in_maintenance=_list(map(words.one_line, run.preflight.in_maintenance)),
    )  # fmt: skip
    started = run.power_on
    if started is not None:
        yield _line(
            "power-on", outcome=started.outcome.value.replace(" ", "-"),
            verdict=started.verdict.value,
            vm=_text(run.preflight.vm), host=_text(started.host),
            contradiction="yes" if started.contradicts else "no",
            concerned=_list(one.check for one in started.concerned), reason=_text(started.words),
        )  # fmt: skip


def _candidate(run: Run, asked: Preflight, one: Candidate) -> str:
    decided = deciding(one.results, run.checks)
    others = {manual.id for manual in run.checks if manual.opinion}
    opinion = [result.status for result in one.results if result.check in others]
    return _line(
        "candidate", verdict=one.verdict.value, rank=str(one.rank), vm=_text(asked.vm),
        host=_text(one.host), gpus=_list(one.gpus), failed=_of(decided, Status.FAIL),
        unknown=_of(decided, Status.UNKNOWN, Status.ERROR),
        vcenter=OPINION.get(opinion[0], "unknown") if opinion else "not-asked",
        reason=_text(one.summary), findings=_findings(one.results, decided),
        target=_text(one.target),
    )  # fmt: skip


def _audit(run: Run) -> Iterator[str]:
    """Yield a line for each host, which is told as soon as it is read, and the one of the run."""
    tally, off = Counter(dict.fromkeys(Answer, 0)), 0
    reasons = {answer: Reasons(run.checks) for answer in Answer}
    for one in line_briefs(run):
        tally[one.verdict] += 1
        off += one.off
        graver = GRAVEST[: GRAVEST.index(one.verdict)]
        if not any(tally[answer] for answer in graver):
            reasons[one.verdict].add(one.name, one.deciding(), one.passes)
        yield _host(one)
    verdict, waived = verdict_of(run, tally), run.waivers
    counts = {one.value.lower().replace("-", "_"): str(tally[one]) for one in Answer}
    yield _line(
        "audit", verdict=verdict.value, hosts=str(len(run.hosts)), **counts,
        reason=_text(reason_of(run, verdict, reasons[verdict])), unasked=str(len(run.unasked)),
        silent=_list(words.one_line(one.name) for one in silent(run.targets)),
        waived=str(len(waived.results) if waived else 0),
        excused=str(sum(one.excused for one in waived.hosts) if waived else 0),
        policy=_text(run.policy.called if run.policy else ""), off=str(off),
    )  # fmt: skip


def _host(one: LineBrief) -> str:
    return _line(
        "host", verdict=one.verdict.value, host=_text(one.name), failed=_list(one.failed),
        unknown=_list(one.unknown), findings=_list(one.findings), target=_text(one.target),
    )  # fmt: skip


def _line(kind: str, **pairs: str) -> str:
    return " ".join((kind, *(f"{name}={value}" for name, value in pairs.items())))


def _of(results: Iterable[Result], *statuses: Status) -> str:
    return _list(one.check for one in results if one.status in statuses)


def _findings(results: Iterable[Result], decided: Collection[Result]) -> str:
    """List the checks that fail and decide nothing."""
    deciders = {one.check for one in decided}
    return _list(
        one.check for one in results if one.status is Status.FAIL and one.check not in deciders
    )


def _list(items: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(items)) or "-"


def _text(text: str) -> str:
    return encode_basestring(words.one_line(text))
