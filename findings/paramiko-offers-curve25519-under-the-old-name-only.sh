#!/usr/bin/env bash
# paramiko 5.1.0: a server that speaks curve25519-sha256 by its RFC name alone is "no acceptable kex algorithm".
#
# Seen with paramiko 5.1.0 and asyncssh 2.24.1 as the server, on Python 3.11. One key exchange has two names: that of
# libssh.org and, since RFC 8731, curve25519-sha256 without a suffix. paramiko can do it and offers it under the old name
# alone. A server hardened to the RFC's name, which OpenSSH's client enters, refuses paramiko's.
#
#     server has curve25519-sha256@libssh.org: key exchange done
#     server has curve25519-sha256:            IncompatiblePeer: Incompatible ssh peer (no acceptable kex algorithm)
#     asyncssh's own client, same server:      key exchange done
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" --quiet --disable-pip-version-check install paramiko==5.1.0 asyncssh==2.24.1
"$place/venv/bin/python" - <<'PYTHON'
import asyncio
import logging
import sys

import asyncssh
import paramiko

logging.getLogger("paramiko").addHandler(logging.NullHandler())


def enter(port):
    transport = paramiko.Transport(("127.0.0.1", port))
    try:
        transport.start_client(timeout=20)
        return "key exchange done"
    except paramiko.SSHException as error:
        return f"{type(error).__name__}: {error}"
    finally:
        transport.close()


async def other(port):
    try:
        await asyncssh.connect("127.0.0.1", port, username="root", password="x", known_hosts=None, config=None)
    except asyncssh.PermissionDenied:
        return "key exchange done"
    return "logged in"


async def serve(name):
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(
        asyncssh.SSHServer, "127.0.0.1", 0, server_host_keys=[key], kex_algs=[name]
    )
    port = server.sockets[0].getsockname()[1]
    seen = await asyncio.to_thread(enter, port), await other(port)
    server.close()
    return seen


async def main():
    return await serve("curve25519-sha256@libssh.org"), await serve("curve25519-sha256")


old, new = asyncio.run(main())
print("old name:", *old, sep="\n  ")
print("RFC name:", *new, sep="\n  ")
DONE = "key exchange done"
sys.exit(
    (old, new)
    != (
        (DONE, DONE),
        ("IncompatiblePeer: Incompatible ssh peer (no acceptable kex algorithm)", DONE),
    )
)
PYTHON
