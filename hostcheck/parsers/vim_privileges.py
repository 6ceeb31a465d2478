"""`AuthorizationManager.HasPrivilegeOnEntities`: what a session may do with objects.

<HasPrivilegeOnEntitiesResponse><returnval><entity type="HostSystem">host-12</entity>
<privAvailability><privId>Host.Config.Image</privId><isGranted>false</isGranted></privAvailability>
</returnval></HasPrivilegeOnEntitiesResponse>

Source: vSphere Web Services API, AuthorizationManager.HasPrivilegeOnEntities, since 5.5.
"""

from collections.abc import Iterable, Mapping

from hostcheck.errors import ParseError
from hostcheck.model.capture import Call, CallPart, Request, Wire
from hostcheck.syntax.xml import local, root_of

REQUEST = Request(
    Wire.METHOD, "AuthorizationManager.HasPrivilegeOnEntities",
    "which privileges this account has on hosts, clusters and VMs; asked by doctor only",
    "System.View",
    call=Call(
        (
            CallPart('<entity type="{kind}">{each}</entity>', each="ids"),
            CallPart("<sessionId>{session}</sessionId>"),
            CallPart("<privId>{each}</privId>", each="privileges"),
        ),
        manager="authorizationManager",
        missing="what answers there has no AuthorizationManager",
        anywhere=True,
    ),
)  # fmt: skip


def of(kind: str, ids: Iterable[str], privileges: Iterable[str]) -> Request:
    """Return the question for objects of one kind, by their managed object ids."""
    return REQUEST.of("", kind=kind, ids=" ".join(ids), privileges=" ".join(privileges))


def parse(text: str) -> Mapping[str, Mapping[str, bool]]:
    """Return by object id whether each privilege is granted.

    Raises ParseError when the text is no such answer. What an answer leaves out is not in it.
    """
    root = root_of(text, what="HasPrivilegeOnEntities")
    if "HasPrivilegeOnEntities" not in local(root):
        raise ParseError(f"expected a HasPrivilegeOnEntities answer, found <{local(root)}>")
    found: dict[str, dict[str, bool]] = {}
    for told in root:
        words = {local(one): (one.text or "").strip() for one in told}
        if words.get("entity"):
            mine = found.setdefault(words["entity"], {})
            for one in told:
                parts = {local(part): (part.text or "").strip() for part in one}
                if parts.get("isGranted") in ("true", "false", "1", "0") and parts.get("privId"):
                    mine[parts["privId"]] = parts["isGranted"] in ("true", "1")
    return found
