"""A recorded machine that is judged again and again, each time with a part of its answers damaged.

Only what changed is parsed anew. Where a damaged answer is read as the whole one, or as one that
was judged, but for the words of reasons, so is the machine.
"""

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.json import encode
from msgspec.structs import replace

from hostcheck.assemble import assemble
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.recording import Recording
from hostcheck.sources import asking
from hostcheck.sources.recorded import RecordedSource
from hostcheck.syntax.opened import opened
from tests.torture.damage import Damage, damages
from tests.torture.law import Richer, slips, whole
from tests.torture.memory import crashed, difference
from tests.torture.says import Statement, excused, statement

Key = tuple[str, str, str]
Parse = Callable[[str], Any]
Hit = tuple[Key, Damage]
READERS = [
    module
    for name, module in tuple(sys.modules.items())
    if name.startswith("hostcheck.") and vars(module).get("opened") is opened
]
"""The modules that open answers."""
MOST = 2000
"""Damaged answers that are kept: a pair is of damages that came singly."""
DECIDES_WHAT_IS_ASKED = ("HostSystem", "esxcli hardware pci list")


class Outcome(NamedTuple):
    """What became of a damaged machine."""

    how: str
    """`alike`, `told before` (but for the words of reasons), `judged`, or `another fact`."""
    slips: tuple[str, ...] = ()
    crashes: tuple[str, ...] = ()
    changed: bool = False
    """Whether the other fact changed anything that was told, which it may."""


class Memo:
    """Stands in for `opened`: an answer that was read before is not read again."""

    def __init__(self) -> None:
        self.known: dict[tuple[Key, Parse], tuple[Capture, Any]] = {}
        self.fresh: dict[tuple[Key, Parse], tuple[Capture, Any]] = {}
        self._single: dict[tuple[Key, Parse, Hit], tuple[Capture, Any]] = {}
        self._hits: dict[Key, Hit] = {}

    def begin(self, hits: tuple[Hit, ...]) -> None:
        """Let an answer be damaged that way: what is read of one that is hit once is kept."""
        self.fresh = {}
        times = Counter(hit[0] for hit in hits)
        self._hits = {hit[0]: hit for hit in hits if times[hit[0]] == 1}

    def opened(self, capture: Capture, parse: Parse) -> Any:
        """Read an answer, or return what was read of this very text."""
        place = (capture.request.key, parse)
        for kept in (self.fresh, self.known):
            if (found := kept.get(place)) is not None and (
                found[0].text is capture.text and found[0].failure is capture.failure
            ):
                return found[1]
        hit = self._hits.get(place[0])
        single = None if hit is None else self._single.get((*place, hit))
        if single is not None and single[0] == capture:
            self.fresh[place] = (capture, single[1])
            return single[1]
        value = opened(capture, parse)
        self.fresh[place] = (capture, value)
        if hit is not None:
            if len(self._single) >= MOST:
                self._single.clear()
            self._single[*place, hit] = self.fresh[place]
        return value

    def learn(self) -> None:
        """Keep for good what was read of a healthy machine."""
        self.known |= self.fresh
        self.fresh = {}


class Machine:
    """One recording in memory. `judge` says how a damaged one betrays the whole one."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        source = RecordedSource(folder)
        (self.ref,) = source.machines()
        self.held = source.read(self.ref)
        self.memo = Memo()
        self._found: dict[object, Outcome] = {}
        self._slips: dict[bytes, list[str]] = {}
        self._remember()
        self.asked = asking.finish(self.ref, self.held, {})
        self.before = Richer(assemble(self.asked))
        self.memo.learn()
        self.damages: list[Hit] = [
            (key, one)
            for key, capture in sorted(self.held.captures.items())
            if key in self.asked.captures
            for one in damages(capture.text)
        ]

    def _remember(self) -> None:
        for module in READERS:
            module.opened = self.memo.opened  # type: ignore[attr-defined]

    def damaged(self, *hits: Hit) -> dict[Key, Capture]:
        """Return the answers that change; the last damage of a text is done first."""
        changed: dict[Key, Capture] = {}
        for key, damage in sorted(hits, key=lambda one: (one[0], -one[1].start)):
            capture = changed.get(key, self.held.captures[key])
            changed[key] = replace(capture, text=damage.of(capture.text))
        return changed

    def hit(self, *hits: Hit) -> Outcome:
        """Judge the machine with some damage."""
        self.memo.begin(hits)
        self._remember()
        changed = self.damaged(*hits)
        read = tuple((key, self._read(key, capture)) for key, capture in changed.items())
        if all(one is not None and not any(one) for _, one in read):
            return Outcome("alike")
        found = self._found.get(read)
        if found is None or any(one is None for _, one in read):
            found = self._found[read] = self._judged(changed)
        else:
            found = found._replace(how="told before")
        said = {hit: one for hit in hits if (one := self._statement(hit)) is not None}
        if not said:
            return found
        if len(said) < len(hits):  # the rest is a loss, of what the answer states now
            return self._judged(changed, self._before_of(said))._replace(how="another fact")
        left = tuple(
            slip
            for slip in found.slips
            if not any(excused(one, key[2], slip) for (key, _), one in said.items())
        )
        return Outcome("another fact", left, found.crashes, bool(found.slips))

    def _statement(self, hit: Hit) -> Statement | None:
        key, damage = hit
        return statement(key[1], self.held.captures[key].text, damage)

    def _before_of(self, hits: Iterable[Hit]) -> Host:
        return assemble(self._answers(self.damaged(*hits)))

    def _judged(self, changed: Mapping[Key, Capture], before: Host | None = None) -> Outcome:
        crashes = tuple(
            f"{place[0][1]}: its parser crashed, {value.detail}"
            for place, (_, value) in self.memo.fresh.items()
            if isinstance(value, Unknown) and crashed(value)
        )
        found: list[str] = []
        try:
            host = assemble(self._answers(changed))
            if host != (before or self.before.host):
                found = self._betrayed(host, before)
        except Exception as error:  # noqa: BLE001  it is told, with the input that did it
            crashes += (f"crashed: {type(error).__name__}: {error}",)
        crashes += tuple(one for one in found if "crashed, " in one)
        return Outcome("judged", tuple(one for one in found if "crashed, " not in one), crashes)

    def _betrayed(self, host: Host, before: Host | None) -> list[str]:
        """Judge a host, once: damages of answers differ, and come to one host often."""
        if before is not None:
            return slips(whole(before), whole(host))
        joined = encode(host)
        if joined not in self._slips:
            self._slips[joined] = self.before.betrayed(host)
        return self._slips[joined]

    def _answers(self, changed: Mapping[Key, Capture]) -> Recording:
        """Return what the machine answers, damaged, to the questions of today."""
        if any(key[1] in DECIDES_WHAT_IS_ASKED for key in changed):
            return asking.finish(self.ref, self.held.with_answers(changed), {})
        asked = self.asked.captures
        return self.asked.with_answers(
            {key: replace(asked[key], text=one.text) for key, one in changed.items()}
        )

    def _read(self, key: Key, capture: Capture) -> Hashable:
        """Say how what is read of an answer differs; None where that cannot be said."""
        held = self.held.captures[key]
        if held.exit_status or held.failure is not None:
            return None
        again = replace(self.asked.captures[key], text=capture.text)
        return tuple(
            difference(kept[1], self.memo.opened(again, parse))
            for (of, parse), kept in self.memo.known.items()
            if of == key
        )
