"""The pieces that a report consists of; the templates only walk over them."""

from dataclasses import dataclass

from markupsafe import Markup
from msgspec import Struct

from hostcheck.model.capture import Origin
from hostcheck.model.host import Host, Testimony
from hostcheck.model.result import Answer, Command, Result, Severity, Status
from hostcheck.model.run import Candidate
from hostcheck.model.smoke import GpuSmoke
from hostcheck.reports import view, words
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.summary.seals import Seals

ANSWERS = (Answer.NO_GO, Answer.UNSURE, Answer.GO, Answer.NO_GPU)
ALONE = "this"
"""What follows the `@` in links to a host that has a page of its own."""
LETTERS = {
    Status.PASS: "p", Status.FAIL: "f", Status.UNKNOWN: "u", Status.ERROR: "e",
    Status.NOT_APPLICABLE: "n", Status.NOT_SELECTED: "o", None: ".",
}  # fmt: skip
"""How the table of an index writes a square."""
SLOT = "\x02"
"""Begins a slot in markup."""


class ShownFact(Struct, frozen=True):
    """One line of a cell: a value, or why it is not known."""

    text: str
    known: bool = True


class Slot(Struct, frozen=True):
    """Stands in markup for a text of one host, where the rest is the same of many."""

    name: str

    def __html__(self) -> str:
        """Return it as markup. No text can say that: `clean` makes its first sign visible."""
        return f"{SLOT}{self.name};"


Cells = tuple[tuple[ShownFact, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table; the first cell of a row is its heading."""

    columns: tuple[str, ...]
    rows: tuple[Cells, ...]


class Evidence(Struct, frozen=True):
    """Results that say the same of several subjects: one row of a finding."""

    subjects: tuple[str, ...]
    result: Result
    sources: tuple[Origin | Slot, ...]


class Finding(Struct, frozen=True):
    """One check with one status on one host."""

    anchor: str
    group: summary.Group
    asked: tuple[Origin | Slot, ...]
    """The sources of the host, which results point into."""
    placed: bool = False
    """Whether the picture of the host shows where it is: at the id `at:` and the anchor."""

    @property
    def rows(self) -> tuple[Evidence, ...]:
        """Its results, those that say the same as one."""
        rows: dict[tuple[object, ...], list[Result]] = {}
        for result in self.group.results:
            alike = (
                result.observed, result.expected, result.note, result.sources, result.unseen,
                result.trace,
            )  # fmt: skip
            rows.setdefault(alike, []).append(result)
        return tuple(
            Evidence(
                tuple(result.subject.name for result in members),
                members[0],
                words.places(self.asked, members[0].sources),
            )
            for members in rows.values()
        )

    @property
    def commands(self) -> tuple[Command, ...]:
        """What mends it, each way once."""
        return tuple(dict.fromkeys(one for result in self.group.results for one in result.fix))


class Square(Struct, frozen=True):
    """One entry of the fleet matrix."""

    status: Status | None
    severity: Severity
    anchor: str
    tip: str


@dataclass(frozen=True, slots=True)
class Smoked:
    """The smoke test of one GPU, or why there is none."""

    gpu: str
    smoke: GpuSmoke | None
    missing: ShownFact

    @property
    def tag(self) -> str:
        """The colour of the program's verdict; a slow GPU is judged by a check of its own."""
        told = self.smoke.answer.status.value if self.smoke is not None else ""
        return told if told in ("pass", "fail") else "unknown"


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the template shows of one host."""

    name: str
    key: str
    verdict: Answer
    reason: str
    counts: tuple[tuple[Status, int], ...]
    findings: tuple[Finding, ...]
    facts: tuple[tuple[str, tuple[tuple[str, ShownFact], ...]], ...]
    gpus: Table | None
    smoke: tuple[Smoked, ...]
    vms: Table | None
    picture: Markup
    twin: str
    matrix: view.Matrix
    testimonies: tuple[tuple[Testimony, bool], ...]
    sources: tuple[Origin, ...]
    statuses: tuple[Status | None, ...]
    """The worst of each check of the run, in their order; None where there is nothing to judge."""
    causes: tuple[summary.Cause, ...]
    """Why something is not known of it."""
    plan: summary.HostPlan | None

    @property
    def nvlinked(self) -> bool:
        """Whether NVLink joins any pair."""
        return any(cell.nvlink for row in self.matrix.cells for cell in row)

    def of(self, *statuses: str) -> tuple[Finding, ...]:
        """Return the findings with these statuses."""
        return tuple(f for f in self.findings if f.group.status in statuses)


@dataclass(frozen=True, slots=True)
class Choice:
    """One candidate of a preflight, with the results no host section holds."""

    candidate: Candidate
    key: str
    """The anchor of the host's section; empty when the run does not hold that host."""
    findings: tuple[Finding, ...]
    others: tuple[str, ...]
    """Hosts that come after it for the same reason: no GPU of the VM's kind."""


@dataclass(frozen=True, slots=True)
class Row:
    """One host in the table of an index."""

    name: str
    key: str
    """What follows the `@` in links to the host, where all hosts are on one page."""
    href: str
    verdict: Answer
    because: tuple[str, ...]
    """The required checks that a verdict other than GO rests on."""
    fails: int
    unknowns: int
    cluster: str
    release: str
    gpus: str
    driver: str
    vms: tuple[str, ...]
    serials: tuple[str, ...]
    """Service tag of the host, serial numbers of its GPUs."""
    squares: str
    """A letter per check."""

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Worst first, as the table sorts them too."""
        return (ANSWERS.index(self.verdict), -self.fails, -self.unknowns, self.name)


class Requests:
    """Everything that was asked of any host, each question once, by the way it travelled."""

    def __init__(self) -> None:
        self._asked: dict[str, dict[str, dict[str, int]]] = {}
        self._seals = Seals()

    def add(self, host: Host) -> None:
        """Note what was asked of a host, whether it was answered or not, and with what."""
        self._seals.add(host)
        for source in host.sources:
            self._asked.setdefault(source.wire, {}).setdefault(source.asked, {})
        for one in host.not_read:
            found = self._asked.setdefault(one.origin.wire, {}).setdefault(one.origin.asked, {})
            if one.failure:
                found[one.failure] = found.get(one.failure, 0) + 1

    def seals(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return with what hosts were asked, topic by topic."""
        return self._seals.listed()

    def listed(self) -> tuple[tuple[str, tuple[tuple[str, tuple[tuple[str, int], ...]], ...]], ...]:
        """Return the questions by wire, each with why how many were not answered."""
        return tuple(
            (wire, tuple((one, tuple(sorted(self._asked[wire][one].items())))
                         for one in sorted(self._asked[wire])))
            for wire in sorted(self._asked)
        )  # fmt: skip
