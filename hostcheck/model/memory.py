"""What an earlier run knew of hosts, and a later one does not: kept until it is known again.

After a night on which a vCenter was silent, what comes back is compared with the night before that.
"""

from msgspec import Struct

from hostcheck.model.result import Answer, Severity, Status


class LastResult(Struct, frozen=True, omit_defaults=True):
    """A result that was no pass when it was known last."""

    check: str
    kind: str
    id: str
    name: str
    """Of its subject."""
    status: Status
    severity: Severity
    observed: str = ""
    """Of a fail."""
    expected: str = ""
    waived: bool = False


class LastKnown(Struct, frozen=True):
    """What is not known of a host now, as it was when it was known last."""

    host: str
    target: str
    """vCenter or ESXi that was asked."""
    verdict: Answer
    results: tuple[LastResult, ...]
    traits: dict[str, str]
    """What a host does not change by itself."""
