"""Machines that were collected already, as a source: several VMs are judged on the same answers."""

from collections.abc import Iterable, Iterator, Mapping

from hostcheck.model.capture import Capture, Request
from hostcheck.model.host_ref import HostRef, Key, VmRef
from hostcheck.model.recording import Recording
from hostcheck.sources.base import AboutSource, Ask, Collector, Source

Asked = tuple[str, Key | None]
"""A vCenter; of recordings, which may share ids, the machine too."""


class HeldSource:
    """Machines in memory, of another source that answers what more there is to ask, each once."""

    one_by_one = False

    def __init__(self, behind: Source, collected: Iterable[Recording]) -> None:
        """Keep the answers of some machines of a source."""
        self._behind = behind
        self._held: dict[Key, Recording] = {one.ref.key: one for one in collected}
        self._answers: dict[tuple[Asked, tuple[str, str, str]], Capture] = {}
        self._more: dict[Key, dict[tuple[str, str, str], Capture]] = {}

    @property
    def about(self) -> AboutSource:
        """What the source behind is."""
        return self._behind.about

    def machines(self) -> list[HostRef]:
        """List the machines that are held."""
        return [one.ref for one in self._held.values()]

    def vms_called(self, name: str) -> list[VmRef]:
        """Find a VM in the source behind."""
        return self._behind.vms_called(name)

    def vms(self) -> list[VmRef]:
        """List the VMs of the source behind."""
        return self._behind.vms()

    def collector(self, targets: Iterable[HostRef], *, of: int = 0) -> Collector:  # noqa: ARG002
        """Return what gives back what is held."""
        return Collector(self._collect, self._collect, lambda _, there: there)

    def _collect(self, ref: HostRef) -> Recording:
        return self._held[ref.key]

    def asker(self, vcenter: str, ahead: Iterable[Request] = ()) -> Ask:
        """Return what asks the source behind, of each question the first time."""
        ask = self._behind.asker(vcenter, ahead)

        def once(recorded: Recording, questions: Iterable[Request]) -> Recording:
            asked = list(questions)
            whom = (vcenter, None if self.about.asks else recorded.ref.key)
            new = [one for one in asked if (whom, one.key) not in self._answers]
            answered = ask(recorded, new).captures if new else {}
            self._note(whom, {one.key: answered[one.key] for one in new if one.key in answered})
            found = {
                one.key: self._answers[whom, one.key]
                for one in asked
                if (whom, one.key) in self._answers
            }
            self._more.setdefault(recorded.ref.key, {}).update(found)
            return recorded.with_answers(found)

        return once

    def _note(self, whom: Asked, found: Mapping[tuple[str, str, str], Capture]) -> None:
        self._answers |= {(whom, key): capture for key, capture in found.items()}

    def recordings(self) -> Iterator[Recording]:
        """Yield the machines with all that was asked of them."""
        for key, one in self._held.items():
            yield one.with_answers(self._more.get(key, {}))
