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
        self._open: dict[str, str] = {}
        """What each task came to that nobody has been told yet, empty while it runs."""

    def start(self, key: Key, call: Callable[[], bytes]) -> None:
        """Start a task unless it was started before. Raises what the call raises."""
        if key not in self._ids:
            self._ids[key] = task = soap.returned(call())
            self._open[task] = ""

    def wait(self, key: Key, deadline: float, limit: float) -> str:
        """Return the XML of the task once it ended.

        Raises TimeoutError when it has not by the deadline (of time.monotonic), SoapFault when the
        server refuses, and what a broken connection raises.
        """
        task = self._ids[key]
        try:
            return self._ended(task) or self._awaited(task, deadline, limit)
        finally:
            self._open.pop(task, None)

    def _awaited(self, task: str, deadline: float, limit: float) -> str:
        changes = soap.returned(self._post(soap.watch(self._collector(), task, STATE)))
        try:
            version = text = ""
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
        """Return what a task came to, empty while it runs. Others are looked at with it."""
        if not self._open.get(task):
            running = [one for one, text in self._open.items() if not text and one != task]
            try:
                self._look([task, *running])
            except soap.SoapFault:
                if not running:
                    raise
                self._look([task])  # one of the others is gone
        return self._open.get(task, "")

    def _look(self, tasks: list[str]) -> None:
        """Look at tasks, of which the first must be told of."""
        wanted = {"Task": (STATE, RESULT, ERROR)}
        targets = soap.targets_of("Task", tasks)
        answer = self._post(soap.retrieve(self._collector(), wanted, targets, len(tasks)))
        found = dict(soap.objects_in(answer))
        for task in tasks:
            text = found.get(escape(task), "")
            if not text and task != tasks[0]:
                continue
            state = object_of(text, kind="Task").text(STATE)
            if isinstance(state, Unknown) and task == tasks[0]:
                raise soap.SoapFault("NoState", state, task, STATE)
            if state in (SUCCESS, FAILED):
                self._open[task] = text
