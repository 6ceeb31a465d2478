"""The whole report as one page that needs no network, and no script to be read."""

import re
from collections.abc import Sequence

from markupsafe import Markup

from hostcheck import runfile
from hostcheck.model.run import Run
from hostcheck.reports import words
from hostcheck.reports.page import running_head, script_source
from hostcheck.reports.run.html.fleet import clusters_of, columns_of, data_of, row_of
from hostcheck.reports.run.html.jinja import asset, fragment, rendered
from hostcheck.reports.run.html.pages import (
    HostPages,
    Keys,
    anchors_of,
    checks_of,
    choices_of,
    squares_of,
)
from hostcheck.reports.run.html.shapes import Page, Requests
from hostcheck.reports.since import since_of
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.topology import svg

SHEET, LARGE_SHEET = "A4 landscape", "A3 landscape"
SHEET_RATIO = 0.62
"""A picture that is higher for its width has letters below 7 pt on the smaller sheet."""
OPEN_HOSTS = 8
"""In a larger fleet the hosts are folded up."""


def _ratio(picture: str) -> float:
    """Return the height of a picture for a width of one."""
    found = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', picture)
    return float(found[2]) / float(found[1]) if found else 0


def _heads(run: Run, told: summary.Summary, pages: Sequence[Page]) -> str:
    """Return the style that heads sheets of paper with what they tell of, each host its own."""
    of = f"hostcheck: {run.target}, {words.answers(run.last_answer_at)}"
    rules = [running_head("", f"{told.verdict.value}. {of}"), running_head("wide", of, SHEET)]
    for at, page in enumerate(pages):
        tall = _ratio(page.picture) > SHEET_RATIO
        head = f"{page.name}: {page.verdict.value}. {of}"
        rules += [
            running_head(f"p{at}", head),
            running_head(f"w{at}", head, LARGE_SHEET if tall else SHEET),
        ]
        room = f".p{at} figure svg{{max-height:260mm}}" if tall else ""
        rules += [f"@media print{{.p{at}{{page:p{at}}}.p{at} .drawn{{page:w{at}}}{room}}}"]
    return "\n".join(rules)


def render(run: Run) -> str:
    """Return the whole report as one HTML document."""
    digest = runfile.digest(run)
    run = summary.named(run)
    checks = checks_of(run)
    laid, keys = HostPages(run, checks), Keys()
    pages = tuple(laid.of(report, keys.of(report.host.name)) for report in run.hosts)
    choices = choices_of(run, {page.name: page for page in pages})
    requests = Requests()
    for report in run.hosts:
        requests.add(report.host)
    told = summary.of(run)
    rows = tuple(
        row_of(report, page, checks, "") for report, page in zip(run.hosts, pages, strict=True)
    )
    columns = columns_of(checks, rows)
    kind, data = data_of(checks, columns, rows, "")
    script = asset("sift.js") + asset("matrix.js") + asset("report.js")
    style = asset("report.css")
    return rendered(
        "report.html",
        run=run,
        told=told,
        since=since_of(run),
        notices=summary.notices(run),
        catalogue=summary.catalogue(run),
        blind_spots=words.BLIND_SPOTS,
        pages=pages,
        anchors=anchors_of(pages, choices),
        links={page.name: f"#{fragment(f'host@{page.key}')}" for page in pages},
        titles={check.id: check.title for check in checks},
        checks=checks,
        columns=columns,
        clusters=clusters_of(rows, (squares_of(page, checks) for page in pages)),
        row_places={row.key: at for at, row in enumerate(rows)},
        data=data,
        data_kind=kind,
        choices=choices,
        requests=requests.listed(),
        seals=requests.seals(),
        manuals="",
        digest=digest,
        indexed=False,
        folded=len(pages) > OPEN_HOSTS,
        style=Markup(style + svg.STYLE + _heads(run, told, pages)),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        script_source=Markup(script_source(script)),  # noqa: S704  # a hash
        defs=Markup(svg.DEFS),  # noqa: S704
    )  # fmt: skip
