"""What is told of a run to people who are not in front of it: only what changed."""

from msgspec import Struct

from hostcheck.model.difference import Difference

SCHEMA = "hostcheck.notice/1"


class Notice(Struct, frozen=True):
    """What became of a fleet since an earlier run, less what somebody answers for."""

    schema: str
    text: str
    """In one line."""
    target: str
    exit_code: int
    """Of the run, as its command ends."""
    counts: dict[str, int]
    """Results by what they became: `new`, `mended`; hosts whose verdict moved, as `verdicts`."""
    difference: Difference
    """`notices` tell what became of waivers."""
