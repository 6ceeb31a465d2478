"""The tools of an ESXi shell that change a host: they take exactly real syntax, and change a shape.

A command line goes through a real `/bin/sh` first, so its quoting counts; what the shell hands to a
tool is parsed here as strictly as the tool does, for the release of the host. `Esx.run` returns
nothing and changes `Esx.host`; what a host would refuse raises `Refused`.

Sources: ESXCLI reference, developer.broadcom.com/xapis/esxcli-command-reference/8.0.3 and latest
(graphics, hardware, software, system); nvidia-smi -h and the vGPU user guide. `since` is the first
release that has a command.
"""

import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.peers.fleet import Driver, Gpu, HostShape

FIRST = (0, 0, 0)
BOOL = r"true|false"
ADDRESS = r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"
ANY = r"[^-].*"


class Refused(Exception):  # noqa: N818
    """What a tool or the host has against a command."""


@dataclass(frozen=True)
class Option:
    """One option. An empty `values` pattern is a switch without a value."""

    long: str
    short: str = ""
    values: str = ANY
    required: bool = False


@dataclass(frozen=True)
class Esxcli:
    """One esxcli command; `looks` says that it changes nothing."""

    words: str
    options: tuple[Option, ...] = ()
    looks: bool = False
    since: tuple[int, int, int] = FIRST


def _o(long: str, short: str = "", values: str = ANY, *, required: bool = False) -> Option:
    return Option(long, short, values, required)


ESXCLI = (
        Esxcli("system maintenanceMode set", (
            _o("enable", "e", BOOL, required=True), _o("timeout", "t", r"\d+"),
            _o("vsanmode", "m", r"ensureObjectAccessibility|evacuateAllData|noAction"),
        )),
        Esxcli("system maintenanceMode get", looks=True),
        Esxcli("system shutdown reboot", (
            _o("reason", "r", required=True), _o("delay", "d", r"\d+"),
        )),
        Esxcli("system settings kernel set", (
            _o("setting", "s", required=True), _o("value", "v", required=True),
        )),
        Esxcli("system settings kernel list", (_o("option", "o"),), looks=True),
        Esxcli("system settings advanced set", (
            _o("option", "o", required=True), _o("int-value", "i", r"-?\d+"),
            _o("string-value", "s"), _o("default", "d", ""),
        )),
        Esxcli("graphics host set", (
            _o("default-type", "", r"Shared|SharedPassthru"),
            _o("shared-passthru-assignment-policy", "", r"Consolidation|Performance"),
        )),
        Esxcli("graphics host get", looks=True),
        Esxcli("graphics device list", looks=True),
        Esxcli("graphics device set", (
            _o("device-id", "d", ADDRESS, required=True), _o("type", "t", r"Shared|SharedPassthru"),
            _o("vgpu-mode", "m", r"MixedSize|SameSize"),
        ), since=(8, 0, 3)),
        Esxcli("hardware pci pcipassthru set", (
            _o("device-id", "d", ADDRESS, required=True), _o("enable", "e", BOOL, required=True),
            _o("apply-now", "a", ""),
        ), since=(7, 0, 0)),
        Esxcli("hardware memory get", looks=True),
        Esxcli("hardware pci list", looks=True),
        Esxcli("software component apply", (_o("depot", "d", r"/vmfs/volumes/\S+|https?://\S+",
               required=True),), since=(7, 0, 0)),
        Esxcli("software component list", looks=True, since=(7, 0, 0)),
        Esxcli("software vib install", (_o("depot", "d", r"/vmfs/volumes/\S+|https?://\S+",
               required=True),)),
        Esxcli("software vib remove", (_o("vibname", "n", required=True),)),
        Esxcli("software vib list", looks=True),
)  # fmt: skip

NVIDIA_SMI = {
    "looks": (
        r"", r"-q", rf"-i ({ADDRESS}) -q( -d [A-Z_,]+)?", r"-q -d [A-Z_,]+", r"-L", r"topo -m",
        r"vgpu", r"vgpu -[qcs]", r"vgpu -s -v", r"--query-gpu=[a-z._,]+ --format=csv(,\S+)?",
        r"mig -lg(i|ip)",
    ),
    "ecc": (rf"-i ({ADDRESS}) -e ([01])",),
    "mig": (rf"-i ({ADDRESS}) -mig ([01])",),
    "virtual": (rf"-i ({ADDRESS}) -vm (3)",),
    "reset": (rf"-i ({ADDRESS}) -r|-r -i ({ADDRESS})",),
}  # fmt: skip
"""Arguments joined by blanks; what is not listed is not printed."""
OTHERS = {
    "vmkload_mod": (r"-l",),
    "vsish": (r"-e (dir|get) /\S+",),
    "grep": (r"(-[EciF]+ )?.+",),
    "/etc/init.d/xorg": (r"restart|stop|start|status",),
}
"""Tools that look, and their arguments."""
STUB = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
"""


def handed_over(line: str) -> list[list[str]]:
    """Return what a real shell hands to the tools of an ESXi shell for a command line."""
    with tempfile.TemporaryDirectory(prefix="hostcheck-esx-") as name:
        folder, log = Path(name), Path(name) / "log"
        log.touch()
        for tool in ("esxcli", "nvidia-smi", *OTHERS):
            if "/" not in tool:
                (folder / tool).write_text(STUB.format(python=sys.executable, log=str(log)))
                (folder / tool).chmod(0o755)
        done = subprocess.run(
            ["/bin/sh", "-c", line], env={"PATH": name}, cwd=name, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.stderr or done.returncode:
            raise Refused(f"sh: {done.stderr.strip() or done.returncode}")
        return [json.loads(one) for one in log.read_text().splitlines()]


@dataclass
class Esx:
    """A host that is changed by commands. `depot` is the driver in the depot that is installed."""

    host: HostShape
    depot: Driver | None = None
    booted: bool = False
    ran: list[str] = field(default_factory=list)

    def run(self, line: str) -> None:
        """Run a command line as the shell of this host would."""
        calls = handed_over(line)
        if not calls:
            raise Refused(f"no tool was called: {line}")
        for tool, *arguments in calls:
            self._call(tool, arguments)
        self.ran.append(line)

    def _call(self, tool: str, arguments: Sequence[str]) -> None:
        if tool == "esxcli":
            command, given = parsed(arguments, self.host.release)
            if not command.looks:
                CHANGES[command.words](self, given)
            return
        joined = " ".join(arguments)
        if tool == "nvidia-smi":
            kind, match = nvidia_smi(joined)
            if kind == "virtual":
                self.gpu(match[1], mode="Host VGPU")
            if kind in ("ecc", "mig"):
                self.gpu(match[1], **{kind: match[2] == "1"})
            return
        if not any(re.fullmatch(one, joined) for one in OTHERS[tool]):
            raise Refused(f"{tool}: unknown arguments: {joined}")

    def gpu(self, address: str, **changes: object) -> None:
        """Change one GPU; a mode is set pending, as the tool does."""
        if address not in [gpu.address for gpu in self.host.gpus]:
            raise Refused(f"no such device: {address}")

        def changed(gpu: Gpu) -> Gpu:
            if gpu.address != address:
                return gpu
            found = dict(changes)
            if "ecc" in found:
                found["ecc"] = (gpu.ecc[0] if gpu.ecc else False, found["ecc"])
            if "mig" in found:
                found["mig"] = (gpu.mig[0] if gpu.mig else False, found["mig"])
            return replace(gpu, **found)  # type: ignore[arg-type]

        self.host = replace(self.host, gpus=tuple(changed(gpu) for gpu in self.host.gpus))

    def reboot(self) -> None:
        """Boot anew: what was pending is in force, and what a fresh start heals is healed."""
        if not self.host.maintenance:
            raise Refused("the host must be in maintenance mode to be rebooted")
        driver = self.host.driver
        if driver is not None:
            driver = replace(driver, version=driver.vib.version.partition("-")[0], talks=True)
        gpus = tuple(
            replace(
                gpu,
                ecc=gpu.ecc and (gpu.ecc[1], gpu.ecc[1]),
                mig=gpu.mig and (gpu.mig[1], gpu.mig[1]),
                graphics_active=gpu.graphics_active if gpu.graphics_active == "direct"
                else gpu.graphics_configured,
                lost=False, fabric=True, remap_pending=False, retire_pending=False,
                lost_now=False, given_up="", recovery="", reset_required=None, uncorrected=0,
            )
            for gpu in self.host.gpus
        )  # fmt: skip
        self.host = replace(self.host, gpus=gpus, driver=driver, reboot_required=False,
                            boot=tuple((name, value, value) for name, value, _ in self.host.boot),
                            boot_time="2026-11-27T06:30:00Z")  # fmt: skip
        self.booted = True


def nvidia_smi(joined: str) -> tuple[str, "re.Match[str]"]:
    """Return the kind of an nvidia-smi call, or raise Refused."""
    for kind, patterns in NVIDIA_SMI.items():
        for pattern in patterns:
            if match := re.fullmatch(pattern, joined):
                return kind, match
    raise Refused(f"nvidia-smi: Invalid combination of input arguments: {joined}")


def parsed(
    arguments: Sequence[str], release: tuple[int, int, int]
) -> tuple[Esxcli, dict[str, str]]:
    """Read the arguments of esxcli as it does; raises Refused."""
    joined = " ".join(arguments)
    found = [one for one in ESXCLI if joined == one.words or joined.startswith(f"{one.words} ")]
    if not found:
        raise Refused(f"esxcli: Unknown command or namespace {joined}")
    command = max(found, key=lambda one: len(one.words))
    if release < command.since:
        raise Refused(f"esxcli: Unknown command or namespace {command.words} on {release}")
    given: dict[str, str] = {}
    left = list(arguments[len(command.words.split()) :])
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        option = next(
            (
                one
                for one in command.options
                if name in (f"--{one.long}", f"-{one.short}" if one.short else None)
            ),
            None,
        )
        if option is None:
            raise Refused(f"esxcli: Invalid option {word} of {command.words}")
        if option.values and not equals:
            if not left:
                raise Refused(f"esxcli: {name} wants a value")
            value = left.pop(0)
        if not re.fullmatch(option.values, value):
            raise Refused(f"esxcli: Invalid value {value!r} of {name}")
        given[option.long] = value
    missing = [one.long for one in command.options if one.required and one.long not in given]
    if missing:
        raise Refused(f"esxcli: Missing required parameter {', '.join(missing)}")
    return command, given


def _maintenance(esx: Esx, given: dict[str, str]) -> None:
    esx.host = replace(esx.host, maintenance=given["enable"] == "true")


def _graphics_host(esx: Esx, given: dict[str, str]) -> None:
    if kind := given.get("default-type"):
        word = TYPES[kind]
        esx.host = replace(esx.host, graphics_default=word)
        if esx.host.release < (8, 0, 3):
            for gpu in esx.host.gpus:
                esx.gpu(gpu.address, graphics_configured=word)
    if policy := given.get("shared-passthru-assignment-policy"):
        esx.host = replace(esx.host, assignment_policy=policy.lower())


def _graphics_device(esx: Esx, given: dict[str, str]) -> None:
    if kind := given.get("type"):
        esx.gpu(given["device-id"], graphics_configured=TYPES[kind])
    if mode := given.get("vgpu-mode"):
        esx.gpu(given["device-id"], vgpu_mode=mode[0].lower() + mode[1:])


def _passthrough(esx: Esx, given: dict[str, str]) -> None:
    on = given["enable"] == "true"
    esx.gpu(given["device-id"], graphics_active="direct" if on else "shared")


def _install(esx: Esx, given: dict[str, str]) -> None:
    if not esx.host.maintenance:
        raise Refused("MaintenanceModeError: the transaction requires maintenance mode")
    if esx.depot is None:
        raise Refused(f"MetadataDownloadError: {given['depot']}")
    esx.host = replace(esx.host, driver=replace(esx.depot, talks=False))


def _remove(esx: Esx, given: dict[str, str]) -> None:
    if not esx.host.maintenance:
        raise Refused("MaintenanceModeError: the transaction requires maintenance mode")
    if esx.host.driver is None or esx.host.driver.vib.name != given["vibname"]:
        raise Refused(f"NoMatchError: no VIB matching {given['vibname']}")
    esx.host = replace(esx.host, driver=None)


def _kernel(esx: Esx, given: dict[str, str]) -> None:
    name, value = given["setting"], given["value"]
    runtime = {one: last for one, _, last in esx.host.boot}.get(name, "")
    if not runtime:
        raise Refused(f"the shape does not say what {name} is in this boot")
    kept = tuple(one for one in esx.host.boot if one[0] != name)
    esx.host = replace(esx.host, boot=(*kept, (name, value, runtime)))


def _nothing(_esx: Esx, _given: dict[str, str]) -> None:
    """A setting that shapes do not have."""


TYPES = {"Shared": "shared", "SharedPassthru": "sharedDirect"}
CHANGES: dict[str, Callable[[Esx, dict[str, str]], None]] = {
    "system maintenanceMode set": _maintenance,
    "system shutdown reboot": lambda esx, _: esx.reboot(),
    "system settings kernel set": _kernel,
    "system settings advanced set": _nothing,
    "graphics host set": _graphics_host,
    "graphics device set": _graphics_device,
    "hardware pci pcipassthru set": _passthrough,
    "software component apply": _install,
    "software vib install": _install,
    "software vib remove": _remove,
}


def looks_only(line: str, release: tuple[int, int, int] = (9, 0, 0)) -> bool:
    """Say whether nothing in a command line changes a host; raises Refused for no command."""
    kinds = []
    for tool, *arguments in handed_over(line):
        if tool == "esxcli":
            kinds.append(parsed(arguments, release)[0].looks)
        elif tool == "nvidia-smi":
            kinds.append(nvidia_smi(" ".join(arguments))[0] == "looks")
        else:
            if not any(re.fullmatch(one, " ".join(arguments)) for one in OTHERS[tool]):
                raise Refused(f"{tool}: unknown arguments: {shlex.join(arguments)}")
            kinds.append(True)
    if not kinds:
        raise Refused(f"no tool was called: {line}")
    return all(kinds)
