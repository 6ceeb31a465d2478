"""Templates, filled: the only importer of Jinja.

Every text is escaped by `escaped`, after `words.clean` has made control and direction characters
visible.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Expr
from markupsafe import Markup, escape

from hostcheck.model.capture import Origin
from hostcheck.model.fact import Known
from hostcheck.model.result import Severity, Status
from hostcheck.model.smoke import SmokeSpeed
from hostcheck.reports import view, words
from hostcheck.reports.page import TAIL, begun
from hostcheck.reports.run.html.facts import show_speed
from hostcheck.reports.run.html.shapes import Evidence, Slot
from hostcheck.reports.smoke import text as smoke_text
from hostcheck.reports.summary.changed import changed
from hostcheck.reports.summary.groups import beside
from hostcheck.reports.summary.plans import reboots
from hostcheck.reports.summary.sizes import LARGEST_PAGE
from hostcheck.reports.summary.waived import uses, waived_words

MANY_WAIVERS = 200
"""Waivers that a page lists."""
DRIFTS, DRIFT_NAMES = 300, 60
"""Properties in which hosts differ, and hosts with one value, that a page tells; of the latter an
index a fifth."""
SHORT_FACTS = frozenset((
    "Vendor", "Model", "Service tag", "BIOS", "Memory", "NUMA nodes", "Version", "Build", "Cluster",
    "vGPU manager", "GPUs on PCI", "Default type",
))  # fmt: skip
"""What is told of a host in a line, where its facts are packed."""
PARTS = (
    "command", "distance", "manual_lines", "names", "needs", "origin", "passing", "read", "shown",
    "source_of", "status", "told",
)  # fmt: skip
"""Macros of `_parts.html` that pages repeat: filters, filled once for what is the same."""
REMEMBERED, SHORT = 4096, 200
"""Fillings of one part that are remembered, and texts; a long text comes once."""
ROW_NAMES = 6
"""A row that stands for more subjects than this names them in a list that unfolds."""


class _Generator(CodeGenerator):
    """Compiles an expression to a call of `escaped` alone; Jinja's own escaping comes after."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write(finalize.src)

    def _output_child_post(self, node: Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write(")")


class _Environment(Environment):
    code_generator_class = _Generator


@cache
def _environment() -> Environment:
    made = _Environment(
        loader=PackageLoader("hostcheck"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=escaped,
    )
    parts = {name: part(name) for name in PARTS}
    made.filters.update(
        moment=words.moment, time=_time, where=words.where, prose=_prose,
        fragment=fragment, cut=words.cut, **(parts | {"origin": _origin}),
        cells=partial(_cells, names=parts["names"], told=parts["told"], read=parts["read"]),
    )  # fmt: skip
    made.globals.update(
        MARK=words.MARK, STATUS=words.STATUS, ANSWER_MARK=words.ANSWER_MARK, Status=Status,
        Severity=Severity, LEGEND=view.LEGEND, count=words.count, is_known=_is_known,
        missing=words.missing, compared=smoke_text.compared, scale=smoke_text.scale,
        changed=changed, unproven=smoke_text.unproven, no_peak=smoke_text.no_peak,
        rates=lambda speed: tuple(smoke_text.rates(speed)), measured=show_speed,
        is_measured=lambda speed: isinstance(speed, SmokeSpeed), is_link=_is_link,
        ROW_NAMES=ROW_NAMES, part=lambda _: "", pieces=None, beside=beside,
        waived_words=waived_words, waiver_uses=uses,
        SHORT_FACTS=SHORT_FACTS, DRIFTS=DRIFTS, DRIFT_NAMES=DRIFT_NAMES,
        MANY=MANY_WAIVERS, reboots=reboots,
        reason=words.reason, PLANS=LARGEST_PAGE,
        begun=_begun, TAIL=Markup(TAIL),  # noqa: S704  # ours
    )  # fmt: skip
    return made


def rendered(template: str, **given: object) -> str:
    """Return a template, filled."""
    return _environment().get_template(template).render(given)


def macros(template: str, **given: object) -> Any:
    """Return the macros of a template as functions, which see what is given."""
    return _environment().get_template(template).make_module(given)


def asset(name: str) -> str:
    """Return a file that lies beside the templates."""
    loader = _environment().loader
    assert loader is not None  # noqa: S101  # given above
    return loader.get_source(_environment(), name)[0]


@cache
def part(name: str) -> Callable[..., Markup]:
    """Return a macro of `_parts.html`, which depends on nothing but what it is given."""

    @lru_cache(REMEMBERED)
    def filled(*given: Any) -> Markup:
        made: Markup = getattr(_environment().get_template("_parts.html").module, name)(*given)
        return made

    return filled


def _origin(source: Origin | Slot) -> Markup:
    """Return where something was read, and when: what a page has of it, or its slot."""
    return Markup(source) if isinstance(source, Slot) else part("origin")(source)  # noqa: S704


def _cells(
    row: Evidence,
    *,
    names: Callable[..., Markup],
    told: Callable[..., Markup],
    read: Callable[..., Markup],
) -> Markup:
    """Return the cells of a row of which there are many on each page, put together from parts."""
    one = row.result
    said = told(one.observed, one.note, one.expected)
    return Markup(f"<td>{names(row.subjects)}</td>{said}<td>{read(row.sources)}</td>")  # noqa: S704


@lru_cache(REMEMBERED)
def _escaped(text: str) -> Markup:
    return escape(words.clean(text))


def escaped(value: Any) -> str:
    """Clean and escape what is no markup; a short text may come again and again."""
    if type(value) is Markup:
        return value
    if type(value) is str and len(value) <= SHORT:
        return _escaped(value)
    return escape(words.clean(value) if isinstance(value, str) else value)


@lru_cache(REMEMBERED)
def _prose(told: str) -> Markup:
    """Escape text and set what stands between backquotes as code."""
    safe = str(escape(words.clean(told)))
    return Markup(re.sub(r"``?([^`]+)``?", r"<code>\1</code>", safe))  # noqa: S704  # escaped above


def _begun(title: Markup, style: Markup, allowed: Markup) -> Markup:
    """Return the beginning of a page; blocks of templates are escaped when they come here."""
    return Markup(begun(title, style, allowed))  # noqa: S704


def fragment(anchor: str) -> str:
    """Return an anchor as the fragment of a link."""
    return quote(anchor, safe="@:~")


def _time(told: str) -> Markup:
    """Return a time as people read it, and as scripts do."""
    if not told:
        return Markup(words.NO_ANSWERS)  # noqa: S704  # our own
    return Markup('<time datetime="{}">{}</time>').format(words.clean(told), words.moment(told))


def _is_known(fact: object) -> bool:
    return isinstance(fact, Known)


def _is_link(told: str) -> bool:
    return re.fullmatch(r"https?://[^\s\"'<>]+", told) is not None
