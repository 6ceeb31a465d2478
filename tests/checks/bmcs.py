"""BMCs for checks: settings as the catalogue's table reads a vendor's attributes."""

from hostcheck import catalog
from hostcheck.assemble.bios import settings_of
from hostcheck.model.bios import canonical_value
from hostcheck.model.bmc import OFF, ON, Bmc, Setting
from tests.checks.synthetic import known

TABLE = catalog.bios()
KINDS = sorted(
    {(row.vendor, cpu) for row in TABLE.rows for cpu in ("intel", "amd")
     if row.vendor and row.cpu in ("", cpu)}
)  # fmt: skip
"""Vendors and processors of which the table has a row."""


def a_bmc(vendor="dell", cpu="intel", now=None, then=None, **changes):
    """Return a BMC whose BIOS has these attributes, and after the next start `then` as well."""
    now = now or {}
    settings = settings_of(TABLE, vendor, cpu, now, {**now, **(then or {})}, ((0,), (0,)))
    told = {
        "vendor": known(TABLE.shown(vendor)), "cpu": known(cpu), "settings": known(settings),
        "settings_path": known("/redfish/v1/Systems/1/Bios/Settings"), "waiting": known(()),
    }  # fmt: skip
    return Bmc(**{**told, **changes})


def spelled(row, word):
    """Return the value by which a row says a word: the vendor's own, where the table has it."""
    for theirs, meaning in row.values.items():
        if meaning == word:
            return theirs
    if any(canonical_value(one) in ("enable", "disable") for one in row.want.values()):
        return {ON: "Enable", OFF: "Disable"}[word]
    return {ON: "Enabled", OFF: "Disabled"}[word]


def row_of(setting: Setting, vendor: str, cpu: str):
    """Return the row of a setting; None where the vendor has no such switch, or none is known."""
    rows = [one for one in TABLE.of(setting, vendor, cpu) if one.attributes]
    return rows[0] if rows else None


def attributes(setting, vendor, cpu, value):
    """Return the attributes of a setting, all with one value."""
    row = row_of(setting, vendor, cpu)
    return dict.fromkeys(row.attributes, value)
