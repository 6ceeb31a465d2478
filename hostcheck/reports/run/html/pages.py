"""One host as the pieces of its page: findings, facts, picture, its row of the matrix."""

import re
from collections import Counter
from collections.abc import Container, Sequence

from markupsafe import Markup

from hostcheck.model.capture import Origin
from hostcheck.model.excuses import Excuses
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, Testimony
from hostcheck.model.result import About, Manual, Status
from hostcheck.model.run import HostReport, Run
from hostcheck.reports import view, words
from hostcheck.reports.run.html.facts import facts_of, gpu_table, smoked_of, vm_table
from hostcheck.reports.run.html.jinja import fragment
from hostcheck.reports.run.html.shapes import Choice, Finding, Page, Square
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.topology import svg
from hostcheck.reports.topology import text as tree


def checks_of(run: Run) -> tuple[Manual, ...]:
    """Return the manual pages, and an empty one for each check that has none."""
    known = {manual.id for manual in run.checks}
    strangers = {
        result.check: result.severity
        for report in run.hosts
        for result in report.results
        if result.check not in known
    }
    return run.checks + tuple(
        Manual(check, check, "", strangers[check], "", "", "", "", (), (), (), "")
        for check in sorted(strangers)
    )


class Keys:
    """What follows the `@` in the links to each host: its name, made unique."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, host: str) -> str:
        """Return the key of the next host."""
        name = re.sub(r"\s+", "_", words.clean(host)) or "host"
        key, number = name, 2
        while key in self._taken:
            key, number = f"{name}~{number}", number + 1
        self._taken.add(key)
        return key


class HostPages:
    """Lays out the hosts of a run, each as the pieces of its page."""

    def __init__(self, run: Run, checks: Sequence[Manual]) -> None:
        """Take a run and the checks that its matrix has columns for."""
        self._run = run
        self._checks = checks
        self._titles = {manual.id: manual.title for manual in checks}
        self._excuses = Excuses(run)
        self._grouping = summary.Grouping(run)

    def of(self, report: HostReport, key: str) -> Page:
        """Lay out one host; `key` is what follows the `@` in links to it."""
        host = report.host
        drawn = svg.layout(report)
        matrix = view.matrix(host, drawn.shown)
        counted = Counter(result.status for result in report.results)
        findings = _findings(
            self._grouping.of(report.results, host), host.sources, key,
            placed=frozenset(box.link for box in drawn.boxes),
        )  # fmt: skip
        return Page(
            name=host.name,
            key=key,
            verdict=report.verdict,
            reason=summary.host_reason(self._run, report, self._titles),
            counts=tuple((status, counted[status]) for status in words.WORST_FIRST),
            findings=findings,
            facts=facts_of(host),
            gpus=gpu_table(host, drawn.shown),
            smoke=smoked_of(host),
            vms=vm_table(host, drawn.shown),
            picture=Markup(  # noqa: S704  # svg escapes what it writes
                svg.topology_svg(report, alone=False, anchor=key, drawn=drawn)
            ),
            twin=tree.render(report, drawn=drawn, table=matrix),
            matrix=matrix,
            testimonies=tuple((told, _differs(told)) for told in host.testimonies),
            sources=host.sources,
            statuses=_statuses(host, self._checks, findings),
            causes=summary.causes(host.name, report.results),
            plan=summary.plan_of(host.name, self._excuses.left(report), self._checks),
        )


def _findings(
    grouped: Sequence[summary.Group],
    sources: tuple[Origin, ...],
    key: str,
    prefix: str = "",
    placed: Container[str] = (),
) -> tuple[Finding, ...]:
    """Give each group its anchor; the worst of a check gets the plain anchor.

    `placed` are the anchors, without what follows the `@`, that the picture links to.
    """
    taken: set[str] = set()
    made = []
    for group in grouped:
        name = f"{prefix}{group.check}"
        if name in taken:
            name = f"{name}:{group.status.value}"
        taken.add(name)
        made.append(Finding(f"{name}@{key}", group, sources, name in placed))
    return tuple(made)


UNLISTED = {About.VM: "VMs", About.GPU: "GPUs"}
"""What checks of this kind of subject cannot list where the host does not tell it."""


def _statuses(
    host: Host, checks: Sequence[Manual], findings: Sequence[Finding]
) -> tuple[Status | None, ...]:
    """Return the worst status of each check, None where there is nothing to judge.

    Findings stand worst first. What subjects could not even be listed is not known.
    """
    told: dict[str, Status] = {}
    for finding in findings:
        told.setdefault(finding.group.check, finding.group.status)
    listed: dict[About, object] = {About.VM: host.vms, About.GPU: host.gpus}
    dark = {about for about, fact in listed.items() if isinstance(fact, Unknown)}
    return tuple(
        [told.get(one.id) or (Status.UNKNOWN if one.about in dark else None) for one in checks]
    )


def squares_of(page: Page, checks: Sequence[Manual]) -> tuple[Square, ...]:
    """Return the row of a host in the matrix, in the order of the checks."""
    told: dict[str, list[Finding]] = {}
    for finding in page.findings:
        told.setdefault(finding.group.check, []).append(finding)
    squares = []
    for manual, status in zip(checks, page.statuses, strict=True):
        mine = told.get(manual.id, [])
        counts = ", ".join(f"{len(f.group.results)} {words.STATUS[f.group.status]}" for f in mine)
        if not mine:
            counts = f"{UNLISTED[manual.about]} not known" if status else "nothing to judge"
        squares.append(
            Square(
                status,
                mine[0].group.severity if mine else manual.severity,
                mine[0].anchor if mine else f"host@{page.key}",
                f"{manual.id} on {page.name}: {counts}",
            )
        )
    return tuple(squares)


def choices_of(run: Run, pages: dict[str, Page]) -> tuple[Choice, ...]:
    """Return the candidates of a preflight, those that are alike as one."""
    if run.preflight is None:
        return ()
    beyond, grouping = summary.beyond(run), summary.Grouping(run)
    made = []
    for choice in summary.choices(run):
        candidate = choice.first
        own, read = beyond[candidate.host]
        page = pages.get(candidate.host)
        key = page.key if page else re.sub(r"\s+", "_", words.clean(candidate.host))
        found = _findings(grouping.of(own), read, key, "preflight:")
        others = tuple(one.host for one in choice.others)
        made.append(Choice(candidate, page.key if page else "", found, others))
    return tuple(made)


def anchors_of(pages: Sequence[Page], choices: Sequence[Choice]) -> dict[tuple[str, str], str]:
    """Return the link to a check on a host: in its section, else among the candidates."""
    found: dict[tuple[str, str], str] = {}
    for page in pages:
        for finding in page.findings:
            found.setdefault((finding.group.check, page.name), f"#{fragment(finding.anchor)}")
    for choice in choices:
        for finding in choice.findings:
            where = f"#{fragment(finding.anchor)}"
            found.setdefault((finding.group.check, choice.candidate.host), where)
    return found


def _differs(told: Testimony) -> bool:
    return len({fact.value for fact in told.statements if isinstance(fact, Known)}) > 1
