"""The VMs for terminals: a table. What is not known is a question mark."""

from collections.abc import Iterator

from hostcheck.model.fact import Fact, Unknown
from hostcheck.model.listing import VmRow, Vms
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.table import columns

HEAD = ("VM", "ID", "POWER", "HOST", "CLUSTER", "DEVICES", "ON GPU")
POWER = {"poweredOn": "on", "poweredOff": "off"}


def pieces(told: Vms, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield line by line."""
    several = len({one.vcenter for one in told.rows}) > 1
    head = ("VCENTER", *HEAD) if several else HEAD
    rows = ((one.vcenter, *_row(one)) if several else _row(one) for one in told.rows)
    if told.rows:
        yield from (f"{line}\n" for line in columns(head, rows, 0))
    yield f"{words.count(len(told.rows), 'VM')} with a GPU\n"
    for host, why in told.untold:
        yield words.one_line(f"Which VMs {host} has is not known: {why}") + "\n"


def _row(one: VmRow) -> tuple[str, ...]:
    power = words.known_or(one.power, "?")
    cluster = words.known_or(one.cluster, "?")
    on = "-" if power != "poweredOn" else _listed(one.gpus)
    return (one.name, one.id, POWER.get(power, power), one.host, cluster, _listed(one.devices), on)


def _listed(fact: Fact[tuple[str, ...]]) -> str:
    if isinstance(fact, Unknown):
        return "?"
    counted = [f"{fact.value.count(name)} x {name}" for name in dict.fromkeys(fact.value)]
    return ", ".join(one.removeprefix("1 x ") for one in counted) or "-"
