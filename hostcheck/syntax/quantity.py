"""Quantities as Kubernetes writes them: `64Gi`, `1500m`, `2`, `1e3`, `129M`."""

import re
from fractions import Fraction

_QUANTITY = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,2})?"
)
_TIMES = {
    "": Fraction(1), "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000),
    **{one: Fraction(1000**power) for power, one in enumerate("kMGTPE", 1)},
    **{f"{one}i": Fraction(1024**power) for power, one in enumerate("KMGTPE", 1)},
}  # fmt: skip
LONGEST = 40


def quantity(text: str) -> Fraction:
    """Return the number that a quantity stands for. Raises ValueError for what is none."""
    found = _QUANTITY.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if found is None:
        raise ValueError(f"{text[:LONGEST]!r} is no quantity; write 64Gi, 1500m or 2")
    suffix = found[2] or ""
    times = _TIMES.get(suffix)
    if times is None:
        times = Fraction(10) ** int(suffix[1:])
    return Fraction(found[1]) * times
