"""Draws measured rows as bars on a logarithmic scale, as an SVG that stands alone."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

COLOURS = {
    "hostcheck audit": "#2f6f4f", "hostcheck": "#2f6f4f", "bytes only": "#9aa5a0",
    "govmomi": "#3b6ea5", "pyVmomi collector": "#c58a2b", "pyVmomi lazy": "#a8483f",
}  # fmt: skip
OTHER = "#777777"
BAR, GAP, LEFT, WIDTH = 18, 14, 220, 760


def bars(rows: Sequence[Mapping[str, Any]], figure: str, title: str) -> str:
    """Return one bar a row, grouped by fleet size and round trip."""
    values = [max(row[figure], 0.001) for row in rows]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    scale = (WIDTH - LEFT - 80) / max(1, high - low)
    y, group, parts = 50, None, []
    for row, value in zip(rows, values, strict=True):
        label = f"{row['hosts']} hosts"
        if "round trip ms" in row:
            label += f", {row['round trip ms']} ms"
        if label != group:
            y += GAP
            parts.append(f'<text x="10" y="{y + 13}" font-weight="bold">{escape(label)}</text>')
            y += BAR
            group = label
        length = max(2.0, (math.log10(value) - low) * scale)
        colour = COLOURS.get(row["client"], OTHER)
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(row["client"])}</text>'
            f'<rect x="{LEFT}" y="{y + 2}" width="{length:.1f}" height="{BAR - 4}"'
            f' fill="{colour}"/>'
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 13}">{value:.2f}</text>'
        )
        y += BAR
    head = (
        f'<text x="10" y="24" font-size="15">{escape(figure)}, logarithmic: {escape(title)}</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 20}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f"{head}{''.join(parts)}</svg>\n"
    )
