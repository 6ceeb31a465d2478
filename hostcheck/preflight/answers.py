"""What preflights of several VMs come to, in a table."""

from collections.abc import Iterable

from hostcheck import __version__, catalog
from hostcheck.model.answers import SCHEMA, Answers, Place, VmAnswer
from hostcheck.model.result import Answer, Manual, Status, deciding, gravest_of
from hostcheck.model.run import Candidate, Preflight, Run
from hostcheck.reports.words import settled_by
from hostcheck.sources.base import AboutSource

NOT_KNOWN = (Status.UNKNOWN, Status.ERROR)


def answer_of(run: Run) -> VmAnswer:
    """Return the row of a preflight. Raises ValueError for a run that is none."""
    asked = run.preflight
    if asked is None:
        raise ValueError("a row of a table of VMs is a preflight")
    places = tuple(
        _place(one, run.checks) for one in sorted(asked.candidates, key=lambda one: one.rank)
    )
    return VmAnswer(
        asked.vm, asked.vm_id, asked.verdict, asked.summary, asked.runs_on, asked.changed,
        _settled_by(asked, run.checks), places, asked.in_maintenance,
    )  # fmt: skip


def answers_of(vms: Iterable[VmAnswer], left: Iterable[str], about: AboutSource) -> Answers:
    """Put rows in order: the gravest first, then by name."""
    rows = sorted(vms, key=lambda one: (_gravity(one.verdict), one.vm, one.vm_id))
    missing = tuple(left)
    verdicts = [one.verdict for one in rows]
    if missing or not rows or any(one.failure for one in about.targets):
        verdicts.append(Answer.UNSURE)
    return Answers(
        SCHEMA, __version__, catalog.requirements().edition, about.target, gravest_of(verdicts),
        tuple(rows), missing, about.targets,
    )  # fmt: skip


def _gravity(verdict: Answer) -> int:
    return (Answer.NO_GO, Answer.UNSURE, Answer.GO, Answer.NO_GPU).index(verdict)


def _place(one: Candidate, checks: tuple[Manual, ...]) -> Place:
    decided = list(deciding(one.results, checks))

    def those(*statuses: Status) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.check for each in decided if each.status in statuses))

    return Place(
        one.rank, one.host, one.target, one.verdict, one.gpus, those(Status.FAIL),
        those(*NOT_KNOWN), one.summary,
    )  # fmt: skip


def _settled_by(asked: Preflight, checks: tuple[Manual, ...]) -> tuple[str, ...]:
    if asked.verdict is not Answer.UNSURE or not asked.candidates:
        return ()
    decided = deciding(asked.candidates[0].results, checks)
    steps = [
        settled_by(one.unseen.why, one.unseen.privilege, one.unseen.detail)
        or f"hostcheck explain {one.check}"
        for one in decided
        if one.status is Status.UNKNOWN and one.unseen is not None
    ]
    return tuple(dict.fromkeys(step for step in steps if step))
