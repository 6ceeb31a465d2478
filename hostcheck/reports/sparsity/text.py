"""Which weights are sparse, for terminals: the claim, the count, then layer by layer."""

from collections.abc import Iterable, Iterator

from hostcheck.model.sparsity import Claim, Left, Lost, Role, Shared, Skipped, Sparsity, Weights
from hostcheck.reports import PAPER, Screen, words

SHOWN = 8
"""So many names stand behind a reason, then their number."""
TWO_FOUR = "2:4"


def pieces(found: Sparsity, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    for line in _lines(found):
        yield f"{line}\n"


def headline(found: Sparsity) -> str:
    """Return how many of the layers are sparse."""
    layers = [one for one in found.weights if one.role is Role.LAYER]
    done = sum(one.fits for one in layers)
    pairs = any(one.pattern != TWO_FOUR for one in layers)
    form = "2:4 (4-bit floats: 4:8 in pairs)" if pairs else TWO_FOUR
    told = f"{done} of {len(layers)} weight matrices are {form}"
    unknown = sum(one.left is Left.UNKNOWN for one in found.skipped)
    cannot = sum(one.left is Left.CANNOT for one in found.skipped)
    rest = f", {unknown} could not be judged" if unknown else ""
    return f"{told} as they are{rest}{f', {cannot} cannot be' if cannot else ''}"


def claimed(found: Sparsity) -> Iterator[str]:
    """Yield what the configuration claims, whether it holds, and what loaders make of it."""
    claim = found.claim
    if claim is None:
        return
    yield f"{words.one_line(claim.where)} says {words.one_line(claim.says)}{_kept(found, claim)}"
    for warning in claim.warnings:
        yield f"Warning: {words.one_line(warning)}"


def runs_on(found: Sparsity) -> str:
    """Return how many layers the chosen GPU's sparse units take; nothing if none was chosen."""
    if not found.gpu:
        return ""
    layers = [one for one in found.weights if one.role is Role.LAYER]
    good = sum(not one.keeps_from_running for one in layers)
    return f"{good} of {len(layers)} run on the sparse units of {found.gpu}"


def _kept(found: Sparsity, claim: Claim) -> str:
    if not claim.two_four:
        return ""
    if found.broken:
        layers = sum(one.role is Role.LAYER for one in found.weights)
        names = _some([words.one_line(name) for name in found.broken])
        return f"; {len(found.broken)} of {layers} layers are not: {names}"
    if any(one.left is not Left.NO_WEIGHTS for one in found.skipped):
        return "; every layer that could be judged is"
    return "; every layer is"


def _lines(found: Sparsity) -> Iterator[str]:
    yield from claimed(found)
    yield f"{words.one_line(found.source)}: {headline(found)}"
    if found.gpu:
        yield runs_on(found)
    for one in found.weights:
        yield from _matrix(one)
    for group in found.shared:
        yield from _group(group)
    for why, names in by_reason(found.skipped):
        yield f"not judged, {words.one_line(why)}: {_some(names)}"


def _matrix(one: Weights) -> Iterator[str]:
    apart = "" if one.role is Role.LAYER else f"  ({one.role.value}, not counted)"
    yield f"{words.one_line(one.name)}  {one.dtype} {' x '.join(map(str, one.shape))}{apart}"
    yield f"  {pattern(one)}; {one.zeros:.1%} of the weights are zero"
    if one.keeps_from_running and one.fits:
        yield f"  does not run on the sparse units: {one.keeps_from_running}"
    if one.lost.l1:
        yield f"  {one.pattern} pruning along axis {one.axis} loses {shares(one.lost)}"
    if one.regained is not None:
        ended = "" if one.regained.settled else ", stopped at the bound"
        yield (
            f"  with its columns permuted {shares(one.regained.lost)}: "
            f"at most {one.regained.share:.1%} of the loss is regained "
            f"({one.regained.rounds} rounds{ended})"
        )


def _group(group: Shared) -> Iterator[str]:
    names = _some([words.one_line(one.name) for one in group.members])
    yield f"read one input, so have one order: {names}"
    yield (
        f"  together {group.share:.1%} of their loss is regained; each alone {group.bound:.1%}, "
        "which cannot be had together"
    )


def pattern(one: Weights) -> str:
    """Return which patterns a matrix has."""
    along = " and ".join(f"axis {axis}" for axis in one.two_four_along)
    if one.pattern != TWO_FOUR:
        has = f"{one.pattern} along axis {one.axis}" if one.fits else f"not {one.pattern}"
        return f"{has}, {TWO_FOUR} along {along}" if along else has
    if not along:
        return "not 2:4 along any axis"
    tf32 = {True: ", 1:2 too, as tf32 needs", False: ", not 1:2 as tf32 needs", None: ""}
    return f"2:4 along {along}{tf32[one.one_two] if one.fits else ''}"


def shares(lost: Lost) -> str:
    """Return a loss in words."""
    return f"{lost.l1:.2%} of the magnitude (L1), {lost.l2:.2%} of its square (L2)"


def by_reason(skipped: Iterable[Skipped]) -> Iterator[tuple[str, list[str]]]:
    """Yield each reason once, with the tensors; weights before what is none."""
    reasons: dict[str, list[str]] = {}
    for one in sorted(skipped, key=lambda one: one.left is Left.NO_WEIGHTS):
        reasons.setdefault(one.why, []).append(words.one_line(one.name))
    yield from reasons.items()


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
