"""What became of a fleet between two runs.

A fail that is not seen any more is mended only where the same question was answered well: one that
is not answered is not known now, and one whose subject is gone is no longer there.
"""

from enum import StrEnum

from msgspec import Struct

from hostcheck.model.result import Answer, Severity, Status

SCHEMA = "hostcheck.diff/1"
SIBLINGS = "hostcheck.siblings/1"


class Became(StrEnum):
    """What a result became, in the order in which it is told."""

    NEW = "new"
    """It fails, and did not."""
    LOST = "not known now"
    """It cannot be told, and could, or was not judged then."""
    CHANGED = "changed"
    """It failed and fails, and something else was observed."""
    MENDED = "mended"
    """It failed, and passes or does not apply."""
    FOUND = "now known"
    """It could not be told, and passes or does not apply."""
    OFF = "off by policy now"
    """It failed or could not be told, and the policy of the later run has the check off."""
    GONE = "no longer there"
    """It failed; nothing with that name is judged by that check now."""


class Change(Struct, frozen=True):
    """One result that is another one now. `was` and `now` are empty where it was not judged."""

    became: Became
    check: str
    title: str
    severity: Severity
    host: str
    target: str
    """vCenter or ESXi that was asked."""
    subject_kind: str
    subject_id: str
    subject: str
    was: Status | None
    now: Status | None
    observed_then: str
    observed: str
    """Of what is not known: why."""
    expected: str


class TraitChange(Struct, frozen=True):
    """Something of a host that does not change by itself."""

    topic: str
    then: str
    now: str


class HostChange(Struct, frozen=True):
    """A host whose verdict or traits are others now; one verdict where only one run has it."""

    host: str
    target: str
    was: Answer | None
    now: Answer | None
    traits: tuple[TraitChange, ...] = ()
    known: Answer | None = None
    """The verdict when it was known last, of a host of which the earlier run knew none."""
    why: str = ""
    """Of a host that is not in the later run: why, where that is known."""


class Side(Struct, frozen=True):
    """One of the two runs."""

    target: str
    tool_version: str
    catalogue_edition: str
    first_answer_at: str
    last_answer_at: str
    verdicts: dict[str, int]
    """Hosts by verdict."""


class Difference(Struct, frozen=True):
    """Two runs of one fleet, side by side; `hosts` and `changes` hold only what differs."""

    schema: str
    then: Side
    now: Side
    changes: tuple[Change, ...]
    hosts: tuple[HostChange, ...]
    same_hosts: int
    """Hosts of both runs of which nothing differs."""
    open_fails: int
    """Results that failed and fail with the same observation."""
    open_unknowns: int
    """Results that were not known and are not known."""
    checks_added: tuple[str, ...]
    """Checks that only the later run has: their fails may be older than it."""
    checks_gone: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def worst(self, *, strict: bool) -> Answer:
        """Say what is new: NO-GO a fail, UNSURE something that is not known now, else GO.

        Of required results, with `strict` of recommended ones too.
        """
        counted = {Severity.REQUIRED} | ({Severity.RECOMMENDED} if strict else set())
        new = {one.became for one in self.changes if one.severity in counted}
        worse = [
            one
            for one in self.hosts
            if one.now is Answer.NO_GO and (one.known or one.was) is not Answer.NO_GO
        ]
        if Became.NEW in new or worse:
            return Answer.NO_GO
        lost = any(one.now is None for one in self.hosts)
        unsure = any(
            one.now is Answer.UNSURE and (one.was or one.known) is not Answer.UNSURE
            for one in self.hosts
        )
        return Answer.UNSURE if Became.LOST in new or lost or unsure else Answer.GO


class OddTrait(Struct, frozen=True):
    """A trait that a host has and most of its siblings have otherwise."""

    topic: str
    here: str
    common: str
    share: int
    """Siblings that have what is common."""
    of: int
    """Siblings of which it is known."""


class OddCheck(Struct, frozen=True):
    """A check that says something else of a host than of most of its siblings."""

    check: str
    title: str
    here: Status
    common: Status
    share: int
    of: int
    observed: tuple[str, ...]
    """What was observed on the host, where it is no pass."""


class Siblings(Struct, frozen=True):
    """A host beside those that should be like it."""

    schema: str
    host: str
    target: str
    kin: str
    """What makes them siblings: `cluster gpu-a`."""
    count: int
    traits: tuple[OddTrait, ...]
    checks: tuple[OddCheck, ...]
    not_known: tuple[str, ...] = ()
    """What could not be compared: not known of the host, or of too many siblings."""
