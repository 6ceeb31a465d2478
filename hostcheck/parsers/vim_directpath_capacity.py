"""`DirectPathProfileManagerQueryCapacity`: how many more vGPUs fit, in vCenter's own count (9.0).

<returnval xsi:type="DirectPathProfileManagerCapacityInfo"><consumed>1</consumed>
<remaining>3</remaining><max>4</max><unusedReservation>0</unusedReservation></returnval>
"""

from hostcheck.errors import ParseError
from hostcheck.model.capture import Call, CallPart, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.xml import local, root_of

REQUEST = Request(
    Wire.METHOD, "DirectPathProfileManager.DirectPathProfileManagerQueryCapacity",
    "how many more vGPUs of a profile fit on a host, by vCenter 9; asked by capacity --profile",
    "System.View",
    call=Call(
        (
            CallPart(
                '<target xsi:type="DirectPathProfileManagerTargetHost">'
                '<host type="HostSystem">{subject}</host></target>'
                '<querySpec xsi:type="DirectPathProfileManagerCapacityQueryByDeviceConfig">'
                '<deviceConfig xsi:type="DirectPathProfileManagerVmiopDirectPathConfig">'
                "<vgpuProfile>{profile}</vgpuProfile></deviceConfig></querySpec>"
            ),
        ),
        manager="directPathProfileManager",
        missing="vCenter counts vGPU profiles from 9.0 on",
    ),
)  # fmt: skip


def parse(text: str) -> Reading[int]:
    """Return how many more fit. Raises ParseError when the text is no such answer."""
    root = root_of(text, what="QueryCapacity")
    if "QueryCapacity" not in local(root):
        raise ParseError(f"expected a QueryCapacity answer, found <{local(root)}>")
    told = Node(root, REQUEST.template).child("returnval")
    if isinstance(told, Unknown):
        return Unknown(Why.ABSENT, "vCenter counts nothing for this profile", REQUEST.template)
    if told.type.endswith("CapacityUnknown"):
        return Unknown(Why.ABSENT, "vCenter says that it cannot count it", REQUEST.template)
    return told.number("remaining")
