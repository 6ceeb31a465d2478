"""What the BMC says of a BIOS setting, for checks that also see what the host shows of it.

What works on the host now is proof by itself: it is newer than what the BIOS told the BMC at the
last start. Where the host does not show it, the BMC's word is proof, and losing it leaves the check
unknown (docs/decisions/0038).
"""

from msgspec import UNSET

from hostcheck.model.bmc import OFF, ON, BiosSetting, Setting
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host

ELSEWHERE = "look for a restart that has not happened, a riser or cable, the slot, the driver's VIB"


def word_of(host: Host, setting: Setting) -> Fact[str] | None:
    """Return what the last start had of a setting; None where the run was not told to ask BMCs."""
    if host.bmc is UNSET:
        return None
    return host.bmc if isinstance(host.bmc, Unknown) else host.bmc.value.active(setting)


def said_of(host: Host, setting: Setting) -> str:
    """Return the BMC's own words: `SriovGlobalEnable is Disabled`; empty where there are none."""
    if not isinstance(host.bmc, Known):
        return ""
    found = host.bmc.value.setting(setting)
    return "" if isinstance(found, Unknown) else words_of(found)


def words_of(found: BiosSetting) -> str:
    """Return the attributes that say a setting, with their values."""
    return ", ".join(f"{one.attribute} is {one.value}" for one in found.told)


def word_shown(on: bool) -> str:
    """Return a switch in a sentence."""
    return ON if on else OFF
