"""Two runs of one fleet side by side: what is new, what is mended, what is no longer known."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hostcheck.diff.memory import open_of, sure_of
from hostcheck.diff.pairs import pairs
from hostcheck.diff.story import Glance, Key, SeenResult, Story, StorySubject, Who
from hostcheck.model.difference import (
    SCHEMA,
    Became,
    Change,
    Difference,
    HostChange,
    Side,
    TraitChange,
)
from hostcheck.model.memory import LastKnown, LastResult
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import Run
from hostcheck.runfile import ToldResult
from hostcheck.words import count

SKETCH = (
    "compared with a history, which knows fails and verdicts: what was observed then, and what was "
    "not known, it does not tell"
)
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
        self._memory = then.last_known()
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
        for then, now in pairs(self._then, self._now):
            for tally, one in zip(self._tallies, (then, now), strict=True):
                tally.update((one.verdict,) if one is not None else ())
            if now is None:
                if then is not None:
                    why = self._now.gone(then.who)
                    hosts.append(HostChange(*then.who, then.verdict, None, why=why))
                continue
            before = _Before(self._then, then, self._memory.get(now.who))
            found, failed = self._compared(before, now)
            traits = _traits(before, now)
            if found or traits or before.verdict is not now.verdict:
                known = None
                if before.verdict in (None, Answer.UNSURE):
                    known = Answer.NO_GO if failed else before.known
                changes += found
                hosts.append(HostChange(*now.who, before.verdict, now.verdict, traits, known=known))
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

    def _rank(self, one: Change) -> tuple[int, int, int, str, str, str]:
        return (
            list(Became).index(one.became), list(Severity).index(one.severity),
            self._order.get(one.check, len(self._order)), one.host, one.target, one.subject_id,
        )  # fmt: skip

    def _compared(self, before: "_Before", now: Glance) -> tuple[list[Change], bool]:
        """Return what changed, and whether something required fails that failed before."""
        changes: list[Change] = []
        failed = False
        ended = before.waived() - self._now.waived(now.who)
        for key, one in now.open.items():
            says, was = self._now.told(one), before.of_open(key, one.status)
            became = self._of_open(one, says, was)
            if became is Became.NEW and not before.is_well(key) and self._is_old(now.who, key):
                became = None
            if became is not Became.NEW and one.status is Status.FAIL:
                failed |= says.severity is Severity.REQUIRED
                if key in ended:
                    became = Became.NEW
                    self._ended += 1
            if became is None:
                self._open[one.status is Status.FAIL] += 1
                continue
            changes.append(self._change(
                became, now.who, key[0], now.subject(one), says,
                was=before.told(key, was), now=(one.status, says),
            ))  # fmt: skip
        return changes + list(self._closed(before, now)), failed

    def _closed(self, before: "_Before", now: Glance) -> Iterator[Change]:
        """Yield what was no pass and is not among what is none now."""
        for key, was in before.open().items():
            if key in now.open:
                continue
            status = now.judged.get(key)
            off = status is None and key[0] in now.off
            became = Became.OFF if off else _of_closed(was.status, status)
            if became is Became.GONE and now.knows_not(key):
                became = Became.LOST if before.has(key) else None
            if became is not None:
                said = before.words(was)
                yield self._change(
                    became, now.who, key[0], before.subject(was), said, was=(was.status, said),
                    now=(status, None),
                )  # fmt: skip

    def _of_open(
        self, one: SeenResult, says: ToldResult, was: "SeenResult | LastResult | None"
    ) -> Became | None:
        if one.status is not Status.FAIL:
            if was is None:
                return None if self._then.sketch else Became.LOST
            return Became.LOST if was.status is Status.FAIL else None
        if was is None or was.status is not Status.FAIL:
            return Became.NEW
        said = was if isinstance(was, LastResult) else self._then.told(was)
        same = (said.observed, said.expected) == (says.observed, says.expected)
        return None if same or self._then.sketch else Became.CHANGED

    def _is_old(self, who: Who, key: Key) -> bool:
        """Say whether the history of the later run saw a fail before, and never well since."""
        head = self._now.head
        if head.history is None:
            return False
        since = head.history.of(*who).get(key)
        return since is not None and since < head.last_answer_at

    def _change(
        self, became: Became, who: Who, check: str, about: StorySubject,
        told: "ToldResult | LastResult", *, was: "_Told", now: "_Told",
    ) -> Change:  # fmt: skip
        return Change(
            became, check, self._titles.get(check, check), told.severity, *who,
            about.kind, about.id, about.name, was[0], now[0],
            _observed(was[1]), _observed(now[1]), told.expected,
        )  # fmt: skip

    def _notices(self) -> Iterator[str]:
        then, now = self._then.head, self._now.head
        if self._then.sketch:
            yield SKETCH
        if then.last_answer_at and now.first_answer_at and then.last_answer_at > now.last_answer_at:
            yield "the first run is the later one: its answers are younger"
        if self._ended:
            yield (
                f"{count(self._ended, 'fail')} of before {'is' if self._ended == 1 else 'are'} "
                "no longer waived, and new among what counts"
            )
        if self._then.sketch:
            return
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


class _Before:
    """A host as the earlier run knew it, and as it was when it was known last."""

    def __init__(self, story: Story, then: Glance | None, kept: LastKnown | None) -> None:
        self._story, self._then = story, then
        self._memory = open_of(kept)
        self._kept = kept
        self.verdict = None if then is None else then.verdict
        self.known = None if kept is None else sure_of(then, kept)

    def is_well(self, key: Key) -> bool:
        return self._then is not None and self._then.judged.get(key) in WELL

    def has(self, key: Key) -> bool:
        """Say whether the earlier run itself had a result among those that are no pass."""
        return self._then is not None and key in self._then.open

    def of_open(self, key: Key, status: Status) -> SeenResult | LastResult | None:
        """Return what is compared with a result that is no pass.

        That a result is not known is told once: it is compared with the earlier run, where that
        has the host. A fail is compared with what was known last.
        """
        was = None if self._then is None else self._then.open.get(key)
        if self._then is not None and status is not Status.FAIL:
            return was
        known = (was is not None and was.status is Status.FAIL) or self.is_well(key)
        return was if known else self._memory.get(key, was)

    def open(self) -> dict[Key, SeenResult | LastResult]:
        """Return what was no pass then, and what was none before and is not known to be well."""
        found: dict[Key, SeenResult | LastResult] = {
            key: one for key, one in self._memory.items() if not self.is_well(key)
        }
        told = {} if self._then is None else self._then.open
        found.update(
            (key, one)
            for key, one in told.items()
            if one.status is Status.FAIL or key not in self._memory
        )
        return found

    def waived(self) -> frozenset[Key]:
        told = frozenset(key for key, one in self._memory.items() if one.waived)
        return told if self._then is None else told | self._story.waived(self._then.who)

    def subject(self, was: SeenResult | LastResult) -> StorySubject:
        if isinstance(was, LastResult) or self._then is None:
            return StorySubject(was.kind, was.id, was.name)  # type: ignore[union-attr]  # a LastResult
        return self._then.subject(was)

    def told(self, key: Key, was: SeenResult | LastResult | None) -> "_Told":
        if was is not None:
            return was.status, self.words(was)
        return (None if self._then is None else self._then.judged.get(key)), None

    def words(self, was: SeenResult | LastResult) -> ToldResult | LastResult:
        return was if isinstance(was, LastResult) else self._story.told(was)

    def traits(self) -> dict[str, str]:
        told = {} if self._kept is None else self._kept.traits
        return told if self._then is None else {**told, **self._then.traits()}

    def has_fields(self, now: Glance) -> bool:
        """Say whether all that traits are read from is as it was."""
        return self._kept is None and self._then is not None and self._then.fields == now.fields


_Told = tuple[Status | None, ToldResult | LastResult | None]
"""How a result ended, and its words."""


def _of_closed(was: Status, status: Status | None) -> Became | None:
    """Say what became of a result that was no pass and is not among those that are none now."""
    if status is Status.NOT_SELECTED:
        return Became.OFF
    if status in WELL:
        return Became.MENDED if was is Status.FAIL else Became.FOUND
    return Became.GONE if status is None and was is Status.FAIL else None


def _observed(told: ToldResult | LastResult | None) -> str:
    if told is None:
        return ""
    if isinstance(told, ToldResult) and told.unseen is not None:
        return f"{told.unseen.why}: {told.unseen.detail}" if told.unseen.detail else told.unseen.why
    return told.observed


def _traits(before: _Before, now: Glance) -> tuple[TraitChange, ...]:
    if before.has_fields(now):
        return ()
    then, here = before.traits(), now.traits() if before.traits() else {}
    return tuple(
        TraitChange(topic, then[topic], here[topic])
        for topic in here
        if topic in then and then[topic] != here[topic]
    )


def _side(story: Story, verdicts: Counter[Answer]) -> Side:
    head = story.head
    return Side(
        head.target, head.tool_version, head.catalogue_edition, head.first_answer_at,
        head.last_answer_at, {one.value: verdicts[one] for one in Answer if verdicts[one]},
    )  # fmt: skip
