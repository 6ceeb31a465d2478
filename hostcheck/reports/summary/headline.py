"""The answer to the first question in one sentence: may I power on?"""

from collections.abc import Collection, Mapping

from hostcheck.model.result import (
    Answer,
    Manual,
    Status,
    deciding,
    gravest_of,
)
from hostcheck.model.run import (
    Outcome,
    PowerOn,
    Preflight,
    Run,
    silent,
)
from hostcheck.model.vm import TO_BE
from hostcheck.reports import words


def verdict_of(run: Run, tally: Mapping[Answer, int]) -> Answer:
    """Return the verdict on a run: what a power-on proved counts first."""
    if run.power_on is not None:
        return run.power_on.answer
    if run.preflight is not None:
        return run.preflight.verdict
    if (run.unasked or silent(run.targets)) and not tally[Answer.NO_GO]:
        return Answer.UNSURE
    return gravest_of(answer for answer, count in tally.items() if count)


def headline_of(run: Run, tally: Mapping[Answer, int]) -> str:
    """Return the sentence."""
    if run.preflight is not None:
        sent, asked = run.power_on, run.preflight
        return _start_headline(asked.vm, sent) if sent else _preflight_headline(asked, run.checks)
    if run.unasked or silent(run.targets):
        told = _left_out(run)
        failing = tally[Answer.NO_GO]
        return f"{told}, and {failing} {_are(failing)} not ready for vGPU VMs" if failing else told
    if not run.hosts:
        return "No host was found, so nothing can be said"
    total = sum(tally.values()) - tally[Answer.NO_GPU]
    if len(run.hosts) == 1:
        name = words.one_line(run.hosts[0].host.name)
        return {
            Answer.GO: f"{name} is ready for vGPU VMs",
            Answer.NO_GO: f"{name} is not ready for vGPU VMs",
            Answer.UNSURE: f"Whether {name} is ready could not be settled",
            Answer.NO_GPU: f"{name} has no NVIDIA GPU",
        }[run.hosts[0].verdict]
    if failing := tally[Answer.NO_GO]:
        return f"{failing} of {total} hosts {_are(failing)} not ready for vGPU VMs"
    if unsure := tally[Answer.UNSURE]:
        return f"For {unsure} of {total} hosts it could not be settled"
    if not total:
        return f"None of {len(run.hosts)} hosts has an NVIDIA GPU"
    return f"All {total} hosts with NVIDIA GPUs are ready for vGPU VMs"


def _left_out(run: Run) -> str:
    """Say how much of what was to be asked was not."""
    if not run.unasked:
        return f"{len(silent(run.targets))} of {len(run.targets)} vCenters could not be asked"
    done, all_ = len(run.hosts), len(run.hosts) + len(run.unasked)
    how = "Cut short" if run.ended else "Interrupted"
    return f"{how}: {done} of {words.count(all_, 'host')} {_were(done)} asked"


def _vcenter_alone(asked: Preflight, manuals: Collection[Manual]) -> bool:
    """Say whether on the best host nothing but vCenter's own check is against it."""
    decided = deciding(asked.candidates[0].results, manuals) if asked.candidates else ()
    against = {one.check for one in decided if one.status is Status.FAIL}
    return bool(against) and against <= {one.id for one in manuals if one.opinion}


def _preflight_headline(asked: Preflight, manuals: Collection[Manual]) -> str:
    name = words.one_line(f"{asked.vm} with {asked.changed}" if asked.changed else asked.vm)
    article = "the " if asked.vm == TO_BE else ""
    begins = f"{article.capitalize()}{name}"
    if asked.runs_on:
        again = {
            Answer.GO: "and would start again",
            Answer.NO_GO: "and would not start again",
        }.get(asked.verdict, "and whether it would start again could not be settled")
        return f"{name} runs on {words.one_line(asked.runs_on)}, {again}"
    best = [candidate for candidate in asked.candidates if candidate.verdict is Answer.GO]
    if asked.verdict is Answer.GO:
        first = min(best, key=lambda candidate: candidate.rank, default=None)
        where = words.one_line(first.host) if first is not None else ""
        return f"{begins} may be powered on{', best on ' + where if where else ''}"
    if asked.verdict is Answer.NO_GO:
        if _vcenter_alone(asked, manuals):
            return f"{begins} lacks nothing that was read, but vCenter objects"
        return f"{begins} would not start"
    return f"Whether {article}{name} would start could not be settled"


def _start_headline(vm: str, told: PowerOn) -> str:
    name = words.one_line(vm)
    on = f" on {words.one_line(told.host)}" if told.host else ""
    return {
        Outcome.STARTED: f"{name} was started{on}",
        Outcome.RUNS: f"{name} runs already{on}",
        Outcome.NOT_SENT: f"{name} was not started",
        Outcome.FAILED: f"{name} did not start",
        Outcome.UNKNOWN: f"Whether {name} started is not known",
    }[told.outcome]


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
