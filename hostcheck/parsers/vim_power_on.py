"""`VirtualMachine.PowerOnVM_Task`: the one thing that this tool can do, and how it ended.

<objects><obj type="Task">task-9</obj><propSet><name>info.state</name><val>error</val></propSet>
<propSet><name>info.error</name><val><fault xsi:type="GenericVmConfigFault"><faultMessage>...
"""

from msgspec import Struct

from hostcheck.model.capture import Call, Request, Wire
from hostcheck.model.opinion import Objection
from hostcheck.syntax.vim_call import HOST
from hostcheck.syntax.vim_task import task_of

REQUEST = Request(
    Wire.WRITE, "VirtualMachine.PowerOnVM_Task", "start the VM that the user named",
    "VirtualMachine.Interact.PowerOn", call=Call((HOST,)),
)  # fmt: skip


class PowerOnEnded(Struct, frozen=True):
    """How the task ended: `refusal` is None where the VM was started."""

    refusal: Objection | None


def parse(text: str) -> PowerOnEnded:
    """Read the task of a power-on. Raises ParseError for one that has not ended."""
    return PowerOnEnded(task_of(text).error)
