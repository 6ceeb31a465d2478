"""What a user may say of BMCs: on the command line, and in `[bmc]` of the settings."""

from dataclasses import dataclass
from pathlib import Path

from hostcheck.ways.options import option, setting

SECTION = "bmc"
TITLE = "BMCs, over Redfish"


@dataclass(frozen=True, kw_only=True)
class BmcReach:
    """Which BMCs there are, as whom they are asked, and what is trusted."""

    bmc_inventory: Path | None = option(
        "file", "CSV or TOML: host or service_tag, address, user, vendor, fingerprint of each BMC."
    )
    bmc_user: str = option("user", "User at the BMCs, where the inventory names none.")
    bmc_password_file: Path | None = option(
        "file",
        "File whose first line is the password. Default: HOSTCHECK_BMC_PASSWORD_VENDOR, "
        "HOSTCHECK_BMC_PASSWORD, keyring.",
    )
    ask_bmc_password: bool = option("flag", "Prompt for the password at the BMCs.")
    bmc_ca: tuple[Path, ...] = option(
        "file", "CA file (PEM) of the BMCs, repeatable. Default: the system's.", many=True
    )
    bmc_fingerprints: Path | None = option(
        "path", "Pinned certificates, as `hostcheck trust` writes them."
    )


@dataclass(frozen=True, kw_only=True)
class Given(BmcReach):
    """Whether the BMCs of hosts are asked, and how. Times are seconds."""

    bmc: bool | None = option(
        "yes or no",
        "Also ask the BMC of each host. Its address: inventory, pattern, or what vSphere knows.",
    )
    bmc_pattern: str = option(
        "text", "Address of a host's BMC: {host}-bmc.example.com, {short}.bmc.example.com.",
        metavar="PATTERN",
    )  # fmt: skip
    bmc_timeout: float | None = option("seconds", "Seconds a BMC.", least=1, most=36000)


@dataclass(frozen=True, kw_only=True)
class Section:
    """`[bmc]`: how to reach the BMCs of hosts. Times are seconds."""

    enabled: bool = setting(False, "bmc")
    inventory: str = setting("", "bmc_inventory", files=True)
    pattern: str = setting("", "bmc_pattern")
    user: str = setting("", "bmc_user", also="the inventory goes before it")
    ca: tuple[str, ...] = setting((), "bmc_ca", files=True)
    fingerprints: str = setting(
        "~/.config/hostcheck/bmc-fingerprints", "bmc_fingerprints",
        also="the inventory goes before it", files=True,
    )  # fmt: skip
    connect_timeout: float = setting(15, least=1, most=3600)
    answer_timeout: float = setting(30, least=1, most=3600)
    host_timeout: float = setting(180, "bmc_timeout", least=1, most=36000)


def wanted(given: Given, section: Section) -> bool:
    """Say whether BMCs are asked: by the option, else the settings."""
    return section.enabled if given.bmc is None else given.bmc
