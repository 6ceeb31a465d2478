"""How a server's BIOS is set right: the menu of its vendor, and a line to copy where a BMC told.

All of it is data of the catalogue (`catalog/bios.json`), with its source. A vendor, processor or
setting without a row gets neutral words and never another vendor's menu.
"""

from collections.abc import Iterator

from hostcheck.checks import bios_lines
from hostcheck.model.bios import BiosProfile, BiosRow, BiosTable, canonical
from hostcheck.model.bmc import Bmc, Setting, Told
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.result import Command

_BEFORE_PROFILES = ("Gen8", "Gen9")
_PROCESSORS = {"intel": "Intel", "amd": "AMD"}


def of_host(table: BiosTable, settings: tuple[str, ...], host: Host | None) -> tuple[Command, ...]:
    """Return the menus of the host's vendor and processor; neutral words where there is no row."""
    if not settings:
        return ()
    wanted = tuple(map(Setting, settings))
    bmc = host.bmc.value if host is not None and isinstance(host.bmc, Known) else Bmc()
    vendor = (_vendor(table, host.vendor) if host else "") or _vendor(table, bmc.vendor)
    cpu = (_processor(host) if host else "") or _word(bmc.cpu)
    told, found = [], []
    for setting in wanted:
        menus, lines = list(_menus(table, setting, vendor, cpu)), list(_lines(table, setting, bmc))
        if lines:
            told += [*menus, *lines]
        elif not _is_right(table, setting, bmc):
            found += menus
    found = told + found
    if vendor == "hpe" and host is not None:
        found += _profiles(table, wanted, cpu, host)
    return tuple(dict.fromkeys(found))


def everyone(table: BiosTable, settings: tuple[str, ...]) -> tuple[Command, ...]:
    """Return all rows of the settings, for the manual."""
    rows = [
        Command(_tool(table, one.vendor, one.cpu), _told(one))
        for one in table.rows
        if one.setting in settings and one.menu
    ]
    held = [
        Command(_tool(table, one.vendor, one.cpu), _profile(one))
        for one in table.profiles
        if one.setting in settings
    ]
    return tuple(dict.fromkeys([*rows, *held]))


def _menus(table: BiosTable, setting: Setting, vendor: str, cpu: str) -> Iterator[Command]:
    rows = [one for one in table.of(setting, vendor, cpu) if one.menu]
    if vendor and rows:
        yield from (Command(_tool(table, vendor, one.cpu), _told(one)) for one in rows)
        return
    neutral = table.settings[setting]
    words = {"intel": (neutral.intel,), "amd": (neutral.amd,)}.get(
        cpu, (neutral.intel, neutral.amd)
    )
    if told := list(dict.fromkeys(filter(None, words))):
        yield Command("BIOS", "; or on AMD: ".join(told))


def _told(row: BiosRow) -> str:
    return row.menu if row.read_on else f"{row.menu} (second-hand)"


def _profiles(
    table: BiosTable, settings: tuple[Setting, ...], cpu: str, host: Host
) -> list[Command]:
    model = "" if isinstance(host.model, Unknown) else host.model.value
    if any(generation in model for generation in _BEFORE_PROFILES):
        return []
    mine = [one for one in table.profiles if one.vendor == "hpe"]
    if cpu != "amd":
        menu = next(one.menu for one in mine)
        text = f"a switch that is greyed out is held by {menu}: choose {mine[0].instead} or Custom"
        return [Command(_tool(table, "hpe", ""), text)]
    return [Command(_tool(table, "hpe", cpu), _profile(one)) for one in mine
            if one.setting in settings and one.cpu == cpu]  # fmt: skip


def _profile(one: BiosProfile) -> str:
    wrong = ", ".join(dict.fromkeys(one.wrong.values()))
    return (
        f"{one.menu}: {one.instead}; {wrong} set this against a GPU host and grey the switch out "
        f"(read on a {one.read_on})"
    )


def _told_rows(table: BiosTable, setting: Setting, bmc: Bmc) -> Iterator[tuple[BiosRow, Told, str]]:
    """Yield the attributes that a BMC told of a setting, with the value that each is to have."""
    found = bmc.setting(setting)
    if isinstance(bmc.vendor, Unknown) or isinstance(found, Unknown):
        return
    maker = table.maker(bmc.vendor.value)
    for row in table.of(setting, maker.key, _word(bmc.cpu)) if maker is not None else ():
        for told in found.told:
            if wanted := _wanted(row, told):
                yield row, told, wanted


def _lines(table: BiosTable, setting: Setting, bmc: Bmc) -> Iterator[Command]:
    """Yield lines that set the attributes which are not as a GPU host needs them.

    A switch that a profile holds takes no value: there the profile is what is to be set.
    """
    if held := list(_held(table, setting, bmc)):
        yield from held
        return
    for row, told, wanted in _told_rows(table, setting, bmc):
        if _same(row, told, wanted):
            continue
        yield from _set(row.vendor, row.group, bmc, setting, Told(told.attribute, wanted))


def _held(table: BiosTable, setting: Setting, bmc: Bmc) -> Iterator[Command]:
    """Yield lines that choose another profile than the one that holds a switch grey."""
    maker = None if isinstance(bmc.vendor, Unknown) else table.maker(bmc.vendor.value)
    for one in table.profiles:
        found = bmc.setting(one.profile)
        mine = maker is not None and (one.vendor, one.cpu) == (maker.key, _word(bmc.cpu))
        if one.setting is not setting or not mine or isinstance(found, Unknown):
            continue
        for told in found.told:
            if one.forbids(told.value):
                wanted = Told(told.attribute, one.right[0])
                yield from _set(one.vendor, "", bmc, one.profile, wanted)


def _set(vendor: str, group: str, bmc: Bmc, setting: Setting, wanted: Told) -> Iterator[Command]:
    if wanted in _waiting(setting, bmc):
        said = f"{wanted.attribute}: {wanted.value} is set and waits for a restart"
        yield Command("BIOS (as the BMC tells)", f"{said}; nothing else to set")
    else:
        yield from bios_lines.setting(vendor, group, bmc, wanted)


def _waiting(setting: Setting, bmc: Bmc) -> tuple[Told, ...]:
    found = bmc.setting(setting)
    return () if isinstance(found, Unknown) else found.told_pending


def _is_right(table: BiosTable, setting: Setting, bmc: Bmc) -> bool:
    """Say whether the BMC tells the setting, and as a GPU host needs it: no menu is of help."""
    told = list(_told_rows(table, setting, bmc))
    return bool(told) and all(_same(row, one, wanted) for row, one, wanted in told)


def _same(row: BiosRow, told: Told, wanted: str) -> bool:
    return row.meaning(told.value) == row.meaning(wanted)


def _wanted(row: BiosRow, told: Told) -> str:
    mine = canonical(told.attribute)
    return next((value for name, value in row.want.items() if canonical(name) == mine), "")


def _tool(table: BiosTable, vendor: str, cpu: str) -> str:
    words = filter(None, (table.shown(vendor), _PROCESSORS.get(cpu, "")))
    return f"BIOS ({', '.join(words)})"


def _vendor(table: BiosTable, fact: Fact[str]) -> str:
    found = None if isinstance(fact, Unknown) else table.maker(fact.value)
    return found.key if found else ""


def _word(fact: Fact[str]) -> str:
    return "" if isinstance(fact, Unknown) else fact.value


def _processor(host: Host) -> str:
    if isinstance(host.packages, Unknown) or not host.packages.value:
        return ""
    made = host.packages.value[0].vendor
    return {"intel": "intel", "amd": "amd", "hygon": "amd"}.get(made, "")
