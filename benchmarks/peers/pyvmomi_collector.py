"""pyVmomi at its best: its PropertyCollector with exact paths, a page at a time."""

import os
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

from benchmarks.peers import paths

PAGE = 250


@contextmanager
def connected(port: int) -> Iterator[Any]:
    """Log in as the environment says and yield the service content."""
    context = ssl.create_default_context(cafile=os.environ["GOVC_TLS_CA_CERTS"])
    session = SmartConnect(
        host="127.0.0.1", port=port, user=os.environ["GOVC_USERNAME"],
        pwd=os.environ["GOVC_PASSWORD"], sslContext=context,
    )  # fmt: skip
    try:
        yield session.content
    finally:
        Disconnect(session)


def main(port: int) -> None:
    """Read everything that an audit needs."""
    query = vmodl.query.PropertyCollector
    with connected(port) as content:
        for kind, wanted in ((vim.HostSystem, paths.HOST), (vim.VirtualMachine, paths.VM)):
            view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
            step = query.TraversalSpec(path="view", skip=False, type=vim.view.ContainerView)
            spec = query.FilterSpec(
                propSet=[query.PropertySpec(type=kind, pathSet=list(wanted))],
                objectSet=[query.ObjectSpec(obj=view, skip=True, selectSet=[step])],
            )
            collector = content.propertyCollector
            page = collector.RetrievePropertiesEx([spec], query.RetrieveOptions(maxObjects=PAGE))
            while page and page.token:
                page = collector.ContinueRetrievePropertiesEx(page.token)


if __name__ == "__main__":
    main(int(sys.argv[1]))
