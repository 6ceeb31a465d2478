"""A policy for the terminal: check by check, each value with what says so."""

from collections.abc import Iterator

from hostcheck.model.policy import CheckSetting, Settings, SettledValue
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import TextPage


def pieces(made: Settings, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = TextPage(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: Settings, page: TextPage) -> Iterator[str]:
    if made.sha256:
        yield page.paint(words.one_line(f"{made.policy} ({made.sha256[:12]})"), "strong")
        if made.about:
            yield from page.wrap(made.about, 2)
        rests = [f"rests on {', '.join(made.extends)}"] if made.extends else []
        yield from page.wrap("; ".join([made.file or "profile of hostcheck", *rests]), 2)
    else:
        yield page.paint("no policy: every check as it is by itself", "strong")
    where = f"in cluster {made.cluster}" if made.cluster else "outside of the clusters it names"
    changed = sum(one.changed for one in made.settings)
    yield from page.wrap(f"{words.count(changed, 'check')} changed, {where}", 2)
    yield ""
    for one in made.settings:
        yield from _one(one, page)


def _one(one: CheckSetting, page: TextPage) -> Iterator[str]:
    weight = one.severity.value if one.selected.value else "off"
    by = one.severity if one.selected.value else one.selected
    also = "; decides a power-on" if one.decides else ""
    was = f", not {one.default.value}" if weight != one.default.value else ""
    yield from page.wrap(f"{one.check:<10} {weight}{was}{also}  [{by.where}]", 0, 11)
    if by.reason:
        yield from page.wrap(by.reason, 11, 11)
    for name, told in one.expect.items():
        yield from page.wrap(f"{name} = {_value(told)}  [{told.where}]", 11, 13)
        if told.reason and told.reason != by.reason:
            yield from page.wrap(told.reason, 13, 13)


def _value(told: SettledValue) -> str:
    value = told.value
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
