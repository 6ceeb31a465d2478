"""The index of a fleet too large for one page: a table of all hosts, and what leads to them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from hostcheck.model.run import Run
from hostcheck.reports import words
from hostcheck.reports.page import script_source
from hostcheck.reports.run.html.fleet import columns_of, data_of
from hostcheck.reports.run.html.jinja import asset, fragment, rendered
from hostcheck.reports.run.html.shapes import ALONE, Requests, Row
from hostcheck.reports.since import since_of
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.topology import svg

WORST_HOSTS = 200
"""Rows of an index that are there without scripts."""
BEST_HOSTS = 20
"""Entries for candidates of a preflight that an index lists."""


class PackedPage(NamedTuple):
    """All hosts of a page that has no others beside it."""

    bodies: Sequence[str]
    shared: Callable[[], str]
    """What their parts have in common, known when all are packed."""


def index(
    run: Run,
    told: summary.Summary,
    rows: Sequence[Row],
    requests: Requests,
    folder: str,
    packed: PackedPage | None = None,
    digest: str = "",
) -> str:
    """Return the page that leads to all hosts; it holds all that its table shows.

    `folder` is where the pages of the hosts are, relative to it; empty when there are none;
    `digest` is that of the run file.
    """
    hrefs = {row.name: row.href for row in rows}
    keys = {row.name: row.key for row in rows}
    anchors = {
        (step.check, name): f"#{fragment(f'{step.check}@{keys[name]}')}"
        if packed
        else f"{hrefs[name]}#{fragment(f'{step.check}@{ALONE}')}"
        for step in told.steps
        for name, _ in step.hosts
        if hrefs.get(name)
    }
    columns = columns_of(run.checks, rows)
    kind, data = data_of(run.checks, columns, rows, folder, single=packed is not None)
    script, style = _script(packed), asset("report.css")
    return rendered(
        "index.html",
        run=run,
        told=told,
        since=since_of(run),
        notices=summary.notices(run),
        catalogue=summary.catalogue(run),
        checks=run.checks,
        anchors=anchors,
        hrefs=hrefs,
        links=hrefs,
        titles={check.id: check.title for check in run.checks},
        choices=(),
        best=summary.choices(run)[:BEST_HOSTS],
        blind_spots=words.BLIND_SPOTS,
        worst=sorted(rows, key=lambda row: row.order)[:WORST_HOSTS],
        requests=requests.listed(),
        seals=requests.seals(),
        manuals=f"{folder}checks.html" if folder else "",
        folder=folder,
        indexed=True,
        columns=columns,
        data=data,
        data_kind=kind,
        packed=packed,
        digest=digest,
        bodies=[Markup(one) for one in packed.bodies] if packed else [],  # noqa: S704  # rendered
        shared=Markup(packed.shared()) if packed else "",  # noqa: S704  # letters
        defs=Markup(svg.DEFS),  # noqa: S704
        style=Markup(style + svg.STYLE if packed else style),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        script_source=Markup(script_source(script)),  # noqa: S704  # a hash
    )  # fmt: skip


def _script(packed: PackedPage | None) -> str:
    """Return the script of an index; one of packed hosts can unpack them too."""
    names = ("sift.js", *(("unpack.js", "single.js") if packed else ()), "index.js", "report.js")
    return "".join(map(asset, names))


def shared_files() -> dict[str, str]:
    """Return what the pages of hosts share, by file name."""
    scripts = {"report.js": asset("report.js"), "page.js": asset("unpack.js") + asset("page.js")}
    return scripts | {"report.css": asset("report.css") + svg.STYLE}


def checks_page(run: Run, home: str) -> str:
    """Return the page of what the checks mean; `home` leads to the index."""
    return rendered(
        "checks.html", run=run, home=home, checks=run.checks, manuals="", indexed=True, packed=None
    )
