"""VM classes judged, for the terminal: the answer, then each class on each cluster."""

from collections.abc import Iterator

from hostcheck.model.result import Status
from hostcheck.model.vm_class import ClassFinding, ClassJudged, ClassPlace, Judged
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports import vm_class_words as told
from hostcheck.reports.wrapping import wrapped


def pieces(made: Judged, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield f"{told.title(made)}\n{wrapped(told.about(made), screen)}\n"
    for warning in made.warnings:
        yield wrapped(f"! {words.one_line(warning)}", screen, "  ") + "\n"
    yield f"\n{told.answer(made)}\n"
    for one in made.classes:
        yield from _class(one, screen)


def _class(one: ClassJudged, screen: Screen) -> Iterator[str]:
    sign = told.SIGN[one.answer]
    yield "\n" + wrapped(f"{sign} {one.answer.value} {told.named(one)}", screen, "  ") + "\n"
    yield f"  {told.MEANS[one.answer]}\n"
    for notice in one.notices:
        yield wrapped(f"  ! {words.one_line(notice)}", screen, "    ") + "\n"
    for place in one.places:
        yield from _place(place, screen)


def _place(place: ClassPlace, screen: Screen) -> Iterator[str]:
    head = f"  {told.place(place)}: {place.answer.value}; {told.kept(place)}"
    yield wrapped(head, screen, "    ") + "\n"
    yield wrapped(f"    {told.fits(place)}", screen, "      ") + "\n"
    good = [one for one in place.findings if one.status is Status.PASS]
    for one in told.shown(place):
        yield from _finding(one, screen)
    if good:
        names = ", ".join(one.check for one in good)
        yield wrapped(f"    ✓ {len(good)} pass: {names}", screen, "      ") + "\n"


def _finding(one: ClassFinding, screen: Screen) -> Iterator[str]:
    yield wrapped(f"    {told.STATUS[one.status]} {told.finding(one)}", screen, "      ") + "\n"
    lines = []
    if one.hosts:
        lines.append(f"on: {told.hosts(one.hosts)}")
    if one.change is not None:
        lines.append(f"change {told.change(one.change)}")
    if one.told_by:
        lines.append(f"told by: {one.told_by}")
    for line in lines:
        yield wrapped(f"      {words.one_line(line)}", screen, "        ") + "\n"
