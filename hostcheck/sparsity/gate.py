"""Whether what is required to be sparse is: the exit code of `--require`."""

import fnmatch
from enum import IntEnum

from hostcheck.model.sparsity import Left, Role, Sparsity

ALL = "all"


class Gate(IntEnum):
    """As elsewhere: held, broken, not known."""

    HELD = 0
    BROKEN = 1
    UNKNOWN = 3


def gate(found: Sparsity, require: str) -> Gate:
    """Judge the layers that are required: all, or those whose names match a pattern.

    Embeddings and heads count only where a pattern names them. Nothing found is not known.
    """

    def required(name: str) -> bool:
        return require == ALL or fnmatch.fnmatchcase(name, require)

    judged = [
        one
        for one in found.weights
        if required(one.name) and (require != ALL or one.role is Role.LAYER)
    ]
    left = {one.left for one in found.skipped if required(one.name)}
    if any(not one.fits or one.keeps_from_running for one in judged) or Left.CANNOT in left:
        return Gate.BROKEN
    return Gate.UNKNOWN if Left.UNKNOWN in left or not judged else Gate.HELD
