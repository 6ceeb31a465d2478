"""What a checkpoint's config.json claims of its sparsity, and what today's loaders make of it."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hostcheck import environment
from hostcheck.errors import UsageError
from hostcheck.model.sparsity import Claim, Role, Weights
from hostcheck.sparsity.opening import document
from hostcheck.words import clean

CONFIG = "config.json"
SECONDS = 10
"""Patterns of a checkpoint have so long, all together."""
_REMOVED = (
    "compressed-tensors above 0.14.0 no longer reads {format}, and transformers 5.24.0 "
    "with 0.20.1 loads such a checkpoint with random weights: load it with compressed-tensors "
    "0.14.0 or older, or store it dense"
)
_MARLIN = (
    "compressed-tensors above 0.14.0 accepts marlin-24 in a configuration and treats the weights "
    "as dense pack-quantized ones: use 0.14.0 or older"
)


def configuration(folder: Path) -> dict[str, Any]:
    """Return the checkpoint's configuration; an empty one where there is none."""
    place = folder / CONFIG
    return document(place) if place.is_file() else {}


def claim(folder: Path, config: dict[str, Any]) -> Claim | None:
    """Return what the configuration says of sparsity; None where it says nothing."""
    quantized = _part(config, "quantization_config") or _part(config, "compression_config")
    sparse = _part(quantized, "sparsity_config") or _part(config, "sparsity_config")
    format_, stored = str(quantized.get("format", "")), str(sparse.get("format", ""))
    structure = str(sparse.get("sparsity_structure", ""))
    marlin = format_ == "marlin-24"
    if not sparse and not marlin:
        return None
    two_four = marlin or structure == "2:4" or stored == "sparse-24-bitmask"
    named = "marlin-24" if marlin else stored
    says = "2:4" if two_four else structure or "sparse"
    warnings = []
    if stored in {"sparse-24-bitmask", "sparse-bitmask"}:
        warnings.append(_REMOVED.format(format=stored))
    if marlin:
        warnings.append(_MARLIN)
    ignored = sparse.get("ignore") if isinstance(sparse.get("ignore"), list) else []
    return Claim(
        where=str(folder / CONFIG),
        says=f"{says} ({named})" if named else says,
        two_four=two_four,
        ignored=tuple(str(one) for one in ignored or ()),
        warnings=tuple(warnings),
    )


def zeros_less_one(config: dict[str, Any]) -> bool:
    """Say whether GPTQ's zero points are stored less one: in its first format."""
    quantized = _part(config, "quantization_config")
    return quantized.get("checkpoint_format") != "gptq_v2"


def exempt(told: Claim | None, names: Iterable[str]) -> frozenset[str]:
    """Return the tensors that a claim of 2:4 does not cover, by its `ignore`.

    Its patterns (`re:...`) are the checkpoint's own, and one may take for ever: they are tried in a
    process that has a limit. Raises UsageError where one does not end.
    """
    if told is None or not told.two_four:
        return frozenset()
    modules = {name.removesuffix(".weight"): name for name in names}
    patterns = [one.removeprefix("re:") for one in told.ignored if one.startswith("re:")]
    found = {one for one in told.ignored if one in modules}
    if patterns and modules:
        found |= _matching(patterns, list(modules), told.where)
    return frozenset(modules[one] for one in found)


_TRY = """
import json, re, sys
patterns, names = json.load(sys.stdin)
for one in patterns:
    try:
        found = [name for name in names if re.match(one, name)]
    except (re.error, RecursionError, OverflowError):
        found = []
    print(json.dumps(found), flush=True)
"""
"""What Python's own `re.match` says, as in the loaders: a line for each pattern."""


def _matching(patterns: list[str], names: list[str], where: str) -> set[str]:
    try:
        done = subprocess.run(  # noqa: S603  our own words
            [sys.executable, "-I", "-S", "-c", _TRY], input=json.dumps([patterns, names]).encode(),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=True,
            env=environment.of_children(),
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        tried = (late.stdout or b"").count(b"\n")
        raise UsageError(
            f"{where}: the pattern 're:{clean(patterns[tried])[:80]}' of its ignore does not end "
            f"within {SECONDS} s: take it out of the file"
        ) from None
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{where}: its ignore cannot be tried: {error}") from None
    return {name for line in done.stdout.splitlines() for name in json.loads(line)}


def broken(
    told: Claim | None, weights: Iterable[Weights], exempted: frozenset[str]
) -> tuple[str, ...]:  # fmt: skip
    """Return the layers that a claim of 2:4 covers and that are not 2:4."""
    if told is None or not told.two_four:
        return ()
    return tuple(
        one.name
        for one in weights
        if one.role is Role.LAYER
        and one.axis not in one.two_four_along
        and one.name not in exempted
    )


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}
