"""Ports for servers that cannot choose one themselves.

One that the system hands out for a moment may be another's before the server has it; and who asks
for one on 127.0.0.1 does not see servers on other addresses of 127/8, where the played hosts are.
"""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST = 10_000
HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


@contextmanager
def own_port() -> Iterator[int]:
    """Keep a port until the block ends: no other block on this machine gets it.

    It is free on all addresses, and below those that the system hands out.
    """
    last = int(HANDED_OUT.read_text().split()[0]) if HANDED_OUT.exists() else 32_768
    while True:
        port = random.randrange(FIRST, max(last, FIRST + 10_000))
        with socket.socket(socket.AF_UNIX) as lock, socket.socket() as probe:
            try:
                lock.bind(f"\0hostcheck port {port}")
                probe.bind(("", port))
            except OSError:
                continue
            probe.close()
            yield port
            return
