"""Names that are near one that there is not: what somebody meant who slipped, else nothing.

One slip is a letter that is missing, too much, another, or swapped with its neighbour. A word of
up to seven characters may hold one, a longer one two, from twelve on three; with more it is
another.
"""

from collections.abc import Iterable, Sequence

SHOWN = 3
SOME = 5
"""Names that are listed where none is like the one that was given."""
_LONGEST = 200
"""Nobody slips in a word of so many characters."""
_BETWEEN = frozenset("-_. /")
"""What stands between the parts of a name."""


def near(wanted: str, names: Iterable[str], most: int = SHOWN) -> list[str]:
    """Return the names that are nearest to a word, all equally near and no more than `most`.

    Case is no slip. A name that begins or ends with the whole word is near too, where no other one
    is: `memory` and `memory_mb`, `l40s-24q` and `nvidia_l40s-24q`; so is one whose first part, up
    to a full stop, is: `esx-1` and `esx-01.example.com`.
    """
    typed = wanted.casefold()
    if not typed or len(typed) > _LONGEST:
        return []
    there = sorted(set(names))
    allowed = 1 if len(typed) < 8 else 2 if len(typed) < 12 else 3
    slips = {one: min(_slips(typed, part, allowed) for part in _parts(one)) for one in there}
    best = min(slips.values(), default=allowed + 1)
    if best <= allowed:
        return [one for one in there if slips[one] == best][:most]
    return [one for one in there if _holds(one.casefold(), typed)][:most]


def meant(wanted: str, names: Iterable[str]) -> str:
    """Say which names are near the one that there is not, else some that there are."""
    every = sorted(set(names))
    if found := near(wanted, every):
        return f"did you mean {', '.join(found)}?"
    more = f" and {len(every) - SOME} more" if len(every) > SOME else ""
    return f"there are: {', '.join(every[:SOME]) or 'none'}{more}"


def _parts(name: str) -> tuple[str, str]:
    return name.casefold(), name.casefold().partition(".")[0]


def _holds(name: str, typed: str) -> bool:
    if len(typed) < 3 or len(name) <= len(typed):
        return False
    begins = name.startswith(typed) and name[len(typed)] in _BETWEEN
    return begins or (name.endswith(typed) and name[-len(typed) - 1] in _BETWEEN)


def _slips(one: str, other: str, allowed: int) -> int:
    """Count the slips between two words; more than are allowed are not counted to the end."""
    if abs(len(one) - len(other)) > allowed:
        return allowed + 1
    before: Sequence[int] = ()
    row: Sequence[int] = range(len(other) + 1)
    for at, letter in enumerate(one, 1):
        fresh = [at]
        for to, its in enumerate(other, 1):
            least = min(row[to] + 1, fresh[to - 1] + 1, row[to - 1] + (letter != its))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == its:
                least = min(least, before[to - 2] + 1)
            fresh.append(least)
        if min(fresh) > allowed and min(row) > allowed:
            return allowed + 1
        before, row = row, fresh
    return row[-1]
