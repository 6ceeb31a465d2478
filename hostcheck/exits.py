"""The one rule of exit codes of a run: what counts against it, and which number that is.

0 nothing counts against it, 1 something fails, 3 nothing fails and something is not known. 2 is of
usage and configuration, and never of a run.
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.model.difference import Difference
from hostcheck.model.excuses import Excuses
from hostcheck.model.result import Answer, Result, Severity, gravest_of, verdict_of
from hostcheck.model.run import Run, silent
from hostcheck.model.waiver import LIVE

EXIT_CODES = {Answer.GO: 0, Answer.NO_GO: 1, Answer.UNSURE: 3, Answer.NO_GPU: 3}


class FailOn(StrEnum):
    """What makes a run fail, beside what is required."""

    REQUIRED = "required"
    """A required check that fails: what counts where nothing else is said."""
    RECOMMENDED = "recommended"
    """Recommended checks count like required ones."""
    UNKNOWN = "unknown"
    """What is not known counts like a fail: 1 where it would be 3."""
    NEW = "new"
    """Only what is new since an earlier run counts."""


class Counting(Struct, frozen=True):
    """What counts in the exit code of a run."""

    recommended: bool = False
    unknown: bool = False
    stale_waivers: bool = False
    """Waivers that are over, void or unused count like a fail."""
    new: Difference | None = None
    """What became of the fleet since an earlier run; then nothing else counts."""


def exit_code(run: Run, counting: Counting = Counting()) -> int:  # noqa: B008  it is immutable
    """Return the exit code of a run.

    Hosts without a GPU do not count; a run that found nothing else found nothing. Hosts that were
    not asked, and a vCenter that could not be, make a 0 a 3. What is waived does not count, other
    than in a preflight.
    """
    if counting.stale_waivers and is_stale(run):
        return EXIT_CODES[Answer.NO_GO]
    return code_of(_answer(run, counting), counting)


def code_of(answer: Answer, counting: Counting) -> int:
    """Return the exit code of what a run, or several, come to."""
    if counting.unknown and answer is not Answer.GO:
        return EXIT_CODES[Answer.NO_GO]
    return EXIT_CODES[answer]


def is_stale(run: Run) -> bool:
    """Say whether a waiver of the run waives nothing any more."""
    return run.waivers is not None and any(one.state not in LIVE for one in run.waivers.uses)


def _answer(run: Run, counting: Counting) -> Answer:
    if run.preflight is not None and not counting.recommended:
        return run.preflight.verdict
    if run.unasked:
        return Answer.UNSURE
    if counting.new is not None:
        answer = unexcused(counting.new, run).worst(strict=counting.recommended)
    else:
        answer = _of_results(run, strict=counting.recommended)
    if run.preflight is not None:
        return gravest_of([answer, run.preflight.verdict])
    return Answer.UNSURE if answer is Answer.GO and silent(run.targets) else answer


def unexcused(made: Difference, run: Run) -> Difference:
    """Return what became of a fleet without what the waivers of the later run waive."""
    excuses = Excuses(run)
    without = excuses.without()
    return replace(
        made,
        changes=excuses.counted(made),
        hosts=tuple(
            replace(one, now=without.get((one.host, one.target), one.now)) for one in made.hosts
        ),
    )


def _of_results(run: Run, *, strict: bool) -> Answer:
    waivers = run.waivers if run.preflight is None else None
    if not strict:
        answers = Counter(runfile.verdicts(run))
        for one in waivers.hosts if waivers is not None else ():
            answers[one.verdict] -= 1
            answers[one.without] += 1
        return gravest_of(answer for answer, count in answers.items() if count > 0)
    counted = (Severity.REQUIRED, Severity.RECOMMENDED)
    if run.preflight is not None:
        best = run.preflight.candidates[:1]  # none where all hosts rest in thought
        judged: Iterable[Result] = [result for one in best for result in one.results]
    else:
        excuses = Excuses(run)
        judged = (
            result
            for report in run.hosts
            if report.verdict is not Answer.NO_GPU
            for result in excuses.left(report)
        )
    return verdict_of([one.status for one in judged if one.severity in counted])
