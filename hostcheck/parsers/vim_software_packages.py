"""`HostImageConfigManager.fetchSoftwarePackages`: installed VIBs, without SSH.

<returnval><name>NVD-VMware_ESXi_8.0.0_Driver</name><version>550.90.05-1OEM...</version>...
"""

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Software
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.xml import local, root_of

REQUEST = Request(
    Wire.METHOD, "HostImageConfigManager.fetchSoftwarePackages", "installed VIBs",
    "Host.Config.Image",
)  # fmt: skip


def parse(text: str) -> tuple[Software, ...]:
    """Read the packages, sorted by name. No host runs without one: an empty list is refused."""
    root = root_of(text, what="fetchSoftwarePackages")
    if "fetchSoftwarePackages" not in local(root):
        raise ParseError(f"expected a fetchSoftwarePackages answer, found <{local(root)}>")
    packages = []
    for element in root:
        node = Node(element, "fetchSoftwarePackages")
        name, version, vendor = node.text("name"), node.text("version"), node.text("vendor")
        if isinstance(name, Unknown) or isinstance(version, Unknown):
            raise ParseError("fetchSoftwarePackages: a package without name or version")
        packages.append(Software(name, version, "" if isinstance(vendor, Unknown) else vendor))
    if not packages:
        raise ParseError("fetchSoftwarePackages: no package, and no host runs without one")
    return tuple(sorted(packages, key=lambda package: package.name))
