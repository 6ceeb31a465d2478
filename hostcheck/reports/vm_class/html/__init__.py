"""VM classes judged, as one page: the answer, classes side by side, then each with its findings."""

from collections.abc import Iterator, Sequence
from html import escape

from hostcheck.model.result import Answer, Status
from hostcheck.model.vm_class import ClassJudged, Finding, Judged, Place
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports import vm_class_words as told
from hostcheck.reports.plan.html.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
LOOK = {
    Answer.GO: "possible", Answer.NO_GO: "blocked", Answer.UNSURE: "unknown",
    Answer.NO_GPU: "unknown",
}  # fmt: skip
LOOKS = {Status.PASS: "possible", Status.FAIL: "blocked"}


def pieces(made: Judged, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the page; it needs nothing from elsewhere."""
    title = _safe(told.title(made))
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>\n"
        f'<header><h1>{title}</h1><p class="soft">{_safe(told.about(made))}</p>\n'
        f"<p>{_tag(made.answer)} {_safe(told.answer(made))}</p>\n"
    )
    for warning in made.warnings:
        yield f'<p class="warning">{_safe(warning)}</p>\n'
    yield "</header>\n"
    yield from _compared(made.classes)
    for number, one in enumerate(made.classes):
        yield from _class(number, one)
    yield (
        f'<footer class="soft small">hostcheck {_safe(made.tool_version)}, catalogue of '
        f"{_safe(made.catalogue_edition)}</footer>\n</main></body></html>\n"
    )


def _compared(classes: Sequence[ClassJudged]) -> Iterator[str]:
    yield '<div class="wide"><table class="compared"><thead><tr>'
    for head in ("Class", "Answer", "Cluster", "Kept by", "Fit now", "With any one host gone"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    for number, one in enumerate(classes):
        link = f'<a href="#c{number}">{_safe(one.name)}</a>'
        for place in one.places:
            yield (
                f'<tr><th scope="row">{link}</th><td>{_tag(place.answer)}</td>'
                f"<td>{_safe(told.place(place))}</td><td>{_safe(told.kept(place))}</td>"
                f"<td>{_safe(place.now.words)}</td><td>{_safe(place.after_loss.words)}</td></tr>\n"
            )
        if not one.places:
            yield f'<tr><th scope="row">{link}</th><td>{_tag(one.answer)}</td>'
            yield '<td colspan="4">&ndash;</td></tr>\n'
    yield "</tbody></table></div>\n"


def _class(number: int, one: ClassJudged) -> Iterator[str]:
    yield f'<section id="c{number}"><h2>{_tag(one.answer)} {_safe(one.name)}</h2>\n'
    yield f'<p class="soft">{_safe(told.named(one))}</p><p>{told.MEANS[one.answer]}</p>\n'
    for notice in one.notices:
        yield f'<p class="warning">{_safe(notice)}</p>\n'
    for place in one.places:
        yield from _place(place)
    yield "</section>\n"


def _place(place: Place) -> Iterator[str]:
    yield f'<article class="{LOOK[place.answer]}"><h3>{_tag(place.answer)} '
    yield f"{_safe(told.place(place))}</h3>\n"
    yield f"<p><b>{_safe(told.kept(place))}</b></p><p>{_safe(told.fits(place))}</p>\n"
    yield '<div class="wide"><table><thead><tr>'
    for head in ("", "Check", "Found", "What to do"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    for one in told.ordered(place.findings):
        yield _finding(one)
    yield "</tbody></table></div></article>\n"


def _finding(one: Finding) -> str:
    look, sign = LOOKS.get(one.status, "unknown"), told.STATUS[one.status]
    note = f'<br><span class="soft">{_safe(one.note)}</span>' if one.note else ""
    expected = f'<br><span class="soft">expected {_safe(one.expected)}</span>'
    todo = []
    if one.change is not None:
        todo.append(f"<b>{_safe(told.change(one.change))}</b>")
    if one.told_by:
        todo.append(f"told by {_safe(one.told_by)}")
    if one.hosts:
        todo.append(f"on {_safe(told.hosts(one.hosts))}")
    ground = f" [{one.mark.value}] {_safe(one.source)}" if one.source else ""
    return (
        f'<tr><td><span class="tag {look}">{sign} {one.status.value}</span></td>'
        f"<td><b>{one.check}</b> {_safe(one.title)}<br>"
        f'<span class="soft small">{one.severity.value}{ground}'
        f"</span></td><td>{_safe(one.observed)}{expected if one.expected else ''}{note}</td>"
        f"<td>{'<br>'.join(todo)}</td></tr>\n"
    )


def _tag(answer: Answer) -> str:
    return f'<span class="tag {LOOK[answer]}">{told.SIGN[answer]} {answer.value}</span>'


def _safe(text: str) -> str:
    return escape(words.one_line(text))
