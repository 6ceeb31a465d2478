"""The mistakes that people make at the command line, and the page of what each prints now.

They were tried by somebody who had never used the tool; the list and its order are theirs.
"""

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from hostcheck.cli import main
from tests.peers import shapes
from tests.peers.fleet import Fleet
from tests.peers.live import Vcenter

FIXTURE = Path(__file__).parents[1] / "fixtures" / "2n-2xA100-80-esxi803"
LONGEST = 420
HEAD = """\
# Mistakes, and what they print

Generated; `pytest --update` rewrites it. Each was made against a live vCenter API. Exit code 2 is
for what you can mend: one line on standard error says what, where and what to do, before anybody
is asked. A slash between blanks is a line break.

| mistake | `hostcheck ...` | exit | printed |
|---|---|---|---|"""


class Mistake(NamedTuple):
    """What was typed, below `hostcheck`; `env` is what the environment says besides."""

    name: str
    typed: str
    env: dict[str, str] = {}  # noqa: RUF012  never changed
    code: int = 2


LIVE = {"GOVC_URL": "{vc}", "GOVC_USERNAME": "{user}", "GOVC_PASSWORD": "{password}",
        "GOVC_TLS_CA_CERTS": "{ca}"}  # fmt: skip
NO_URL = LIVE | {"GOVC_URL": ""}
NO_CA = LIVE | {"GOVC_TLS_CA_CERTS": ""}

MISTAKES = (
    Mistake("wrong port", "audit --vcenter 127.0.0.1:1", LIVE),
    Mistake("unknown name", "audit --vcenter vc.invalid", LIVE),
    Mistake("http:// or ftp:// URL", "audit --vcenter http://vc.test", LIVE),
    Mistake(
        "URL with /sdk", "audit -q --summary --host esx-01 --vcenter https://{vc}/sdk", LIVE, 0
    ),
    Mistake("password in --vcenter", "audit --vcenter auditor:s3cr3t@vc.test", LIVE),
    Mistake("a port that speaks something else", "audit --vcenter {ssh}", LIVE),
    Mistake("wrong password", "audit", LIVE | {"GOVC_PASSWORD": "wrong"}),
    Mistake("no password, and nobody to ask", "audit", LIVE | {"GOVC_PASSWORD": ""}),
    Mistake("empty password file", "audit --password-file empty", LIVE | {"GOVC_PASSWORD": ""}),
    Mistake("no user", "audit", LIVE | {"GOVC_USERNAME": ""}),
    Mistake("no vCenter", "audit", NO_URL),
    Mistake("untrusted certificate", "audit", NO_CA),
    Mistake("wrong thumbprint", f"audit --tls-thumbprint {'ab' * 32}", LIVE),
    Mistake("no thumbprint", "audit --tls-thumbprint ab:cd", LIVE),
    Mistake("expired certificate, its CA given", "audit --vcenter {old} --tls-ca {old_ca}", LIVE),
    Mistake(
        "the same, pinned as it says",
        "audit -q --summary --host esx-01 --vcenter {old} --tls-thumbprint {pin}",
        LIVE,
        0,
    ),
    Mistake("CA file is missing", "audit --tls-ca gone.pem", LIVE),
    Mistake("CA file is no PEM", "audit --tls-ca text", LIVE),
    Mistake("GOVC_INSECURE=1", "audit", NO_CA | {"GOVC_INSECURE": "1"}),
    Mistake("misspelt cluster", "audit --cluster gpu-clutser-01", LIVE),
    Mistake("misspelt host", "audit --host esx-99", LIVE),
    Mistake("host without --host", "audit esx-01", LIVE),
    Mistake("short host name", "audit -q --summary --host esx-01", LIVE, 0),
    Mistake("misspelt VM", "preflight -q infer-1", LIVE),
    Mistake("VM in the wrong case", "preflight -q INFER-01", LIVE),
    Mistake("misspelt profile, preflight", "preflight -q --profile l40s-24q", LIVE),
    Mistake("misspelt profile, capacity", "capacity -q --profile nvidia_l40s-25q", LIVE),
    Mistake("two VMs of one name", "preflight -q twin-a", LIVE),
    Mistake("a template", "preflight -q gold-image", LIVE),
    Mistake("VM without a GPU", "preflight -q web-01", LIVE),
    Mistake("VM that runs already", "preflight -q train-01-a", LIVE, 0),
    Mistake("the same, power-on", "power-on -q train-01-a", LIVE, 0),
    Mistake(
        "cluster and host have nothing in common",
        "audit -q --summary --host esx-01 --cluster gpu-cluster-02",
        LIVE,
    ),
    Mistake("neither VM nor profile", "preflight", LIVE),
    Mistake("VM and --spec", "preflight infer-01 --spec vm.toml", LIVE),
    Mistake("a spec with a wrong field", "preflight --spec vm.toml", LIVE),
    Mistake("hardware that no host has", "preflight -q infer-01 --memory 9999999", LIVE, 1),
    Mistake("--memory 64X", "preflight infer-01 --memory 64X", LIVE),
    Mistake("recording folder is empty", "audit --from folder", LIVE),
    Mistake("recording folder is not there", "audit --from gone", LIVE),
    Mistake("recording is a file", "audit --from text", LIVE),
    Mistake("recording of a later version", "audit --from later", LIVE),
    Mistake("one bad recording of two", "audit -q --from two --summary", LIVE, 3),
    Mistake("--from and --vcenter", "audit --from two --vcenter vc.test", LIVE),
    Mistake("--from and --ssh", "audit --from two --ssh", LIVE),
    Mistake("run file is cut", "report half.json", LIVE),
    Mistake("run file is something else", "report text", LIVE),
    Mistake("run of a later version", "report later.json", LIVE),
    Mistake("-o is a folder", "audit -o folder", LIVE),
    Mistake("-o cannot be written", "audit -o text/run.json", LIVE),
    Mistake("-o and --html are one file", "audit -o run.json --html run.json", LIVE),
    Mistake("--html x.pdf", "audit --html x.pdf", LIVE),
    Mistake("--save is a file", "record --save text", LIVE),
    Mistake("power-on of a recording", "power-on infer-01 --from two", LIVE),
    Mistake("record of a recording", "record --save new --from two", LIVE),
    Mistake("settings: no TOML", "audit --config broken.toml", LIVE),
    Mistake("settings: unknown key", "audit --config key.toml", LIVE),
    Mistake("settings: wrong type", "audit --config type.toml", LIVE),
    Mistake("settings: a password", "audit --config password.toml", LIVE),
    Mistake("settings: out of range", "audit --config range.toml", LIVE),
    Mistake("--limit abc", "audit --limit abc", LIVE),
    Mistake("--workers 0", "audit --workers 0", LIVE),
    Mistake("--resume without -o", "audit --resume", LIVE),
    Mistake("--smoke without guests", "audit --smoke", LIVE),
    Mistake("unknown check", "explain NUMA-01", LIVE),
    Mistake("unknown command", "audits", LIVE),
    Mistake("unknown option", "audit --clutser x", LIVE),
    Mistake("parse with the wrong file", "parse 'nvidia-smi -q -x' text", LIVE),
    Mistake("parse of an unknown request", "parse 'nvidia-smi -qx' text", LIVE),
    Mistake("one vCenter named twice", "audit --vcenter {vc} --vcenter {vc}", LIVE),
)


def fleet() -> Fleet:
    """Every named host, with a template, and two VMs of one name."""
    every = shapes.everything()
    first, *rest = every.hosts
    plain = replace(first.vms[0], on=False, gpus=())
    more = (
        replace(plain, name="gold-image", template=True),
        replace(plain, name="twin-a"),
    )
    second = replace(rest[0], vms=(*rest[0].vms, replace(plain, name="twin-b")))
    hosts = (replace(first, vms=(*first.vms, *more)), second, *rest[1:])
    return replace(every, hosts=hosts)


FILES = {
    "empty": "", "text": "just some text\n", "half.json": '{"schema": "hostcheck.run/2"',
    "later.json": '{"schema": "hostcheck.run/9"}', "broken.toml": "[ssh\n",
    "key.toml": "[vcenter]\nurll = 'x'\n", "type.toml": "[audit]\nhosts = 'esx-01'\n",
    "password.toml": "[vcenter]\npassword = 's3cr3t'\n", "range.toml": "[ssh]\nport = 99999\n",
    "vm.toml": 'profile = "nvidia_l40s-24q"\nmemory = 65536\n', "later/manifest.json": "{}",
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """What the mistakes are made at."""

    vcenter: Vcenter
    old: Vcenter
    ssh: str
    pin: str

    @property
    def words(self) -> dict[str, str]:
        """What stands for what in a command."""
        return {
            "vc": f"{self.vcenter.host}:{self.vcenter.port}", "user": self.vcenter.user,
            "password": self.vcenter.password, "ca": str(self.vcenter.ca_file),
            "old": f"{self.old.host}:{self.old.port}", "old_ca": str(self.old.ca_file),
            "ssh": self.ssh, "pin": self.pin,
        }  # fmt: skip

    def shown(self, text: str) -> str:
        """Return what was said, with names for what differs from run to run."""
        for server, name in ((self.vcenter, "vc.test"), (self.old, "old.test")):
            text = text.replace(f"{server.host}:{server.port}", name)
            text = text.replace(str(server.ca_file), f"{name}.pem")
        text = text.replace(self.pin, "SHA256").replace(self.ssh, "vc.test:22")
        text = text.replace("Temporary failure in name resolution", "Name or service not known")
        text = re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text).replace("127.0.0.1: ", "vc.test: ")
        return re.sub(r"\b\d{4}-\d\d-\d\d\b", "DAY", text)


def rename(load: Path) -> None:
    """Give the second of the twins the name of the first, in the files that a vCenter serves."""
    for file in load.rglob("*"):
        if file.is_file() and (text := file.read_text(encoding="utf-8")).find("twin-b") >= 0:
            file.write_text(text.replace("twin-b", "twin-a"), encoding="utf-8")


def prepare(folder: Path) -> None:
    """Write the files that the mistakes are about."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "folder").mkdir()
    (folder / "two").mkdir()
    (folder / "two" / "esx-01").symlink_to(FIXTURE)
    (folder / "two" / "esx-02").mkdir()
    (folder / "two" / "esx-02" / "manifest.json").write_text("{")
    manifest = (FIXTURE / "manifest.json").read_text().replace("recording/1", "recording/9")
    (folder / "later" / "manifest.json").write_text(manifest)


def made(one: Mistake, site: Site) -> tuple[int, str]:
    """Make a mistake in the current folder; return the exit code, and what was printed first."""
    words = [word.format(**site.words) for word in shlex.split(one.typed)]
    env = {name: value.format(**site.words) for name, value in one.env.items()}
    done = CliRunner().invoke(main, words, env={name: value or None for name, value in env.items()})
    told = done.stderr.strip() or done.stdout.strip().partition("\n\n")[0]
    lines = (" ".join(line.removeprefix("hostcheck: ").split()) for line in told.splitlines())
    return done.exit_code, site.shown(" / ".join(lines))


def page(site: Site) -> str:
    """Return the page, every line of it made now."""
    lines = [HEAD]
    for one in MISTAKES:
        code, told = made(one, site)
        assert code == one.code, f"{one.name}: exit code {code}: {told}"
        typed = site.shown(one.typed.format(**site.words))
        shown = told if len(told) <= LONGEST else f"{told[:LONGEST]} ..."
        lines.append(f"| {one.name} | `{typed}` | {code} | {shown.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"
