"""`OptionManager.QueryOptions`: one advanced setting of vCenter, by its name.

<QueryOptionsResponse><returnval xsi:type="OptionValue"><key>vgpu.hotmigrate.enabled</key>
<value xsi:type="xsd:boolean">true</value></returnval></QueryOptionsResponse>
"""

from hostcheck.errors import ParseError
from hostcheck.model.capture import Call, CallPart, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.xml import local, root_of

HOT_MIGRATION = "vgpu.hotmigrate.enabled"
REQUEST = Request(
    Wire.METHOD, "OptionManager.QueryOptions",
    f"the vCenter setting {HOT_MIGRATION}, by its name", "System.Read", subject=HOT_MIGRATION,
    call=Call(
        (CallPart("<name>{subject}</name>"),), manager="setting",
        missing="an ESXi host has no such setting; the vCenter that has it does",
    ),
)  # fmt: skip


def parse(text: str) -> Reading[bool]:
    """Read the setting. Raises ParseError when the text is no such answer."""
    root = root_of(text, what="QueryOptions")
    if "QueryOptions" not in local(root):
        raise ParseError(f"expected a QueryOptions answer, found <{local(root)}>")
    for element in root:
        option = Node(element, REQUEST.template)
        if option.text("key") == HOT_MIGRATION:
            value = option.text("value")
            return value if isinstance(value, Unknown) else _truth(value)
    return Unknown(Why.ABSENT, "vCenter does not list the setting", HOT_MIGRATION)


def _truth(value: str) -> Reading[bool]:
    """Read a boolean, which somebody may have stored as text."""
    words = {"true": True, "1": True, "false": False, "0": False}
    found = words.get(value.strip().lower())
    if found is None:
        return Unknown(Why.UNPARSED, f"not a boolean: {value!r}", HOT_MIGRATION)
    return found
