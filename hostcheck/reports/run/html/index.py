"""The index of a fleet too large for one page: a table of all hosts, and what leads to them."""

import json
from collections.abc import Sequence
from urllib.parse import unquote

from markupsafe import Markup

from hostcheck.model.result import Status
from hostcheck.model.run import HostReport, Run
from hostcheck.model.traits import gpu_names
from hostcheck.reports import summary, words
from hostcheck.reports.page import script_source
from hostcheck.reports.run.html.jinja import asset, fragment, rendered
from hostcheck.reports.run.html.shapes import ALONE, ANSWERS, LETTERS, Page, Requests, Row
from hostcheck.reports.topology import svg

WORST_HOSTS = 200
"""Rows of an index that are there without scripts."""
BEST_HOSTS = 20
"""Entries for candidates of a preflight that an index lists."""


def row_of(report: HostReport, page: Page, href: str) -> Row:
    """Return the row of a host in the index; `href` leads to its page, empty where it has none."""
    host = report.host
    squares = "".join(LETTERS[square.status] for square in page.squares)
    blind = sum(map(squares.count, (LETTERS[Status.UNKNOWN], LETTERS[Status.ERROR])))
    return Row(
        name=words.one_line(host.name),
        href=href,
        verdict=report.verdict,
        fails=squares.count(LETTERS[Status.FAIL]),
        unknowns=blind,
        cluster=words.one_line(words.known_or(host.cluster)),
        release=words.one_line(f"{words.known_or(host.version)} {words.known_or(host.build)}"),
        gpus=words.one_line(gpu_names(host)),
        squares=squares,
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
        (step.check, name): f"{hrefs[name]}#{fragment(f'{step.check}@{ALONE}')}"
        for step in told.steps
        for name, _ in step.hosts
        if hrefs.get(name)
    }
    script, style = asset("index.js"), asset("report.css")
    return rendered(
        "index.html",
        run=run,
        told=told,
        notices=summary.notices(run),
        catalogue=summary.catalogue(run),
        checks=run.checks,
        anchors=anchors,
        hrefs=hrefs,
        choices=(),
        best=summary.choices(run)[:BEST_HOSTS],
        blind_spots=words.BLIND_SPOTS,
        worst=sorted(rows, key=lambda row: row.order)[:WORST_HOSTS],
        requests=requests.listed(),
        manuals=f"{folder}checks.html" if folder else "",
        folder=folder,
        indexed=True,
        data=Markup(_rows(run, rows, folder)),  # noqa: S704  # its signs are escaped there
        style=Markup(style),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        script_source=Markup(script_source(script)),  # noqa: S704  # a hash
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


def shared_files() -> dict[str, str]:
    """Return what the pages of hosts share, by file name."""
    scripts = {name: asset(name) for name in ("report.js", "page.js")}
    return scripts | {"report.css": asset("report.css") + svg.STYLE}


def checks_page(run: Run, home: str) -> str:
    """Return the page of what the checks mean; `home` leads to the index."""
    return rendered("checks.html", run=run, home=home, checks=run.checks, manuals="", indexed=True)
