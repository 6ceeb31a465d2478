"""A difference as one page to forward: what is new first; it needs nothing from elsewhere."""

from collections.abc import Iterator

from hostcheck.model.difference import Became, Difference
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports import diff_words as told
from hostcheck.reports.page import TAIL, begun, safe
from hostcheck.reports.plan.html.style import STYLE

FLOW = """td:last-child{min-width:13em}
@media print{h2{break-before:auto}}
@media (max-width:700px){table,tbody,tr,th,td{display:block}thead{display:none}
th[scope=row]{border:0;padding:10px 0 2px}td{border:0;padding:2px 0}
td::before{content:attr(data-is) ": ";color:var(--soft)}
tr{border-bottom:1px solid var(--line);padding-bottom:8px}}
"""
"""Short sections follow each other on paper; on a phone cells stand below each other."""
CLASS = {
    Became.NEW: "blocked", Became.LOST: "unknown", Became.CHANGED: "blocked",
    Became.MENDED: "possible", Became.FOUND: "possible", Became.GONE: "unknown",
    Became.OFF: "unknown",
}  # fmt: skip


def pieces(made: Difference, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the page."""
    title = f"{words.one_line(made.now.target)}: {told.headline(made)}"
    yield (
        begun(safe(title), f"<style>{STYLE}{FLOW}</style>") + "<main>\n"
        f"<header><h1>{safe(title)}</h1>\n"
        f'<p class="soft">Then: {safe(told.side(made.then))}<br>'
        f"Now: {safe(told.side(made.now))}</p></header>\n"
    )
    for notice in made.notices:
        yield f'<p class="warning">{safe(notice)}</p>\n'
    for became in Became:
        number = sum(one.became is became for one in made.changes)
        if number:
            yield from _changes(made, became, number)
    for name, moves in (
        ("Verdicts", told.verdicts(made)),
        ("Other than before", told.traits(made)),
    ):
        yield from _moves(name, list(moves))
    yield f"<p>{safe(told.rest(made))}</p>\n"
    for when, checks in (("then", made.checks_gone), ("now", made.checks_added)):
        if checks:
            listed = ", ".join(checks)
            yield f"<p>Checks that only the run of {when} has: {safe(listed)}.</p>\n"
    versions = " and ".join(dict.fromkeys((made.then.tool_version, made.now.tool_version)))
    yield f'<footer class="soft small">hostcheck {safe(versions)}</footer>\n</main>\n{TAIL}'


def _changes(made: Difference, became: Became, number: int) -> Iterator[str]:
    name = became.value.capitalize()
    yield f'<section><h2>{name} ({number})</h2>\n<div class="wide"><table><thead><tr>'
    for head in ("Check", "Severity", "Now", "Was", "Where"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    for group in told.changes(made, became):
        one = group.first
        mark = f'<span class="tag {CLASS[became]}">{told.MARK[became]} {safe(one.check)}</span>'
        yield (
            f'<tr><th scope="row">{mark} {safe(one.title)}</th>'
            f"{_cell('Severity', one.severity.value)}{_cell('Now', group.now)}"
            f"{_cell('Was', group.was)}{_cell('Where', group.where)}</tr>\n"
        )
    yield "</tbody></table></div></section>\n"


def _moves(name: str, moves: list[told.Moves]) -> Iterator[str]:
    if not moves:
        return
    yield f'<section><h2>{name}</h2>\n<div class="wide"><table><thead><tr>'
    for head in ("What", "Was", "Now", "Hosts"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    for one in moves:
        why = f" ({one.why})" if one.why else ""
        yield (
            f'<tr><th scope="row">{safe(one.what)}</th>{_cell("Was", one.was)}'
            f"{_cell('Now', one.now)}{_cell('Hosts', one.hosts + why)}</tr>\n"
        )
    yield "</tbody></table></div></section>\n"


def _cell(head: str, text: str) -> str:
    return f'<td data-is="{head}">{safe(text)}</td>'
