"""VM classes judged, as one page: the answer, classes side by side, then each with its findings."""

from collections.abc import Iterator, Sequence

from hostcheck.model.result import Answer, Status
from hostcheck.model.vm_class import ClassFinding, ClassJudged, ClassPlace, Judged
from hostcheck.reports import PAPER, Screen
from hostcheck.reports import vm_class_words as told
from hostcheck.reports.page import TAIL, begun, safe
from hostcheck.reports.plan.html.style import STYLE

LOOK = {
    Answer.GO: "possible", Answer.NO_GO: "blocked", Answer.UNSURE: "unknown",
    Answer.NO_GPU: "unknown",
}  # fmt: skip
LOOKS = {Status.PASS: "possible", Status.FAIL: "blocked"}


def pieces(made: Judged, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the page; it needs nothing from elsewhere."""
    title = safe(told.title(made))
    yield (
        begun(title, f"<style>{STYLE}</style>") + "<main>\n"
        f'<header><h1>{title}</h1><p class="soft">{safe(told.about(made))}</p>\n'
        f"<p>{_tag(made.answer)} {safe(told.answer(made))}</p>\n"
    )
    for warning in made.warnings:
        yield f'<p class="warning">{safe(warning)}</p>\n'
    yield "</header>\n"
    yield from _compared(made.classes)
    for number, one in enumerate(made.classes):
        yield from _class(number, one)
    yield (
        f'<footer class="soft small">hostcheck {safe(made.tool_version)}, catalogue of '
        f"{safe(made.catalogue_edition)}</footer>\n</main>\n{TAIL}"
    )


def _compared(classes: Sequence[ClassJudged]) -> Iterator[str]:
    yield '<div class="wide"><table class="compared"><thead><tr>'
    for head in ("Class", "Answer", "Cluster", "Kept by", "Fit now", "With any one host gone"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    for number, one in enumerate(classes):
        link = f'<a href="#c{number}">{safe(one.name)}</a>'
        for place in one.places:
            yield (
                f'<tr><th scope="row">{link}</th><td>{_tag(place.answer)}</td>'
                f"<td>{safe(told.place(place))}</td><td>{safe(told.kept(place))}</td>"
                f"<td>{safe(place.now.words)}</td><td>{safe(place.after_loss.words)}</td></tr>\n"
            )
        if not one.places:
            yield f'<tr><th scope="row">{link}</th><td>{_tag(one.answer)}</td>'
            yield '<td colspan="4">&ndash;</td></tr>\n'
    yield "</tbody></table></div>\n"


def _class(number: int, one: ClassJudged) -> Iterator[str]:
    yield f'<section id="c{number}"><h2>{_tag(one.answer)} {safe(one.name)}</h2>\n'
    yield f'<p class="soft">{safe(told.named(one))}</p><p>{told.MEANS[one.answer]}</p>\n'
    for notice in one.notices:
        yield f'<p class="warning">{safe(notice)}</p>\n'
    for place in one.places:
        yield from _place(place)
    yield "</section>\n"


def _place(place: ClassPlace) -> Iterator[str]:
    yield f'<article class="{LOOK[place.answer]}"><h3>{_tag(place.answer)} '
    yield f"{safe(told.place(place))}</h3>\n"
    yield f"<p><b>{safe(told.kept(place))}</b></p><p>{safe(told.fits(place))}</p>\n"
    yield '<div class="wide"><table><thead><tr>'
    for head in ("", "Check", "Found", "What to do"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    for one in told.ordered(place.findings):
        yield _finding(one)
    yield "</tbody></table></div></article>\n"


def _finding(one: ClassFinding) -> str:
    look, sign = LOOKS.get(one.status, "unknown"), told.STATUS[one.status]
    note = f'<br><span class="soft">{safe(one.note)}</span>' if one.note else ""
    expected = f'<br><span class="soft">expected {safe(one.expected)}</span>'
    todo = []
    if one.change is not None:
        todo.append(f"<b>{safe(told.change(one.change))}</b>")
    if one.told_by:
        todo.append(f"told by {safe(one.told_by)}")
    if one.hosts:
        todo.append(f"on {safe(told.hosts(one.hosts))}")
    ground = f" [{one.mark.value}] {safe(one.source)}" if one.source else ""
    return (
        f'<tr><td><span class="tag {look}">{sign} {one.status.value}</span></td>'
        f"<td><b>{one.check}</b> {safe(one.title)}<br>"
        f'<span class="soft small">{one.severity.value}{ground}'
        f"</span></td><td>{safe(one.observed)}{expected if one.expected else ''}{note}</td>"
        f"<td>{'<br>'.join(todo)}</td></tr>\n"
    )


def _tag(answer: Answer) -> str:
    return f'<span class="tag {LOOK[answer]}">{told.SIGN[answer]} {answer.value}</span>'
