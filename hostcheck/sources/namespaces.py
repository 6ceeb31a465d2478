"""vSphere namespaces of one vCenter, and the clusters on which each may run.

A Supervisor has one cluster or several zones. Version 1 of vCenter's API names one cluster, which
is all of it before 8.0.0.1 alone; from there on version 2 names the Supervisor, and that its zones.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.vm_class import Namespace
from hostcheck.parsers import (
    rest_namespace,
    rest_namespace_v2,
    rest_namespaces,
    rest_namespaces_v2,
    rest_supervisor_topology,
)
from hostcheck.syntax.opened import opened
from hostcheck.syntax.rest import no_such, path_of
from hostcheck.ways.base import Transport

TOPOLOGY = rest_supervisor_topology.REQUEST


class Namespaces:
    """What one vCenter tells of them; what it does not tell is among the `notices`."""

    def __init__(self, rest: Transport) -> None:
        """Ask nothing yet."""
        self.notices: list[str] = []
        self.unlisted = False
        """Whether no list told which there are."""
        self._rest = rest
        self._zones: dict[str, Reading[dict[str, tuple[str, ...]]]] = {}

    def every(self, used: Iterable[str]) -> tuple[Namespace, ...]:
        """Ask for all that are listed, and for those that are known to be `used`."""
        listed: Reading[tuple[Namespace, ...]]
        listed = opened(self._rest.fetch(rest_namespaces_v2.REQUEST), rest_namespaces_v2.parse)
        old = isinstance(listed, Unknown) and no_such(listed)
        if isinstance(listed, Unknown):
            if not old:
                self.notices.append(f"Supervisors of namespaces are not told: {listed.detail}")
            listed = opened(self._rest.fetch(rest_namespaces.REQUEST), rest_namespaces.parse)
        if isinstance(listed, Unknown):
            self.notices.append(f"namespaces are not told: {listed.detail}")
            self.unlisted = True
            listed = ()
        found = {name: Namespace(name, ()) for name in used} | {one.name: one for one in listed}
        return tuple((self._of_one_cluster if old else self._of_zones)(one)
                     for one in found.values())  # fmt: skip

    def _of_one_cluster(self, listed: Namespace) -> Namespace:
        asked = rest_namespace.REQUEST.of(listed.name)
        found = opened(self._rest.fetch(asked), rest_namespace.parse)
        if isinstance(found, Unknown):
            self.notices.append(f"namespace {listed.name} is not told: {found.detail}")
            told = f"which classes it may use is not told: {found.detail}"
            more = replace(found, detail=told, asked=_line(asked))
            return replace(listed, clusters=(), unread=True, more=more)
        return replace(found, name=listed.name, clusters=found.clusters or listed.clusters)

    def _of_zones(self, listed: Namespace) -> Namespace:
        asked = rest_namespace_v2.REQUEST.of(listed.name)
        found = opened(self._rest.fetch(asked), rest_namespace_v2.parse)
        if isinstance(found, Unknown):
            told = f"its zones are not told: {found.detail}"
            more = replace(found, detail=told, asked=_line(asked))
            return replace(self._of_one_cluster(listed), clusters=(), more=more)
        found = replace(found, name=listed.name, clusters=())
        if not found.supervisor:
            more = Unknown(Why.ABSENT, "its Supervisor is not told", _line(asked))
            return replace(found, more=more)
        zones = self._topology(found.supervisor)
        if isinstance(zones, Unknown):
            told = f"the zones of its Supervisor are not told: {zones.detail}"
            more = replace(zones, detail=told, asked=_line(TOPOLOGY.of(found.supervisor)))
            return replace(found, more=more)
        if found.zones == () and len(zones) > 1:
            return replace(found, more=Unknown(Why.ABSENT, "it tells no zone", _line(asked)))
        mine = found.zones or tuple(zones)
        dark = sorted(zone for zone in mine if not zones.get(zone))
        asked = TOPOLOGY.of(found.supervisor)
        more = Unknown(Why.ABSENT, f"no cluster of {', '.join(dark)} is told", _line(asked))
        clusters = dict.fromkeys(one for zone in mine for one in zones.get(zone, ()))
        return replace(found, clusters=tuple(clusters), more=more if dark else None)

    def _topology(self, supervisor: str) -> Reading[dict[str, tuple[str, ...]]]:
        if supervisor not in self._zones:
            capture = self._rest.fetch(TOPOLOGY.of(supervisor))
            self._zones[supervisor] = opened(capture, rest_supervisor_topology.parse)
        return self._zones[supervisor]


def _line(asked: Request) -> str:
    """Return a question with the name that it is about."""
    try:
        return f"GET {path_of(asked.template, asked.subject)}"
    except ValueError:
        return asked.text
