"""A server before ESXi is on it: what its BMC tells, and whether its BIOS is set right for vGPU."""

from collections.abc import Iterable

from msgspec.structs import replace

from hostcheck.assemble import unread_host
from hostcheck.assemble.bmc import alone
from hostcheck.assemble.book import Book
from hostcheck.checks.bmc import DECIDING
from hostcheck.checks.engine import all_checks, run_again
from hostcheck.errors import UsageError
from hostcheck.model.bare import BareFleet, BareServer
from hostcheck.model.bmc import Bmc, Setting
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.host_ref import HostRef
from hostcheck.model.requirements import GpuModel, Requirements
from hostcheck.model.result import Answer, Result, Status, gravest_of, verdict_of

NO_HOST = Unknown(Why.NOT_ASKED, "no ESXi host was asked: this is the word of the BMC alone")
OF_BMC = frozenset(one.id for one in all_checks() if one.id.startswith("BMC-"))
SETTINGS, PROFILE = "BMC-003", "BMC-002"
"""Checks of the settings one by one, and of the profile that holds them."""


def boards_with(profile: str, needs: Requirements) -> tuple[GpuModel, ...]:
    """Return the kinds of GPU that have a profile. Raises UsageError where none does."""
    found = tuple(one for one in needs.models.values() if one.profile(profile) is not None)
    if not found:
        raise UsageError(
            f"--for {profile}: the catalogue has no such vGPU profile (`hostcheck profiles`, or "
            "as vSphere writes it: nvidia_l40s-24q)"
        )
    return found


def deciding_for(boards: Iterable[GpuModel]) -> frozenset[Setting]:
    """Return the settings without which no vGPU of these boards starts; of no board: of any."""
    listed = list(boards)
    if listed and not any(one.sriov == "required" for one in listed):
        return frozenset(DECIDING) - {Setting.SRIOV}
    return frozenset(DECIDING)


def servers_of(
    name: str,
    address: str,
    captures: dict[tuple[str, str, str], Capture],
    needs: Requirements,
    wanted: frozenset[Setting],
) -> list[BareServer]:
    """Return the computers behind one BMC, or one of which nothing is known."""
    book = Book(captures)
    found = alone(book)
    if isinstance(found, Unknown):
        return [_server(name, address, found, book, needs, wanted)]
    several = len(found.value) > 1
    return [
        _server(f"{name} ({number})" if several else name, address, Known(one), book, needs, wanted)
        for number, one in enumerate(found.value, 1)
    ]


def _server(
    name: str,
    address: str,
    bmc: Fact[Bmc],
    book: Book,
    needs: Requirements,
    wanted: frozenset[Setting],
) -> BareServer:
    host = _host(name, bmc)
    results = run_again((), OF_BMC, host, needs)
    counted = wanted - _without_switch(bmc, needs)
    deciding = tuple(one for one in results if _decides(one, counted))
    statuses = [one.status for one in deciding] or [Status.UNKNOWN]
    return BareServer(
        name, address, bmc, results, deciding, verdict_of(statuses), tuple(book.sources)
    )


def _host(name: str, bmc: Fact[Bmc]) -> Host:
    return replace(unread_host(NO_HOST, HostRef(name, "", "")), bmc=bmc)


def _without_switch(bmc: Fact[Bmc], needs: Requirements) -> frozenset[Setting]:
    """Return the settings of which the table says that this vendor's BIOS has no switch for them.

    They are on by themselves: what is not there to be set waits for nobody.
    """
    if isinstance(bmc, Unknown) or isinstance(bmc.value.vendor, Unknown):
        return frozenset()
    maker = needs.bios.maker(bmc.value.vendor.value)
    cpu = "" if isinstance(bmc.value.cpu, Unknown) else bmc.value.cpu.value
    if maker is None:
        return frozenset()
    rows = {one: needs.bios.of(one, maker.key, cpu) for one in DECIDING}
    return frozenset(
        one for one, told in rows.items() if told and not any(row.attributes for row in told)
    )


def _decides(result: Result, wanted: frozenset[Setting]) -> bool:
    if result.check == PROFILE:
        return result.status is Status.FAIL
    return result.check == SETTINGS and (
        result.subject.id in wanted or result.subject.kind == "host"
    )


def fleet_of(
    servers: Iterable[BareServer], needs: Requirements, *, judged: bool, profile: str = ""
) -> BareFleet:
    """Join servers into what is told of them."""
    listed = tuple(servers)
    boards = boards_with(profile, needs) if profile else ()
    told = [one.verdict for one in listed]
    return BareFleet(
        listed,
        judged,
        profile,
        tuple(one.name for one in boards),
        {one.value: needs.bios.name(one) for one in Setting},
        gravest_of(told) if told else Answer.UNSURE,
    )
