"""What there is to do: gravest first, in the order in which it is to be done."""

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from hostcheck.model.result import (
    Command,
    Manual,
    Phase,
    Result,
    Roots,
    Severity,
    Status,
)
from hostcheck.reports import words
from hostcheck.reports.summary.sizes import LARGEST_PAGE, NAMED

HOST_REBOOT = "host reboot"
ORDER = tuple(Phase)


class FixStep(Struct, frozen=True):
    """One thing to do: a failing check, wherever it fails, with everything that mends it."""

    check: str
    title: str
    severity: Severity
    """Of the check, as it is told of the host; the gravest, where a policy has several."""
    weight: Severity
    """The gravest of what goes with it: a required check may fail for one that is not."""
    serves: tuple[str, ...]
    """Graver checks that fail for it."""
    phase: Phase
    fix: str
    needs: tuple[str, ...]
    hosts: tuple[tuple[str, int], ...]
    """The first host names and how many subjects fail there."""
    host_count: int
    commands: tuple[Command, ...]
    """The different commands of the first hosts, in the order met."""
    command_count: int
    """Different commands of all hosts."""
    example: tuple[Command, ...]
    """The commands of the first subject."""

    @property
    def standing(self) -> str:
        """Its severity in words, and why it stands among graver ones."""
        if not self.serves:
            return self.severity.value
        fail = "fails" if len(self.serves) == 1 else "fail"
        return (
            f"{self.severity.value}, and {', '.join(self.serves)} ({self.weight.value}) {fail} "
            "for it"
        )


class _Todo(Struct):
    severity: Severity
    weight: Severity
    example: tuple[Command, ...]
    serves: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, int] = field(default_factory=dict)
    host_count: int = 0
    commands: dict[Command, None] = field(default_factory=dict)
    marks: set[int] = field(default_factory=set)


class Steps:
    """What fails, by check. A fail that goes with the mending of another is no step of its own."""

    def __init__(self, manuals: Sequence[Manual]) -> None:
        self._manuals = manuals
        self._roots = Roots(manuals)
        self._failing: dict[str, _Todo] = {}
        self.by_host: dict[str, tuple[str, ...]] = {}
        """The checks that are to be mended on each host that has any."""

    def add(self, name: str, results: Iterable[Result]) -> None:
        """Note what is to be done on a host, or on the host of a candidate."""
        fails = [result for result in results if result.status is Status.FAIL]
        listed: set[int] = set()
        here: dict[str, int] = {}
        for severity in words.GRAVEST_FIRST:
            grave = [one for one in fails if one.severity is severity]
            for result in self._roots.of(grave, fails):
                todo = self._failing.setdefault(
                    result.check, _Todo(result.severity, severity, result.fix)
                )
                todo.severity = _graver(todo.severity, result.severity)
                todo.weight = _graver(todo.weight, severity)
                if _graver(severity, result.severity) is not result.severity:
                    todo.serves |= self._follow(result, grave, fails)
                if id(result) in listed:
                    continue
                listed.add(id(result))
                here[result.check] = here.get(result.check, 0) + 1
                for command in result.fix:
                    todo.marks.add(hash((command.tool, command.text)))
                    if todo.host_count < LARGEST_PAGE:
                        todo.commands[command] = None
        if here:
            self.by_host[name] = tuple(dict.fromkeys((*self.by_host.get(name, ()), *here)))
        for check, number in here.items():
            todo = self._failing[check]
            todo.host_count += name not in todo.hosts
            if len(todo.hosts) < NAMED or name in todo.hosts:
                todo.hosts[name] = todo.hosts.get(name, 0) + number

    def _follow(
        self, cause: Result, grave: Sequence[Result], fails: Sequence[Result]
    ) -> dict[str, None]:
        """Return the checks of some fails that go when a cause of them is mended."""
        return {one.check: None for one in grave if self._roots.of((one,), fails) == (cause,)}

    def steps(self) -> tuple[FixStep, ...]:
        """Return what there is to do: gravest first, in the order in which it is to be done."""
        manuals = {manual.id: manual for manual in self._manuals}
        made = []
        for check, todo in self._failing.items():
            manual = manuals.get(check)
            made.append(
                FixStep(
                    check=check,
                    title=manual.title if manual else check,
                    severity=todo.severity,
                    weight=todo.weight,
                    serves=tuple(todo.serves),
                    phase=manual.phase if manual else Phase.VM,
                    fix=manual.fix if manual else "",
                    needs=manual.needs if manual else (),
                    hosts=tuple(todo.hosts.items()),
                    host_count=todo.host_count,
                    commands=tuple(todo.commands),
                    command_count=len(todo.marks),
                    example=todo.example,
                )
            )
        return tuple(
            sorted(
                made,
                key=lambda step: (
                    words.GRAVEST_FIRST.index(step.weight),
                    ORDER.index(step.phase),
                    -step.host_count,
                    step.check,
                ),
            )
        )


def _graver(one: Severity, other: Severity) -> Severity:
    return min(one, other, key=words.GRAVEST_FIRST.index)
