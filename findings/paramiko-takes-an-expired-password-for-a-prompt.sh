#!/usr/bin/env bash
# paramiko 5.1.0: the server's word that a password has expired is "Illegal info request from server".
#
# Seen with paramiko 5.1.0 and asyncssh 2.24.1 as the server, on Python 3.11. Message 60 of an SSH login means "change your
# password" after a password (RFC 4252, section 8) and "answer these questions" after keyboard-interactive (RFC 4256).
# paramiko reads it as the second whatever it asked for. The right password of an account that has to change it ends
# neither as a refusal (AuthenticationException) nor with what the server said: an SSHException, as of a broken peer.
#
#     right, expired: SSHException: Illegal info request from server
#     wrong:          AuthenticationException: Authentication failed.
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


class Server(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def kbdint_auth_supported(self):
        return False

    def validate_password(self, username, password):
        if password == "expired":
            raise asyncssh.PasswordChangeRequired("Your password has expired.")
        return False


def enter(port, password):
    transport = paramiko.Transport(("127.0.0.1", port))
    try:
        transport.start_client(timeout=20)
        transport.auth_password("root", password)
        return "logged in"
    except paramiko.SSHException as error:
        return f"{type(error).__name__}: {error}"
    finally:
        transport.close()


async def main():
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(Server, "127.0.0.1", 0, server_host_keys=[key])
    port = server.sockets[0].getsockname()[1]
    return [await asyncio.to_thread(enter, port, one) for one in ("expired", "wrong")]


expired, wrong = asyncio.run(main())
print("right, expired:", expired)
print("wrong:         ", wrong)
sys.exit(
    (expired, wrong)
    != (
        "SSHException: Illegal info request from server",
        "AuthenticationException: Authentication failed.",
    )
)
PYTHON
