"""A history's answer for the terminal: days, what is counted, what is oldest, what flaps."""

from collections.abc import Iterator

from hostcheck.model.history import Day, Flapping, Lasting, Now, Past, Tally
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import TextPage
from hostcheck.reports.table import columns

DAYS, ROWS = 14, 20
"""So much is shown of each list; JSON and CSV have all."""


def pieces(made: Past, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = TextPage(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: Past, page: TextPage) -> Iterator[str]:
    window = f"{made.first_day} to {made.last_day}"
    yield page.paint(
        f"{window}: {words.count(made.runs, 'run')}, {words.count(made.hosts, 'host')}", "strong"
    )
    yield from page.wrap(f"{made.place} begins on {words.moment(made.begins)}", 2, 4)
    yield from _section("HOSTS BY DAY", _trend(made.trend), len(made.trend), DAYS, page)
    counted = ("fails", "not known", "new", "mended", "gone", "mean time to mend", "oldest")
    for title, head, rows in (
        (f"FINDINGS BY {made.by.upper()}", (made.by, *counted), list(map(_tally, made.tallies))),
        (
            "OLDEST FINDINGS",
            ("since", "days", "check", "where", ""),
            [_finding(one, made.begins) for one in made.findings],
        ),
        (
            "COMES AND GOES",
            ("times", "last", "check", "where", ""),
            list(map(_flapping, made.flapping)),
        ),
    ):
        yield from _section(title, columns(head, rows[:ROWS]), len(rows), ROWS, page)


def _section(
    title: str, lines: Iterator[str], number: int, most: int, page: TextPage
) -> Iterator[str]:  # fmt: skip
    if not number:
        return
    yield from ("", page.paint(f"{title} ({number})", "strong"))
    yield from lines
    if number > most:
        yield f"  ... and {number - most} more: --format json or csv"


def _trend(days: tuple[Day, ...]) -> Iterator[str]:
    shown = [
        (
            one.day, *map(str, (one.go, one.no_go, one.unsure, one.no_gpu, one.not_known)),
            "" if one.runs else "no run",
        )
        for one in days[-DAYS:]
    ]  # fmt: skip
    return columns(("day", "GO", "NO-GO", "UNSURE", "NO-GPU", "not known", ""), shown)


def _tally(one: Tally) -> tuple[str, ...]:
    key = f"{one.key or '(none)'} ({one.target})" if one.target else one.key or "(none)"
    numbers = map(str, (one.fails, one.not_known, one.new, one.mended, one.gone))
    return (key, *numbers, took(one.mean_hours), one.oldest[:10])


def took(hours: float | None) -> str:
    """Return a time in words; empty where there is none."""
    if hours is None:
        return ""
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} h"


def _finding(one: Lasting, begins: str) -> tuple[str, ...]:
    or_before = " or before" if one.since == begins else ""
    notes = ["waived"] if one.waived else []
    if one.now is Now.NOT_KNOWN:
        notes.append(f"not known now, host judged last on {one.seen[:10]}")
    return (
        f"{one.since[:10]}{or_before}", str(one.days), one.check,
        _where(one.host, one.subject_kind, one.subject), "; ".join(notes),
    )  # fmt: skip


def _flapping(one: Flapping) -> tuple[str, ...]:
    where = _where(one.host, one.subject_kind, one.subject)
    return (str(one.times), one.last[:10], one.check, where, "" if one.fails else "over")


def _where(host: str, kind: str, subject: str) -> str:
    return host if kind == "host" or not subject else f"{host}: {subject}"
