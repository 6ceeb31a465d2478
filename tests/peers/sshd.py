"""A real OpenSSH server that plays the ESXi shells of a fleet.

All of 127/8 is this machine, so one server is any number of hosts: each host has its own address
127.1.x.y, and the address that was dialled selects the recorded answers. As root a throw-away user
with a random password is made, so that password and keyboard-interactive logins go through PAM as
on ESXi; without root only the key of the current user works.
"""

import getpass
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers import shell
from tests.peers.fleet import Fleet, HostShape
from tests.peers.ports import own_port

SCRIPT = Path(__file__).resolve().parent / "esx_shell.sh"
LONGEST_NAME = 100
BITS = {"rsa": ("-b", "2048")}
"""For ssh-keygen: what it finds by itself, 3072, takes seconds to find."""
METHODS = ("publickey", "password", "keyboard-interactive")
PAM = """
auth required pam_unix.so
account required pam_unix.so
password required pam_unix.so
session required pam_permit.so
"""
"""What of a machine's own stack lets somebody in. The rest, a message of the day made for each
login among it, is a quarter of what a login costs."""
_MOST_ADDRESSES = 16
"""More than these sshd cannot name; it then listens everywhere and admits only loopback."""


class Missing(Exception):  # noqa: N818
    """What this machine lacks to run a peer, in one sentence."""


@dataclass(frozen=True)
class Shells:
    """A running server. `password` is empty where only the key works."""

    port: int
    user: str
    password: str
    key_file: Path
    known_hosts_file: Path
    config_file: Path
    log_file: Path
    addresses: dict[str, str]
    """Host name -> loopback address."""

    @property
    def ssh_config_text(self) -> str:
        """`Host NAME` blocks with HostName, Port, User and the known_hosts file."""
        return self.config_file.read_text()


@contextmanager
def running_sshd(
    fleet: Fleet,
    *,
    methods: Sequence[str] = METHODS,
    max_sessions: int = 1,
    scripts: bool = True,
    settings: Sequence[str] = (),
    pam: str = PAM,
) -> Iterator[Shells]:
    """Serve the shells of the fleet until the block ends.

    `methods` are the logins to offer: ("keyboard-interactive",) is an ESXi with password
    authentication off. Without `scripts` a host runs single commands only. `settings` are lines of
    sshd_config that come before the usual ones, and so hold; `pam` is its stack, which root alone
    can give; in both {work} is the folder with its keys.
    Raises Missing without sshd, or when a password is asked for without root.
    """
    server = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if server is None or shutil.which("ssh-keygen") is None:
        raise Missing("no OpenSSH server: install openssh-server")
    root = os.geteuid() == 0
    if not root and "publickey" not in methods:
        raise Missing("password logins need root, to make a user with a known password")
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="hostcheck-sshd-"))
        user, password = stack.enter_context(_account(root))
        work = Path(name)
        work.chmod(0o755)
        replay = work / "replay"
        for host in fleet:
            _record(host, replay / host.address)
        usual_keys = (("host_key", "ed25519"), ("client_key", "ed25519"))
        for key, kind in (*usual_keys, *_other_keys(settings)):
            subprocess.run(
                [
                    "ssh-keygen",
                    "-q",
                    "-t",
                    kind,
                    *BITS.get(kind, ()),
                    "-N",
                    "",
                    "-f",
                    str(work / key),
                ],
                check=True,
            )
        (work / "authorized_keys").write_bytes((work / "client_key.pub").read_bytes())
        (work / "authorized_keys").chmod(0o644)
        script = work / "esx_shell.sh"
        shutil.copyfile(SCRIPT, script)
        script.chmod(0o755)
        if scripts:
            _lay_out_tools(fleet, work)
        (work / "banner").write_text(
            "The time and date of this login have been sent to the system logs.\n"
        )
        port = stack.enter_context(own_port())
        config = work / "sshd_config"
        usual = _server_config(
            fleet, work, port=port, user=user, methods=methods, max_sessions=max_sessions
        )
        config.write_text("".join(f"{line.format(work=work)}\n" for line in settings) + usual)
        if root:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        log = work / "log"
        program, service = _program(server, work, pam)
        process = subprocess.Popen([program, "-D", "-f", str(config), "-E", str(log)])
        try:
            _wait(process, config.read_text().count("ListenAddress "), log)
            yield _handed_out(fleet, work, port=port, user=user, password=password, log=log)
        finally:
            process.terminate()
            process.wait(60)
            service.unlink(missing_ok=True)
            if root:
                _end_processes_of(user)


def answer_file(directory: Path, command: str, kind: str = "out") -> Path:
    """Where the shell of a host keeps the output of a command; `err` and `rc` are its other kinds.

    Names have a limit, so a long command is cut: `esx_shell.sh` cuts the same way.
    """
    cut = (command[at : at + LONGEST_NAME] for at in range(0, len(command), LONGEST_NAME))
    return directory / f"{'/'.join(cut)}.{kind}"


def _record(host: HostShape, directory: Path) -> None:
    """Write what a host answers to each command line."""
    directory.mkdir(parents=True)
    for command, (out, err, status) in shell.answers(host).items():
        texts = {"out": out, "err": err, "rc": f"{status}\n" if status else ""}
        if (place := answer_file(directory, command).parent) != directory:
            place.mkdir(parents=True, exist_ok=True)
        for kind, text in texts.items():
            if text or kind == "out":
                answer_file(directory, command, kind).write_text(text)
    if host.shell_trouble:
        (directory / "trouble").write_text(f"{host.shell_trouble}\n")


def _other_keys(settings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the keys that settings name besides: {work}/rsa_key is one of the kind rsa."""
    for line in settings:
        if line.startswith("HostKey {work}/"):
            name = line.rpartition("/")[2]
            yield name, name.removesuffix("_key")


def _program(server: str, work: Path, pam: str) -> tuple[str, Path]:
    """Return what to start, and the file of its PAM stack: OpenSSH finds that by its own name."""
    service = Path("/etc/pam.d") / work.name
    if os.geteuid() != 0:
        if pam != PAM:
            raise Missing("a PAM stack of its own needs root")
        return server, service
    service.write_text(pam.format(work=work))
    program = work / work.name
    program.symlink_to(server)
    return str(program), service


def _lay_out_tools(fleet: Fleet, work: Path) -> None:
    """Give the shells the tools that any host answers for: with them they run scripts too."""
    tools = work / "tools"
    tools.mkdir()
    for name in {command.split()[0] for host in fleet for command in shell.answers(host)}:
        (tools / name).symlink_to("../esx_shell.sh")


def _server_config(
    fleet: Fleet, work: Path, *, port: int, user: str, methods: Sequence[str], max_sessions: int
) -> str:
    hosts = [host for host in fleet if host.shell_trouble != "refuse"]
    addresses = [f"ListenAddress {host.address}:{port}" for host in hosts]
    if len(addresses) > _MOST_ADDRESSES:
        addresses = [f"ListenAddress 0.0.0.0:{port}"]
    offered = {True: "yes", False: "no"}
    root = os.geteuid() == 0
    lines = [
        *addresses,
        f"HostKey {work / 'host_key'}",
        f"AuthorizedKeysFile {work / 'authorized_keys'}",
        "PidFile none", "StrictModes no", "UseDNS no", "PrintMotd no", "PrintLastLog no",
        "PermitRootLogin prohibit-password", "X11Forwarding no", "AllowTcpForwarding no",
        "LogLevel VERBOSE", "MaxStartups 500:100:1000", "LoginGraceTime 60",
        f"Banner {work / 'banner'}",
        f"UsePAM {offered[root]}",
        f"PubkeyAuthentication {offered['publickey' in methods]}",
        f"PasswordAuthentication {offered[root and 'password' in methods]}",
        f"KbdInteractiveAuthentication {offered[root and 'keyboard-interactive' in methods]}",
        f"AllowUsers {user}@127.0.0.0/8",
        f"MaxSessions {max_sessions}",
        f"ForceCommand exec /bin/sh {work / 'esx_shell.sh'} {work / 'replay'}",
    ]  # fmt: skip
    for host in fleet:
        if not host.shell:
            lines += [f"Match LocalAddress {host.address}", "  DenyUsers *"]
    return "\n".join(lines) + "\n"


def _handed_out(
    fleet: Fleet, work: Path, *, port: int, user: str, password: str, log: Path
) -> Shells:
    kind, key = (work / "host_key.pub").read_text().split()[:2]
    known = work / "known_hosts"
    known.write_text(
        "".join(f"[{host.name}]:{port},[{host.address}]:{port} {kind} {key}\n" for host in fleet)
    )
    config = work / "ssh_config"
    config.write_text(
        "".join(
            f"Host {host.name}\n  HostName {host.address}\n  Port {port}\n  User {user}\n"
            f"  UserKnownHostsFile {known}\n  StrictHostKeyChecking yes\n\n"
            for host in fleet
        )
    )
    addresses = {host.name: host.address for host in fleet}
    return Shells(port, user, password, work / "client_key", known, config, log, addresses)


@contextmanager
def _account(root: bool) -> Iterator[tuple[str, str]]:
    """The user to log in as, and its password: made for the occasion when we are root."""
    if not root:
        yield getpass.getuser(), ""
        return
    if shutil.which("useradd") is None or shutil.which("chpasswd") is None:
        raise Missing("no useradd or chpasswd: install passwd")
    user, password = f"esx{secrets.token_hex(4)}", secrets.token_urlsafe(18)
    subprocess.run(
        ["useradd", "--no-create-home", "--home-dir", "/", "--shell", "/bin/sh", user],
        check=True, capture_output=True,
    )  # fmt: skip
    try:
        told = f"{user}:{password}\n".encode()
        # The usual hash is made to be slow: it would be most of what a login costs here.
        cheap = ["chpasswd", "--crypt-method", "SHA256", "--sha-rounds", "1000"]
        if subprocess.run(cheap, input=told, capture_output=True, check=False).returncode:
            subprocess.run(["chpasswd"], input=told, check=True)
        yield user, password
    finally:
        _end_processes_of(user)
        subprocess.run(["userdel", "--force", user], check=False, capture_output=True)


def _end_processes_of(user: str) -> None:
    """End what runs as the throw-away user, by its id: say, a command that hangs."""
    uid = pwd.getpwnam(user).pw_uid
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.stat().st_uid == uid:
                os.kill(int(entry.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue


def _wait(process: subprocess.Popen[bytes], addresses: int, log: Path) -> None:
    """Wait until this very server says that it listens on so many addresses.

    That somebody accepts connections there is no proof of it.
    """
    limit = time.monotonic() + 120
    while time.monotonic() < limit and process.poll() is None:
        if log.exists() and log.read_text().count("Server listening on ") == addresses:
            return
        time.sleep(0.02)
    said = log.read_text()[-1500:] if log.exists() else "nothing"
    raise Missing(f"sshd did not start here: {said}")
