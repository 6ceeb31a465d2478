"""The report for people: one HTML file that needs no network and no script to be read.

A fleet too large for one page gets an index, a page per host and what they share; `site` puts them
in a folder or archive.

This module is the only one that imports Jinja. It lays the run out as small typed pieces; the
templates only walk over them. Every text is escaped by Jinja, after `words.clean` has made control
and direction characters visible.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import groupby
from math import ceil
from typing import Any, TypeVar
from urllib.parse import quote, unquote
from zlib import DEFLATED, MAX_WBITS, Z_SYNC_FLUSH, compressobj

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from hostcheck.model.capture import Source
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host, PcieLink, PhysicalGpu, Service, Software, Sriov, Testimony
from hostcheck.model.result import Answer, Command, Manual, Result, Severity, Status
from hostcheck.model.run import Candidate, HostReport, Run
from hostcheck.model.smoke import GpuSmoke, SmokeSpeed
from hostcheck.model.vm import Vm
from hostcheck.reports import smoke_text, summary, text, words
from hostcheck.reports.topology import svg, view

T = TypeVar("T")

ALONE = "this"
"""What follows the `@` in links to a host that has a page of its own."""
WORST_HOSTS = 200
"""Rows of an index that are there without scripts."""
BEST_HOSTS = 20
"""Entries for candidates of a preflight that an index lists."""
CUT = "\x00"
"""Stands around the name of each part of a host's body; in no text, because `clean` makes it
visible."""
SAMPLES = 8
"""Hosts whose pages tell what most pages say."""
BEFORE = 24000
"""Bytes of it a part can point back to: deflate reaches 32768, less what a part may be long."""
CHAPTER = 16
"""Checks whose findings make one part: as many as are short enough for that."""
LETTERS = {
    Status.PASS: "p", Status.FAIL: "f", Status.UNKNOWN: "u", Status.ERROR: "e",
    Status.NOT_APPLICABLE: "n", None: ".",
}  # fmt: skip
"""How the table of an index writes a square."""
OPEN_HOSTS = 8
"""In a larger fleet the hosts are folded up."""
ROW_NAMES = 6
"""A row that stands for more subjects than this names them in a list that unfolds."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a cell: a value, or why it is not known."""

    text: str
    known: bool = True


Cells = tuple[tuple[Shown, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table; the first cell of a row is its heading."""

    columns: tuple[str, ...]
    rows: tuple[Cells, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Results that say the same of several subjects: one row of a finding."""

    subjects: tuple[str, ...]
    result: Result
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check with one status on one host."""

    anchor: str
    group: summary.Group
    rows: tuple[Evidence, ...]
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Square:
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
    missing: Shown

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
    facts: tuple[tuple[str, tuple[tuple[str, Shown], ...]], ...]
    gpus: Table | None
    smoke: tuple[Smoked, ...]
    vms: Table | None
    picture: Markup
    twin: str
    matrix: view.Matrix
    testimonies: tuple[tuple[Testimony, bool], ...]
    sources: tuple[Source, ...]
    squares: tuple[Square, ...]

    @property
    def nvlinked(self) -> bool:
        """Whether NVLink joins any pair."""
        return any(cell.nvlink for row in self.matrix.cells for cell in row)

    def of(self, *statuses: str) -> tuple[Finding, ...]:
        """Return the findings with these statuses."""
        return tuple(f for f in self.findings if f.group.status.value in statuses)


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
    href: str
    verdict: Answer
    fails: int
    unknowns: int
    cluster: str
    release: str
    gpus: str
    squares: str
    """A letter per check."""

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Worst first, as the table sorts them too."""
        return (ANSWERS.index(self.verdict), -self.fails, -self.unknowns, self.name)


class Requests:
    """Everything that was asked of any host, each question once, by the way it travelled."""

    def __init__(self) -> None:
        self._asked: dict[str, set[str]] = {}

    def add(self, host: Host) -> None:
        """Note what was asked of a host."""
        for source in host.sources:
            self._asked.setdefault(source.wire.value, set()).add(source.asked)

    def listed(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the questions by wire."""
        return tuple((wire, tuple(sorted(self._asked[wire]))) for wire in sorted(self._asked))


ANSWERS = (Answer.NO_GO, Answer.UNSURE, Answer.GO, Answer.NO_GPU)


def render(run: Run) -> str:
    """Return the whole report as one HTML document."""
    run = summary.named(run)
    checks = _checks(run)
    keys = _keys(run)
    pages = tuple(
        page_of(run, report, key, checks) for report, key in zip(run.hosts, keys, strict=True)
    )
    choices = _choices(run, {page.name: page for page in pages})
    requests = Requests()
    for report in run.hosts:
        requests.add(report.host)
    script, style = _asset("report.js"), _asset("report.css")
    return _environment().get_template("report.html").render(
        run=run,
        told=summary.of(run),
        notices=summary.notices(run),
        catalogue=summary.catalogue(run),
        blind_spots=words.BLIND_SPOTS,
        pages=pages,
        anchors=_anchors(pages, choices),
        checks=checks,
        choices=choices,
        requests=requests.listed(),
        manuals="",
        indexed=False,
        folded=len(pages) > OPEN_HOSTS,
        style=Markup(style + svg.STYLE),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        defs=Markup(svg.DEFS),  # noqa: S704
    )  # fmt: skip


def shared_files() -> dict[str, str]:
    """Return what the pages of hosts share, by file name."""
    scripts = {name: _asset(name) for name in ("report.js", "page.js")}
    return scripts | {"report.css": _asset("report.css") + svg.STYLE}


def checks_page(run: Run, home: str) -> str:
    """Return the page of what the checks mean; `home` leads to the index."""
    return (
        _environment()
        .get_template("checks.html")
        .render(run=run, home=home, checks=run.checks, manuals="", indexed=True)
    )


class Packer:
    """Packs the pages of hosts: each part as what differs from the same part of some hosts."""

    def __init__(self, run: Run, home: str) -> None:
        """Take the run, and the link that leads from a page to the index."""
        self._run = run
        self._home = home
        self._before: dict[str, Any] = {}
        self._shared: dict[str, tuple[str, int]] = {}
        gravest = sorted(run.checks, key=lambda one: words.GRAVEST_FIRST.index(one.severity))
        self._chapters = {manual.id: n // CHAPTER for n, manual in enumerate(gravest)}
        samples: dict[str, list[str]] = {}
        for at in range(0, len(run.hosts), ceil(len(run.hosts) / SAMPLES) or 1):
            for name, markup in self._parts(page_of(run, run.hosts[at], ALONE, run.checks)):
                samples.setdefault(name, []).append(markup)
        for name, alike in samples.items():
            self._begin(name, *alike)

    def page(self, page: Page) -> str:
        """Return the page of one host."""
        packed = " ".join(
            f"{name}:{self._packed(name, markup)}" for name, markup in self._parts(page)
        )
        return (
            _environment()
            .get_template("page.html")
            .render(run=self._run, page=page, home=self._home, packed=packed, manuals="checks.html")
        )

    def _parts(self, page: Page) -> Iterator[tuple[str, str]]:
        """Yield the body of a page part by part, each with its name."""
        body = _environment().get_template("body.html").render(
            page=page, defs=Markup(svg.DEFS), manuals="checks.html", part=self._part  # noqa: S704
        )  # fmt: skip
        cut = f"facts{CUT}{body}".split(CUT)
        parts = zip(cut[::2], cut[1::2], strict=True)
        for name, members in groupby(parts, key=lambda part: part[0]):
            yield name, "".join(markup for _, markup in members)

    def _part(self, topic: str | Status, check: str = "") -> Markup:
        """Mark where a part begins: a topic, or the findings of a chapter with one status."""
        name = LETTERS[topic] if isinstance(topic, Status) else topic
        return Markup(f"{CUT}{name}{self._chapters.get(check, '')}{CUT}")  # noqa: S704  # ours

    def _begin(self, name: str, *samples: str) -> None:
        """Deflate is a stream: what comes later may point back into what came before."""
        lines = dict.fromkeys(line for one in samples for line in one.splitlines(keepends=True))
        before = "".join(lines).encode()[:BEFORE]
        packer = compressobj(9, DEFLATED, -MAX_WBITS)
        packed = packer.compress(before) + packer.flush(Z_SYNC_FLUSH)
        self._before[name] = packer
        self._shared[name] = (b64encode(packed).decode(), len(before))

    def _packed(self, name: str, markup: str) -> str:
        if name not in self._before:
            self._begin(name, markup)
        packer = self._before[name].copy()
        return b64encode(packer.compress(markup.encode()) + packer.flush()).decode()

    def before(self) -> str:
        """Return the script with what came before: base64 and its length unpacked, by part."""
        return f"var packedBefore = {json.dumps(self._shared)};\n"


def row_of(report: HostReport, page: Page, href: str) -> Row:
    """Return the row of a host in the index; `href` leads to its page, empty where it has none."""
    host, counts = report.host, dict(page.counts)
    return Row(
        name=words.one_line(host.name),
        href=href,
        verdict=report.verdict,
        fails=counts[Status.FAIL],
        unknowns=counts[Status.UNKNOWN] + counts[Status.ERROR],
        cluster=words.one_line(words.known_or(host.cluster)),
        release=words.one_line(f"{words.known_or(host.version)} {words.known_or(host.build)}"),
        gpus=words.one_line(summary.gpu_names(host)),
        squares="".join(LETTERS[square.status] for square in page.squares),
    )


def index(
    run: Run,
    told: summary.Summary,
    rows: Sequence[Row],
    requests: Requests,
    folder: str,
) -> str:
    """Return the page that leads to all hosts; it holds all that its table shows.

    `folder` is where the pages of the hosts are, relative to it; empty when there are none.
    """
    hrefs = {row.name: row.href for row in rows}
    anchors = {
        (step.check, name): f"{hrefs[name]}#{_fragment(f'{step.check}@{ALONE}')}"
        for step in told.steps
        for name, _ in step.hosts
        if hrefs.get(name)
    }
    script, style = _asset("index.js"), _asset("report.css")
    return _environment().get_template("index.html").render(
        run=run,
        told=told,
        notices=summary.notices(run),
        catalogue=summary.catalogue(run),
        checks=run.checks,
        anchors=anchors,
        hrefs=hrefs,
        choices=(),
        best=summary.choices(run.preflight)[:BEST_HOSTS] if run.preflight else (),
        blind_spots=words.BLIND_SPOTS,
        worst=sorted(rows, key=lambda row: row.order)[:WORST_HOSTS],
        requests=requests.listed(),
        manuals=f"{folder}checks.html" if folder else "",
        folder=folder,
        indexed=True,
        data=Markup(_rows(run, rows, folder)),  # noqa: S704  # its signs are escaped there
        style=Markup(style),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )  # fmt: skip


def _rows(run: Run, rows: Sequence[Row], folder: str) -> str:
    """Return the table as JSON that cannot leave its script element."""
    texts: dict[str, int] = {}

    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    listed: list[list[object]] = []
    for row in rows:
        one: list[object] = [
            row.name, ANSWERS.index(row.verdict), row.squares, number(row.cluster),
            number(row.release), number(row.gpus),
        ]  # fmt: skip
        file = unquote(row.href.removeprefix(folder))
        if file != f"{row.name}.html":
            one.append(file)
        listed.append(one)
    families = ["", *(manual.family for manual in run.checks)]
    document = {
        "files": folder,
        "answers": [answer.value for answer in ANSWERS],
        "marks": [words.ANSWER_MARK[answer] for answer in ANSWERS],
        "checks": [
            [manual.id, manual.title, manual.severity.value, int(manual.family != before)]
            for manual, before in zip(run.checks, families, strict=False)
        ],
        "words": list(texts),
        "rows": listed,
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("hostcheck"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    made.filters.update(
        moment=words.moment, where=words.where, why_words=words.why_words, prose=_prose,
        fragment=_fragment, cut=words.cut,
    )  # fmt: skip
    made.globals.update(
        MARK=words.MARK, STATUS=words.STATUS, ANSWER_MARK=words.ANSWER_MARK, Status=Status,
        Severity=Severity, LEGEND=view.LEGEND, count=words.count, is_known=_is_known,
        missing=words.missing, compared=smoke_text.compared, scale=smoke_text.scale,
        changed=smoke_text.changed,
        rates=lambda speed: tuple(smoke_text.rates(speed)), measured=_show_speed,
        is_measured=lambda speed: isinstance(speed, SmokeSpeed), is_link=_is_link,
        ROW_NAMES=ROW_NAMES, part=lambda *_: "",
    )  # fmt: skip
    return made


def _asset(name: str) -> str:
    loader = _environment().loader
    assert loader is not None  # noqa: S101  # given above
    return loader.get_source(_environment(), name)[0]


def _harmless(value: Any) -> Any:
    """Clean each plain text before it is escaped."""
    return words.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(told: str) -> Markup:
    """Escape text and set what stands between backquotes as code."""
    safe = str(escape(words.clean(told)))
    return Markup(re.sub(r"``?([^`]+)``?", r"<code>\1</code>", safe))  # noqa: S704  # escaped above


def _fragment(anchor: str) -> str:
    return quote(anchor, safe="@:~")


def _is_known(fact: object) -> bool:
    return isinstance(fact, Known)


def _is_link(told: str) -> bool:
    return re.fullmatch(r"https?://[^\s\"'<>]+", told) is not None


def _checks(run: Run) -> tuple[Manual, ...]:
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


def _keys(run: Run) -> list[str]:
    """Return what follows the `@` in the links to each host: its name, made unique."""
    keys: list[str] = []
    for report in run.hosts:
        name = re.sub(r"\s+", "_", words.clean(report.host.name)) or "host"
        key, number = name, 2
        while key in keys:
            key, number = f"{name}~{number}", number + 1
        keys.append(key)
    return keys


def page_of(run: Run, report: HostReport, key: str, checks: Sequence[Manual]) -> Page:
    """Lay out one host; `key` is what follows the `@` in links to it."""
    host = report.host
    findings = _findings(summary.groups(run, report.results), host.sources, key)
    drawn = svg.topology_svg(host, report.results, alone=False, anchor=key)
    return Page(
        name=host.name,
        key=key,
        verdict=report.verdict,
        reason=summary.host_reason(report, {manual.id: manual.title for manual in checks}),
        counts=tuple(
            (status, sum(result.status is status for result in report.results))
            for status in words.WORST_FIRST
        ),
        findings=findings,
        facts=_facts(host),
        gpus=_gpu_table(host),
        smoke=_smoked(host),
        vms=_vm_table(host),
        picture=Markup(drawn),  # noqa: S704  # svg escapes what it writes
        twin=text.topology_text(host),
        matrix=view.matrix(host),
        testimonies=tuple((told, _differs(told)) for told in host.testimonies),
        sources=host.sources,
        squares=_squares(report, key, checks, findings),
    )  # fmt: skip


def _findings(
    grouped: Sequence[summary.Group], sources: tuple[Source, ...], key: str, prefix: str = ""
) -> tuple[Finding, ...]:
    """Give each group its rows and its anchor; the worst of a check gets the plain anchor."""
    taken: set[str] = set()
    made = []
    for group in grouped:
        anchor = f"{prefix}{group.check}@{key}"
        if anchor in taken:
            anchor = f"{prefix}{group.check}:{group.status.value}@{key}"
        taken.add(anchor)
        commands = dict.fromkeys(command for result in group.results for command in result.fix)
        made.append(Finding(anchor, group, _evidence(group.results, sources), tuple(commands)))
    return tuple(made)


def _evidence(results: Sequence[Result], sources: tuple[Source, ...]) -> tuple[Evidence, ...]:
    rows: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        alike = (
            result.observed, result.expected, result.note, result.sources, result.unseen,
            result.trace,
        )  # fmt: skip
        rows.setdefault(alike, []).append(result)
    return tuple(
        Evidence(
            tuple(result.subject.name for result in members),
            members[0],
            words.places(sources, members[0].sources),
        )
        for members in rows.values()
    )


def _squares(
    report: HostReport, key: str, checks: Sequence[Manual], findings: Sequence[Finding]
) -> tuple[Square, ...]:
    told: dict[str, list[Finding]] = {}
    for finding in findings:
        told.setdefault(finding.group.check, []).append(finding)
    squares = []
    for manual in checks:
        mine = told.get(manual.id, [])
        if mine:
            counts = ", ".join(
                f"{len(f.group.results)} {words.STATUS[f.group.status]}" for f in mine
            )
            status: Status | None = mine[0].group.status
        else:
            unseen = _unseen_subjects(report.host, manual.subject)
            status = Status.UNKNOWN if unseen else None
            counts = f"{unseen} not known" if unseen else "nothing to judge"
        squares.append(
            Square(
                status,
                mine[0].group.severity if mine else manual.severity,
                mine[0].anchor if mine else f"host@{key}",
                f"{manual.id} on {report.host.name}: {counts}",
            )
        )
    return tuple(squares)


def _unseen_subjects(host: Host, kind: str) -> str:
    """Return what a check of this kind of subject could not even list, empty when it could."""
    kind = kind.lower()
    needed: list[tuple[str, object]] = []
    if kind.startswith("vm") or kind == "placement":
        needed.append(("VMs", host.vms))
    elif "gpu" in kind:
        needed.append(("GPUs", host.gpus))
    elif "nic" in kind or "adapter" in kind:
        needed.append(("network adapters", host.nics))
    return " and ".join(name for name, fact in needed if isinstance(fact, Unknown))


def _choices(run: Run, pages: dict[str, Page]) -> tuple[Choice, ...]:
    if run.preflight is None:
        return ()
    beyond = summary.beyond(run)
    made = []
    for choice in summary.choices(run.preflight):
        candidate = choice.first
        own, read = beyond[candidate.host]
        page = pages.get(candidate.host)
        key = page.key if page else re.sub(r"\s+", "_", words.clean(candidate.host))
        found = _findings(summary.groups(run, own), read, key, "preflight:")
        others = tuple(one.host for one in choice.others)
        made.append(Choice(candidate, page.key if page else "", found, others))
    return tuple(made)


def _anchors(pages: Sequence[Page], choices: Sequence[Choice]) -> dict[tuple[str, str], str]:
    """Return the link to a check on a host: in its section, else among the candidates."""
    found: dict[tuple[str, str], str] = {}
    for page in pages:
        for finding in page.findings:
            found.setdefault((finding.group.check, page.name), f"#{_fragment(finding.anchor)}")
    for choice in choices:
        for finding in choice.findings:
            where = f"#{_fragment(finding.anchor)}"
            found.setdefault((finding.group.check, choice.candidate.host), where)
    return found


def _differs(told: Testimony) -> bool:
    return len({fact.value for fact in told.statements if isinstance(fact, Known)}) > 1


def _show(fact: Fact[T], told: Callable[[T], str] = str, before: str = "") -> Shown:
    if isinstance(fact, Unknown):
        return Shown(f"{before}{words.missing(fact)}", known=False)
    return Shown(f"{before}{told(fact.value) or 'none'}")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _facts(host: Host) -> tuple[tuple[str, tuple[tuple[str, Shown], ...]], ...]:
    """Return what is known of a host, in the order people ask for it."""
    return (
        ("Machine", (
            ("Vendor", _show(host.vendor)),
            ("Model", _show(host.model)),
            ("BIOS", _show(host.bios_version)),
            ("BIOS date", _show(host.bios_date, lambda date: date[:10])),
            ("Boot firmware", _show(host.firmware_type)),
            ("Memory", _show(host.memory_bytes, words.size)),
            ("Packages", _show(host.package_count)),
            ("Cores", _show(host.core_count)),
            ("PUs (threads)", _show(host.pu_count)),
            ("NUMA nodes", _numa(host)),
        )),
        ("ESXi", (
            ("Version", _show(host.version)),
            ("Build", _show(host.build)),
            ("Cluster", _show(host.cluster)),
            ("Connection", _show(host.connection_state)),
            ("Power", _show(host.power_state)),
            ("Maintenance mode", _show(host.in_maintenance_mode, _yes)),
            ("Reboot required", _show(host.reboot_required, _yes)),
            ("Booted", _show(host.boot_time, words.moment)),
            ("Lockdown", _show(host.lockdown_mode)),
            ("Services", _show(host.services, _services)),
            ("DRS", _show(host.drs_automation)),
        )),
        ("Graphics", (
            ("Default type", _show(host.graphics_default, lambda kind: words.GRAPHICS[kind])),
            ("Assignment policy", _show(host.assignment_policy)),
            ("vGPU manager", _show(host.driver_version)),
            ("NVIDIA packages", _show(host.driver_packages, _software)),
            ("nvidia-smi answers", _show(host.smi_answers, _yes)),
            ("GPUs it lists", _show(host.smi_gpu_count)),
            ("GPUs on PCI", _show(host.gpus, lambda gpus: str(len(gpus)))),
            ("Running vGPUs", _show(host.vgpu_instances, lambda found: str(len(found)))),
            ("Profiles offered", _show(host.profiles_offered, ", ".join)),
        )),
    )  # fmt: skip


def _numa(host: Host) -> Shown:
    shown = _show(host.numa_node_count)
    packages = host.package_count
    if isinstance(host.numa_node_count, Known) and isinstance(packages, Known) and packages.value:
        each = host.numa_node_count.value / packages.value
        return Shown(f"{shown.text} ({each:g} per package)")
    return shown


def _services(services: tuple[Service, ...]) -> str:
    return ", ".join(f"{s.key} {'runs' if s.running else 'off'}" for s in services)


def _software(packages: tuple[Software, ...]) -> str:
    return ", ".join(f"{package.name} {package.version}" for package in packages)


def _gpu_table(host: Host) -> Table | None:
    shown = view.of(host)
    if not shown.gpus:
        return None
    return Table(
        ("GPU", "Place", "Graphics type", "ECC, MIG", "Framebuffer", "SR-IOV", "PCIe", "VMs"),
        tuple(_gpu_row(host, shown, gpu) for gpu in shown.gpus),
    )


def _gpu_row(host: Host, shown: view.Topology, gpu: PhysicalGpu) -> Cells:
    node = view.node_of(host, gpu)
    assumed = isinstance(gpu.numa_node, Unknown)
    if node is None:
        place = _show(gpu.numa_node, str, "node ")
    else:
        place = Shown(f"node {node}{' (the only one)' if assumed else ''}")
    names = ", ".join(guest.vm.name for guest in shown.guests_of(gpu.address))
    return (
        (
            Shown(f"GPU {shown.number(gpu.address)}"), Shown(gpu.name), Shown(gpu.address),
            Shown(str(gpu.pci_id)),
        ),
        (place, Shown(f"port {gpu.bridges[-1]}" if gpu.bridges else "port not known",
                      known=bool(gpu.bridges))),
        (
            _show(gpu.graphics_active, lambda kind: words.GRAPHICS[kind], "active "),
            _show(gpu.graphics_configured, lambda kind: words.GRAPHICS[kind], "configured "),
            _show(gpu.vgpu_mode, str, "mode "),
        ),
        (
            _pair("ECC", gpu.ecc_current, gpu.ecc_pending),
            _pair("MIG", gpu.mig_current, gpu.mig_pending),
        ),
        (
            _show(gpu.framebuffer_bytes, words.size, ""),
            _show(gpu.framebuffer_used_bytes, words.size, "used "),
            _show(gpu.bar1_bytes, words.size, "BAR1 "),
        ),
        (_show(gpu.sriov, _sriov), _show(gpu.virtualization_mode)),
        (_show(gpu.link, _link),),
        (Shown(names) if names else _show(gpu.vm_ids, lambda ids: ", ".join(ids) or "none"),),
    )  # fmt: skip


def _smoked(host: Host) -> tuple[Smoked, ...]:
    """Return what the smoke test said of each GPU; nothing where the run was not told to ask."""
    return tuple(
        Smoked(
            f"{gpu.address} {gpu.name}",
            None if isinstance(told, Unknown) else told,
            _show_speed(told) if isinstance(told, Unknown) else Shown(""),
        )
        for gpu, told in smoke_text.smoked(host)
    )


def _show_speed(speed: Unknown) -> Shown:
    return Shown(words.missing(speed), known=False)


def _pair(name: str, now: Fact[Any], later: Fact[Any]) -> Shown:
    if isinstance(now, Unknown):
        return _show(now, str, f"{name} ")
    told = f"{name} {words.MODE[now.value]}"
    if isinstance(later, Known) and later.value != now.value:
        told += f", {words.MODE[later.value]} after reset"
    return Shown(told)


def _sriov(found: Sriov) -> str:
    if not found.capable:
        return "not capable"
    state = "active" if found.active else "enabled" if found.enabled else "off"
    return f"{state}, {found.vf_count} of {found.vf_maximum} VFs"


def _link(link: PcieLink) -> str:
    return f"x{link.width} of x{link.width_max}, Gen{link.generation} of Gen{link.generation_max}"


def _vm_table(host: Host) -> Table | None:
    guests = view.of(host).guests
    if not guests:
        return None
    return Table(
        ("VM", "Power", "GPU it asks for", "Runs on", "vCPUs", "Memory", "Hardware", "Network"),
        tuple(_vm_row(host, guest) for guest in guests),
    )


def _vm_row(host: Host, guest: view.Guest) -> Cells:
    vm = guest.vm
    wants = [_show(vgpu.profile, str) for vgpu in vm.vgpus]
    wants += [
        _show(device.address, str, f"{device.kind} passthrough ") for device in vm.passthroughs
    ]
    groups = vm.device_groups
    if isinstance(groups, Known):
        wants += [Shown(f"device group {name}") for name in groups.value]
    return (
        (Shown(vm.name), Shown(vm.id)),
        (_show(vm.power_state, _power),),
        tuple(wants) or (Shown("none"),),
        _runs_on(host, guest),
        (
            _show(vm.vcpu_count),
            _show(vm.cores_per_socket, lambda cores: f"{cores} per socket"),
        ),
        (_show(vm.memory_bytes, words.size), _reserved(vm)),
        (_show(vm.hardware_version, lambda version: f"vmx-{version}"), _show(vm.firmware)),
        tuple(
            _show(nic.uplinks, ", ".join, f"{nic.network}: ") for nic in vm.nics
        ) or (Shown("none"),),
    )  # fmt: skip


def _power(state: str) -> str:
    return {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}.get(state, state)


def _reserved(vm: Vm) -> Shown:
    if isinstance(vm.memory_locked_to_max, Known) and vm.memory_locked_to_max.value:
        return Shown("all reserved")
    return _show(vm.memory_reserved_bytes, lambda reserved: f"{words.size(reserved)} reserved")


def _runs_on(host: Host, guest: view.Guest) -> tuple[Shown, ...]:
    if guest.running is False:
        return (Shown("off"),)
    if isinstance(guest.addresses, Unknown):
        return (_show(guest.addresses),)
    shown = view.of(host)
    lines = []
    for address in guest.addresses.value:
        number = shown.number(address)
        if number is None:
            lines.append(Shown(f"{address}, not among the GPUs of this host", known=False))
            continue
        node = view.node_of(host, shown.gpus[number])
        place = f"node {node}" if node is not None else "node not known"
        lines.append(Shown(f"GPU {number}, {place}", known=node is not None))
    return tuple(lines) or (Shown("no GPU"),)
