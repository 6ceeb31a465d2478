"""What a way to a machine is, and the seam: one method, which live, recorder and replay have.

A question that fails is answered by a capture whose `failure` says why, never by an exception: one
sick host does not end a run, and failures are recorded and replayed like every other answer.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef
from hostcheck.model.pci import PciAddress
from hostcheck.parsers.vim_host_system import HostSystem


class Transport(Protocol):
    """Answers questions about one target.

    One that logs in has a `login` beside: the `Login` with which it asks, None before there is one.
    One that changes something for the time it is open has `changes`, by the key of what was sent.
    """

    def fetch(self, request: Request) -> Capture:
        """Put one question and return what came back."""

    def expect(self, requests: Iterable[Request]) -> None:
        """Announce questions that will follow, in this order, so that they can travel together.

        A hint: answers are the same without it.
        """

    def close(self) -> None:
        """Give back what was opened. Never raises."""


class Refused(Exception):  # noqa: N818  an answer, not an error
    """The answer cannot be had; `unknown` says why, in words for a report."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.detail)
        self.unknown = unknown


class Stopwatch:
    """Start time and duration of one question."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._taken_at = f"{now().replace(tzinfo=None).isoformat(timespec='seconds')}Z"
        self._started = time.monotonic()

    def capture(
        self,
        request: Request,
        text: str = "",
        stderr: str = "",
        exit_status: int = 0,
        failure: Unknown | None = None,
    ) -> Capture:
        """Return the answer with its times."""
        duration = round((time.monotonic() - self._started) * 1000)
        return Capture(request, text, stderr, exit_status, failure, self._taken_at, duration)


class SoFar(Protocol):
    """What is known of a machine when the turn of a way comes: what those before it were told."""

    @property
    def ref(self) -> HostRef:
        """Return the host."""

    @property
    def packages(self) -> bool:
        """Whether each host is asked for its installed VIBs."""

    def system(self) -> HostSystem | None:
        """Return what vSphere says of the host, None where that was not understood."""

    def numbers(self) -> tuple[str, ...]:
        """Return the serial number and the service tags of the machine, as vSphere tells them."""

    def may_have_gpus(self) -> bool:
        """Say whether vSphere lists NVIDIA GPUs, or it is not known what it lists."""

    def gpus(self) -> tuple[PciAddress, ...]:
        """Return the addresses of the NVIDIA GPUs that vSphere lists."""

    def smoke_guests(self) -> tuple[str, ...]:
        """Return the ids of the VMs in which the smoke test is to run, of those named."""


class Wiring(Struct, frozen=True):
    """What is said of one wire: `title` is its heading in `hostcheck requests`."""

    wire: str
    title: str
    folder: str
    """Of its answers, in a recording."""
    suffix: str
    """Of their files, without the dot."""
    unasked: str = ""
    """What an Unknown says where nothing was asked over this wire."""
    changes: bool = False
    """Whether what travels here changes something: collecting a machine never uses it."""


class Note(Struct, frozen=True):
    """What stands below the requests on their page: words to be wrapped, or a line as it is."""

    title: str
    words: tuple[str, ...] = ()
    line: str = ""


class Way(Struct, frozen=True):
    """A way to a machine. Nothing but its `requests` can be sent on it."""

    name: str
    """Of its folder here. What is asked of a machine is remembered by it."""
    wirings: tuple[Wiring, ...]
    requests: tuple[Request, ...]
    """With all that other wires carry for it."""
    collect: Callable[[Transport, SoFar], None]
    """Asks one machine, in order. A failed answer is data, not a stop."""
    turn: int
    """When: low ones come first, for later ones need what they were told."""
    knock: Callable[[Transport, SoFar], None] | None = None
    """Asks one machine what shows whether this way is open, and no more; None where that is all."""
    carried_by: str = ""
    """The way whose transports answer for this one, where it opens none of its own."""
    logs_in: bool = False
    """Whether it logs in to each vCenter by itself, with the login that vSphere has: its `opening`
    has `beside` then, and no `opener`."""
    away: bool = False
    """Whether another process can open it, as the workers of a cluster are."""
    notes: tuple[Note, ...] = ()

    @property
    def wires(self) -> frozenset[str]:
        """Return the names of its wires."""
        return frozenset(one.wire for one in self.wirings)

    def allows(self, request: Request) -> bool:
        """Say whether a question is a listed one. Slots hold integers, and are made by `fill`."""
        return listed(request, self.requests)


Opener = Callable[[SoFar], Transport]
"""Opens a way to one host when its turn comes. Of a way that goes `away` it can be pickled.

One that has a method `early` is slow: other hosts are asked meanwhile. `early` says of a `HostRef`
that nothing need be known of that host: it is opened beside all others, before the host's turn.
"""


def listed(request: Request, requests: Iterable[Request]) -> bool:
    """Say whether a question is one of these, with its slots, its object and its arguments filled.

    A listed question that names its subject is allowed of that one only.
    """
    return any(
        one.template == request.template
        and one.wire == request.wire
        and one.subject in ("", request.subject)
        and (request.paths == one.paths or set(request.paths) <= set(one.paths))
        and request.call == one.call
        for one in requests
    )
