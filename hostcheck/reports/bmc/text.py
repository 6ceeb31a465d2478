"""Servers for terminals: the settings of each, or a verdict and what decides it."""

from collections.abc import Iterator

from hostcheck.model.bare import BareFleet, BareServer
from hostcheck.model.bmc import BiosSetting, Bmc
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.result import Answer, Result, Status
from hostcheck.reports import PAPER, Screen
from hostcheck.words import clean, count, one_line

ROW = "  {:<28} {:<14} {:<14} {}\n"


def pieces(told: BareFleet, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield server after server; what was judged is counted in the end."""
    for server in told.servers:
        yield from _judged(server) if told.judged else _shown(server, told.names)
    if told.judged:
        yield _counted(told)


def _judged(server: BareServer) -> Iterator[str]:
    yield f"{server.verdict.value:<7} {clean(server.name)}{_what(server.bmc)}\n"
    for one in server.deciding:
        if one.status is not Status.PASS:
            yield f"        {_line(one)}\n"
            yield from (f"          {clean(fix.tool)}: {clean(fix.text)}\n" for fix in one.fix)


def _line(one: Result) -> str:
    if one.unseen is not None:
        return clean(f"{one.subject.name}: not known: {one_line(one.unseen.detail)}")
    note = f" ({one_line(one.note)})" if one.note else ""
    return clean(f"{one.observed}, wanted {one.expected}{note}")


def _what(bmc: Fact[Bmc]) -> str:
    if isinstance(bmc, Unknown):
        return ""
    words = [_word(one) for one in (bmc.value.vendor, bmc.value.model) if isinstance(one, Known)]
    tag = bmc.value.service_tag
    words += [f"service tag {_word(tag)}"] if isinstance(tag, Known) else []
    return f": {', '.join(words)}" if words else ""


def _counted(told: BareFleet) -> str:
    wanted = f" for {told.profile} ({', '.join(told.boards)})" if told.profile else ""
    counts = [
        f"{sum(one.verdict is answer for one in told.servers)} {answer.value}"
        for answer in (Answer.GO, Answer.NO_GO, Answer.UNSURE)
    ]
    return f"\n{count(len(told.servers), 'server')}{clean(wanted)}: {', '.join(counts)}\n"


def _shown(server: BareServer, names: dict[str, str]) -> Iterator[str]:
    yield f"{clean(server.name)}{_what(server.bmc)}\n"
    if isinstance(server.bmc, Unknown):
        yield f"  not known: {one_line(server.bmc.detail)}\n\n"
        return
    bmc = server.bmc.value
    for label, fact in (
        ("BIOS", bmc.bios_version), ("BMC", bmc.kind), ("BMC firmware", bmc.firmware),
        ("power", bmc.power_state), ("self-test", bmc.post_state), ("health", bmc.health),
        ("UUID", bmc.uuid),
    ):  # fmt: skip
        if isinstance(fact, Known):
            yield f"  {label:<28} {_word(fact)}\n"
    yield from _settings(bmc, names)
    yield from _parts(bmc)
    yield "\n"


def _settings(bmc: Bmc, names: dict[str, str]) -> Iterator[str]:
    if isinstance(bmc.settings, Unknown):
        yield f"  BIOS settings not known: {one_line(bmc.settings.detail)}\n"
        return
    yield "\n" + ROW.format("SETTING", "NOW", "NEXT START", "IN THE BIOS")
    for one in bmc.settings.value:
        told = ", ".join(f"{each.attribute} = {each.value}" for each in one.told)
        yield ROW.format(
            names.get(one.setting.value, one.setting.value), _word(one.active), _next(one),
            clean(told) or "-",
        )  # fmt: skip
    if isinstance(bmc.waiting, Known):
        for change in bmc.waiting.value:
            told = f"{change.attribute}: {change.now or 'not set'} -> {change.then}"
            yield f"  waits for a restart: {clean(told)}\n"


def _next(one: BiosSetting) -> str:
    same = isinstance(one.active, Known) and isinstance(one.pending, Known)
    if same and one.active.value == one.pending.value:  # type: ignore[union-attr]
        return "same"
    return _word(one.pending)


def _parts(bmc: Bmc) -> Iterator[str]:
    if isinstance(bmc.gpus, Known):
        for gpu in bmc.gpus.value:
            place = f" in {_word(gpu.slot)}" if isinstance(gpu.slot, Known) else ""
            where = f" at {_word(gpu.address)}" if isinstance(gpu.address, Known) else ""
            yield f"  GPU {clean(gpu.name)}{place}{where}: health {_word(gpu.health)}\n"
    if isinstance(bmc.power_supplies, Known):
        for part in bmc.power_supplies.value:
            yield f"  {clean(part.name)}: health {_word(part.health)}\n"


def _word(fact: Fact[str]) -> str:
    return "not known" if isinstance(fact, Unknown) else one_line(fact.value)
