"""`nvidia-smi -q -x`: everything that the driver knows of every GPU, as XML.

<nvidia_smi_log>
    <driver_version>550.54.16</driver_version>
    <attached_gpus>1</attached_gpus>
    <gpu id="00000000:3B:00.0">
        <product_name>NVIDIA A40</product_name>
        <ecc_mode>
            <current_ecc>Enabled</current_ecc>
            <pending_ecc>Disabled</pending_ecc>
"""

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.field_tree import from_element
from hostcheck.syntax.smi_log import SmiLog, empty_log, log_of
from hostcheck.syntax.smi_words import peel, refuse
from hostcheck.syntax.xml import root_of

REQUEST = Request(Wire.SHELL, "nvidia-smi -q -x", "state of every GPU that the driver sees")

_BEGIN, _END = "<nvidia_smi_log", "</nvidia_smi_log>"


def parse(text: str) -> SmiLog:
    """Read the log of any version, whatever stands before and after it."""
    what = REQUEST.template
    peeled = peel(text, what=what)
    document = "\n".join(peeled.lines)
    begin = document.find(_BEGIN)
    if begin < 0:
        if peeled.no_devices or (peeled.names_lost and not document.strip()):
            return empty_log(peeled, what=what)
        raise refuse(peeled, what=what, expected="XML with <nvidia_smi_log>")
    end = document.find(_END, begin)
    if end < 0:
        raise ParseError(f"{what}: the XML is cut off before {_END}")
    xml = document[begin : end + len(_END)].encode(errors="replace").decode()
    root = from_element(root_of(xml, what=what))
    if peeled.no_devices and not root.named("gpu"):
        return empty_log(peeled, what=what)
    return log_of(root, root.named("gpu"), what=what, peeled=peeled, text=xml)
