"""What of a difference is news: not what is waived, and what became of waivers besides."""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from hostcheck.diff import since
from hostcheck.diff.story import Story
from hostcheck.model.difference import Difference, HostChange
from hostcheck.model.excuses import Excuses
from hostcheck.model.notice import SCHEMA, Notice
from hostcheck.model.run import Run
from hostcheck.model.waiver import State, Waivers, WaiverUse
from hostcheck.reports import diff_words, words
from hostcheck.reports.summary.waived import use_words

FIRST = "there is no earlier run to compare with: everything is new"
QUIET = (State.APPLIES, State.NOT_YET)
"""States of waivers that are no news."""


def news(then: Story | None, run: Run, code: int) -> Notice | None:
    """Return what changed since an earlier run, None where nothing did.

    Without an earlier run everything is new. What a run tells of an earlier one itself is of the
    same one: `--since`. Raises UsageError where the earlier run is damaged.
    """
    earlier = then if then is not None else Story.of(_before(run))
    made = run.since or since(earlier, run)
    moved = tuple(_waivers(getattr(earlier.head, "waivers", None), run.waivers))
    made = _unexcused(made, run)
    if not (made.changes or made.hosts or moved):
        return None
    first = () if then is not None else (FIRST,)
    made = replace(made, notices=(*first, *moved, *made.notices))
    counts = Counter(one.became.value for one in made.changes)
    counts["verdicts"] = sum(one.was is not one.now for one in made.hosts)
    counts["waivers"] = len(moved)
    said = [diff_words.headline(made)] if made.changes or made.hosts else []
    said += [words.count(len(moved), "waiver needs", "waivers need") + " somebody"] if moved else []
    text = words.one_line(f"{run.target}: {', '.join(said)}")
    return Notice(SCHEMA, text, run.target, code, dict(counts), made)


def _before(run: Run) -> Run:
    """Return a run of nothing, which came before every other."""
    return replace(
        run, hosts=(), first_answer_at="", last_answer_at="", waivers=None, unasked=(), targets=(),
    )  # fmt: skip


def _unexcused(made: Difference, run: Run) -> Difference:
    """Return a difference without what is waived now, and hosts that changed in nothing else."""
    excuses = Excuses(run)
    excused, changes = excuses.without(), excuses.counted(made)
    left = {(one.host, one.target) for one in changes}

    def shown(one: HostChange) -> HostChange:
        without = excused.get((one.host, one.target))
        return replace(one, now=one.was) if without is not None and without is one.was else one

    hosts = tuple(
        host
        for host in map(shown, made.hosts)
        if host.was is not host.now or host.traits or (host.host, host.target) in left
    )
    return replace(made, changes=changes, hosts=hosts)


def _waivers(then: Waivers | None, now: Waivers | None) -> Iterator[str]:
    """Say which waivers came into a state in which they need somebody."""
    before = {} if then is None else {_key(one): one.state for one in then.uses}
    for one in () if now is None else now.uses:
        if one.state not in QUIET and before.get(_key(one)) is not one.state:
            yield words.one_line(f"waiver {one.state.value}: {use_words(one)}")


def _key(one: WaiverUse) -> tuple[str, ...]:
    waiver = one.waiver
    return (waiver.check, waiver.host, waiver.vcenter, waiver.cluster, waiver.subject,
            waiver.owner, waiver.expires)  # fmt: skip
