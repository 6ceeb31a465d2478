"""The script that asks the ESXi shell of a host that nobody can reach from here.

It asks what is asked over SSH, in that order, and writes the recording on the host itself: each
answer is a file, and the manifest holds nothing but what was listed here, numbers, and digests.
"""

import json
import re
import shlex
from importlib import resources

from hostcheck import __version__
from hostcheck.model.capture import Request
from hostcheck.parsers import (
    esxcli_graphics_device_list,
    esxcli_hardware_pci_list,
    nvidia_smi_q,
    nvidia_smi_q_x,
    vsish_pci_config_header,
)
from hostcheck.recording import SCHEMA
from hostcheck.ways.shell import order

LIMIT_SECONDS = 30
"""How long one command may take, as over SSH where nothing else is set."""
LIMIT_BLOCKS = 16384
"""What a stream may write, in 512 bytes: 8 MiB. /tmp of an ESXi host is small; a stream that was
ended there ended its command, and its answer is not believed."""

_SLOT = re.compile(r"\{(\w+)\}")
_MARK = re.compile(r"@(\w+)@")


def script() -> str:
    """Return the script: POSIX sh for the BusyBox of ESXi, readable, and read-only."""
    host = order.HOST_REQUESTS
    known = {
        "VERSION": __version__,
        "SCHEMA": SCHEMA,
        "LIMIT": str(LIMIT_SECONDS),
        "BLOCKS": str(LIMIT_BLOCKS),
        "HOST": "\n".join(map(_ask, host)),
        "PCI": f"shell/{host.index(esxcli_hardware_pci_list.REQUEST) + 1}.txt",
        "GRAPHICS": f"shell/{host.index(esxcli_graphics_device_list.REQUEST) + 1}.txt",
        "HEADER": _ask_device(vsish_pci_config_header.REQUEST),
        "LOG": _ask(nvidia_smi_q_x.REQUEST),
        "TEXT": _ask(nvidia_smi_q.REQUEST),
        "NVIDIA": "\n    ".join(map(_ask, order.NVIDIA_REQUESTS)),
    }
    text = resources.files("hostcheck.bundles").joinpath("ask.sh").read_text(encoding="utf-8")
    return _MARK.sub(lambda mark: known[mark[1]], text)


def _ask(request: Request) -> str:
    """Return the line that asks one question, quoted for the shell."""
    words = shlex.split(request.text)
    return f"ask {shlex.quote(json.dumps(request.text))} {shlex.join(words)}"


def _ask_device(request: Request) -> str:
    """Return the line for a question with slots; each is a variable that holds a number."""
    command = _SLOT.sub(r"$\1", request.template)
    words = " ".join(f'"{word}"' if "$" in word else word for word in command.split())
    return f'ask "\\"{command}\\"" {words}'
