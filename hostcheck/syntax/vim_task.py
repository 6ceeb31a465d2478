"""`Task`: how a task of vSphere ended, and the words of the faults in it.

<objects><obj type="Task">task-7</obj><propSet><name>info.state</name><val>success</val></propSet>
<propSet><name>info.result</name><val xsi:type="ArrayOfCheckResult"><CheckResult>...

Only state, result and error of a task are ever asked: its other fields name the account.
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.opinion import Objection
from hostcheck.syntax.vim import refusal
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.vim_objects import object_of

STATE, RESULT, ERROR = "info.state", "info.result", "info.error"
SUCCESS, FAILED = "success", "error"


class Task(Struct, frozen=True):
    """A task that ended: its result, or why there is none and the fault that it ended with."""

    result: Reading[Node]
    error: Objection | None


def task_of(text: str) -> Task:
    """Read a task. Raises ParseError when the text is no task, or one that has not ended."""
    found = object_of(text, kind="Task")
    state = found.text(STATE)
    if state == FAILED:
        fault = found.node(ERROR)
        if isinstance(fault, Unknown):
            nothing = Objection("", "vSphere does not say why")
            return Task(
                Unknown(Why.ABSENT, "the task failed, and vSphere does not say why"), nothing
            )
        return Task(refusal(fault, "Task info.error"), objection(fault))
    if state != SUCCESS:
        raise ParseError(f"Task: expected one that ended, found {state!r}")
    return Task(found.node(RESULT), None)


def objection(fault: Node) -> Objection:
    """Read a `LocalizedMethodFault`: its own message, then the messages of the fault inside."""
    inner = fault.child("fault")
    words = [fault.text("localizedMessage")]
    kind = ""
    if not isinstance(inner, Unknown):
        kind = inner.type
        words += [one.text("message") for one in inner.children("faultMessage")]
        words.append(inner.text("reason"))
    told = dict.fromkeys(one for one in words if isinstance(one, str) and one)
    return Objection(kind, " ".join(told) or kind or "no words")
