"""What became of a fleet since an earlier run, for the reports of the later one.

What still fails and is observed otherwise is told once, with the words that differ marked.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from hostcheck.model.difference import Became, Difference
from hostcheck.model.run import Run
from hostcheck.reports import diff_words, words

NAME = {
    Became.NEW: "New", Became.CHANGED: "Still failing, and otherwise",
    Became.LOST: "Not known now", Became.MENDED: "Mended", Became.FOUND: "Now known",
    Became.GONE: "No longer there",
}  # fmt: skip
"""By what became of a result, in the order in which it is told."""
MOST = 30
"""Groups of one kind that are told."""
SAME, OLD, FRESH = "same", "old", "fresh"


class SincePart(NamedTuple):
    """Words that stand side by side."""

    kind: str
    """`same` in both runs, `old` only in the earlier, `fresh` only in the later one."""
    text: str


class SinceTold(NamedTuple):
    """The same change of one check, of one host or of many."""

    check: str
    title: str
    severity: str
    where: str
    parts: tuple[SincePart, ...]


class SinceSection(NamedTuple):
    """All that became so."""

    name: str
    mark: str
    results: int
    told: tuple[SinceTold, ...]
    more: int
    """Groups that are left out."""


class SinceThen(NamedTuple):
    """A difference as reports of the later run tell it."""

    headline: str
    then: str
    """The earlier run in one line."""
    sections: tuple[SinceSection, ...]
    verdicts: tuple[diff_words.Moves, ...]
    traits: tuple[diff_words.Moves, ...]
    rest: str
    notices: tuple[str, ...]


def since_of(run: Run) -> SinceThen | None:
    """Return what became of the fleet of a run; None where no earlier run is beside it."""
    made = run.since
    if made is None:
        return None
    return SinceThen(
        diff_words.headline(made), diff_words.side(made.then), tuple(_sections(made)),
        tuple(diff_words.verdicts(made)), tuple(diff_words.traits(made)), diff_words.rest(made),
        made.notices,
    )  # fmt: skip


def _sections(made: Difference) -> Iterator[SinceSection]:
    for became, name in NAME.items():
        count = sum(one.became is became for one in made.changes)
        if count:
            groups = list(diff_words.changes(made, became))
            told = tuple(map(_told, groups[:MOST]))
            yield SinceSection(name, diff_words.MARK[became], count, told, len(groups) - len(told))


def _told(group: diff_words.Together) -> SinceTold:
    one = group.first
    if one.became is Became.CHANGED:
        parts = marked(one.observed_then, one.observed)
        if one.expected:
            parts += (SincePart(SAME, f"(expected {words.one_line(one.expected)})"),)
    else:
        parts = (SincePart(SAME, f"{group.now}; was {group.was}"),)
    return SinceTold(one.check, one.title, one.severity.value, group.where, parts)


def marked(then: str, now: str) -> tuple[SincePart, ...]:
    """Return the later text with the words that the earlier one had instead, word by word.

    Of another observation altogether, more is marked than is not: then it is told old and new.
    """
    before, after = words.one_line(then).split(), words.one_line(now).split()
    match = SequenceMatcher(a=before, b=after, autojunk=False)
    if match.ratio() < 0.3:
        found = [(OLD, " ".join(before)), (FRESH, " ".join(after))]
        return tuple(SincePart(*one) for one in found if one[1])
    made: list[SincePart] = []
    for kind, a, b, c, d in match.get_opcodes():
        if kind == "equal":
            made.append(SincePart(SAME, " ".join(after[c:d])))
            continue
        made += [SincePart(OLD, " ".join(before[a:b]))] if b > a else []
        made += [SincePart(FRESH, " ".join(after[c:d]))] if d > c else []
    return tuple(made)


PLAIN = {SAME: "{}", OLD: "[-{}-]", FRESH: "{{+{}+}}"}
"""As `git diff --word-diff` marks words."""


def plainly(parts: tuple[SincePart, ...]) -> str:
    """Return the parts as text, marked without colour."""
    return " ".join(PLAIN[one.kind].format(one.text) for one in parts)
