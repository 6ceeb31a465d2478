"""What a checkpoint's config.json claims of its sparsity, and what today's loaders make of it."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hostcheck.model.sparsity import Claim, Role, Weights
from hostcheck.sparsity.opening import document

CONFIG = "config.json"
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


def broken(told: Claim | None, weights: Iterable[Weights]) -> tuple[str, ...]:
    """Return the layers that a claim of 2:4 covers and that are not 2:4."""
    if told is None or not told.two_four:
        return ()
    return tuple(
        one.name
        for one in weights
        if one.role is Role.LAYER
        and one.axis not in one.two_four_along
        and not _ignores(told.ignored, one.name.removesuffix(".weight"))
    )


def _ignores(ignored: Sequence[str], module: str) -> bool:
    return any(
        re.match(one.removeprefix("re:"), module) if one.startswith("re:") else one == module
        for one in ignored
        if _is_pattern(one)
    )


def _is_pattern(told: str) -> bool:
    try:
        re.compile(told.removeprefix("re:"))
    except re.error:
        return False
    return True


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}
