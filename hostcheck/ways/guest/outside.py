"""Looks at guests from outside: whether vCenter tells of something that would stop a visit.

Nobody logs in to a guest for that: it would leave its trace there, and a wrong password may lock an
account. Whether the guest takes the password, the visit finds out.
"""

from collections.abc import Iterable

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers import vim_privileges
from hostcheck.syntax.opened import opened
from hostcheck.ways.base import Refused, Stopwatch
from hostcheck.ways.guest import steps
from hostcheck.ways.guest.over_vsphere import looked_at
from hostcheck.ways.vsphere.transport import VsphereTransport


class GuestsFromOutside:
    """Answers for each guest why it could not be visited, or that it would be. Visits none."""

    def __init__(self, session: VsphereTransport) -> None:
        self._session = session

    def expect(self, requests: Iterable[Request]) -> None:
        """Do nothing: guests are looked at one by one."""

    def fetch(self, request: Request) -> Capture:
        """Look at one guest."""
        watch = Stopwatch()
        try:
            self._look(request.subject)
        except Refused as refused:
            told = refused.unknown
            detail = f"guest {self._name(request.subject)}: {told.detail}"
            return watch.capture(
                request, failure=Unknown(told.why, detail, request.text, told.privilege)
            )
        would = Unknown(Why.NOT_ASKED, steps.WOULD_BE_VISITED, request.text)
        return watch.capture(request, failure=would)

    def _look(self, vm_id: str) -> None:
        looked_at(self._session, vm_id)
        asked = vim_privileges.of(steps.VM.template, [vm_id], steps.PRIVILEGES)
        told = opened(self._session.fetch(asked), vim_privileges.parse)
        granted = {} if isinstance(told, Unknown) else told.get(vm_id, {})
        for privilege, held in granted.items():
            if not held:
                raise Refused(Unknown(Why.DENIED, "the account lacks a privilege", "", privilege))

    def _name(self, vm_id: str) -> str:
        try:
            name = self._session.read(steps.VM.of(vm_id)).text("name")
        except Refused:
            return vm_id
        return vm_id if isinstance(name, Unknown) else name

    def close(self) -> None:
        """Do nothing: nothing is open."""
