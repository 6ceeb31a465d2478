"""What vCenter's lifecycle manager says of one host and the image of its cluster."""

from msgspec import Struct


class HostImage(Struct, frozen=True):
    """vCenter's words, by its last scan.

    `status` is COMPLIANT, NON_COMPLIANT, INCOMPATIBLE or UNAVAILABLE; `impact` NO_IMPACT,
    PARTIAL_MAINTENANCE_MODE_REQUIRED, MAINTENANCE_MODE_REQUIRED, REBOOT_REQUIRED or UNKNOWN.
    """

    status: str
    impact: str
    scanned_at: str = ""
