"""Which weights are sparse, as one page: the claim, the counts, what each layer loses."""

from collections.abc import Iterator

from hostcheck.model.sparsity import Role, Shared, Sparsity, Weights
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.page import TAIL, begun, safe
from hostcheck.reports.sparsity import text

STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.35rem}
h2{font-size:1.1rem;margin-top:2rem}
.warning{border-left:4px solid #b45309;padding-left:.7rem}
table{border-collapse:collapse;width:100%}
caption{text-align:left}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.bar{width:26%}
svg{display:block;width:100%;height:1.1rem}
.lost{fill:#b45309}
.kept{fill:#0f766e}
code{overflow-wrap:anywhere}
"""


def pieces(found: Sparsity, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the page; it needs nothing from elsewhere."""
    title = safe(f"{found.source}: {text.headline(found)}")
    yield begun(title, f"<style>{STYLE}</style>") + "<main>\n"
    for line in text.claimed(found):
        kind = ' class="warning"' if line.startswith("Warning") else ""
        yield f"<p{kind}>{safe(line)}</p>\n"
    yield f"<h1>{title}</h1>\n"
    if found.gpu:
        yield f"<p>{safe(text.runs_on(found))}.</p>\n"
    yield from _layers([one for one in found.weights if one.role is Role.LAYER], "Layers")
    apart = [one for one in found.weights if one.role is not Role.LAYER]
    yield from _layers(apart, "Embeddings and heads, not counted")
    if found.shared:
        yield "<h2>Orders of columns that are shared</h2>\n<ul>\n"
        yield from (_group(group) for group in found.shared)
        yield "</ul>\n"
    if found.skipped:
        yield "<h2>Not judged</h2>\n<ul>\n"
        for why, names in text.by_reason(found.skipped):
            yield f"<li>{safe(why)}: <code>{safe(', '.join(names))}</code></li>\n"
        yield "</ul>\n"
    yield f"</main>\n{TAIL}"


def _layers(weights: list[Weights], title: str) -> Iterator[str]:
    if not weights:
        return
    yield (
        f"<h2>{title}</h2>\n<table><caption>The bar is the share of the magnitude (L1) that "
        "pruning loses, of at most one half; of it, green is what an order of its own would "
        "regain at most.</caption>\n<thead><tr>"
    )
    for head in ("Layer", "Type", "Shape", "Pattern", "Zero", "Lost", ""):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead>\n<tbody>\n"
    yield from (_row(one) for one in weights)
    yield "</tbody></table>\n"


def _row(one: Weights) -> str:
    note = f"<br>{safe(one.keeps_from_running)}" if one.keeps_from_running and one.fits else ""
    shape = " &times; ".join(map(str, one.shape))
    return (
        f'<tr><th scope="row"><code>{safe(one.name)}</code></th><td>{safe(one.dtype)}</td>'
        f"<td>{shape}</td><td>{safe(text.pattern(one))}{note}</td>"
        f'<td class="number">{one.zeros:.1%}</td><td class="number">{one.lost.l1:.2%}</td>'
        f'<td class="bar">{_bar(one)}</td></tr>\n'
    )


def _bar(one: Weights) -> str:
    lost = one.lost.l1 * 200
    back = lost * one.regained.share if one.regained else 0.0
    told = f"{one.lost.l1:.2%} lost"
    if one.regained:
        told += f", at most {one.regained.share:.1%} of it regained"
    return (
        f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{told}">'
        f'<rect class="lost" width="{lost:.2f}" height="10"/>'
        f'<rect class="kept" x="{lost - back:.2f}" width="{back:.2f}" height="10"/></svg>'
    )


def _group(group: Shared) -> str:
    names = ", ".join(f"<code>{safe(one.name)}</code>" for one in group.members)
    return (
        f"<li>{names}: together {group.share:.1%} of their loss is regained; each alone "
        f"{group.bound:.1%}, which cannot be had together</li>\n"
    )
