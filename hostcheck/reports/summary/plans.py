"""What there is to do on each host, in an order that can be followed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from hostcheck.model.result import Manual, Phase, Result
from hostcheck.reports import words
from hostcheck.reports.summary.steps import HOST_REBOOT, ORDER, FixStep, Steps

MAINTENANCE, VM_OFF, GUEST_REBOOT = "maintenance mode", "VM power off", "guest reboot"


class HostPlan(Struct, frozen=True):
    """One host's steps by what they interrupt: each by its number in the report, or its check.

    `in_maintenance` is what is done between entering and leaving maintenance mode, `leaving` the
    step that asks for leaving it: the host is in it already.
    """

    host: str
    at_once: tuple[str, ...]
    in_maintenance: tuple[str, ...]
    reboot: bool
    leaving: tuple[str, ...]
    vms_off: tuple[str, ...]
    guest_reboot: tuple[str, ...]

    @property
    def moves(self) -> tuple[str, ...]:
        """The plan as words, one move after the other."""
        return tuple(self._moves())

    @property
    def sentence(self) -> str:
        """The plan in one line: `maintenance mode on, 2, 6, one reboot, maintenance mode off`."""
        return ", ".join(self.moves)

    def _moves(self) -> Iterator[str]:
        yield from self.at_once
        if self.in_maintenance and not self.leaving:
            yield "maintenance mode on"
        yield from self.in_maintenance
        if self.reboot:
            yield "one reboot"
        if self.leaving:
            yield f"maintenance mode off ({', '.join(self.leaving)})"
        elif self.in_maintenance:
            yield "maintenance mode off"
        for number in self.vms_off:
            yield f"{number} with the VM off"
        for number in self.guest_reboot:
            yield f"{number} with a reboot of the guest"
        yield "audit again"


def plans_of(
    steps: Sequence[FixStep], by_host: Mapping[str, Sequence[str]]
) -> tuple[HostPlan, ...]:
    """Return what the steps come to on each host that any of them is for, by name.

    `steps` are numbered as they stand; the order within a host is that of the work, not of their
    gravity: what is mended first is the ground for what follows.
    """
    numbers = {step.check: number for number, step in enumerate(steps, 1)}
    told = {step.check: step for step in steps}
    made = []
    for host in sorted(by_host):
        mine = [check for check in by_host[host] if check in told]
        if mine:
            mine.sort(key=lambda check: (ORDER.index(told[check].phase), numbers[check]))
            made.append(_plan(host, [(str(numbers[check]), told[check]) for check in mine]))
    return tuple(made)


def plan_of(host: str, results: Iterable[Result], manuals: Sequence[Manual]) -> HostPlan | None:
    """Return the plan of one host for a page of its own, with checks for numbers."""
    todo = Steps(manuals)
    todo.add(host, results)
    mine = sorted(todo.steps(), key=lambda step: ORDER.index(step.phase))
    return _plan(host, [(step.check, step) for step in mine]) if mine else None


def _plan(host: str, mine: list[tuple[str, FixStep]]) -> HostPlan:
    parts: dict[str, list[str]] = {}
    for number, step in mine:
        parts.setdefault(_part(step), []).append(number)

    def part(name: str) -> tuple[str, ...]:
        return tuple(parts.get(name, ()))

    return HostPlan(
        host=host,
        at_once=part(""),
        in_maintenance=part(MAINTENANCE),
        reboot=any(HOST_REBOOT in step.needs for _, step in mine),
        leaving=part(Phase.END),
        vms_off=part(VM_OFF),
        guest_reboot=part(GUEST_REBOOT),
    )


def _part(step: FixStep) -> str:
    if step.phase is Phase.END:
        return Phase.END
    if MAINTENANCE in step.needs or HOST_REBOOT in step.needs:
        return MAINTENANCE
    return next((need for need in (VM_OFF, GUEST_REBOOT) if need in step.needs), "")


def reboots(plans: Sequence[HostPlan], named: int) -> str:
    """Say in one sentence which hosts reboot, once each; empty where none does."""
    hosts = [words.one_line(plan.host) for plan in plans if plan.reboot]
    if not hosts:
        return ""
    more = f" and {len(hosts) - named} more" if len(hosts) > named else ""
    listed = ", ".join(hosts[:named]) + more
    if len(hosts) == 1:
        return f"One reboot of {listed} serves all its steps."
    return f"{len(hosts)} hosts reboot, once each: {listed}."
