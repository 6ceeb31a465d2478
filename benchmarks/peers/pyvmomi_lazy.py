"""pyVmomi as most scripts use it: attribute by attribute, each a round trip."""

import sys
from functools import reduce
from typing import Any

from pyVmomi import vim

from benchmarks.peers import paths
from benchmarks.peers.pyvmomi_collector import connected


def _look(found: Any, path: str) -> Any:
    return reduce(lambda one, name: getattr(one, name, None), path.split("."), found)


def main(port: int) -> None:
    """Read everything that an audit needs."""
    with connected(port) as content:
        for kind, wanted in ((vim.HostSystem, paths.HOST), (vim.VirtualMachine, paths.VM)):
            view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
            for found in view.view:
                for path in wanted:
                    _look(found, path)


if __name__ == "__main__":
    main(int(sys.argv[1]))
