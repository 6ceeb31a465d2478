"""A run on one sheet of paper, for whoever decides and does not mend: HTML."""

from collections.abc import Iterator

from markupsafe import Markup

from hostcheck import runfile
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.page import running_head
from hostcheck.reports.run.html.jinja import asset, rendered
from hostcheck.reports.summary import whole as summary

STEPS = 5
"""Steps that a sheet has room for."""


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the page; it needs nothing from elsewhere, and has no script."""
    digest = runfile.digest(run)
    run = summary.named(run)
    told = summary.of(run)
    head = running_head("", f"{run.target}, {words.answers(run.last_answer_at)}")
    yield rendered(
        "brief.html",
        run=run,
        told=told,
        notices=summary.notices(run),
        catalogue=summary.catalogue(run),
        titles={check.id: check.title for check in run.checks},
        steps=told.steps[:STEPS],
        digest=digest,
        waived=summary.waived_words(run),
        style=Markup(asset("report.css") + head),  # noqa: S704  # our own
    )
