"""Which releases a cluster passes through: fewest rounds first, then fewest guests touched.

A round takes all hosts below a release to it. Guests that the release would not take get the
drivers of the lowest release that still runs, before the round: hosts first, guests after.
"""

import heapq
from collections.abc import Iterator
from itertools import count

from msgspec import Struct

from hostcheck.model.lifecycle import Mark
from hostcheck.planner.table import ReleaseTable

Weight = tuple[int, int, int, int]
"""Rounds, releases of guests renewed, windows that are only believed, releases of one year."""


class Round(Struct, frozen=True):
    """All hosts below `release` go to it; before that, guests of `renewed` go to `guests_to`."""

    release: int
    guests_to: int = 0
    renewed: tuple[int, ...] = ()
    believed: bool = False
    """Whether it rests on a window that was only inferred."""


def way(
    low: int, guests: frozenset[int], goal: int, table: ReleaseTable
) -> tuple[Round, ...] | None:
    """Return the rounds from the lowest release of the hosts to the goal; None where none exist."""
    number = count()
    ahead: list[tuple[Weight, int, int, frozenset[int], tuple[Round, ...]]] = [
        ((0, 0, 0, 0), next(number), low, guests, ())
    ]
    done = set()
    while ahead:
        cost, _, here, running, rounds = heapq.heappop(ahead)
        if here == goal:
            return rounds
        if (here, running) in done:
            continue
        done.add((here, running))
        for one in _rounds(here, running, goal, table):
            kept = running - set(one.renewed)
            after = kept | {one.guests_to} if one.guests_to else kept
            passed = table.release(one.release)
            short = one.release != goal and passed is not None and not passed.long_term
            total = (
                cost[0] + 1, cost[1] + len(one.renewed), cost[2] + one.believed, cost[3] + short
            )  # fmt: skip
            state = (total, next(number), one.release, frozenset(after), (*rounds, one))
            heapq.heappush(ahead, state)
    return None


def _rounds(here: int, running: frozenset[int], goal: int, table: ReleaseTable) -> Iterator[Round]:
    """Yield what a next round can be."""
    for one in table.releases:
        if not here < one.release <= goal:
            continue
        renewed, believed, possible = [], False, True
        for guest in sorted(running):
            known = table.release(guest)
            judged = table.window(one, known) if known else None
            if judged is None or not judged.fits:
                renewed.append(guest)
            else:
                believed |= judged.mark is not Mark.READ
        if renewed:
            lowest = table.release(here)
            judged = table.window(one, lowest) if lowest else None
            possible = judged is not None and judged.fits and here not in renewed
            believed |= judged is not None and judged.mark is not Mark.READ
        if possible:
            yield Round(one.release, here if renewed else 0, tuple(renewed), believed)
