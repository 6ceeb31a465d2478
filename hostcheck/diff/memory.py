"""What a run does not know and the one before it knew: kept in the run, for the one after it."""

from collections.abc import Iterator

from hostcheck.diff.pairs import pairs
from hostcheck.diff.story import Glance, Key, Story
from hostcheck.model.memory import LastKnown, LastResult
from hostcheck.model.result import Answer, Status

SURE = (Answer.GO, Answer.NO_GO)


def last_known(then: Story, now: Story) -> Iterator[LastKnown]:
    """Yield what is not known of hosts now and was then, or was known when it was known last.

    A host that a run left out without saying why is gone, and nothing of it is kept.
    """
    memory = then.last_known()
    for was, one in pairs(then, now):
        before = memory.pop((was or one).who, None)  # type: ignore[union-attr]  # one of both
        if one is not None:
            left = _left(then, was, one, before)
        elif was is not None and now.gone(was.who):
            left = _whole(then, was, before)
        else:
            continue
        if left is not None:
            yield left
    yield from (one for who, one in memory.items() if now.gone(who))


def open_of(kept: LastKnown | None) -> dict[Key, LastResult]:
    """Return the results that were no pass when they were known last."""
    return {} if kept is None else {(one.check, one.kind, one.id): one for one in kept.results}


def sure_of(was: Glance | None, before: LastKnown | None) -> Answer | None:
    """Return the verdict on a host when it was known last; None where it never was."""
    if before is not None and (was is None or was.verdict is Answer.UNSURE):
        return before.verdict
    return None if was is None else was.verdict


def _whole(story: Story, was: Glance, before: LastKnown | None) -> LastKnown:
    """Return all of a host that is not in the later run."""
    found = {key: _kept(story, was, key) for key in was.open}
    found |= {key: one for key, one in open_of(before).items() if was.knows_not(key)}
    return LastKnown(
        *was.who, sure_of(was, before) or was.verdict, tuple(found.values()),
        {**(before.traits if before is not None else {}), **was.traits()},
    )  # fmt: skip


def _left(
    story: Story, was: Glance | None, now: Glance, before: LastKnown | None
) -> LastKnown | None:
    """Return what is not known any more of a host that both runs have."""
    found = {
        key: one
        for key, one in open_of(before).items()
        if one.status is Status.FAIL and now.knows_not(key)
    }
    if was is not None:
        for key, one in was.open.items():
            if one.status is Status.FAIL and now.knows_not(key):
                found[key] = _kept(story, was, key)
    verdict = sure_of(was, before)
    if now.verdict is not Answer.UNSURE or verdict not in SURE:
        verdict = now.verdict
    if not found and verdict is now.verdict:
        return None
    told = {**(before.traits if before is not None else {}), **(was.traits() if was else {})}
    here = now.traits()
    traits = {topic: words for topic, words in told.items() if topic not in here}
    return LastKnown(*now.who, verdict or now.verdict, tuple(found.values()), traits)


def _kept(story: Story, was: Glance, key: Key) -> LastResult:
    one = was.open[key]
    told, about = story.told(one), was.subject(one)
    fails = one.status is Status.FAIL
    return LastResult(
        *key, about.name, one.status, told.severity, told.observed if fails else "",
        told.expected if fails else "", key in story.waived(was.who),
    )  # fmt: skip
