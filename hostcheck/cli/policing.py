"""The policy of a command, read before anything else is done."""

from typing import TYPE_CHECKING

from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.model.policy import Policy

NONE = "none"
"""Given instead of a name or file: every check as it is by itself."""


def policy_of(given: str, setting: str = "") -> "Policy | None":
    """Read the policy of the option, else of the setting. Raises UsageError for what is wrong."""
    wanted = given or setting
    if not wanted or wanted == NONE:
        return None
    from hostcheck.policy.file import read

    return read(wanted)


def refuse_preflight(given: str, *, preflight: bool) -> None:
    """Raise UsageError where a saved preflight is to be judged anew."""
    if given and preflight:
        raise UsageError(
            "--policy: a preflight is judged when the hosts are asked, and its report is not "
            "judged anew: hostcheck preflight VM --policy NAME"
        )
