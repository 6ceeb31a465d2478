"""`HostServiceSystem.StartService`, `StopService`: the SSH service of a host, for the run alone.

<StartServiceResponse xmlns="urn:vim25" />
"""

from hostcheck.errors import ParseError
from hostcheck.model.capture import Call, CallPart, Request, Wire
from hostcheck.syntax.xml import local, root_of

SERVICE = "TSM-SSH"
START, STOP = (
    Request(
        Wire.SERVICE, f"HostServiceSystem.{method}", purpose, "Host.Config.NetService",
        call=Call((CallPart(f"<id>{SERVICE}</id>"),)),
    )
    for method, purpose in (
        ("StartService", "start SSH where it is stopped; its policy is left alone"),
        ("StopService", "stop SSH again, where this started it"),
    )
)  # fmt: skip
REQUEST = (START, STOP)
_DONE = {"StartServiceResponse": "started", "StopServiceResponse": "stopped"}


def parse(text: str) -> str:
    """Return what was done, `started` or `stopped`. Raises ParseError for another answer."""
    name = local(root_of(text, what="answer about a service"))
    if name not in _DONE:
        raise ParseError(f"{name} is no answer about starting or stopping a service")
    return _DONE[name]
