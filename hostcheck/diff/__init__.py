"""Two runs of one fleet side by side: what is new, what is mended, what is no longer known."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hostcheck.diff.story import Glance, Seen, Story, Subject, Who
from hostcheck.model.difference import (
    SCHEMA,
    Became,
    Change,
    Difference,
    HostChange,
    Side,
    TraitChange,
)
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import Run, called, silent
from hostcheck.runfile import Told
from hostcheck.words import count

WELL = (Status.PASS, Status.NOT_APPLICABLE)


def difference(then: Path, now: Path) -> Difference:
    """Compare two run files. Raises UsageError when one is none, or damaged.

    A host is the same one where its name and its vCenter are; a result, where its check and the
    kind and id of its subject are.
    """
    return _Pair(Story.at(then), Story.at(now)).difference()


def since(then: Story, now: Run) -> Difference:
    """Compare a run with an earlier one that was opened before."""
    return _Pair(then, Story.of(now)).difference()


class _Pair:
    def __init__(self, then: Story, now: Story) -> None:
        self._then, self._now = then, now
        self._titles = {**dict(then.titles()), **dict(now.titles())}
        order = [
            *dict(now.titles()),
            *(one for one in self._titles if one not in dict(now.titles())),
        ]
        self._order = {check: number for number, check in enumerate(order)}
        self._open: Counter[bool] = Counter()
        """Results that are as they were: by whether they fail."""
        self._ended = 0
        """Fails that were waived then and are not now."""
        self._tallies: tuple[Counter[Answer], Counter[Answer]] = (Counter(), Counter())

    def difference(self) -> Difference:
        changes: list[Change] = []
        hosts: list[HostChange] = []
        same = 0
        for then, now in self._pairs():
            if now is None:
                if then is not None:
                    why = self._why_gone(then.who)
                    hosts.append(HostChange(*then.who, then.verdict, None, why=why))
                continue
            found = list(self._changes(then, now))
            was = None if then is None else then.verdict
            traits = () if then is None else _traits(then, now)
            if found or traits or was is not now.verdict:
                changes += found
                hosts.append(HostChange(*now.who, was, now.verdict, traits))
            else:
                same += 1
        ids = [set(dict(one.titles())) for one in (self._then, self._now)]
        return Difference(
            SCHEMA, _side(self._then, self._tallies[0]), _side(self._now, self._tallies[1]),
            tuple(sorted(changes, key=self._rank)), tuple(hosts),
            same, self._open[True], self._open[False],
            tuple(sorted(ids[1] - ids[0])), tuple(sorted(ids[0] - ids[1])),
            tuple(self._notices()),
        )  # fmt: skip

    def _pairs(self) -> Iterator[tuple[Glance | None, Glance | None]]:
        """Yield each host as it was and as it is, both runs being in the order of names."""
        stories = (self._then.hosts(), self._now.hosts())
        heads = [next(one, None) for one in stories]
        while left := [one.who for one in heads if one is not None]:
            who = min(left)
            pair = [one if one is not None and one.who == who else None for one in heads]
            for at, glance in enumerate(pair):
                if glance is not None:
                    self._tallies[at][glance.verdict] += 1
                    heads[at] = next(stories[at], None)
            yield pair[0], pair[1]

    def _rank(self, one: Change) -> tuple[int, int, int, str, str, str]:
        return (
            list(Became).index(one.became), list(Severity).index(one.severity),
            self._order.get(one.check, len(self._order)), one.host, one.target, one.subject_id,
        )  # fmt: skip

    def _changes(self, then: Glance | None, now: Glance) -> Iterator[Change]:
        before = {} if then is None else then.open
        ended = self._then.waived(now.who) - self._now.waived(now.who)
        for key, one in now.open.items():
            was = before.get(key)
            became = self._of_open(one, was)
            if became is not Became.NEW and one.status is Status.FAIL and key in ended:
                became = Became.NEW
                self._ended += 1
            if became is None:
                self._open[one.status is Status.FAIL] += 1
                continue
            says, said = self._now.told(one), self._then.told(was) if was else None
            status = was.status if was else then.judged.get(key) if then else None
            yield self._change(
                became, now.who, key[0], now.subject(one), says, was=(status, said),
                now=(one.status, says),
            )  # fmt: skip
        for key, was in before.items():
            if key in now.open or then is None:
                continue
            status = now.judged.get(key)
            off = status is None and key[0] in now.off
            became = Became.OFF if off else _of_closed(was, status)
            if became is not None:
                said = self._then.told(was)
                yield self._change(
                    became, now.who, key[0], then.subject(was), said, was=(was.status, said),
                    now=(status, None),
                )  # fmt: skip

    def _of_open(self, one: Seen, was: Seen | None) -> Became | None:
        if one.status is not Status.FAIL:
            return None if was is not None and was.status is not Status.FAIL else Became.LOST
        if was is None or was.status is not Status.FAIL:
            return Became.NEW
        said, says = self._then.told(was), self._now.told(one)
        same = (said.observed, said.expected) == (says.observed, says.expected)
        return None if same else Became.CHANGED

    def _change(
        self, became: Became, who: Who, check: str, about: Subject, told: Told, *,
        was: tuple[Status | None, Told | None], now: tuple[Status | None, Told | None],
    ) -> Change:  # fmt: skip
        return Change(
            became, check, self._titles.get(check, check), told.severity, *who,
            about.kind, about.id, about.name, was[0], now[0],
            _observed(was[1]), _observed(now[1]), told.expected,
        )  # fmt: skip

    def _why_gone(self, who: Who) -> str:
        """Say why a host is not in the later run, where that run tells it."""
        head = self._now.head
        failures = {one.name: one.failure for one in silent(head.targets)}
        if who[1] in failures:
            return f"{who[1]} told of no host: {failures[who[1]]}"
        if {who[0], called(*who)} & set(head.unasked):
            return f"not asked: {head.ended or 'the run was interrupted'}"
        return ""

    def _notices(self) -> Iterator[str]:
        then, now = self._then.head, self._now.head
        if then.last_answer_at and now.first_answer_at and then.last_answer_at > now.last_answer_at:
            yield "the first run is the later one: its answers are younger"
        if self._ended:
            yield (
                f"{count(self._ended, 'fail')} of before {'is' if self._ended == 1 else 'are'} "
                "no longer waived, and new among what counts"
            )
        policies = [one.policy.called if one.policy else "no policy" for one in (then, now)]
        if policies[0] != policies[1]:
            yield (
                f"judged by {policies[0]} and by {policies[1]}: what is judged otherwise, or "
                "weighs otherwise, need not have changed"
            )
        if (then.tool_version, then.catalogue_edition) != (now.tool_version, now.catalogue_edition):
            yield (
                f"judged by hostcheck {then.tool_version} with the catalogue of "
                f"{then.catalogue_edition} and by {now.tool_version} with that of "
                f"{now.catalogue_edition}: what is judged otherwise need not have changed"
            )


def _of_closed(was: Seen, status: Status | None) -> Became | None:
    """Say what became of a result that was no pass and is not among those that are none now."""
    if status is Status.NOT_SELECTED:
        return Became.OFF
    if status in WELL:
        return Became.MENDED if was.status is Status.FAIL else Became.FOUND
    return Became.GONE if status is None and was.status is Status.FAIL else None


def _observed(told: Told | None) -> str:
    if told is None:
        return ""
    if told.unseen is not None:
        return f"{told.unseen.why}: {told.unseen.detail}" if told.unseen.detail else told.unseen.why
    return told.observed


def _traits(then: Glance, now: Glance) -> tuple[TraitChange, ...]:
    if then.fields == now.fields:
        return ()
    before, after = then.traits(), now.traits()
    return tuple(
        TraitChange(topic, before[topic], after[topic])
        for topic in after
        if topic in before and before[topic] != after[topic]
    )


def _side(story: Story, verdicts: Counter[Answer]) -> Side:
    head = story.head
    return Side(
        head.target, head.tool_version, head.catalogue_edition, head.first_answer_at,
        head.last_answer_at, {one.value: verdicts[one] for one in Answer if verdicts[one]},
    )  # fmt: skip
