"""The answers for terminals: one line that sums them up, a table, and what decides on each VM."""

from collections import Counter
from collections.abc import Iterator

from hostcheck.model.answers import Answers, VmAnswer
from hostcheck.model.result import Answer
from hostcheck.model.run import silent
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import Page

ORDER = (Answer.NO_GO, Answer.UNSURE, Answer.GO)
LONGEST_REASON = 300
WIDEST_NAME = 40


def pieces(told: Answers, screen: Screen = PAPER) -> Iterator[str]:
    """Yield line by line."""
    return (f"{line.rstrip()}\n" for line in _lines(told, Page(screen.width, screen.colour)))


def _lines(told: Answers, page: Page) -> Iterator[str]:
    label = f"{words.ANSWER_MARK[told.verdict]} {told.verdict.value}"
    yield f"{page.paint(label, told.verdict.value)}  {page.paint(_headline(told), 'strong')}"
    for asked in silent(told.targets):
        yield from page.wrap(f"Note: {asked.name} could not be asked: {asked.failure}", 2, 8)
    for sentence in told.left:
        yield from page.wrap(f"Note: {sentence}", 2, 8)
    if told.vms:
        yield from ("", page.paint("VMS", "strong"))
        wide = min(max(len(words.one_line(one.vm)) for one in told.vms), WIDEST_NAME)
        for one in told.vms:
            yield from _vm(one, wide, page)
    yield ""
    yield from page.wrap(
        f"hostcheck {told.tool_version}, catalogue {told.catalogue_edition}. Each VM was judged as "
        "if it alone were started; more of one: hostcheck preflight VM."
    )


def _headline(told: Answers) -> str:
    if not told.vms:
        return "No powered-off VM with a GPU was found, so nothing was judged"
    tally = Counter(one.verdict for one in told.vms)
    counted = ", ".join(f"{tally[one]} {one.value}" for one in ORDER if tally[one])
    return f"{words.count(len(told.vms), 'VM')}: {counted}"


def _vm(one: VmAnswer, wide: int, page: Page) -> Iterator[str]:
    label = f"{words.ANSWER_MARK[one.verdict]} {one.verdict.value:<6}"
    good = sum(each.verdict is Answer.GO for each in one.places)
    where = f"{good} of {words.count(len(one.places), 'host')} GO"
    if one.places and one.verdict is not Answer.NO_GO:
        where += f", best {one.places[0].host}"
    if one.runs_on:
        where += f", runs on {one.runs_on}"
    if one.changed:
        where += f", with {one.changed}"
    name = words.one_line(one.vm)
    first, *rest = page.wrap(where, 13 + wide)
    yield f"  {page.paint(label, one.verdict.value)} {name:<{wide}}  {first.strip()}"
    yield from rest
    if one.verdict is not Answer.GO:
        yield from page.wrap(words.cut(words.one_line(one.reason), LONGEST_REASON), 11)
    for step in one.settled_by:
        yield from page.wrap(f"to settle it: {step}", 11, 13)
