"""A fact is a known value with its sources, or an Unknown with its reason. There is no third way.

`None`, `0`, `""` and `()` are values like any other and never stand for "could not look".
"""

from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Why(StrEnum):
    """The closed list of reasons for not knowing."""

    UNREACHABLE = "unreachable"
    """Nothing answered: connection refused, host disconnected, name not resolved."""
    DENIED = "denied"
    """It answered that this account may not; `Unknown.privilege` says what is missing."""
    ABSENT = "absent"
    """It answered, and the answer does not hold this: old release, other hardware, `N/A`."""
    TIMEOUT = "timeout"
    """The time limit of the question, host or run passed."""
    UNPARSED = "unparsed"
    """The answer was not understood."""
    NOT_RECORDED = "not recorded"
    """The recording that is being replayed does not hold this answer."""
    NOT_ASKED = "not asked"
    """The run was not told to ask: SSH off, or an earlier answer made it pointless."""


class Unknown(Struct, frozen=True, tag="unknown", tag_field="is", omit_defaults=True):
    """A fact that could not be had.

    `why` from the closed list; `detail` the original words of whoever refused; `asked` the
    command or property path; `privilege` the vSphere privilege or service that was missing.
    """

    why: Why
    detail: str = ""
    asked: str = ""
    privilege: str = ""


BEFORE = "recorded before hostcheck asked this"


def older(asked: str = "") -> Unknown:
    """Return what is known of a question that is younger than the answers at hand: nothing."""
    return Unknown(Why.NOT_RECORDED, BEFORE, asked)


class Known(Struct, Generic[T], frozen=True, tag="known", tag_field="is"):
    """A value and where it was read: indexes into the `sources` of the host it belongs to."""

    value: T
    sources: tuple[int, ...] = ()


Fact: TypeAlias = Known[T] | Unknown
"""What the model is made of."""

Reading: TypeAlias = T | Unknown
"""What a parser yields for one field: the value, or why this answer does not hold it."""


def holds(fact: Fact[T], value: T) -> bool:
    """Say whether a fact is known and has this value."""
    return isinstance(fact, Known) and fact.value == value
