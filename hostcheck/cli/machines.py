"""The options that say which machines are asked and how, in groups, as click reads them.

What only shows what was learnt needs none of them, and is told without the ways.
"""

import re
from typing import Any

import click

from hostcheck import ways
from hostcheck.cli.completing import names_of_hosts
from hostcheck.cli.given import UserType, group, options_of
from hostcheck.cli.options import existing, save_option, settings_option
from hostcheck.cli.outputs import RECORDINGS
from hostcheck.connect.given import AUTO, Bare, Machines, OneGuest, OpinionOptions, Smoking
from hostcheck.ways.redfish.options import BmcReach
from hostcheck.ways.shell.options import Reach


class WorkersType(click.ParamType[int | str]):
    """A number, the word auto, or the address of a Dask scheduler."""

    name = "workers"
    most = 256

    def convert(self, value: Any, param: Any, ctx: Any) -> int | str:
        """Return the number, or the address as it was given."""
        if isinstance(value, int):
            return value
        if value == AUTO or "://" in value:
            return str(value)
        if value.isdecimal() and 1 <= int(value) <= self.most:
            return int(value)
        return self.fail(
            f"{value!r} is neither auto, a number from 1 to {self.most} nor dask://SCHEDULER",
            param,
            ctx,
        )


class MemoryType(click.ParamType[int]):
    """Memory of a VM: MiB, or `64G`, `64GiB`, `1T`."""

    name = "memory"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Return MiB."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([1-9]\d{0,8}) ?([MGT]?)(iB|B)?", value.strip(), re.IGNORECASE)
        if match is None:
            return self.fail(f"{value!r} is no size: give MiB, or 64G, or 1T", param, ctx)
        return int(match[1]) << {"": 0, "M": 0, "G": 10, "T": 20}[match[2].upper()]


vsphere = (
    click.option(
        "--vcenter", "vcenter", metavar="URL", multiple=True,
        help="vCenter or ESXi: HOST, HOST:PORT or https URL, repeatable. Default: GOVC_URL.",
    ),
    click.option(
        "--user", default="", type=UserType(),
        help="vSphere user. Default: the one in the URL, GOVC_USERNAME.",
    ),
    click.option(
        "--password-file", type=existing(dir_okay=False),
        help="File whose first line is the password, for every vCenter. Default: GOVC_PASSWORD, "
        "for every one too; then the keyring or a prompt for each.",
    ),
    click.option(
        "--tls-ca", multiple=True, type=existing(dir_okay=False),
        help="CA file (PEM) to trust, repeatable. Default: GOVC_TLS_CA_CERTS and the system's.",
    ),
    click.option(
        "--tls-thumbprint", default="", metavar="SHA256",
        help="Trust exactly the certificate with this thumbprint. Default: GOVC_TLS_KNOWN_HOSTS.",
    ),
    click.option(
        "--timeout", type=click.FloatRange(1, 3600), metavar="SECONDS",
        help="For one answer of vSphere.",
    ),
    settings_option,
)  # fmt: skip
hosts_option = click.option(
    "--host", "hosts", multiple=True, metavar="PATTERN", shell_complete=names_of_hosts,
    help="Hosts, repeatable.",
)  # fmt: skip
machines_options = group(
    "machines", Machines,
    *vsphere,
    click.option(
        "--packages/--no-packages", default=None,
        help="Ask the API of every GPU host for its VIBs. Default: of runs of up to 64 hosts.",
    ),
    click.option(
        "--workers", type=WorkersType(), metavar="auto|N|dask://SCHEDULER",
        help="Hosts side by side: asked by threads, judged by all cores; or by a Dask cluster.",
    ),
    hosts_option,
    click.option(
        "--quiet", "-q", is_flag=True,
        help="No progress on stderr; of a preflight and a power-on the one line of the answer.",
    ),
    ways={name: one.Given for name, one in ways.with_options().items()},
)  # fmt: skip
from_option = click.option(
    "--from", "from_", type=RECORDINGS, metavar="PATH",
    help="Replay a recording (folder or .tgz), or a folder of them, instead of asking live.",
)  # fmt: skip
guest = (
    click.option(
        "--guest-user", default="", type=UserType(),
        help="User in the guests. Default: HOSTCHECK_GUEST_USER."
    ),
    click.option(
        "--guest-password-file", type=existing(dir_okay=False),
        help="File whose first line is their password. Default: HOSTCHECK_GUEST_PASSWORD, keyring, "
        "prompt.",
    ),
)  # fmt: skip
smoking_options = group(
    "smoking", Smoking,
    click.option(
        "--smoke/--no-smoke", default=None,
        help="Also run the sparse tensor core smoke test in the guests that are named.",
    ),
    click.option(
        "--smoke-guest", "smoke_guests", multiple=True, metavar="VM",
        help="A guest that may run it, repeatable. No other guest is touched.",
    ),
    click.option(
        "--smoke-attribute", default="", metavar="NAME",
        help="Guests that may run it: VMs whose custom attribute NAME is yes.",
    ),
    *guest,
)  # fmt: skip
opinion_options = group(
    "opinion", OpinionOptions,
    click.option(
        "--second-opinion/--no-second-opinion", default=None,
        help="Ask vCenter for its own check of a power-on; leaves a line in its list of tasks.",
    ),
    click.option(
        "--task-timeout", type=click.FloatRange(1, 3600), metavar="SECONDS",
        help="For vCenter's own check.",
    ),
)  # fmt: skip

one_guest_options = group(
    "given", OneGuest,
    *vsphere,
    *options_of(Reach),
    *guest,
    click.option("--guest", default="", metavar="VM", help="Run in this VM, over VMware Tools."),
    click.option(
        "--ssh", "over_ssh", default="", metavar="USER@GUEST", help="Run there, over SSH."
    ),
    click.option("--host", "hosts", multiple=True, metavar="PATTERN", help="Hosts to find VM on."),
    click.option("--limit", type=click.IntRange(5, 3600), help="Seconds the program gives itself."),
    click.option(
        "--device", type=click.IntRange(0, 63), default=0, help="CUDA device in the guest."
    ),
    click.option("--quick", is_flag=True, help="Correctness only, no speed."),
)  # fmt: skip
bare_options = group(
    "given", Bare,
    click.argument("places", nargs=-1, metavar="[ADDRESS|FILE]..."),
    *options_of(BmcReach),
    click.option("--bmc-timeout", type=click.FloatRange(1, 36000), help="Seconds a BMC."),
    click.option("--judge", is_flag=True, help="Say of each server whether it is ready for vGPU."),
    click.option(
        "--for", "profile", default="", metavar="PROFILE", help="vGPU profile: nvidia_l40s-24q."
    ),
    click.option(
        "--from", "from_", type=existing(), metavar="PATH",
        help="Replay a recording, or a folder of them, instead of asking.",
    ),
    save_option,
    click.option("--quiet", "-q", is_flag=True, help="No progress on stderr."),
    settings_option,
)  # fmt: skip
