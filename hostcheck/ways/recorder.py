"""Remembers every answer of another transport, so that the same bytes can be judged and kept."""

from collections.abc import Iterable

from hostcheck.model.capture import Capture, Request
from hostcheck.ways.base import Transport


class RecorderTransport:
    """Passes questions on and keeps the answers of one machine in `captures`."""

    def __init__(self, *inner: Transport, accepts: Iterable[frozenset[str]]) -> None:
        """Take transports and, in the same order, the wires that each one answers."""
        self._routes = [(set(wires), one) for one, wires in zip(inner, accepts, strict=True)]
        self.captures: dict[tuple[str, str, str], Capture] = {}

    def expect(self, requests: Iterable[Request]) -> None:
        """Pass the hint on."""
        wanted = list(requests)
        for wires, one in self._routes:
            its_own = [request for request in wanted if request.wire.value in wires]
            if its_own:
                one.expect(its_own)

    def fetch(self, request: Request) -> Capture:
        """Ask the transport of that wire, once per question."""
        key = request.key
        if key not in self.captures:
            self.captures[key] = self._route(request).fetch(request)
        return self.captures[key]

    def _route(self, request: Request) -> Transport:
        for wires, one in self._routes:
            if request.wire.value in wires:
                return one
        raise ValueError(f"no transport answers {request.wire}")

    def close(self) -> None:
        """Close nothing: the transports belong to whoever opened them."""
