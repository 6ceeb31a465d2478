"""vSphere tasks: started once, waited for up to a limit, and looked at without the account's name.

A task outlives the session that started it: after a new login it is found again by its id.
"""

import http.client
import time
from collections.abc import Callable
from contextlib import suppress

from hostcheck.model.fact import Unknown
from hostcheck.syntax.vim_objects import object_of
from hostcheck.syntax.vim_task import ERROR, FAILED, RESULT, STATE, SUCCESS
from hostcheck.syntax.xml import escape
from hostcheck.ways.vsphere import soap

STEP_SECONDS = 10
"""How long the server may hold one answer back, waiting for a change."""
Key = tuple[str, str, str]


class Tasks:
    """The tasks of one session. `collector` names its property collector of the moment."""

    def __init__(self, post: Callable[[str], bytes], collector: Callable[[], str]) -> None:
        self._post = post
        self._collector = collector
        self._ids: dict[Key, str] = {}

    def start(self, key: Key, call: Callable[[], bytes]) -> None:
        """Start a task unless it was started before. Raises what the call raises."""
        if key not in self._ids:
            self._ids[key] = soap.returned(call())

    def wait(self, key: Key, deadline: float, limit: float) -> str:
        """Return the XML of the task once it ended.

        Raises TimeoutError when it has not by the deadline (of time.monotonic), SoapFault when the
        server refuses, and what a broken connection raises.
        """
        task = self._ids[key]
        text = self._ended(task)
        if text:
            return text
        changes = soap.returned(self._post(soap.watch(self._collector(), task, STATE)))
        try:
            version = ""
            while not text:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"the task has not ended within {limit:g} s; it goes on")
                seconds = max(1, min(round(left), STEP_SECONDS))
                answer = self._post(soap.wait(self._collector(), version, seconds))
                version = soap.version_in(answer) or version
                text = self._ended(task)
        finally:
            with suppress(soap.SoapFault, OSError, http.client.HTTPException):
                self._post(soap.call("DestroyPropertyFilter", "PropertyFilter", changes))
        return text

    def _ended(self, task: str) -> str:
        """Return what the task came to, empty while it runs."""
        answer = self._post(
            soap.retrieve(
                self._collector(),
                "Task",
                (STATE, RESULT, ERROR),
                soap.targets_of("Task", [task]),
                1,
            )
        )
        text = dict(soap.objects_in(answer)).get(escape(task), "")
        state = object_of(text, kind="Task").text(STATE)
        if isinstance(state, Unknown):
            raise soap.SoapFault("NoState", state, task, STATE)
        return text if state in (SUCCESS, FAILED) else ""
