"""paramiko, without invoke.

paramiko brings that along, with asyncio and a YAML parser, for one keyword of ssh_config: 50 ms of
CPU at each start. Here ssh_config is read by ssh itself. Whoever imports invoke later gets it.
"""

import sys
from typing import Any

_MODULES: dict[str, Any] = sys.modules
_unwanted = "invoke" not in _MODULES
if _unwanted:
    _MODULES["invoke"] = None  # Python's own way to say that a module is not there
try:
    import paramiko
    from paramiko.packet import Packetizer
    from paramiko.ssh_exception import IncompatiblePeer
finally:
    if _unwanted:
        del _MODULES["invoke"]

__all__ = ["IncompatiblePeer", "Packetizer", "paramiko"]
