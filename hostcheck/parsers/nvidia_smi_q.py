"""`nvidia-smi -q`: everything that the driver knows of every GPU, as indented text.

Driver Version                            : 550.54.16
Attached GPUs                             : 1
GPU 00000000:3B:00.0
    Product Name                          : NVIDIA A40
    ECC Mode
        Current                           : Enabled
        Pending                           : Disabled
"""

import re

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.field_tree import Field, from_indented
from hostcheck.syntax.smi_log import SmiLog, empty_log, log_of
from hostcheck.syntax.smi_words import peel

REQUEST = Request(Wire.SHELL, "nvidia-smi -q", "state of every GPU that the driver sees")

_GPU = re.compile(r"GPU ([0-9a-fA-F]+:[0-9a-fA-F:]+\.[0-9a-fA-F]+)")


def parse(text: str) -> SmiLog:
    """Read a whole log or an excerpt of it: what was cut out is Unknown."""
    what = REQUEST.template
    peeled = peel(text, what=what)
    root = from_indented(peeled.lines)
    gpus = [
        Field(child.label, match[1], child.children)
        for child in root.children
        if (match := _GPU.fullmatch(child.label))
    ]
    if (peeled.no_devices and not gpus) or (peeled.names_lost and not root.children):
        return empty_log(peeled, what=what)
    return log_of(root, gpus, what=what, peeled=peeled, text=text)
