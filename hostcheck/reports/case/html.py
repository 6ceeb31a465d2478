"""A case sheet as a page: to print, to mail, or to copy as text."""

from collections.abc import Iterator

from markupsafe import Markup

from hostcheck.model.case import Case
from hostcheck.reports import PAPER, Screen
from hostcheck.reports import case_words as told
from hostcheck.reports.case import text
from hostcheck.reports.page import running_head, script_source
from hostcheck.reports.run.html.jinja import asset, rendered
from hostcheck.reports.topology import svg


def pieces(made: Case, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the page; it needs nothing from elsewhere."""
    script = asset("report.js")
    style = asset("report.css") + svg.STYLE + running_head("", f"Case sheet {told.title(made)}")
    yield rendered(
        "case.html",
        made=made,
        told=told,
        style=Markup(style),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        script_source=Markup(script_source(script)),  # noqa: S704  # a hash
        defs=Markup(svg.DEFS),  # noqa: S704
        picture=Markup(svg.topology_svg(made.report, alone=False)),  # noqa: S704  # svg escapes
        as_text="".join(text.pieces(made)),
    )
