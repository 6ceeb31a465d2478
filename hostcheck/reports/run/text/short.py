"""The answer that a person acts on: the verdict, which hosts, what decides, what mends it.

What is recommended is counted, and told in full by `--details`.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Result, Roots, Severity, Status, deciding
from hostcheck.model.run import Candidate, Run
from hostcheck.reports import words
from hostcheck.reports.run.text import full
from hostcheck.reports.run.text.page import TextPage
from hostcheck.reports.run.text.shown import Shown
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.summary.steps import FixStep
from hostcheck.runbrief import Brief

NAMES = 4
LARGE = 40
"""Hosts from which on a row names one of its hosts, and a step none of its commands."""
ROWS = 20
CAUSES = 3
CANDIDATES = 12
MANY_STEPS = 6
COMMANDS_FEW, COMMANDS_MANY = 4, 1
OF_A_VM = ("vm", "placement")
"""Kinds of subjects whose fail says nothing against their host."""
ORDER = (Answer.NO_GO, Answer.UNSURE, Answer.GO, Answer.NO_GPU)


def lines(run: Run, page: TextPage, shown: Shown) -> Iterator[str]:
    """Yield the report on a run."""
    rows = _Rows(run, shown)
    told = summary.of(run, rows.add)
    yield from full.lead(run, told, page)
    asked = run.preflight
    if asked is None:
        waived = summary.waived_words(run) if shown.summary else _waived(run)
        yield from page.wrap(f"{_counts(told, rows)} {waived}".rstrip(), 2)
    if not shown.summary:
        large = len(run.hosts) >= LARGE and asked is None and not shown.chosen
        if asked is None:
            yield from _table(rows, page, shown, 1 if large else NAMES)
        else:
            yield from _candidates(run, page)
        yield from _steps(run, told, page, shown, large=large)
        yield from full.waived(run, page, all_=False)
        yield from _proven(told, page)
        yield from _sure(told, page)
        yield from _drifts(told, page)
        yield from full.unasked(run, page)
    yield ""
    more = "everything else: --details, --html FILE"
    yield from page.wrap(
        f"hostcheck {run.tool_version}, catalogue {summary.catalogue(run)}; {more}."
    )


# Hosts: those that have the same against them are one row


class _Row(Struct):
    verdict: Answer
    about: str
    """The checks that decide."""
    more: str
    """What the first of them says on the first host: whose VM it is, why it is not known."""
    names: list[str] = field(default_factory=list)
    count: int = 0


class _Rows:
    """The hosts of a run by what they have against them."""

    def __init__(self, run: Run, shown: Shown) -> None:
        self._roots = Roots(run.checks)
        self._shown = shown
        self._titles = {one.id: one.title for one in run.checks}
        self._rows: dict[tuple[str, ...], _Row] = {}
        self.only_vms = 0
        """Hosts that are NO-GO for a VM of theirs alone."""

    def add(self, report: Brief[Host]) -> None:
        """Note a host."""
        checks = self._against(report)
        if report.verdict is Answer.NO_GO:
            self.only_vms += all(one.subject.kind in OF_A_VM for one in checks)
        if not self._shown.host(report.verdict):
            return
        told = [one for one in checks if self._shown.finding(one.check, one.severity)]
        if self._shown.leaves_out and not told:
            return
        about, more = self._about(report.verdict, told)
        seen = told[0].unseen if told else None
        why = (seen.why, seen.privilege) if seen else ()
        row = self._rows.setdefault(
            (report.verdict, about, *why), _Row(report.verdict, about, more)
        )
        row.count += 1
        if len(row.names) < NAMES or self._shown.chosen:
            row.names.append(report.host.name)

    def rows(self) -> list[_Row]:
        """Return the rows, gravest verdict first, of one verdict the largest first."""
        return sorted(self._rows.values(), key=lambda one: (ORDER.index(one.verdict), -one.count))

    def _against(self, report: Brief[Host]) -> list[Result]:
        """Return what decides on a host, of what was chosen all that fails."""
        fails = [one for one in report.open if one.status is Status.FAIL]
        if self._shown.says_severity:
            return [one for one in fails if self._shown.finding(one.check, one.severity)]
        decided = [one for one in report.open if one.severity is Severity.REQUIRED]
        if report.verdict is Answer.NO_GO:
            grave = [one for one in decided if one.status is Status.FAIL]
            return list(self._roots.of(grave, fails))
        if report.verdict is Answer.UNSURE:
            return [one for one in decided if one.status in (Status.UNKNOWN, Status.ERROR)]
        return []

    def _about(self, verdict: Answer, told: Sequence[Result]) -> tuple[str, str]:
        checks = list(dict.fromkeys(one.check for one in told))
        if not checks:
            return "", ""
        about = _several(checks)
        if verdict is Answer.UNSURE and told[0].status is not Status.FAIL:
            return about, full.because(told[0])
        if len(checks) == 1:
            about = f"{about} {self._titles.get(about, '')}".rstrip()
        if all(one.subject.kind in OF_A_VM for one in told):
            return about, _several(list(dict.fromkeys(one.subject.name for one in told)))
        return about, ""


def _several(items: Sequence[str]) -> str:
    rest = len(items) - NAMES
    return ", ".join(items[:NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _counts(told: summary.Summary, rows: _Rows) -> str:
    tally = dict(told.tally)
    counted = [f"{tally[one]} {one.value}" for one in ORDER if tally.get(one)]
    line = f"{words.count(sum(tally.values()), 'host')}: {', '.join(counted) or 'none'}."
    if rows.only_vms:
        hosts = (
            "1 of the NO-GO hosts is"
            if rows.only_vms == 1
            else (f"{rows.only_vms} of the NO-GO hosts are")
        )
        line += f" {hosts} ready: only a VM there would not start."
    return line


def _waived(run: Run) -> str:
    if run.waivers is None:
        return ""
    return f"{words.count(len(run.waivers.results), 'result is', 'results are')} waived."


def _table(rows: _Rows, page: TextPage, shown: Shown, most: int) -> Iterator[str]:
    found = rows.rows()
    if not found:
        return
    yield from ("", page.paint("HOSTS", "strong"))
    for row in found if shown.chosen else found[:ROWS]:
        label = f"{words.ANSWER_MARK[row.verdict]} {row.verdict.value:<6}"
        named = row.names if shown.chosen else row.names[:most]
        names = ", ".join(map(words.one_line, named))
        if row.count > len(named):
            names = f"{row.count} hosts ({names} ...)"
        alone = row.count == 1 or row.verdict is Answer.UNSURE
        about = ": ".join(part for part in ("", row.about, row.more if alone else "") if part)
        about = f": {words.one_line(about)}" if about else ""
        first, *rest = page.wrap(f"{names}{about}", 11) or [""]
        yield f"  {page.paint(label, row.verdict.value)} {first.strip()}"
        yield from rest
    left = [] if shown.chosen else found[ROWS:]
    if left:
        hosts = words.count(sum(one.count for one in left), "more host")
        yield f"  and {hosts} for other reasons"


# Candidates of a preflight


def _candidates(run: Run, page: TextPage) -> Iterator[str]:
    yield from ("", page.paint("HOSTS, BEST FIRST", "strong"))
    choices = summary.choices(run)
    if not choices:
        yield "  no host was considered"
    for choice in choices[:CANDIDATES]:
        one = choice.first
        label = f"{words.ANSWER_MARK[one.verdict]} {one.verdict.value:<6}"
        told = [words.one_line(one.host)]
        if one.gpus:
            told.append(words.count(len(one.gpus), "GPU") + " could serve it")
        told += _deciders(run, one)
        first, *rest = page.wrap("; ".join(told), 14)
        yield f"{one.rank:>4}. {page.paint(label, one.verdict.value)} {first.strip()}"
        yield from rest
        if choice.others:
            names = full.names_of([each.host for each in choice.others], len(choice.others))
            yield from page.wrap(f"No GPU of its kind either: {names}", 14)
    left = sum(1 + len(one.others) for one in choices[CANDIDATES:])
    if left:
        yield f"      and {words.count(left, 'more host')}"


def _deciders(run: Run, one: Candidate) -> list[str]:
    decided = deciding(one.results, run.checks)
    for word, statuses in (
        ("fails", (Status.FAIL,)), ("unknown", (Status.UNKNOWN, Status.ERROR)),
    ):  # fmt: skip
        checks = list(dict.fromkeys(each.check for each in decided if each.status in statuses))
        if checks:
            return [f"{word}: {_several(checks)}"]
    return []


# What to do, and how sure it is


def _steps(
    run: Run, told: summary.Summary, page: TextPage, shown: Shown, *, large: bool
) -> Iterator[str]:
    grave = _grave(run)
    must = [one for one in told.steps if one.weight is Severity.REQUIRED or one.check in grave]
    among = told.steps if shown.says_severity else must
    wanted = [one for one in among if shown.finding(one.check, one.weight)]
    if wanted:
        yield from ("", page.paint("WHAT TO DO", "strong"))
        commands = COMMANDS_FEW if len(wanted) <= MANY_STEPS else COMMANDS_MANY
        for number, step in enumerate(wanted, 1):
            yield from _step(number, step, 0 if large else commands, page)
        if large:
            yield from page.wrap("The commands of a step, and its hosts: --details --check ID.", 4)
        yield from _plans(summary.plans_of(wanted, told.by_host), page)
    rest = [one for one in told.steps if one not in wanted and one not in must]
    if rest:
        yield from ("", page.paint("ALSO FOUND", "strong"))
        listed = ", ".join(one.check for one in rest)
        yield from page.wrap(
            f"{words.count(len(rest), 'finding')} that kept no VM from starting: {listed}. "
            "--details tells them.", 2,
        )  # fmt: skip


def _plans(plans: Sequence[summary.HostPlan], page: TextPage) -> Iterator[str]:
    """Yield the order on each of a few hosts; of many, which ones reboot."""
    if len(plans) > NAMES:
        told = summary.reboots(plans, NAMES)
        yield from page.wrap(f"{told} The order on each: --details." if told else "", 4)
        return
    for plan in plans:
        if len(plan.moves) > 2:  # else it says no more than the step
            yield from page.wrap(f"In order, on {plan.host}: {plan.sentence}.", 4)


def _grave(run: Run) -> set[str]:
    """Return the checks that decide on the best candidate, whatever their severity."""
    if run.preflight is None or not run.preflight.candidates:
        return set()
    best = run.preflight.candidates[0].results
    return {one.check for one in deciding(best, run.checks) if one.status is Status.FAIL}


def _step(number: int, step: FixStep, commands: int, page: TextPage) -> Iterator[str]:
    yield from page.wrap(f"{number}. {step.fix or step.title} [{step.check}]", int(number < 10), 4)
    names = [name for name, _ in step.hosts]
    told = [full.names_of(names if commands else names[:1], step.host_count)]
    if step.needs:
        told.append("needs " + ", ".join(step.needs))
    yield from page.wrap("; ".join(told), 4)
    for command in step.commands[:commands]:
        yield from full.command_lines(command, 6)
    rest = step.command_count - commands
    if rest > 0 and commands:
        yield f"      and {words.count(rest, 'more command')}: --details --check {step.check}"


def _proven(told: summary.Summary, page: TextPage) -> Iterator[str]:
    if told.proven and told.verdict is Answer.GO:
        yield ""
        blind = "; ".join(words.BLIND_SPOTS)
        yield from page.wrap(
            f"Proven by {words.count(len(told.proven), 'check')}. Not looked at: {blind}.", 2
        )


def _sure(told: summary.Summary, page: TextPage) -> Iterator[str]:
    sight = told.coverage
    yield from ("", page.paint("HOW SURE", "strong"))
    off = f" {sight.off} off by policy." if sight.off else ""
    yield from page.wrap(f"{sight.judged} of {sight.wanted} judged.{off}", 2)
    for cause in _first(sight.causes):
        checks = words.count(len(cause.checks), "check")
        hosts = full.names_of(cause.hosts, cause.host_count)
        settle = f"; to settle it: {cause.settled_by}" if cause.settled_by else ""
        yield from page.wrap(f"? {cause.sentence}: {checks} on {hosts}{settle}", 2, 4)
    left = len(sight.causes) - CAUSES
    if left > 0:
        yield f"  and {words.count(left, 'other reason')}: --details"


def _drifts(told: summary.Summary, page: TextPage) -> Iterator[str]:
    """Count where hosts of a cluster differ, and say who tells it."""
    if told.drifts:
        topics = dict.fromkeys(one.topic for one in told.drifts)
        where = words.count(len({(one.target, one.cluster) for one in told.drifts}), "cluster")
        yield from page.wrap(
            f"Hosts of {where} differ in {_several(list(topics))}: hostcheck drift RUN.json.", 2
        )


def _first(causes: Iterable[summary.Cause]) -> list[summary.Cause]:
    """Return the reasons that weigh most: those of required checks first."""
    return sorted(causes, key=lambda one: -one.required)[:CAUSES]
