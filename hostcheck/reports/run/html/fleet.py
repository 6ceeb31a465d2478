"""The table of hosts by checks: its columns, its rows, and the same as data for a script."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote
from zlib import DEFLATED, MAX_WBITS, compressobj

from markupsafe import Markup

from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Manual, Severity, Status
from hostcheck.model.run import HostReport
from hostcheck.model.traits import gpu_names
from hostcheck.reports import words
from hostcheck.reports.run.html.shapes import ANSWERS, LETTERS, Page, Row, Square

T = TypeVar("T")
WORST = "feuopn."
"""Letters of squares, gravest first."""
NAMED = 3
"""Checks that the cell of a verdict names."""
PACKED_FROM = 200_000
"""Bytes of data from which it is deflated: a browser of a smaller page needs no second step."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which checks are columns: what fails somewhere first, then what is unknown somewhere."""

    shown: tuple[int, ...]
    """Places in the list of checks."""
    passing: tuple[Manual, ...]
    """What fails and is unknown nowhere, and passes somewhere."""
    idle: tuple[Manual, ...]
    """What applies to no host, or is off by policy."""

    def of(self, squares: Sequence[T]) -> list[T]:
        """Return the squares of a row that are shown, in the order of the columns."""
        return [squares[at] for at in self.shown]


def columns_of(checks: Sequence[Manual], rows: Iterable[Row]) -> Columns:
    """Say which checks are worth a column: those that do not pass everywhere."""
    counts = [dict.fromkeys(WORST, 0) for _ in checks]
    for row in rows:
        for count, letter in zip(counts, row.squares, strict=False):
            count[letter] += 1
    order = {severity: n for n, severity in enumerate(words.GRAVEST_FIRST)}

    def rank(at: int) -> tuple[int, int, int, int]:
        count = counts[at]
        fails = 0 if count["f"] else 1
        return (fails, order[checks[at].severity], -count["f"], -count["u"])

    odd = [at for at, count in enumerate(counts) if count["f"] or count["u"] or count["e"]]
    rest = [at for at in range(len(checks)) if at not in odd]
    return Columns(
        tuple(sorted(odd, key=rank)),
        tuple(checks[at] for at in rest if counts[at]["p"]),
        tuple(checks[at] for at in rest if not counts[at]["p"]),
    )


def row_of(report: HostReport, page: Page, checks: Sequence[Manual], href: str) -> Row:
    """Return the row of a host; `href` leads to its page, empty where it has none."""
    host = report.host
    squares = "".join([LETTERS[status] for status in page.statuses])
    blind = sum(map(squares.count, (LETTERS[Status.UNKNOWN], LETTERS[Status.ERROR])))
    return Row(
        name=words.one_line(host.name),
        key=page.key,
        href=href,
        verdict=report.verdict,
        because=because_of(report.verdict, checks, squares),
        fails=squares.count(LETTERS[Status.FAIL]),
        unknowns=blind,
        cluster=_cluster(host),
        release=words.one_line(f"{words.known_or(host.version)} {words.known_or(host.build)}"),
        gpus=words.one_line(gpu_names(host)),
        driver=words.one_line(words.known_or(host.driver_version)),
        vms=_vms(host),
        serials=_serials(host),
        squares=squares,
    )


def because_of(verdict: Answer, checks: Sequence[Manual], squares: str) -> tuple[str, ...]:
    """Return the ids of the required checks that a verdict other than GO rests on."""
    letters = {Answer.NO_GO: "f", Answer.UNSURE: "ue"}.get(verdict, "")
    return tuple(
        check.id
        for check, letter in zip(checks, squares, strict=False)
        if check.severity is Severity.REQUIRED and letters and letter in letters
    )


def _cluster(host: Host) -> str:
    """Name the cluster; a host of none is told as a compute resource of its own name."""
    name = words.one_line(words.known_or(host.cluster))
    return "" if name == words.one_line(host.name) else name


def _vms(host: Host) -> tuple[str, ...]:
    if not isinstance(host.vms, Known):
        return ()
    return tuple(" ".join(words.one_line(vm.name).split()) for vm in host.vms.value)


def _serials(host: Host) -> tuple[str, ...]:
    gpus = host.gpus.value if isinstance(host.gpus, Known) else ()
    told = (host.service_tag, *(gpu.serial for gpu in gpus))
    found = (words.one_line(words.known_or(one)).replace(" ", "") for one in told)
    return tuple(dict.fromkeys(one for one in found if one not in ("", "N/A")))


def data_of(
    checks: Sequence[Manual],
    columns: Columns,
    rows: Sequence[Row],
    folder: str,
    *,
    single: bool = False,
) -> tuple[str, Markup]:
    """Return the table for the script, and of which kind: JSON, or JSON deflated as base64."""
    texts: dict[str, int] = {}

    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    listed: list[list[object]] = []
    for row in rows:
        one: list[object] = [
            row.name, ANSWERS.index(row.verdict), "".join(columns.of(row.squares)),
            row.fails, row.unknowns, number(row.cluster), number(row.release), number(row.gpus),
            number(row.driver), "\n".join(row.vms), " ".join(row.serials),
        ]  # fmt: skip
        own = unquote(row.href.removeprefix(folder)) if folder else row.key
        if own != (f"{row.name}.html" if folder else row.name):
            one.append(own)
        listed.append(one)
    document = {
        "files": folder,
        "single": single,
        "answers": [answer.value for answer in ANSWERS],
        "marks": [words.ANSWER_MARK[answer] for answer in ANSWERS],
        "checks": [
            [checks[at].id, checks[at].title, checks[at].severity.value, checks[at].family]
            for at in columns.shown
        ],
        "others": [one.id for one in (*columns.passing, *columns.idle)],
        "words": list(texts),
        "rows": listed,
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if len(text) > PACKED_FROM:
        packer = compressobj(9, DEFLATED, -MAX_WBITS)
        packed = packer.compress(text.encode()) + packer.flush()
        return "application/octet-stream", Markup(b64encode(packed).decode())  # noqa: S704  # letters
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return "application/json", Markup(safe)  # noqa: S704  # cannot leave its script element


@dataclass(frozen=True, slots=True)
class ClusterRows:
    """Hosts of one cluster, gravest first: rows of the table, each with its squares."""

    name: str
    rows: tuple[tuple[Row, tuple[Square, ...]], ...]

    @property
    def tally(self) -> tuple[tuple[Answer, int], ...]:
        """Hosts by verdict."""
        counts = Counter(row.verdict for row, _ in self.rows)
        return tuple((answer, counts[answer]) for answer in ANSWERS if counts[answer])


def clusters_of(
    rows: Sequence[Row], squares: Iterable[tuple[Square, ...]]
) -> tuple[ClusterRows, ...]:  # fmt: skip
    """Return the rows by cluster, in the order of their names."""
    found: dict[str, list[tuple[Row, tuple[Square, ...]]]] = {}
    for row, mine in zip(rows, squares, strict=True):
        found.setdefault(row.cluster, []).append((row, mine))
    return tuple(
        ClusterRows(name, tuple(sorted(found[name], key=lambda one: one[0].order)))
        for name in sorted(found, key=lambda name: (not name, name))
    )
