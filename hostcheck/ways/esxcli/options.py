"""What a user may say of esxcli through the API: on the command line, and in `[audit]`."""

from dataclasses import dataclass
from typing import Protocol

from hostcheck.ways.options import option

SECTION = "audit"
TITLE = "esxcli, over the API"


class Audit(Protocol):
    """What this way reads of the section."""

    @property
    def esxcli(self) -> bool:
        """Whether it is asked."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """Whether esxcli is asked through the API."""

    esxcli: bool | None = option(
        "yes or no", "Also ask esxcli through the vSphere API (needs Host.Config.Settings)."
    )


def wanted(given: Given, section: Audit) -> bool:
    """Say whether it is asked: by the option, else the settings."""
    return section.esxcli if given.esxcli is None else given.esxcli
