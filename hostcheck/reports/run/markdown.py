"""A run in Markdown, for a merge request, a ticket or a chat: the answer and what mends it.

It is no longer than a comment may be; the run file and the other formats hold everything.
"""

from collections.abc import Iterator

from hostcheck.model.result import Answer, Status
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, since, words
from hostcheck.reports.judged import JudgedPlace, places
from hostcheck.reports.markdown import code, prose, table, within_limit
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.summary.steps import FixStep

ROWS, STEPS, CAUSES, WAIVERS, NAMES, COMMANDS = 40, 20, 8, 20, 5, 3
GRAVEST = (Answer.NO_GO, Answer.UNSURE, Answer.GO, Answer.NO_GPU)


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines. The hosts are walked over twice."""
    yield from within_limit(_lines(run))


def _lines(run: Run) -> Iterator[str]:
    told = summary.of(run)
    mark = words.ANSWER_MARK[told.verdict]
    yield f"## {mark} {told.verdict.value}: {prose(told.headline)}"
    yield from ("", prose(told.reason), "")
    tally = dict(told.tally)
    counts = ", ".join(f"**{tally[one]}** {one.value}" for one in GRAVEST if tally.get(one))
    hosts = words.count(len(run.hosts), "host")
    yield f"{hosts} of {code(run.target)}: {counts or 'none'}."
    for notice in summary.notices(run):
        yield from ("", f"> **Note:** {prose(notice)}")
    yield from _hosts(run)
    if told.steps:
        yield from ("", "### What to do", "")
        for number, step in enumerate(told.steps[:STEPS], 1):
            yield from _step(number, step)
        if len(told.steps) > STEPS:
            yield f"\n{words.count(len(told.steps) - STEPS, 'more step')}."
    yield from _since(run)
    yield from _sure(told)
    yield from _waived(run)
    yield from ("", "---", "")
    taken = (
        f"answers from {prose(words.moment(run.first_answer_at))} to "
        f"{prose(words.moment(run.last_answer_at))}"
        if run.first_answer_at
        else words.NO_ANSWERS
    )
    yield (
        f"hostcheck {prose(run.tool_version)}, catalogue {prose(summary.catalogue(run))}, {taken}."
    )


def _hosts(run: Run) -> Iterator[str]:
    """Yield the table of hosts, of a preflight that of its candidates: the gravest first."""
    rows: dict[Answer, list[tuple[str, ...]]] = {one: [] for one in GRAVEST}
    count = 0
    if run.preflight is not None:
        asked = sorted(run.preflight.candidates, key=lambda one: one.rank)
        best_first = [
            (_verdict(one.verdict), code(one.host), prose(one.summary)) for one in asked[:ROWS]
        ]
        yield from table(("Verdict", "Host", "Why"), best_first)
        count, shown = len(asked), len(best_first)
    else:
        for place in places(run):
            count += 1
            verdict = place.verdict or Answer.UNSURE
            if len(rows[verdict]) < ROWS:
                rows[verdict].append(_row(place, verdict))
        found = [row for one in GRAVEST for row in rows[one]][:ROWS]
        yield from table(("Verdict", "Host", "Fails", "Not known", "Also fails", "Waived"), found)
        shown = len(found)
    if count > shown:
        yield f"{words.count(count - shown, 'more host')}."


def _verdict(verdict: Answer) -> str:
    return f"{words.ANSWER_MARK[verdict]} {verdict.value}"


def _row(place: JudgedPlace, verdict: Answer) -> tuple[str, ...]:
    fails: list[str] = []
    unknown: list[str] = []
    also: list[str] = []
    waived: list[str] = []
    for item in place.items:
        result = item.result
        if result.status in (Status.PASS, Status.NOT_APPLICABLE, Status.NOT_SELECTED):
            continue
        if item.waiver is not None:
            waived.append(result.check)
        elif result.status is not Status.FAIL:
            unknown += [result.check] if item.decides else []
        else:
            (fails if item.decides else also).append(result.check)
    lists = (_checks(one) for one in (fails, unknown, also, waived))
    return (_verdict(verdict), code(place.name), *lists)


def _checks(found: list[str]) -> str:
    ids = list(dict.fromkeys(found))
    more = f" and {len(ids) - NAMES} more" if len(ids) > NAMES else ""
    return ", ".join(map(code, ids[:NAMES])) + more


def _step(number: int, step: FixStep) -> Iterator[str]:
    needs = f" Needs {prose(', '.join(step.needs))}." if step.needs else ""
    yield f"{number}. **{prose(step.fix or step.title)}** ({code(step.check)}){needs}"
    names = ", ".join(code(name) for name, _ in step.hosts[:NAMES])
    more = step.host_count - min(len(step.hosts), NAMES)
    yield f"    * on {names}" + (f" and {words.count(more, 'more host')}" if more > 0 else "")
    for command in step.commands[:COMMANDS]:
        label = f"{prose(command.label)}: " if command.label else ""
        shown = prose(command.text) if command.is_menu else code(command.text, 600)
        yield f"    * {label}{shown}"


MARKED = {since.SAME: "{}", since.OLD: "~~{}~~", since.FRESH: "**{}**"}


def _since(run: Run) -> Iterator[str]:
    told = since.since_of(run)
    if told is None:
        return
    yield from ("", "### Since the earlier run", "")
    yield f"{prose(told.headline)}. Then: {prose(told.then)}"
    for section in told.sections:
        yield from ("", f"**{section.name} ({section.results})**", "")
        for one in section.told:
            said = " ".join(MARKED[part.kind].format(prose(part.text)) for part in one.parts)
            yield f"* {section.mark} {code(one.check)} {prose(one.title)}: {said}"
            yield f"    * on {prose(one.where)}"
        if section.more:
            yield f"* and {section.more} more"
    yield from ("", prose(told.rest))


def _sure(told: summary.Summary) -> Iterator[str]:
    sight = told.coverage
    off = f" {sight.off} off by policy." if sight.off else ""
    yield from (
        "",
        "### How sure",
        "",
        f"{sight.judged} of {sight.wanted} judged.{off}",
        "",
    )
    for cause in sight.causes[:CAUSES]:
        settle = f"; to settle it: {prose(cause.settled_by)}" if cause.settled_by else ""
        yield (
            f"* ? {prose(cause.sentence)}: {words.count(len(cause.checks), 'check')} on "
            f"{words.count(cause.host_count, 'host')}{settle}"
        )
    if len(sight.causes) > CAUSES:
        yield f"* {words.count(len(sight.causes) - CAUSES, 'other reason')}"


def _waived(run: Run) -> Iterator[str]:
    if run.waivers is None:
        return
    yield from ("", "### Waived", "", prose(summary.waived_words(run)), "")
    uses = list(summary.uses(run))
    for use in uses[:WAIVERS]:
        yield f"* {prose(use.state.value)}: {prose(summary.use_words(use))}"
    if len(uses) > WAIVERS:
        yield f"* {words.count(len(uses) - WAIVERS, 'more waiver')}"
