"""The options of all commands, in groups, as click reads them."""

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from hostcheck import ways
from hostcheck.cli.completing import names_of_clusters, names_of_hosts
from hostcheck.cli.front import front
from hostcheck.cli.given import (
    Deliver,
    Failing,
    FailingSince,
    Showing,
    UserType,
    Waiving,
    group,
    options_of,
)
from hostcheck.cli.outputs import RECORDINGS, Existing, FilePath, OutputType
from hostcheck.connect.given import (
    AUTO,
    Bare,
    Machines,
    OneGuest,
    OpinionOptions,
    Smoking,
    Telling,
)
from hostcheck.errors import UsageError
from hostcheck.near import near
from hostcheck.reports import formats
from hostcheck.ways.redfish.options import BmcReach
from hostcheck.ways.shell.options import Reach

F = TypeVar("F", bound=Callable[..., Any])


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


class DurationType(click.ParamType[float]):
    """A time: seconds, or `30m`, or `2h`."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the seconds."""
        from hostcheck.settings import seconds

        try:
            return seconds(str(value))
        except UsageError as error:
            return self.fail(str(error), param, ctx)


class DayType(click.ParamType[str]):
    """A day: 2026-11-28."""

    name = "day"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the day as it was given."""
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            return self.fail(f"{value!r} is no day; write it as 2026-11-28", param, ctx)


class SinceType(click.ParamType[str]):
    """A file, or the URL of a history."""

    name = "run"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return what was given, if it is there or a URL."""
        if value and "://" not in value:
            existing(dir_okay=False).convert(value, param, ctx)
        return str(value)


class CheckType(click.ParamType[str]):
    """The id of a check, in any case."""

    name = "check"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the id as it is written."""
        from hostcheck.checks.engine import all_checks

        ids = [one.id for one in all_checks()]
        if value.upper() in ids:
            return str(value.upper())
        like = near(value, ids)
        hint = f"did you mean {', '.join(like)}?" if like else "`hostcheck checks` lists them"
        return self.fail(f"no check is called {value!r}; {hint}", param, ctx)

    def shell_complete(self, _ctx: Any, _param: Any, incomplete: str) -> list[CompletionItem]:
        """Return the ids that begin so."""
        from hostcheck.checks.engine import all_checks

        ids = (one.id for one in all_checks())
        return [CompletionItem(one) for one in ids if one.startswith(incomplete.upper())]


VERDICTS = ("GO", "NO-GO", "UNSURE", "NO-GPU")
SEVERITIES = ("required", "recommended", "informational")

existing = partial(Existing, exists=True, path_type=Path)


SETTINGS_FILE = "hostcheck.settings"
"""Under this name a command's context knows the file that was read, None where there is none."""


def _settings(context: click.Context, _option: Any, given: Path | None) -> Any:
    """Read the settings, once for the whole command and before it does anything."""
    if context.resilient_parsing:  # somebody presses Tab
        return None
    from hostcheck import settings

    place = settings.place(given, front().environment)
    context.meta[SETTINGS_FILE] = place
    return settings.find(place, front().environment)


settings_option = click.option(
    "--config", "settings", type=existing(dir_okay=False), callback=_settings,
    help="Settings. Default: hostcheck.toml here or in ~/.config/hostcheck.",
)  # fmt: skip
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
cluster_option = click.option(
    "--cluster",
    "clusters",
    multiple=True,
    metavar="PATTERN",
    shell_complete=names_of_clusters,
    help="Clusters, repeatable.",
)


def _deliver(*told: str) -> Callable[[F], F]:
    """Return where a report goes, in a format of what is told."""
    choices = dict.fromkeys(one for each in told for one in formats(each))
    return group(
        "wanted", Deliver,
        click.option(
            "--format", "format_", type=click.Choice(tuple(choices)), default="text",
            help="What goes to stdout.", show_default=True,
        ),
        click.option(
            "-o", "--output", "outputs", multiple=True, type=OutputType(), metavar="[FORMAT=]PATH",
            help="Keep the run here; with FORMAT= write that (html=run.html). Repeatable.",
        ),
        click.option(
            "--html", type=click.Path(path_type=Path),
            help="Write an HTML report here: FILE.html (and FILE_files/ beside it from 41 hosts "
            "on), FILE.zip, or a folder.",
        ),
        click.option(
            "--html-single", type=click.Path(path_type=Path),
            help="The same as one FILE.html, however many hosts: to mail it.",
        ),
    )  # fmt: skip


deliver_options = _deliver("run")
answers_options = _deliver("run", "answers")
showing_options = group(
    "showing", Showing,
    click.option("--details", is_flag=True, help="In text: every host with all its findings."),
    click.option("--summary", is_flag=True, help="In text: the answer and the counts alone."),
    click.option(
        "--only", multiple=True, metavar="VERDICT",
        type=click.Choice(VERDICTS, case_sensitive=False),
        help=f"In text: hosts with this verdict ({', '.join(VERDICTS)}), repeatable.",
    ),
    click.option(
        "--severity", type=click.Choice(SEVERITIES),
        help="In text: findings of this severity and graver ones.",
    ),
    click.option(
        "--check", "checks", multiple=True, metavar="ID", type=CheckType(),
        help="In text: findings of this check, repeatable.",
    ),
    click.option(
        "--skip", multiple=True, metavar="ID", type=CheckType(),
        help="In text: all but this check, repeatable.",
    ),
)  # fmt: skip


def policy_names(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    """Complete the names of profiles."""
    from hostcheck.policy.file import names

    return [one for one in names() if one.startswith(incomplete)]


policy_option = click.option(
    "--policy", default="", metavar="NAME|FILE", shell_complete=policy_names,
    help="Which checks are judged, how much each weighs, what it expects: a profile or a file "
    "(docs/policy.md).",
)  # fmt: skip
waiving_options = group(
    "waiving", Waiving,
    click.option(
        "--waivers", type=existing(dir_okay=False), metavar="FILE",
        help="Waivers (docs/waivers.md): what they waive stays visible and does not count in the "
        "exit code.",
    ),
    click.option(
        "--fail-on-unused-waiver", is_flag=True,
        help="Exit 1 where a waiver is over, void, or waives nothing in this run.",
    ),
)  # fmt: skip
strict_option = click.option(
    "--strict", is_flag=True, help="Let recommended checks decide the exit code too."
)
FAIL_ON = ("required", "recommended", "unknown", "new")


def _fail_on(*words: str) -> Callable[[F], F]:
    more = "; new: what --since tells as new alone" if "new" in words else ""
    return click.option(
        "--fail-on", multiple=True, metavar="WHAT", type=click.Choice(words),
        help="What makes the exit code 1, repeatable. required; recommended: as --strict; unknown: "
        f"what is not known too{more}.",
    )  # fmt: skip


failing_options = group("failing", Failing, strict_option, _fail_on(*FAIL_ON[:3]))
failing_since_options = group(
    "failing", FailingSince, strict_option, _fail_on(*FAIL_ON),
    click.option(
        "--since", type=SinceType(), default="", metavar="RUN|HISTORY",
        help="An earlier run, or a history, of which the last run is taken: say what is new since "
        "then.",
    ),
)  # fmt: skip
telling_options = group(
    "telling", Telling,
    click.option(
        "--mail", multiple=True, metavar="ADDRESS",
        help="Mail what changed since the last run, repeatable; nothing where nothing did. The "
        "server is in [mail] of hostcheck.toml.",
    ),
    click.option(
        "--mail-password-file", type=existing(dir_okay=False),
        help="File whose first line is the password at the mail server. Default: "
        "HOSTCHECK_MAIL_PASSWORD, keyring, prompt.",
    ),
    click.option(
        "--webhook", default="", metavar="URL",
        help="Post what changed there, as JSON. Default of an audit: HOSTCHECK_WEBHOOK, [webhook].",
    ),
)  # fmt: skip
limit_option = click.option(
    "--limit", type=DurationType(), metavar="DURATION",
    help="Time for the run: seconds, or 30m, or 2h. Then it ends as after Ctrl-C.",
)  # fmt: skip
save_option = click.option(
    "--save", type=click.Path(path_type=Path), help="Keep recordings in this folder."
)
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
    click.option(
        "--save", type=click.Path(path_type=Path), help="Keep recordings in this folder."
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress on stderr."),
    settings_option,
)  # fmt: skip
output_option = click.option(
    "-o", "--output", type=FilePath(path_type=Path), help="File instead of stdout.",
)  # fmt: skip
outputs_option = click.option(
    "-o", "--output", "outputs", multiple=True, type=OutputType(), metavar="[FORMAT=]PATH",
    help="File instead of stdout, in that format (html=run.html), else in that of --format; "
    "repeatable. Of HTML FILE.zip or a folder too.",
)  # fmt: skip


def format_option(told: str) -> Callable[[F], F]:
    """Return the option that chooses among the formats of what is told."""
    return click.option(
        "--format", "format_", type=click.Choice(formats(told)), default="text", show_default=True
    )
