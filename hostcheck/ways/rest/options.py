"""What a user may say of vCenter's lifecycle manager: on the command line, and in `[audit]`."""

from dataclasses import dataclass
from typing import Protocol

from hostcheck.ways.options import option

SECTION = "audit"
TITLE = "Lifecycle manager of vCenter, over REST"


class Audit(Protocol):
    """What this way reads of the section."""

    @property
    def lifecycle(self) -> bool:
        """Whether it is asked."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """Whether vCenter's lifecycle manager is asked."""

    lifecycle: bool | None = option(
        "yes or no",
        "Also ask vCenter's lifecycle manager (REST) what the image of each cluster would "
        "interrupt; hostcheck plan tells it.",
    )


def wanted(given: Given, section: Audit) -> bool:
    """Say whether it is asked: by the option, else the settings."""
    return section.lifecycle if given.lifecycle is None else given.lifecycle
