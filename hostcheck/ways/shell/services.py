"""What is asked and sent about the SSH service of a host, with `--manage-ssh` and never else."""

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.parsers.vim_ssh_service import START, STOP
from hostcheck.syntax.vim_call import method_of

SYSTEM = Request(
    Wire.PROPERTIES, "HostSystem", "who starts and stops SSH (only with --manage-ssh)",
    "System.Read", (Path("configManager.serviceSystem"), Path("config.lockdownMode")),
)  # fmt: skip
STATE = Request(
    Wire.PROPERTIES, "HostServiceSystem", "whether SSH runs now (only with --manage-ssh)",
    "System.Read", (Path("serviceInfo"),),
)  # fmt: skip
REQUESTS = (SYSTEM, STATE, START, STOP)
WRITES = frozenset(method_of(one) for one in (START, STOP))
"""The methods that a session has to be opened for."""
STRICT = "lockdownStrict"
"""The lockdown mode in which SSH would let nobody in."""
