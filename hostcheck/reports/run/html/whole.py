"""The whole report as one page that needs no network, and no script to be read."""

from markupsafe import Markup

from hostcheck.model.run import Run
from hostcheck.reports import summary, words
from hostcheck.reports.page import script_source
from hostcheck.reports.run.html.jinja import asset, rendered
from hostcheck.reports.run.html.pages import anchors_of, checks_of, choices_of, keys_of, page_of
from hostcheck.reports.run.html.shapes import Requests
from hostcheck.reports.topology import svg

OPEN_HOSTS = 8
"""In a larger fleet the hosts are folded up."""


def render(run: Run) -> str:
    """Return the whole report as one HTML document."""
    run = summary.named(run)
    checks = checks_of(run)
    keys = keys_of(run)
    pages = tuple(
        page_of(run, report, key, checks) for report, key in zip(run.hosts, keys, strict=True)
    )
    choices = choices_of(run, {page.name: page for page in pages})
    requests = Requests()
    for report in run.hosts:
        requests.add(report.host)
    script, style = asset("report.js"), asset("report.css")
    return rendered(
        "report.html",
        run=run,
        told=summary.of(run),
        notices=summary.notices(run),
        catalogue=summary.catalogue(run),
        blind_spots=words.BLIND_SPOTS,
        pages=pages,
        anchors=anchors_of(pages, choices),
        checks=checks,
        choices=choices,
        requests=requests.listed(),
        manuals="",
        indexed=False,
        folded=len(pages) > OPEN_HOSTS,
        style=Markup(style + svg.STYLE),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        script_source=Markup(script_source(script)),  # noqa: S704  # a hash
        defs=Markup(svg.DEFS),  # noqa: S704
    )  # fmt: skip
