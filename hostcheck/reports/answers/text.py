"""The answers for terminals: one line that sums them up, a table, and what decides on each VM.

Many VMs are gathered by what decides on their best hosts; other formats have a row for each.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from hostcheck.model.answers import Answers, VmAnswer
from hostcheck.model.result import Answer
from hostcheck.model.run import silent
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import TextPage
from hostcheck.reports.summary.about import without

ORDER = (Answer.NO_GO, Answer.UNSURE, Answer.GO)
LONGEST_REASON = 300
WIDEST_NAME = 40
MANY = 20
"""VMs from which on they are gathered."""
ROWS, NAMES, CHECKS, EXAMPLE = 8, 3, 4, 160
"""Of each verdict so many rows; names and checks of a row, and the length of its example."""


def pieces(told: Answers, screen: Screen = PAPER) -> Iterator[str]:
    """Yield line by line."""
    return (f"{line.rstrip()}\n" for line in _lines(told, TextPage(screen.width, screen.colour)))


def _lines(told: Answers, page: TextPage) -> Iterator[str]:
    label = f"{words.ANSWER_MARK[told.verdict]} {told.verdict.value}"
    yield f"{page.paint(label, told.verdict.value)}  {page.paint(_headline(told), 'strong')}"
    for asked in silent(told.targets):
        yield from page.wrap(f"Note: {asked.name} could not be asked: {asked.failure}", 2, 8)
    for sentence in told.left:
        yield from page.wrap(f"Note: {sentence}", 2, 8)
    resting = sorted({name for one in told.vms for name in one.in_maintenance})
    if resting:
        yield from page.wrap(f"Note: {without(resting)}", 2, 8)
    if told.vms:
        yield from ("", page.paint("VMS", "strong"))
        yield from _gathered(told.vms, page) if len(told.vms) > MANY else _each(told.vms, page)
    yield ""
    more = "each of them: --format csv; more of one" if len(told.vms) > MANY else "more of one"
    yield from page.wrap(
        f"hostcheck {told.tool_version}, catalogue {told.catalogue_edition}. Each VM was judged as "
        f"if it alone were started; {more}: hostcheck preflight VM."
    )


def _headline(told: Answers) -> str:
    if not told.vms:
        return "No powered-off VM with a GPU was found, so nothing was judged"
    tally = Counter(one.verdict for one in told.vms)
    counted = ", ".join(f"{tally[one]} {one.value}" for one in ORDER if tally[one])
    return f"{words.count(len(told.vms), 'VM')}: {counted}"


def _gathered(vms: Sequence[VmAnswer], page: TextPage) -> Iterator[str]:
    """Yield a row for all VMs on whose best host the same decides, of each verdict the largest."""
    found: dict[tuple[Answer, str, tuple[str, ...]], list[VmAnswer]] = {}
    for one in vms:
        found.setdefault((one.verdict, _decider(one), one.settled_by), []).append(one)
    rows = sorted(found.items(), key=lambda each: -len(each[1]))
    for verdict in ORDER:
        mine = [(key[1], key[2], same) for key, same in rows if key[0] is verdict]
        for decider, steps, same in mine[:ROWS]:
            yield from _row(verdict, decider, steps, same, page)
        left = sum(len(same) for _, _, same in mine[ROWS:])
        if left:
            yield f"           and {words.count(left, f'{verdict.value} VM')} for other reasons"


def _row(
    verdict: Answer, decider: str, steps: Sequence[str], mine: Sequence[VmAnswer], page: TextPage
) -> Iterator[str]:
    label = f"{words.ANSWER_MARK[verdict]} {verdict.value:<6}"
    names = ", ".join(words.one_line(one.vm) for one in mine[:NAMES])
    if len(mine) > NAMES:
        names = f"{len(mine)} VMs ({names} ...)"
    first, *rest = page.wrap(f"{names}{decider}", 11)
    yield f"  {page.paint(label, verdict.value)} {first.strip()}"
    yield from rest
    if verdict is Answer.NO_GO and decider:
        yield from page.wrap(words.cut(words.one_line(mine[0].reason), EXAMPLE), 11)
    for step in steps:
        yield from page.wrap(f"to settle it: {step}", 11, 13)


def _decider(one: VmAnswer) -> str:
    """Say what decides on the best host of a VM."""
    best = one.places[0] if one.places else None
    if one.verdict is Answer.GO:
        return ""
    fails = one.verdict is Answer.NO_GO
    checks = () if best is None else best.failed if fails else best.unknown
    if not checks:
        return f": {words.cut(words.one_line(one.reason), EXAMPLE)}"
    more = f" and {len(checks) - CHECKS} more" if len(checks) > CHECKS else ""
    return f": {'fails' if fails else 'unknown'}: {', '.join(checks[:CHECKS])}{more}"


def _each(vms: Sequence[VmAnswer], page: TextPage) -> Iterator[str]:
    wide = min(max(len(words.one_line(one.vm)) for one in vms), WIDEST_NAME)
    for one in vms:
        yield from _vm(one, wide, page)


def _vm(one: VmAnswer, wide: int, page: TextPage) -> Iterator[str]:
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
