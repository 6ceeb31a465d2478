"""An SSH server that does what a test says, and remembers what it was offered."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko

KEY = paramiko.ECDSAKey.generate()


class Script(paramiko.ServerInterface):
    """Refuses every login but `password`, counts them, and answers commands with "ok"."""

    def __init__(
        self, *, methods: str = "publickey,password", password: str = "", takes_exec: bool = True
    ) -> None:
        self.methods = methods
        self.password = password
        self.takes_exec = takes_exec
        self.attempts: list[str] = []
        self.answers: list[list[str]] = []
        self.commands: list[str] = []
        self.over = threading.Event()

    def get_allowed_auths(self, _username: str) -> str:
        return self.methods

    def check_auth_none(self, _username: str) -> int:
        self.attempts.append("none")
        return paramiko.AUTH_FAILED

    def check_auth_publickey(self, _username: str, key: paramiko.PKey) -> int:
        self.attempts.append(f"publickey {key.fingerprint}")
        return paramiko.AUTH_FAILED

    def check_auth_password(self, _username: str, password: str) -> int:
        self.attempts.append("password")
        good = self.password and password == self.password
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_interactive(self, _username: str, _submethods: str) -> paramiko.InteractiveQuery:
        self.attempts.append("keyboard-interactive")
        return paramiko.InteractiveQuery(
            "", "", ("Passcode: ", False), ("Password: ", False), ("Your name, please: ", True)
        )

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        self.answers.append(responses)
        return paramiko.AUTH_FAILED

    def check_channel_request(self, _kind: str, _number: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        self.commands.append(command.decode())
        if not self.takes_exec:
            self.over.wait(60)
            return False
        threading.Thread(target=self._answer, args=(channel,)).start()
        return True

    def _answer(self, channel: Any) -> None:
        self.over.wait(0.1)  # the command was taken before it answers
        channel.sendall(b"ok \xff\r\n")
        channel.send_exit_status(3)
        channel.close()


@contextmanager
def scripted(script: Script, tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Serve connections on loopback; yield the port and a known_hosts file for it."""
    transports = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        port = server.getsockname()[1]

        def serve() -> None:
            while not script.over.is_set():
                try:
                    plain, _ = server.accept()
                except TimeoutError:
                    continue
                transport = paramiko.Transport(plain)
                transport.add_server_key(KEY)
                transports.append(transport)
                try:
                    transport.start_server(event=threading.Event(), server=script)
                except paramiko.SSHException:
                    transport.close()

        thread = threading.Thread(target=serve)
        thread.start()
        known = tmp_path / f"known_hosts_{port}"
        known.write_text(f"[127.0.0.1]:{port} {KEY.get_name()} {KEY.get_base64()}\n")
        try:
            yield port, str(known)
        finally:
            script.over.set()
            thread.join()
            for transport in transports:
                transport.close()


@contextmanager
def talker(*, says: bytes, repeat: bool = False) -> Iterator[int]:
    """A port where every connection is told `says`, again and again, or once and then goodbye."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def serve() -> None:
            while not over.is_set():
                try:
                    plain, _ = server.accept()
                except TimeoutError:
                    continue
                with plain:
                    try:
                        plain.sendall(says)
                        while repeat and not over.wait(0.05):
                            plain.sendall(says)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()
