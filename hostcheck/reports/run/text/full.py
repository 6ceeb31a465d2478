"""Everything: the verdict first, then what to do, then each host with its findings."""

from collections.abc import Iterator, Sequence

from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Command, Result, Status
from hostcheck.model.run import Preflight, Run
from hostcheck.model.waiver import LIVE, State
from hostcheck.reports import words
from hostcheck.reports.drift import text as drift_text
from hostcheck.reports.later import Later
from hostcheck.reports.run.text.page import TextPage
from hostcheck.reports.run.text.shown import Shown
from hostcheck.reports.smoke import text as smoke_text
from hostcheck.reports.summary import seals
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.summary.changed import changed
from hostcheck.reports.summary.seals import Seals
from hostcheck.runbrief import Brief
from hostcheck.runlines import TEXT

SUBJECTS_SHOWN = 4
COMMANDS_SHOWN = 4
UNCHANGED = "Read only: nothing was changed on any host or VM."


def lines(run: Run, page: TextPage, shown: Shown) -> Iterator[str]:
    """Yield the report on a run, each host with its findings."""
    with Later() as hosts:
        explained: set[str] = set()
        asked, grouping = Seals(), summary.Grouping(run)

        def keep(one: Brief[Host]) -> None:
            asked.add(one.host)
            if shown.host(one.verdict):
                hosts.add(_host(one, grouping, page, shown, explained))

        told = summary.of(run, keep, TEXT)
        yield from (
            *lead(run, told, page),
            *_steps(told, page, shown),
            *waived(run, page, all_=True),
            *_proven(run, told, page),
            *_sure(run, told, page),
            *_drifts(told, page),
        )
        if run.preflight is not None:
            yield from candidates(run, run.preflight, page)
        yield from hosts
    yield from unasked(run, page)
    yield from _seals(asked, page)
    yield from foot(run, page)


def _seals(asked: Seals, page: TextPage) -> Iterator[str]:
    """Yield with what the hosts were asked."""
    listed = asked.listed()
    if listed:
        yield from ("", page.paint("ASKED WITH", "strong"))
    for topic, told in listed:
        yield from (line for one in told for line in page.wrap(f"{topic}: {one}", 2, 4))


def lead(run: Run, told: summary.Summary, page: TextPage) -> Iterator[str]:
    """Yield the verdict, its one reason, and what must be known of the run itself."""
    answer = told.verdict
    label = f"{words.ANSWER_MARK[answer]} {answer.value}"
    yield f"{page.paint(label, answer.value)}  {page.paint(told.headline, 'strong')}"
    yield from page.wrap(told.reason, 2)
    for notice in summary.notices(run):
        yield from page.wrap(f"Note: {notice}", 2, 8)


def _steps(told_of: summary.Summary, page: TextPage, shown: Shown) -> Iterator[str]:
    steps = [one for one in told_of.steps if shown.finding(one.check, one.weight)]
    if not steps:
        return
    yield from ("", page.paint("WHAT TO DO", "strong"))
    for number, step in enumerate(steps, 1):
        yield from page.wrap(
            f"{number}. {step.fix or step.title} [{step.check}]", int(number < 10), 4
        )
        told = [step.standing, names_of([name for name, _ in step.hosts], step.host_count)]
        if step.needs:
            told.append("needs " + ", ".join(step.needs))
        yield from page.wrap("; ".join(told), 4)
        for command in step.commands[:COMMANDS_SHOWN]:
            yield from command_lines(command, 6)
        rest = step.command_count - COMMANDS_SHOWN
        if rest > 0:
            yield f"      and {words.count(rest, 'more command')} below"
    plans = summary.plans_of(steps, told_of.by_host)
    if len(plans) > summary.LARGEST_PAGE:
        yield from page.wrap(summary.reboots(plans, SUBJECTS_SHOWN), 4)
        return
    yield from ("", page.paint("IN ORDER, BY HOST", "strong"))
    for plan in plans:
        yield from page.wrap(f"{words.one_line(plan.host)}: {plan.sentence}.", 2, 4)


def waived(run: Run, page: TextPage, *, all_: bool) -> Iterator[str]:
    """Yield what is waived; of the waivers those that need a hand, or all."""
    told = summary.waived_words(run)
    if not told:
        return
    yield from ("", page.paint("WAIVED", "strong"))
    yield from page.wrap(told, 2)
    for use in summary.uses(run):
        if all_ or use.state is not State.APPLIES:
            sign = words.MARK[Status.FAIL if use.state not in LIVE else Status.NOT_APPLICABLE]
            yield from page.wrap(f"{sign} {use.state.value}: {summary.use_words(use)}", 2, 4)


def _proven(run: Run, told: summary.Summary, page: TextPage) -> Iterator[str]:
    """Say of a GO what it rests on, and what nobody looked at."""
    if run.preflight is None or run.preflight.verdict is not Answer.GO:
        return
    yield from ("", page.paint("PROVEN", "strong"))
    for title in told.proven:
        yield from page.wrap(f"{words.MARK[Status.PASS]} {title}", 2, 4)
    yield from ("", page.paint("NOT LOOKED AT", "strong"))
    for blind in words.BLIND_SPOTS:
        yield from page.wrap(f"{words.MARK[Status.NOT_APPLICABLE]} {blind}", 2, 4)


def _sure(run: Run, told_of: summary.Summary, page: TextPage) -> Iterator[str]:
    told = told_of.coverage
    counts = ", ".join(
        f"{told.counts[status]} {words.STATUS[status]}"
        for status in words.WORST_FIRST
        if told.counts[status]
    )
    yield from ("", page.paint("HOW SURE", "strong"))
    yield from page.wrap(f"{told.judged} of {told.wanted} judged: {counts or 'nothing'}", 2)
    for cause in told.causes:
        checks = words.count(len(cause.checks), "check")
        required = f", {cause.required} of them required" if cause.required else ""
        yield from page.wrap(
            f"? {cause.sentence}: {checks} ({words.count(cause.count, 'result')}{required}) "
            f"on {names_of(cause.hosts, cause.host_count)}", 2, 4,
        )  # fmt: skip
        if cause.settled_by:
            yield from page.wrap(f"To settle it: {cause.settled_by}.", 4, 6)
    if run.first_answer_at:
        yield from page.wrap(
            f"Answers taken from {words.moment(run.first_answer_at)} "
            f"to {words.moment(run.last_answer_at)}", 2,
        )  # fmt: skip


def _drifts(told: summary.Summary, page: TextPage) -> Iterator[str]:
    """Yield where hosts of a cluster differ."""
    if told.drifts:
        yield from ("", page.paint("WHERE HOSTS OF A CLUSTER DIFFER", "strong"))
        yield from drift_text.sections(told.drifts, page)


def candidates(run: Run, asked: Preflight, page: TextPage) -> Iterator[str]:
    """Yield the candidates with the sentence that decides on each."""
    yield from ("", page.paint("HOSTS, BEST FIRST", "strong"))
    if not asked.candidates:
        yield "  no host was considered"
    for choice in summary.choices(run):
        candidate = choice.first
        label = f"{words.ANSWER_MARK[candidate.verdict]} {candidate.verdict.value:<6}"
        yield (
            f"{candidate.rank:>3}. {page.paint(label, candidate.verdict.value)}  "
            f"{words.one_line(candidate.host)}"
        )
        yield from page.wrap(candidate.summary, 5)
        unsaid = [one for one in candidate.gpus if one not in candidate.summary]
        if unsaid:
            yield from page.wrap(f"GPUs that could serve it: {', '.join(unsaid)}", 5, 7)
        if not choice.others:
            yield from page.wrap(summary.beside(candidate), 5, 7)
        if choice.others:
            names = names_of([one.host for one in choice.others], len(choice.others))
            yield from page.wrap(f"No GPU of its kind either: {names}", 5, 7)


def _host(
    one: Brief[Host], grouping: summary.Grouping, page: TextPage, shown: Shown, explained: set[str]
) -> Iterator[str]:
    host = one.host
    label = f"{words.ANSWER_MARK[one.verdict]} {one.verdict.value}"
    counted = [
        f"{one.counts[status]} {words.STATUS[status]}"
        for status in words.WORST_FIRST
        if one.counts[status]
    ]
    yield ""
    yield (
        f"{page.paint(words.one_line(host.name), 'strong')}  "
        f"{page.paint(label, one.verdict.value)}  {', '.join(counted) or 'nothing judged'}"
    )
    found = [each for each in one.open if shown.finding(each.check, each.severity)]
    told_of = [each for each in found if each.status is not Status.UNKNOWN]
    for group in grouping.of(told_of, host):
        if group.status is Status.FAIL:
            yield from _fail(group, page, explained)
        elif group.status is Status.ERROR:
            yield from page.wrap(
                f"{words.MARK[group.status]} {group.check} {group.severity.value}  {group.title}: "
                f"the check failed: {because(group.results[0])}", 2, 4,
            )  # fmt: skip
    yield from _unknowns(found, page)
    if begun := seals.ssh_words(host):
        yield from page.wrap(begun, 2, 4)
    told = [f"    {line}" for line in smoke_text.host_lines(host)]
    yield from ["  Sparse tensor cores", *told] if told else []


def _fail(group: summary.Group, page: TextPage, explained: set[str]) -> Iterator[str]:
    """Yield a fail; why it matters is said where the check fails first."""
    mark = page.paint(f"{words.MARK[group.status]} {group.check}", Status.FAIL)
    yield f"  {mark} {group.severity.value}  {words.one_line(group.title)}"
    if group.since:
        yield f"    {group.since.capitalize()}."
    for result in group.results[:SUBJECTS_SHOWN]:
        yield from page.wrap(f"{result.subject.name}: {because(result)}", 4, 6)
    rest = len(group.results) - SUBJECTS_SHOWN
    if rest > 0:
        yield f"    and {rest} more of the same"
    if group.manual is not None:
        again = group.check in explained
        explained.add(group.check)
        if group.manual.why and not again:
            yield from page.wrap(f"Why: {group.manual.why}", 4, 9)
        if group.manual.symptom and not again:
            yield from page.wrap(f'Seen as: "{group.manual.symptom}"', 4, 13)
        needs = f" Needs {', '.join(group.manual.needs)}." if group.manual.needs else ""
        if group.manual.fix:
            yield from page.wrap(f"Fix: {group.manual.fix}{needs}", 4, 9)
    for command in dict.fromkeys(command for result in group.results for command in result.fix):
        yield from command_lines(command, 9)


def _unknowns(results: Sequence[Result], page: TextPage) -> Iterator[str]:
    """Gather unknown results by their cause: ten checks without SSH are one line."""
    causes: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.status is Status.UNKNOWN:
            seen = result.unseen
            key = (seen.why, seen.privilege, seen.detail) if seen else ("", "", "")
            causes.setdefault(key, []).append(result)
    for (why, privilege, detail), found in causes.items():
        checks = list(dict.fromkeys(result.check for result in found))
        told = words.reason(why, detail)
        need = f" (needs {privilege})" if privilege else ""
        yield from page.wrap(
            f"? {told}{need}: {words.count(len(checks), 'check')}: {', '.join(checks)}", 2, 4
        )
        asked = dict.fromkeys(r.unseen.asked for r in found if r.unseen and r.unseen.asked)
        if asked:
            yield from page.wrap(f"asked: {'; '.join(asked)}", 4, 6)


def because(result: Result) -> str:
    """Return what was observed, or why it was not, in a few words."""
    if result.status is Status.FAIL:
        note = f" ({result.note})" if result.note else ""
        return f"{result.observed}; expected {result.expected}{note}"
    if result.unseen is not None:
        need = f" (needs {result.unseen.privilege})" if result.unseen.privilege else ""
        return f"{words.reason(result.unseen.why, result.unseen.detail)}{need}"
    return result.trace or result.note or result.observed


def command_lines(command: Command, indent: int) -> Iterator[str]:
    """Yield a command unwrapped on a line of its own: what is copied runs as it stands."""
    margin, text = " " * indent, words.one_line(command.text)
    if command.is_menu:
        yield f"{margin}{words.one_line(command.tool)}: {text}"
        return
    if command.label:
        yield f"{margin}{words.one_line(command.label)}:"
        margin += "  "
    yield margin + text


def unasked(run: Run, page: TextPage) -> Iterator[str]:
    """Yield the hosts that were left out."""
    if run.unasked:
        names = ", ".join(words.one_line(name) for name in run.unasked)
        yield ""
        yield page.paint(f"NOT ASKED, {len(run.unasked)}", "strong")
        yield from page.wrap(names, 2)


def foot(run: Run, page: TextPage) -> Iterator[str]:
    """Yield what made the report, and that nothing was changed."""
    yield ""
    yield from page.wrap(
        f"hostcheck {run.tool_version}, catalogue {summary.catalogue(run)}, asked "
        f"{run.target}. {changed(run) or UNCHANGED}",
    )


def names_of(names: Sequence[str], count: int) -> str:
    """Return the first names of many."""
    listed = ", ".join(words.one_line(name) for name in names[:SUBJECTS_SHOWN])
    return listed if count <= SUBJECTS_SHOWN else f"{count} hosts: {listed} ..."
