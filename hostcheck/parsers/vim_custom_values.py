"""Custom attributes of VMs: by one of them an administrator names guests for the smoke test.

<propSet><name>availableField</name><val><CustomFieldDef><key>101</key><name>hostcheck</name>...
<propSet><name>customValue</name><val><CustomFieldValue xsi:type="CustomFieldStringValue">
<key>101</key><value>yes</value>...

vSphere tags are another thing: they are told by vCenter's REST API only.
"""

from msgspec import Struct

from hostcheck.model.capture import EVERYTHING, Path, Request, Wire
from hostcheck.model.fact import Unknown
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_objects import objects_of

REQUEST = Request(
    Wire.PROPERTIES, "VirtualMachine", "custom attributes of VMs (only with --smoke-attribute)",
    "System.Read", (Path("name"), Path("customValue"), Path("availableField")),
    subject=EVERYTHING,
)  # fmt: skip


class CustomAttributes(Struct, frozen=True):
    """The custom attributes of one VM: those that exist for it, and those that are set."""

    vm_id: str
    known: tuple[str, ...]
    values: dict[str, str]


def parse(text: str) -> tuple[CustomAttributes, ...]:
    """Read the listing. An attribute that is not set has no value."""
    return tuple(_attributes(one) for one in objects_of(text, what="custom attributes of VMs"))


def _attributes(one: VimObject) -> CustomAttributes:
    names: dict[str, str] = {}
    values: dict[str, str] = {}
    fields, given = one.node("availableField"), one.node("customValue")
    if not isinstance(fields, Unknown):
        for field in fields.items():
            key, name = field.text("key"), field.text("name")
            if not isinstance(key, Unknown) and not isinstance(name, Unknown):
                names[key] = name
    if not isinstance(given, Unknown):
        for value in given.items():
            key, word = value.text("key"), value.text("value")
            if not isinstance(key, Unknown) and not isinstance(word, Unknown) and key in names:
                values[names[key]] = word
    return CustomAttributes(one.id, tuple(sorted(names.values())), values)
