"""What is written to, and cut out of, vSphere SOAP messages: text in, text out, no socket.

A property answer is cut into its objects as the server sent them, without decoding: decoding every
value in Python costs many times the CPU of reading it (docs/decisions/0002).
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from hostcheck.model.fact import Unknown, Why
from hostcheck.model.vm import KEPT_OPTIONS
from hostcheck.syntax.vim import refusal
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.xml import escape, local, root_of

SESSION = frozenset({
    "RetrieveServiceContent", "Login", "Logout", "CurrentTime",
    "CreatePropertyCollector", "DestroyPropertyCollector", "CreateContainerView", "DestroyView",
    "RetrievePropertiesEx", "ContinueRetrievePropertiesEx",
    "CreateFilter", "WaitForUpdatesEx", "DestroyPropertyFilter",
    "RetrieveManagedMethodExecuter", "ExecuteSoap",
})  # fmt: skip
"""What a session itself calls. None changes a host, a VM or a setting.

They touch our own session, read properties, and carry listed esxcli commands to a host. All other
methods are those of listed requests.
"""

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
)

_OBJECT = re.compile(rb"<objects(?:\s[^<>]*)?>")
_ID = re.compile(rb"<obj(?:\s[^<>]*)?>([^<]*)</obj>")
_KIND = re.compile(r'<obj\s[^<>]*?type="(?:\w+:)?(\w+)"')
_TOKEN = re.compile(rb"<token>([^<]*)</token>")
_VERSION = re.compile(rb"<version>([^<]*)</version>")
_PREFIX = re.compile(rb'\sxmlns:(xsi|xsd)="([^"]{0,256})')
"""A namespace that is longer than any of these is another one as long as the first part of it is
kept: every object of an answer carries it."""
_KEPT = tuple(beginning.encode() for beginning in KEPT_OPTIONS)
_NOT_KEPT = re.compile(
    rb"<OptionValue(?:\s[^<>]*+)?+>\s*+<key>(?!%b)[^<]*+(?:<(?!/OptionValue>)[^<]*+)*+"
    rb"(?:</OptionValue>|\Z)" % b"|".join(map(re.escape, _KEPT))
)
"""A setting that is not known, to its end, else to the end of all: no part of it is kept, and none
is read twice."""
_SETTING_STARTS = re.compile(rb"<OptionValue(?:\s[^<>]*)?>\s*<key>")
_SETTING, _SETTING_ENDS = b"OptionValue", b"</OptionValue>"
_DEFAULT_PREFIXES = {
    b"xsi": b"http://www.w3.org/2001/XMLSchema-instance",
    b"xsd": b"http://www.w3.org/2001/XMLSchema",
}


class SoapFault(Exception):  # noqa: N818  it is what SOAP calls it
    """The server answered with a fault. `name` is its type, `unknown` the reason in our words."""

    def __init__(self, name: str, unknown: Unknown, object_id: str, property_name: str) -> None:
        super().__init__(f"{name}: {unknown.detail}")
        self.name = name
        self.unknown = unknown
        self.object_id = object_id
        self.property_name = property_name


def call(method: str, this_type: str, this_id: str, arguments: str = "") -> str:
    """Return the body of one method call."""
    return (
        f'<{method} xmlns="urn:vim25"><_this type="{escape(this_type)}">{escape(this_id)}</_this>'
        f"{arguments}</{method}>"
    )


def method_of(body: str) -> str:
    """Return the method that a body calls."""
    return body[1 : body.index(" ")]


def watch(collector: str, task: str, path: str) -> str:
    """Return a CreateFilter call: tell when that property of a task changes."""
    return call(
        "CreateFilter", "PropertyCollector", collector,
        f"<spec><propSet><type>Task</type><all>false</all><pathSet>{path}</pathSet></propSet>"
        f"{targets_of('Task', [task])}</spec><partialUpdates>false</partialUpdates>",
    )  # fmt: skip


def wait(collector: str, version: str, seconds: int) -> str:
    """Return a WaitForUpdatesEx call that is answered at the next change, or after `seconds`."""
    return call(
        "WaitForUpdatesEx", "PropertyCollector", collector,
        f"<version>{escape(version)}</version>"
        f"<options><maxWaitSeconds>{seconds}</maxWaitSeconds></options>",
    )  # fmt: skip


def version_in(answer: bytes) -> str:
    """Return the version of an update set, empty when there was no update."""
    found = _VERSION.search(answer)
    return found.group(1).decode() if found else ""


def retrieve(collector: str, wanted: Mapping[str, Iterable[str]], targets: str, page: int) -> str:
    """Return a RetrievePropertiesEx call for exact paths of each type."""
    sets = "".join(
        f"<propSet><type>{escape(kind)}</type><all>false</all>"
        + "".join(f"<pathSet>{escape(path)}</pathSet>" for path in paths)
        + "</propSet>"
        for kind, paths in wanted.items()
    )
    return call(
        "RetrievePropertiesEx", "PropertyCollector", collector,
        f"<specSet>{sets}{targets}</specSet><options><maxObjects>{page}</maxObjects></options>",
    )  # fmt: skip


def targets_of(kind: str, ids: Iterable[str]) -> str:
    """Name the objects of a retrieval one by one."""
    start = f'<objectSet><obj type="{escape(kind)}">'
    return "".join([f"{start}{escape(one)}</obj><skip>false</skip></objectSet>" for one in ids])


def targets_in_view(view: str) -> str:
    """Name the objects of a retrieval by a container view."""
    return (
        f'<objectSet><obj type="ContainerView">{escape(view)}</obj><skip>true</skip>'
        '<selectSet xsi:type="TraversalSpec"><name>view</name><type>ContainerView</type>'
        "<path>view</path><skip>false</skip></selectSet></objectSet>"
    )


def objects_in(answer: bytes) -> Iterator[tuple[str, str]]:
    """Cut a property answer into (managed object id, XML of the object).

    The XML is the server's, with the namespaces of the envelope declared on it so that it stands
    alone, and without advanced settings that this tool does not know: guestinfo may hold secrets.
    """
    prefixes = dict(_DEFAULT_PREFIXES)
    prefixes.update(_PREFIX.findall(answer[: answer.find(b"<objects")]))
    head = b'<objects xmlns="urn:vim25"'
    for prefix in sorted(prefixes):
        head += b" xmlns:" + prefix + b'="' + prefixes[prefix] + b'"'
    head += b">"
    start = 0
    while found := _OBJECT.search(answer, start):
        start = answer.find(b"</objects>", found.end())
        if start < 0:
            return
        inner = _without_unknown(answer[found.end() : start])
        name = _ID.search(inner)
        if name is not None:
            yield name.group(1).decode(), b"".join((head, inner, b"</objects>")).decode()


def _without_unknown(inner: bytes) -> bytes:
    """Drop the settings of an object that are not known.

    Where all of them are written with the same tags up to the key, as servers do, they are cut at
    those; a word of them anywhere else leaves the object to the expression, which takes longer.
    """
    first = inner.find(b"<OptionValue")
    if first < 0:
        return inner
    begin, last = inner.find(b"<key>", first) + len(b"<key>"), inner.rfind(_SETTING_ENDS)
    start = inner[first:begin]
    if last < begin or _SETTING_STARTS.fullmatch(start) is None:
        return _NOT_KEPT.sub(b"", inner)
    between = _SETTING_ENDS + start
    settings = inner[begin:last].split(between)
    if inner.count(_SETTING, begin) != (len(settings) - 1) * between.count(_SETTING) + 1:
        return _NOT_KEPT.sub(b"", inner)
    kept = [start + one + _SETTING_ENDS for one in settings if one.startswith(_KEPT)]
    return b"".join((inner[:first], *kept, inner[last + len(_SETTING_ENDS) :]))


def kind_in(text: str) -> str:
    """Return the type of the object that was cut, empty where it is not told."""
    found = _KIND.search(text)
    return found[1] if found else ""


def token_in(answer: bytes) -> str:
    """Return the paging token of a property answer, empty on the last page."""
    found = _TOKEN.search(answer, 0, 4096) or _TOKEN.search(answer, max(0, len(answer) - 4096))
    return found.group(1).decode() if found else ""


def returned(answer: bytes) -> str:
    """Return the text of a `<returnval>` that is a reference or a word.

    Raises ParseError when the answer is no XML or has none.
    """
    for element in root_of(answer.decode(), what="vSphere answer").iter():
        if local(element) == "returnval":
            return (element.text or "").strip()
    return ""


def fault_in(answer: bytes) -> SoapFault:
    """Read the fault of an HTTP 500 answer. Raises ParseError when it is no SOAP."""
    root = root_of(answer.decode(errors="replace"), what="vSphere fault")
    name = object_id = property_name = ""
    for element in root.iter():
        tag = local(element)
        if tag == "detail" and len(element):
            name = local(element[0]).removesuffix("Fault")
        elif tag in ("object", "obj") and element.text:
            object_id = element.text.strip()
        elif tag == "name" and element.text:
            property_name = element.text.strip()
    unknown = refusal(Node(root, "fault"), "")
    if name in ("NoPermission", "NotAuthenticated", "InvalidLogin") and unknown.why is Why.ABSENT:
        unknown = Unknown(Why.DENIED, unknown.detail, "", unknown.privilege)
    return SoapFault(name or "Fault", unknown, object_id, property_name)
