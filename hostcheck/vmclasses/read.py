"""A file of classes: of VM Operator's API, as vCenter's REST tells them, or as this tool kept them.

Several documents, lists (`kubectl get vmclass -o yaml`) and bindings of classes to namespaces may
stand in one file.
"""

from collections import defaultdict
from pathlib import Path

from msgspec.structs import replace

from hostcheck.errors import ParseError, UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.vm_class import Namespace, Offered, VmClass
from hostcheck.near import near
from hostcheck.syntax import yaml
from hostcheck.syntax.block import Block, LineItem
from hostcheck.syntax.vm_class import crd, rest

WHAT = "give VM classes, as `kubectl get vmclass -o yaml` or vCenter's REST API tells them"
KEPT = "virtual_machine_classes"
"""A key of files that this tool kept: answers of vCenter, each as it came."""

ZONES = Unknown(
    Why.NOT_ASKED, "a file does not tell the zones of its Supervisor",
    "hostcheck vm-class --vcenter without FILE",
)  # fmt: skip


def read(path: Path) -> Offered:
    """Read a file. Raises UsageError that names line, key and the key that was meant."""
    try:
        return offered(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; {WHAT}") from None
    except ParseError as error:
        raise UsageError(str(error)) from None


def offered(data: bytes, what: str) -> Offered:
    """Read what a file holds. Raises ParseError."""
    found = _Found(what)
    for item in yaml.documents(data, what):
        if item.value is not None:
            found.take(item)
    return found.offered()


class _Found:
    """Gathers classes of all forms."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._classes: list[VmClass] = []
        self._namespaces: list[Namespace] = []
        self._names: dict[str, str] = {}
        self._bound: dict[str, list[str]] = defaultdict(list)
        self._notices: list[str] = []

    def take(self, item: LineItem) -> None:
        """Take one document, or one entry of a list."""
        if isinstance(item.value, list):
            for one in item.value:
                self.take(one)
            return
        block = Block(item, self._what)
        if block.has("kind") or block.has("apiVersion"):
            self._resource(block)
        elif block.has(KEPT):
            self._kept(block)
        elif any(block.has(one) for one in rest.KEYS):
            self._classes.append(rest.virtual_machine_class(block))
        else:
            block.refuse(f"neither a VM class nor a list of them; {WHAT}")

    def _resource(self, block: Block) -> None:
        kind = block.text("kind")
        if kind in crd.LISTS:
            for one in block.blocks("items"):
                self._resource(one)
        elif kind in crd.CLASS:
            self._classes.append(crd.virtual_machine_class(block))
        elif kind == crd.BINDING:
            name, namespace = crd.binding(block)
            self._bound[name].append(namespace)
        else:
            known = (*crd.CLASS, crd.BINDING, *crd.LISTS)
            like = near(kind, known, 1)
            if like:
                block.refuse(f"no kind {kind}; nearest: {like[0]}", block.line_of("kind"))
            self._notices.append(
                f"line {block.line}: {kind or 'a document without a kind'} is no VM class"
            )

    def _kept(self, block: Block) -> None:
        for one in block.blocks(KEPT):
            self._classes.append(rest.virtual_machine_class(one))
        for one in block.blocks("namespaces"):
            self._namespaces.append(replace(rest.namespace(one), more=ZONES))
        for one in block.blocks("clusters"):
            if one.text("cluster_name"):
                self._names[one.text("cluster")] = one.text("cluster_name")
        block.close(closed=True)

    def offered(self) -> Offered:
        """Return all of it. Raises ParseError where there is no class, or one stands twice."""
        if not self._classes:
            raise ParseError(f"{self._what}: no VM class is in it; {WHAT}")
        met: dict[tuple[str, tuple[str, ...]], int] = {}
        for one in self._classes:
            key = (one.name, one.namespaces if one.form != "REST" else ())
            first = met.setdefault(key, one.line_of("name"))
            if first != one.line_of("name"):
                raise ParseError(
                    f"{self._what}, line {one.line_of('name')}: class {one.name} stands twice, "
                    f"first in line {first}"
                )
        classes = tuple(
            replace(one, namespaces=(*one.namespaces, *filter(None, self._bound[one.name])))
            for one in self._classes
        )
        return Offered(classes, tuple(self._namespaces), self._names, tuple(self._notices))
