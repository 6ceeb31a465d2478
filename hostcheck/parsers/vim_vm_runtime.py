"""`VirtualMachine`: whether it runs, where, and what it asks, read afresh around a power-on."""

from msgspec import Struct

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.vim_objects import object_of

REQUEST = Request(
    Wire.PROPERTIES, "VirtualMachine", "whether a VM runs, before and after a power-on",
    "System.Read",
    (Path("runtime.powerState"), Path("runtime.host"), Path("runtime.question")),
)  # fmt: skip

POWER_STATES = ("poweredOn", "poweredOff", "suspended")


class Runtime(Struct, frozen=True):
    """The VM now. `question` is what it waits for an answer to."""

    power_state: Reading[str]
    host_id: Reading[str]
    question: Reading[str]


def parse(text: str) -> Runtime:
    """Read one VM. Raises ParseError when the text is no VirtualMachine."""
    vm = object_of(text, kind="VirtualMachine")
    return Runtime(
        vm.word("runtime.powerState", among=POWER_STATES),
        vm.text("runtime.host"),
        vm.text("runtime.question", "text"),
    )
