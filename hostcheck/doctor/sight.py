"""What a run will see of one host: each check that will be unknown, and why."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from hostcheck import ways
from hostcheck.doctor.privileges import PACKAGES, Grants, sent_by
from hostcheck.model.doctor import Blind
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.recording import Recording
from hostcheck.model.result import Result, Status
from hostcheck.model.run import HostReport
from hostcheck.parsers import esxcli_software_vib_list
from hostcheck.sources import asking
from hostcheck.ways.guest.steps import WOULD_BE_VISITED

LISTED = esxcli_software_vib_list.REQUEST
"""Tells what the API tells of installed VIBs, which is asked there in vain where this is asked."""
UNTOLD = "the account lacks a privilege"

Reason = tuple[Unknown, bool]
"""Why something will not be known, and whether the run would ask for it."""
Doors = Mapping[str, Unknown | None]
"""By wire why it is closed, None where it is open."""


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the listed questions as patterns, with their wires."""
    return tuple(
        (re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(one.template))), one.wire)
        for one in ways.requests()
    )


@cache
def carried_by(asked: str) -> frozenset[str]:
    """Return the wires that carry a question."""
    return frozenset(wire for pattern, wire in _patterns() if pattern.fullmatch(asked))


class Foresight:
    """What runs with these ways will see."""

    def __init__(self, asks: frozenset[str], grants: Grants, *, packages: bool) -> None:
        """Take the ways that are used, and whether each host is asked for its VIBs."""
        self._wires = frozenset(wire for way in asks for wire in ways.named(way).wires)
        self._grants = grants
        self._packages = packages

    def foreseen(self, recorded: Recording, doors: Doors) -> Recording:
        """Return what a run would be told of a machine that was knocked at."""
        closed = {
            way.name: failure
            for way in ways.every()
            for wire, failure in doors.items()
            if way.knock is not None
            and wire in way.wires
            and failure is not None
            and way.name != asking.SMOKE  # what each guest would say is there
        }
        ref = recorded.ref
        refused = {
            one.template: Unknown(Why.DENIED, UNTOLD, "", one.privilege)
            for one in ways.requests()
            if self._packages
            and sent_by(one) == PACKAGES
            and self._grants.holds(ref.vcenter, ref.id, one.privilege) is False
        }
        return asking.foreseen(
            recorded, closed, refused, frozenset(self._elsewhere(doors, refused))
        )

    def _elsewhere(self, doors: Doors, refused: Mapping[str, Unknown]) -> Iterator[str]:
        """Yield the questions that are answered over ways that are open, by template."""
        for one in ways.requests():
            if doors.get(one.wire, one) is None:
                yield one.template
        if self._packages and not any(_is_packages(one) for one in refused):
            yield LISTED.template

    def of(self, report: HostReport, doors: Doors) -> dict[str, list[Reason]]:
        """Return by check why it will be unknown on a host; what will be judged is left out."""
        found: dict[str, list[Reason]] = {}
        for result in report.results:
            reason = self._reason(result, doors)
            if reason is not None and reason not in found.setdefault(result.check, []):
                found[result.check].append(reason)
        return {check: reasons for check, reasons in found.items() if reasons}

    def seen(self, report: HostReport, doors: Doors) -> dict[str, list[Reason]]:
        """Return by check why it is unknown on a host that was asked all that a run asks."""
        found: dict[str, dict[Reason, None]] = {}
        for result in report.results:
            unseen = result.unseen
            if result.status in (Status.UNKNOWN, Status.ERROR) and unseen is not None:
                if unseen.detail == WOULD_BE_VISITED:
                    continue
                told = Unknown(Why(unseen.why), unseen.detail, unseen.asked, unseen.privilege)
                wires = carried_by(unseen.asked)
                asked_for = told.why is not Why.NOT_ASKED or bool(wires & doors.keys())
                found.setdefault(result.check, {})[told, asked_for] = None
        return {check: list(reasons) for check, reasons in found.items()}

    def _reason(self, result: Result, doors: Doors) -> Reason | None:
        unseen = result.unseen
        if result.status not in (Status.UNKNOWN, Status.ERROR) or unseen is None:
            return None
        if unseen.detail == WOULD_BE_VISITED:
            return None
        told = Unknown(Why(unseen.why), unseen.detail, unseen.asked, unseen.privilege)
        packages = _is_packages(unseen.asked)
        wires = carried_by(LISTED.template if packages else unseen.asked)
        if not packages and (told.why is not Why.NOT_ASKED or not wires):
            return told, True
        is_open = any(doors[wire] is None for wire in wires & doors.keys())
        by_api = packages and self._packages and told.why is Why.NOT_ASKED
        if is_open or by_api:
            return None
        return told, bool(wires & doors.keys()) or (packages and told.why is not Why.NOT_ASKED)

    @staticmethod
    def blind(reasons: Mapping[Reason, list[str]]) -> Iterator[Blind]:
        """Yield reasons as they are told, those of most hosts first."""
        for (unknown, asked_for), hosts in sorted(
            reasons.items(), key=lambda item: (-len(item[1]), item[0][0].detail)
        ):
            yield Blind(
                unknown.why.value, unknown.detail, unknown.asked, unknown.privilege, asked_for,
                tuple(sorted(hosts)),
            )  # fmt: skip


@cache
def _is_packages(asked: str) -> bool:
    return any(one.template == asked and sent_by(one) == PACKAGES for one in ways.requests())
