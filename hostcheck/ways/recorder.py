"""Remembers every answer of another transport, so that the same bytes can be judged and kept."""

from collections.abc import Iterable, Mapping

from hostcheck.model.capture import Capture, Request
from hostcheck.ways.base import Transport


class RecorderTransport:
    """Passes questions on and keeps the answers of one machine in `captures`."""

    def __init__(self, routes: Mapping[str, Transport]) -> None:
        """Take what answers on each wire."""
        self._routes = routes
        self.captures: dict[tuple[str, str, str], Capture] = {}

    def expect(self, requests: Iterable[Request]) -> None:
        """Pass the hint on."""
        wanted = list(requests)
        for wire, one in self._routes.items():
            its_own = [request for request in wanted if request.wire == wire]
            if its_own:
                one.expect(its_own)

    def fetch(self, request: Request) -> Capture:
        """Ask the transport of that wire, once per question."""
        key = request.key
        if key not in self.captures:
            self.captures[key] = self._route(request).fetch(request)
        return self.captures[key]

    def _route(self, request: Request) -> Transport:
        if request.wire not in self._routes:
            raise ValueError(f"no transport answers {request.wire}")
        return self._routes[request.wire]

    def close(self) -> None:
        """Close nothing: the transports belong to whoever opened them."""
