"""Commands: options in, exit code out. Only this module reads argv, the environment or a prompt.

Everything heavy is imported where it is used, so that `--help` and completion answer at once.
"""

import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from hostcheck import __version__
from hostcheck.errors import HostcheckError, LimitOver, UsageError
from hostcheck.reports import formats

if TYPE_CHECKING:
    from hostcheck import app
    from hostcheck.fleet import Workers
    from hostcheck.journal import Journal
    from hostcheck.model.capture import Capture, Request
    from hostcheck.model.fact import Fact
    from hostcheck.model.host import Host
    from hostcheck.model.run import Run
    from hostcheck.settings import Server, Settings
    from hostcheck.smoke.delivery import Plan
    from hostcheck.smoke.over_vsphere import GuestLogin
    from hostcheck.transports.shells import Shells
    from hostcheck.transports.ssh import SshTransport
    from hostcheck.transports.vsphere import Endpoint, VsphereTransport

    Live = app.LiveSource | app.Vcenters

F = TypeVar("F", bound=Callable[..., Any])

EXIT_USAGE = 2
EXIT_UNKNOWN = 3
EXIT_SMOKE_ERROR = 5
"""What `hostcheck smoke` ends with where nothing was learnt: its 3 means not applicable."""
KEYRING_SERVICE = "hostcheck"


def _interrupted(code: int) -> int:
    click.echo("hostcheck: interrupted", err=True)
    return code


class _Limit:
    """The time that a run has, counted from here. As a block it ends what takes longer."""

    def __init__(self, given: float | None, settings: "Settings") -> None:
        """Take the option, else the setting; 0 is none. Raises UsageError where none is kept."""
        from hostcheck.settings import seconds

        told = settings.audit.limit
        self.seconds = given or (seconds(str(told)) if told else 0)
        self._over_at = time.monotonic() + self.seconds
        if self.seconds and not hasattr(signal, "setitimer"):
            raise UsageError("--limit: this system cannot interrupt a run")

    def __enter__(self) -> None:
        """Have the work interrupted when the time is over, or is already."""
        if self.seconds:
            self._before = signal.signal(signal.SIGALRM, self._over)
            left = self._over_at - time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))

    def __exit__(self, *_: object) -> None:
        """Let the work go on for as long as it takes."""
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _over(self, _signal: int, _frame: object) -> NoReturn:
        raise LimitOver(f"the run's limit of {self} was over")

    def __str__(self) -> str:
        """Say how long it is, in the largest unit that makes it a whole number."""
        for unit, size in (("h", 3600), ("min", 60)):
            if self.seconds % size == 0:
                return f"{self.seconds / size:g} {unit}"
        return f"{self.seconds:g} s"


def _crashed(code: int) -> int:
    traceback.print_exc()
    click.echo("hostcheck: this is a bug; please report the lines above", err=True)
    return code


@contextmanager
def _crashing_with(code: int) -> Iterator[None]:
    """Let an interrupt and a crash end with the code that means *nothing was learnt* here."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_interrupted(code))
    except (HostcheckError, click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except Exception:  # noqa: BLE001  as in the last ring of the group
        sys.exit(_crashed(code))


class Group(click.Group):
    """Turns every error of ours into one line and exit code 2, for all commands."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run, with one line for what the user can mend and for an interrupt.

        A crash exits like everything else that leaves us not knowing, and never like a verdict.
        """
        kwargs["standalone_mode"] = False
        # What a host leaves behind dies by its reference counts; looking for cycles costs 5 %.
        gc.set_threshold(10_000)
        try:
            with _interruptible():
                code = super().main(*args, **kwargs)
        except click.exceptions.Exit as leave:
            code = leave.exit_code
        except (click.Abort, KeyboardInterrupt):
            code = _interrupted(EXIT_UNKNOWN)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = EXIT_USAGE
        except click.ClickException as error:
            click.echo(f"hostcheck: {' '.join(error.format_message().split())}", err=True)
            code = EXIT_USAGE
        except HostcheckError as error:
            click.echo(f"hostcheck: {error}", err=True)
            code = EXIT_USAGE
        except Exception:  # noqa: BLE001  the last ring: nothing above knows better
            code = _crashed(EXIT_UNKNOWN)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A reader that has seen enough, such as `head`, is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _discard_stdout()
            return 0


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first SIGINT or SIGTERM end the work in order, and the second end it at once."""

    def leave(_signal: int, _frame: object) -> NoReturn:
        os.write(2, b"\nhostcheck: ended; nothing more was written\n")
        os._exit(EXIT_UNKNOWN)

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        for one in before:
            signal.signal(one, leave)
        raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(one) is not signal.SIG_IGN:  # as nohup and a shell's & leave it
                before[one] = signal.signal(one, interrupt)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hostcheck")
def main() -> None:
    """Say whether ESXi hosts can run their vGPU VMs, and why not.

    Reads only, but for `power-on`: `hostcheck requests` lists all that may ever be asked of a host.
    """


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


class WorkersType(click.ParamType[int | str]):
    """A number of threads, or the address of a Dask scheduler."""

    name = "workers"
    most = 256

    def convert(self, value: Any, param: Any, ctx: Any) -> int | str:
        """Return the number, or the address as it was given."""
        if isinstance(value, int) or "://" in value:
            return value
        if value.isdecimal() and 1 <= int(value) <= self.most:
            return int(value)
        return self.fail(
            f"{value!r} is neither a number from 1 to {self.most} nor dask://SCHEDULER", param, ctx
        )


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


_existing = partial(click.Path, exists=True, path_type=Path)

vsphere_options = _options(
    click.option(
        "--vcenter", "vcenter", metavar="URL", multiple=True,
        help="vCenter or ESXi: HOST, HOST:PORT or https URL, repeatable. Default: GOVC_URL.",
    ),
    click.option(
        "--user", default="",
        help="vSphere user. Default: the one in the URL, GOVC_USERNAME.",
    ),
    click.option(
        "--password-file", type=_existing(dir_okay=False),
        help="File whose first line is the password, for every vCenter. Default: GOVC_PASSWORD, "
        "for every one too; then the keyring or a prompt for each.",
    ),
    click.option(
        "--tls-ca", multiple=True, type=_existing(dir_okay=False),
        help="CA file (PEM) to trust, repeatable. Default: GOVC_TLS_CA_CERTS and the system's.",
    ),
    click.option(
        "--tls-thumbprint", default="", metavar="SHA256",
        help="Trust exactly the certificate with this thumbprint. Default: GOVC_TLS_KNOWN_HOSTS.",
    ),
    click.option("--timeout", type=click.FloatRange(1, 3600), help="Seconds a vSphere answer."),
)  # fmt: skip
reach_options = _options(
    click.option("--ssh-port", type=click.IntRange(1, 65535), help="SSH port."),
    click.option(
        "--ssh-config", type=click.Path(path_type=Path), help="Default: ~/.ssh/config."
    ),
    click.option(
        "--ssh-known-hosts", multiple=True, type=click.Path(path_type=Path),
        help="Trusted host keys, repeatable. Default: ~/.ssh/known_hosts.",
    ),
    click.option("--ssh-key", multiple=True, type=_existing(dir_okay=False), help="Private key."),
    click.option("--ssh-agent/--no-ssh-agent", default=None, help="Offer the agent's keys."),
    click.option("--ask-ssh-password", is_flag=True, help="Prompt for the SSH password."),
)  # fmt: skip
source_options = _options(
    vsphere_options,
    click.option("--ssh/--no-ssh", default=None, help="Also ask the ESXi shells over SSH."),
    click.option("--ssh-user", default="", help="SSH user. Default: ssh_config, then root."),
    reach_options,
    click.option(
        "--ssh-password-file", type=_existing(dir_okay=False),
        help="File whose first line is the SSH password. Default: HOSTCHECK_SSH_PASSWORD, keyring.",
    ),
    click.option("--command-timeout", type=click.FloatRange(1, 3600), help="Seconds a command."),
    click.option("--host-timeout", type=click.FloatRange(1, 36000), help="Seconds of SSH a host."),
    click.option(
        "--esxcli/--no-esxcli", default=None,
        help="Also ask esxcli through the vSphere API (needs Host.Config.Settings).",
    ),
    click.option(
        "--packages/--no-packages", default=None,
        help="Ask the API of every GPU host for its VIBs. Default: of runs of up to 64 hosts.",
    ),
    click.option(
        "--workers", type=WorkersType(), metavar="N|dask://SCHEDULER",
        help="Hosts side by side: threads here, or the workers of a Dask cluster.",
    ),
    click.option("--host", "hosts", multiple=True, metavar="PATTERN", help="Hosts, repeatable."),
    click.option("--config", type=_existing(dir_okay=False), help="Default: hostcheck.toml."),
    click.option("--quiet", "-q", is_flag=True, help="No progress on stderr."),
)  # fmt: skip
from_option = click.option(
    "--from", "from_", type=_existing(), metavar="DIR",
    help="Replay a recording, or a folder of them, instead of asking a live target.",
)  # fmt: skip
guest_options = _options(
    click.option(
        "--guest-user", default="", help="User in the guests. Default: HOSTCHECK_GUEST_USER."
    ),
    click.option(
        "--guest-password-file", type=_existing(dir_okay=False),
        help="File whose first line is their password. Default: HOSTCHECK_GUEST_PASSWORD, keyring, "
        "prompt.",
    ),
)  # fmt: skip
smoke_options = _options(
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
    guest_options,
)  # fmt: skip
cluster_option = click.option(
    "--cluster", "clusters", multiple=True, metavar="PATTERN", help="Clusters, repeatable."
)
format_options = _options(
    click.option(
        "--format", "format_", type=click.Choice(formats("run")), default="text",
        help="What goes to stdout.", show_default=True,
    ),
    click.option("-o", "--output", type=click.Path(path_type=Path), help="Keep the run here."),
    click.option(
        "--html", type=click.Path(path_type=Path),
        help="Write an HTML report here: FILE.html (and FILE_files/ beside it from 101 hosts on), "
        "FILE.zip, or a folder.",
    ),
)  # fmt: skip
report_options = _options(
    format_options,
    click.option("--strict", is_flag=True, help="Let recommended checks decide the exit code too."),
)  # fmt: skip
limit_option = click.option(
    "--limit", type=DurationType(), metavar="DURATION",
    help="Time for the run: seconds, or 30m, or 2h. Then it ends as after Ctrl-C.",
)  # fmt: skip
save_option = click.option(
    "--save", type=click.Path(path_type=Path), help="Keep recordings in this folder."
)
opinion_options = _options(
    click.option(
        "--second-opinion/--no-second-opinion", default=None,
        help="Ask vCenter for its own check of a power-on; leaves a line in its list of tasks.",
    ),
    click.option(
        "--task-timeout", type=click.FloatRange(1, 3600), help="Seconds for vCenter's own check."
    ),
)  # fmt: skip


@main.command()
@source_options
@from_option
@cluster_option
@report_options
@smoke_options
@save_option
@limit_option
@click.option(
    "--resume", is_flag=True,
    help="Go on where an interrupted run to the same -o stopped; begin where none was.",
)  # fmt: skip
def audit(
    from_: Path | None,
    format_: str,
    output: Path | None,
    html: Path | None,
    strict: bool,
    save: Path | None,
    resume: bool,
    limit: float | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Collect, judge and report all hosts, or the chosen ones.

    While it runs, what is done lies in OUTPUT.journal. An interrupt (Ctrl-C, SIGTERM, or the end
    of its --limit) reports the hosts that are done and exits 3; a second one ends at once.
    """
    from hostcheck import app, recording

    time_left = _limit(limit, options)
    if resume and output is None:
        raise UsageError("--resume goes on with the journal beside a run file: give -o RUN.json")
    place = output.with_name(output.name + ".journal") if output is not None else None
    with ExitStack() as until_told:
        with _source(from_, quiet=quiet, **options) as (source, workers):
            journal = until_told.enter_context(app.start_journal(source, place, resume=resume))
            _tell_of(journal, resume=resume, quiet=quiet)
            shelf = recording.Shelf(save) if save is not None else None
            left = sum(one.key not in journal for one in source.machines())
            with _progress("audit", left, quiet=quiet) as done:
                run = app.audit(
                    source, journal, workers=workers, shelf=shelf, limit=time_left, done=done
                )
        _deliver(run, format_, output, html)
        if run.unasked:
            _leave_interrupted(run, journal.path)
        journal.remove()
        if shelf is not None:
            shelf.close()
        sys.exit(app.exit_code(run, strict=strict))


def _tell_of(journal: "Journal", *, resume: bool, quiet: bool) -> None:
    """Say what an earlier run left behind and what becomes of it."""
    if resume and len(journal) and not quiet:
        click.echo(f"hostcheck: {len(journal)} hosts are done already", err=True)
    if journal.replaced:
        click.echo(
            f"hostcheck: {journal.path} of an interrupted run is replaced: beginning anew, "
            "without --resume",
            err=True,
        )


def _limit(given: float | None, options: dict[str, Any]) -> _Limit:
    """Start the time of a run: by the option, else the settings."""
    from hostcheck.settings import find

    return _Limit(given, find(options["config"], os.environ))


def _leave_interrupted(run: "Run", journal: Path | None) -> NoReturn:
    """Say how far the run got and how to go on."""
    how = "the same command with --resume asks the others" if journal else "without -o, no --resume"
    click.echo(
        f"\nhostcheck: {run.ended or 'interrupted'}: {len(run.hosts)} hosts are in the report, "
        f"{len(run.unasked)} were not asked; {how}",
        err=True,
    )
    sys.exit(EXIT_UNKNOWN)


@main.command()
@click.argument("vm", default="")
@source_options
@from_option
@cluster_option
@report_options
@opinion_options
@save_option
@click.option("--profile", default="", help="vGPU profile of a VM that does not exist yet.")
@click.option("--count", type=click.IntRange(1, 16), default=1, help="vGPUs of that VM.")
@click.option("--vcpus", type=click.IntRange(1, 960), default=1, help="vCPUs of that VM.")
@click.option("--memory", type=click.IntRange(1), default=4096, help="Memory of that VM, MiB.")
@click.option("--spec", type=_existing(dir_okay=False), help="That VM in a TOML file.")
def preflight(
    vm: str,
    profile: str,
    count: int,
    vcpus: int,
    memory: int,
    spec: Path | None,
    from_: Path | None,
    format_: str,
    output: Path | None,
    html: Path | None,
    strict: bool,
    save: Path | None,
    quiet: bool,
    hosts: tuple[str, ...],
    clusters: tuple[str, ...],
    **options: Any,
) -> None:
    """Say GO, NO-GO or UNSURE for one VM on its candidate hosts, with reasons.

    Candidates are the hosts of the VM's cluster, or those that --host names. A VM that does not
    exist yet is given by --profile or --spec, and judged on every host.
    """
    from hostcheck import app, recording
    from hostcheck import preflight as judging

    if bool(vm) + bool(profile) + bool(spec) != 1:
        raise UsageError("name one of: a VM, --profile, --spec")
    wish = None
    if spec is not None:
        wish = judging.read_spec(spec)
    elif profile:
        wish = judging.VmSpec(profile=profile, count=count, vcpus=vcpus, memory_mb=memory)
    chosen = hosts if wish else ()
    opinion = _wants_opinion(options)
    shelf = recording.Shelf(save) if save is not None else None
    with (
        _source(from_, quiet=quiet, hosts=chosen, clusters=clusters, **options) as (
            source,
            workers,
        ),
        _progress("preflight", None, quiet=quiet) as done,
    ):
        how: Any = {"workers": workers, "opinion": opinion, "done": done}
        if shelf is not None:
            how["keep"] = shelf.add
        if wish is not None:
            run = judging.what_if(source, wish, **how)
        else:
            run = judging.preflight(source, vm, hosts=hosts, **how)
    _deliver(run, format_, output, html)
    if shelf is not None:
        shelf.close()
    sys.exit(app.exit_code(run, strict=strict))


@main.command("power-on")
@click.argument("vm")
@source_options
@from_option
@cluster_option
@format_options
@opinion_options
@click.option("--accept-unsure", is_flag=True, help="Start on UNSURE too. Never on NO-GO.")
@click.option(
    "--start-timeout", type=click.FloatRange(1, 36000), help="Seconds to wait for the power-on."
)
def start(
    vm: str,
    accept_unsure: bool,
    from_: Path | None,
    format_: str,
    output: Path | None,
    html: Path | None,
    quiet: bool,
    hosts: tuple[str, ...],
    **options: Any,
) -> None:
    """Power a VM on if its preflight says GO, and compare what happens with the verdict.

    The only command that changes anything. The VM starts where it is registered, or where DRS puts
    it. Exit code: 0 it runs, 1 NO-GO or the power-on failed, 3 UNSURE or the outcome is not known.
    """
    from hostcheck import app, power_on

    if from_ is not None:
        raise UsageError("a recording cannot be started; `preflight --from` judges it")
    if hosts:
        raise UsageError("--host cannot place a VM: it starts where it is registered, or by DRS")
    opinion = _wants_opinion(options)
    with (
        _source(None, quiet=quiet, writes=power_on.WRITES, **options) as (source, workers),
        _progress("power-on", None, quiet=quiet) as done,
    ):
        if not isinstance(source, (app.LiveSource, app.Vcenters)):
            raise UsageError("power-on needs a live target")
        run = power_on.power_on(
            source, vm, accept_unsure=accept_unsure, workers=workers, opinion=opinion, done=done
        )
    _deliver(run, format_, output, html)
    sys.exit(power_on.exit_code(run))


@main.command()
@source_options
@cluster_option
@smoke_options
@limit_option
@click.option(
    "--save", required=True, type=click.Path(path_type=Path), help="Folder for the recordings."
)
def record(save: Path, limit: float | None, quiet: bool, **options: Any) -> None:
    """Collect only: one replayable recording per host in a folder.

    An interrupt, or the end of its --limit, names the hosts that were not asked and exits 3.
    """
    from hostcheck import app, recording
    from hostcheck.model.run import called

    time_left = _limit(limit, options)
    ended = ""
    with _source(None, quiet=quiet, **options) as (source, workers):
        targets = source.machines()
        shelf = recording.Shelf(save)
        left = {one.key for one in targets}
        with _progress("record", len(targets), quiet=quiet) as done:
            try:
                with time_left:
                    for recorded in app.recordings(source, targets, workers=workers, done=done):
                        folder = shelf.add(recorded)
                        left.discard((recorded.host, recorded.target, recorded.host_id))
                        if folder is not None:
                            click.echo(str(folder))
            except KeyboardInterrupt as cause:
                ended = str(cause) or "interrupted"
    if left:
        several = len(source.targets) > 1
        found = (called(one[0], one[1]) if several else one[0] for one in left)
        names = ", ".join(sorted(found))
        click.echo(f"\nhostcheck: {ended}: {len(left)} hosts were not asked: {names}", err=True)
        sys.exit(EXIT_UNKNOWN)
    shelf.close()
    silent = [one for one in source.targets if one.failure]
    for one in silent:
        click.echo(f"hostcheck: {one.name} could not be asked: {one.failure}", err=True)
    if not targets:
        click.echo("hostcheck: no host was found", err=True)
    if silent or not targets:
        sys.exit(EXIT_UNKNOWN)


@main.command()
@click.argument("run", type=_existing(dir_okay=False))
@click.option(
    "--format", "format_", type=click.Choice(formats("run")), default="text", show_default=True
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File instead of stdout.")
def report(run: Path, format_: str, output: Path | None) -> None:
    """Render a saved run in any format."""
    from hostcheck import runfile

    _give("run", format_, runfile.read(run), output)


@main.command()
@click.argument("host")
@source_options
@from_option
@click.option(
    "--format", "format_", type=click.Choice(formats("topology")), default="text",
    show_default=True,
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File instead of stdout.")
def topology(
    host: str,
    from_: Path | None,
    format_: str,
    output: Path | None,
    quiet: bool,
    hosts: tuple[str, ...],
    **options: Any,
) -> None:
    """Draw one host: packages, NUMA nodes, root ports, GPUs, NICs, VMs, and their distances."""
    from hostcheck import app

    with _source(from_, quiet=quiet, hosts=(*hosts, host), **options) as (source, _):
        targets = source.machines()
        if len(targets) != 1:
            raise UsageError(f"{host!r} matches {len(targets)} hosts; name one")
        source.expect(targets)
        report_ = app.report_of(app.host_of(source.collect(targets[0])))
    _give("topology", format_, report_, output)


@main.command("capacity")
@source_options
@from_option
@cluster_option
@click.option("--profile", default="", help="Only this vGPU profile: nvidia_l40s-24q.")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File instead of stdout.")
def room(
    profile: str,
    from_: Path | None,
    format_: str,
    output: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Count how many more vGPUs of each profile fit now, per GPU, host and cluster.

    Framebuffer room only: host memory, processors and NUMA nodes are not counted.
    """
    from hostcheck import app, capacity
    from hostcheck.catalog import requirements

    needs = requirements()
    if profile and not any(model.profile(profile) for model in needs.models.values()):
        raise UsageError(
            f"--profile {profile!r} is not in the catalogue of {needs.edition}; "
            "name one as vSphere does, such as nvidia_l40s-24q"
        )
    with _source(from_, quiet=quiet, **options) as (source, workers):
        targets = source.machines()
        vcenter: dict[tuple[str, str], Fact[int]] = {}

        def hosts(done: Callable[[str], None]) -> "Iterator[Host]":
            for recorded in app.recordings(source, targets, workers=workers, done=done):
                host = app.host_of(recorded)
                name = capacity.offered_as(host, profile) if profile else ""
                if name:
                    at = recorded.target, recorded.host_id
                    vcenter[at] = app.vcenter_count(source, recorded, name)
                yield host

        with _progress("capacity", len(targets), quiet=quiet) as done:
            counted = capacity.capacity(
                hosts(done), needs, profile=profile, vcenter=vcenter, targets=source.targets
            )
    _give("capacity", format_, counted, output)
    if not targets or any(one.failure for one in counted.targets):
        sys.exit(EXIT_UNKNOWN)


@main.command()
@vsphere_options
@reach_options
@guest_options
@click.option("--guest", default="", metavar="VM", help="Run in this VM, over VMware Tools.")
@click.option("--ssh", "over_ssh", default="", metavar="USER@GUEST", help="Run there, over SSH.")
@click.option("--host", "hosts", multiple=True, metavar="PATTERN", help="Hosts to find VM on.")
@click.option("--limit", type=click.IntRange(5, 3600), help="Seconds the program gives itself.")
@click.option("--device", type=click.IntRange(0, 63), default=0, help="CUDA device in the guest.")
@click.option("--quick", is_flag=True, help="Correctness only, no speed.")
@click.option("--json", "as_json", is_flag=True, help="Print the program's own JSON.")
@click.option("--config", type=_existing(dir_okay=False), help="Default: hostcheck.toml.")
def smoke(as_json: bool, **options: Any) -> None:
    """Prove the sparse tensor cores of a GPU: on this machine, or in a guest.

    Brings one program there, verifies its SHA-256, runs it under a limit and removes it.

    Exit codes: 0 pass, 1 fail, 2 usage, 3 not applicable to this GPU, 4 no driver or device,
    5 could not be run, 6 timeout, 7 right but slow.
    """
    from hostcheck.model.smoke import EXIT_CODES
    from hostcheck.smoke import verdict

    with _crashing_with(EXIT_SMOKE_ERROR):
        capture, where = _smoked(**options)
        answer = verdict.answer_of(capture)
        if as_json:
            text = verdict.document_of(capture, answer)
        else:
            from hostcheck.reports.smoke import text as smoke_text

            text = smoke_text.render(answer, where)
        for sentence in capture.stderr.splitlines():
            _left_behind(sentence)
        click.echo(text, nl=False)
    sys.exit(EXIT_CODES[answer.status])


def _smoked(
    *, guest: str, over_ssh: str, limit: int | None, device: int, quick: bool, **given: Any
) -> "tuple[Capture, str]":
    """Run the program where it is wanted, and return what it said and where that was."""
    from hostcheck.parsers.smoke_sparse24 import REQUEST
    from hostcheck.settings import find
    from hostcheck.smoke import build
    from hostcheck.smoke.delivery import Plan, deliver, here

    if guest and over_ssh:
        raise UsageError("--guest goes over VMware Tools and --ssh over SSH: give one of them")
    settings = find(given.pop("config"), os.environ)
    plan = Plan(limit or settings.smoke.limit, device, quick)
    program = build.program()
    if over_ssh:
        from hostcheck.smoke.over_ssh import SshGuest

        user, at, name = over_ssh.rpartition("@")
        if not name or (at and not user):
            raise UsageError(f"--ssh {over_ssh!r}: give GUEST or USER@GUEST")
        visited = SshGuest(_guest_shell(settings, name, user, plan, given))
        capture = deliver(visited, program.read_bytes(), plan, REQUEST, _left_behind)
        return capture, f"in guest {name} over SSH"
    if not guest:
        return here(program, plan, REQUEST), "on this machine"
    from hostcheck.collectors.vsphere import one_vm
    from hostcheck.smoke.over_vsphere import GuestTransport

    hosts = given.pop("hosts")
    shell = {"ssh": False, "esxcli": False}
    source, sessions = _live(settings, hosts=hosts, quiet=False, smoke=True, **given, **shell)
    try:
        home, vm_id = one_vm(source.vms_called(guest), guest)
        login = _guest_login(settings, given)
        session = sessions[home.target]
        visits = GuestTransport(session, login, program.read_bytes(), plan, _left_behind)
        return visits.fetch(REQUEST.of(vm_id)), f"in guest {guest} over VMware Tools"
    finally:
        source.close()


@main.command()
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text")
def checks(format_: str) -> None:
    """List what is checked."""
    from hostcheck.checks.engine import all_checks

    if format_ == "json":
        from hostcheck.reports.documents import document

        click.echo(document(tuple(one.manual for one in all_checks())), nl=False)
        return
    for one in all_checks():
        click.echo(f"{one.id:<9} {one.severity.value:<14} {one.manual.title}")


def _check_ids(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    from hostcheck.checks.engine import all_checks

    return [one.id for one in all_checks() if one.id.startswith(incomplete.upper())]


@main.command()
@click.argument("id_", metavar="ID", shell_complete=_check_ids)
def explain(id_: str) -> None:
    """Print one check's manual page."""
    from hostcheck.checks.engine import all_checks
    from hostcheck.checks.manual import page

    found = {one.id: one.manual for one in all_checks()}
    if id_.upper() not in found:
        raise UsageError(f"no check is called {id_!r}; there are: {', '.join(found)}")
    click.echo(page(found[id_.upper()]))


@main.command()
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text")
def requests(format_: str) -> None:
    """List everything that may ever be asked of a vCenter or host."""
    from hostcheck import app, ask
    from hostcheck.checks.manual import requests_page

    if format_ == "json":
        from hostcheck.reports.documents import document

        click.echo(document(app.requests()), nl=False)
        return
    readable = [one for one, _ in ask.parsers()]
    methods, in_guests = app.vsphere_methods(), app.vsphere_methods(smoke=True)
    click.echo(requests_page(app.requests(), methods, in_guests, readable))


@main.command()
@click.argument("file", type=_existing(dir_okay=False))
@click.option(
    "--axis",
    type=click.IntRange(0, 7),
    default=1,
    show_default=True,
    help="The axis that the layer sums over: 1 for [out, in] (PyTorch), 0 for [in, out].",
)
@click.option("--tensor", default="*", metavar="PATTERN", help="Only tensors of that name.")
@click.option("--permute/--no-permute", default=True, help="Look for a better order of columns.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 1_000_000),
    default=128,
    show_default=True,
    help="Bound on the search for that order.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the order of columns.")
def sparsity(file: Path, axis: int, tensor: str, permute: bool, rounds: int, as_json: bool) -> None:
    """Say whether weights (.npy, .safetensors) are 2:4, and what 2:4 pruning would lose.

    Needs numpy: pip install 'hostcheck[sparsity]'.
    """
    try:
        from hostcheck.sparsity.report import examine, text

        found = examine(file, axis=axis, pattern=tensor, permute=permute, rounds=rounds)
    except ImportError as error:
        raise UsageError(f"no module {error.name}: pip install 'hostcheck[sparsity]'") from None
    if as_json:
        from hostcheck.reports.documents import document

        click.echo(document(found), nl=False)
    else:
        click.echo(text(found), nl=False)


@main.command()
@click.argument("request")
@click.argument("file", type=click.File("rb"))
def parse(request: str, file: Any) -> None:
    """Print the facts (JSON) that one raw output of REQUEST yields; FILE - reads stdin."""
    from hostcheck import ask

    name, facts = ask.parse(request, file.read().decode("utf-8", errors="replace"))
    from hostcheck.reports.documents import document

    click.echo(document({"request": name, "facts": facts}), nl=False)


def _wants_opinion(options: dict[str, Any]) -> bool:
    """Take the option out and return whether vCenter is asked: by the option, else the settings."""
    from hostcheck.settings import find

    given = options.pop("second_opinion")
    wanted = find(options["config"], os.environ).preflight.second_opinion
    return wanted if given is None else bool(given)


# --- from options to sources ----------------------------------------------------------------------


@contextmanager
def _source(
    from_: Path | None, *, quiet: bool, hosts: tuple[str, ...] = (), **options: Any
) -> "Iterator[tuple[app.Source, Workers]]":
    from hostcheck import app, fleet
    from hostcheck.settings import find

    settings = find(options.pop("config", None), os.environ)
    wanted = options.pop("workers", None) or settings.ssh.workers
    if isinstance(wanted, str):
        fleet.address_of(wanted)
    smoke = _Smoking.of(settings, options)
    if smoke is not None and isinstance(wanted, str):
        raise UsageError("--smoke visits guests from this process: give --workers NUMBER")
    if from_ is not None:
        if smoke is not None:
            raise UsageError("--from replays recordings and --smoke runs in guests: give one")
        if options.get("vcenter"):
            raise UsageError("--from replays recordings and --vcenter asks live: give one of them")
        if options.get("clusters"):
            raise UsageError("--cluster needs a live target; choose recorded hosts with --host")
        source: app.Source = app.RecordedSource(from_, hosts=hosts)
        kept: AbstractContextManager[object] = closing(source)
    else:
        live, sessions = _live(
            settings, hosts=hosts, quiet=quiet, smoke=smoke is not None, **options
        )
        source, kept = live, fleet.tended(live.keep_alive, live.close)
    with kept:
        if smoke is not None:
            smoke.add_to(live, sessions)
        if isinstance(wanted, str):
            side_by_side = fleet.dask(wanted, _Once(_LOST_WORK, quiet=quiet))
        else:  # what no shell and no guest is asked for waits for nothing
            side_by_side = fleet.threads(wanted if source.one_by_one else 1)
        with side_by_side as workers:
            yield source, workers


_LOST_WORK = "the cluster lost work it was given; what it lost is done in this process"


class _Once:
    """A warning that is worth one line however often its cause comes."""

    def __init__(self, sentence: str, *, quiet: bool) -> None:
        self._left = [] if quiet else [sentence]

    def __call__(self) -> None:
        if self._left:
            click.echo(f"hostcheck: {self._left.pop()}", err=True)


@dataclass(frozen=True)
class _Smoking:
    """The smoke test as an audit was told to do it."""

    settings: "Settings"
    names: tuple[str, ...]
    attribute: str
    options: dict[str, Any]

    @classmethod
    def of(cls, settings: "Settings", options: dict[str, Any]) -> "_Smoking | None":
        """Take the options of the smoke test out of all options; None when it was not wanted."""
        wanted = options.pop("smoke", None)
        guests, attribute = options.pop("smoke_guests", ()), options.pop("smoke_attribute", "")
        own = {key: options.pop(key, None) for key in ("guest_user", "guest_password_file")}
        if not wanted:
            if guests or attribute:
                raise UsageError("--smoke-guest and --smoke-attribute name guests for --smoke")
            return None
        guests = guests or settings.smoke.guests
        attribute = attribute or settings.smoke.attribute
        if not guests and not attribute:
            raise UsageError(
                "--smoke runs in no guest that nobody named: give --smoke-guest VM or "
                "--smoke-attribute NAME (or [smoke] in hostcheck.toml)"
            )
        return cls(settings, guests, attribute, own)

    def add_to(self, live: "Live", sessions: "Mapping[str, VsphereTransport]") -> None:
        """Find the guests, and let the source visit them."""
        from hostcheck.collectors.vsphere import named
        from hostcheck.smoke import build
        from hostcheck.smoke.delivery import Plan
        from hostcheck.smoke.over_vsphere import GuestTransport, NamedGuests

        program = build.program().read_bytes()
        login = _guest_login(self.settings, self.options)
        found = live.machines()
        told = {one.target for one in found}
        heard = {name: session for name, session in sessions.items() if name in told}
        plan = Plan(self.settings.smoke.limit)
        for name, ids in named(heard, found, self.names, self.attribute).items():
            visits = GuestTransport(sessions[name], login, program, plan, _left_behind)
            live.part(name).use(NamedGuests(visits, ids))


def _left_behind(sentence: str) -> None:
    click.echo(f"hostcheck: not undone in a guest: {sentence}", err=True)


def _guest_login(settings: "Settings", given: dict[str, Any]) -> "GuestLogin":
    from hostcheck.smoke.over_vsphere import GuestLogin

    user = given["guest_user"] or os.environ.get("HOSTCHECK_GUEST_USER", "") or settings.smoke.user
    if not user:
        raise UsageError("no guest user: give --guest-user (or HOSTCHECK_GUEST_USER)")
    password = _password(
        f"Password of {user} in the guest",
        f"guest:{user}",
        given["guest_password_file"],
        os.environ.get("HOSTCHECK_GUEST_PASSWORD", ""),
        ("HOSTCHECK_GUEST_PASSWORD", "--guest-password-file"),
    )
    password()  # asked for before anything runs
    return GuestLogin(user, password)


def _live(
    settings: "Settings", *, hosts: tuple[str, ...], quiet: bool, smoke: bool, **given: Any
) -> "tuple[Live, dict[str, VsphereTransport]]":
    """Log in to every vCenter that is wanted; return the source, and its sessions by name.

    One that cannot be asked is a failure of the source. Raises UsageError where all are.
    """
    from hostcheck import app

    servers = _servers(settings, given)
    if os.environ.get("GOVC_INSECURE", "").lower() in ("1", "true") and not quiet:
        click.echo(
            "hostcheck: GOVC_INSECURE is ignored: certificates are always verified", err=True
        )
    writes: frozenset[str] = given.get("writes", frozenset())
    if smoke:
        writes |= frozenset(app.vsphere_methods(smoke=True))
    ssh = settings.ssh.enabled if given["ssh"] is None else given["ssh"]
    filters: Any = {
        "hosts": hosts or settings.audit.hosts,
        "clusters": given.get("clusters") or settings.audit.clusters,
    }
    how: Any = {
        "open_shell": _shells(settings, given) if ssh else None,
        "over_esxcli": settings.audit.esxcli if given["esxcli"] is None else given["esxcli"],
        "packages": settings.audit.packages if given.get("packages") is None else given["packages"],
    }
    logins = {one.name: _login(settings, one, given, len(servers)) for one in servers}
    sessions, failures = _sessions(logins, writes)
    parts = [app.LiveSource(name, one, **filters, **how) for name, one in sessions.items()]
    if len(logins) == 1:
        return parts[0], sessions
    return app.Vcenters(parts, failures, **filters), sessions


def _sessions(
    logins: "dict[str, tuple[Endpoint, Callable[[], str]]]", writes: frozenset[str]
) -> "tuple[dict[str, VsphereTransport], dict[str, str]]":
    """Log in everywhere; return the sessions, and of the others why there is none.

    Raises UsageError where there is no session at all.
    """
    from hostcheck import app
    from hostcheck.transports.vsphere import VsphereTransport

    if len(logins) > 1:  # all prompts come before anything takes its time
        for _, password in logins.values():
            password()
    sessions: dict[str, VsphereTransport] = {}
    errors: list[str] = []
    failures: dict[str, str] = {}
    with ExitStack() as undo:
        for name, (end, password) in logins.items():
            try:
                sessions[name] = VsphereTransport(end, password, app.may_run, writes)
                undo.callback(sessions[name].close)
            except UsageError as error:
                errors.append(str(error))
                told = errors[-1].removeprefix(f"{end.host}:{end.port}: ")
                failures[name] = told.removeprefix(f"{end.host}: ")
        undo.pop_all()  # from here on they are the source's to close
    if not sessions:
        raise UsageError("; ".join(errors))
    return sessions, failures


def _servers(settings: "Settings", given: dict[str, Any]) -> "list[Server]":
    """Return where to connect: by the options, else GOVC_URL, else the settings."""
    from hostcheck.settings import refuse_twice, server_of

    urls = given["vcenter"] or [one.url for one in settings.vcenters]
    single = os.environ.get("GOVC_URL", "") or settings.vcenter.url
    if not given["vcenter"] and single:
        urls = [single]
    if not urls:
        raise UsageError(
            "no target: give --vcenter HOST (or GOVC_URL, or url in hostcheck.toml), or --from DIR"
        )
    servers = [server_of(url) for url in urls]
    if given["vcenter"] and any(server.password for server in servers):
        raise UsageError(
            "a password in --vcenter is visible to every user of this machine; use the prompt, "
            "GOVC_PASSWORD, --password-file or the keyring"
        )
    refuse_twice(servers)
    if len(servers) > 1 and given["tls_thumbprint"]:
        raise UsageError(
            "--tls-thumbprint is of one server: for several give tls_thumbprint in [[vcenters]] of "
            "hostcheck.toml, or GOVC_TLS_KNOWN_HOSTS"
        )
    return servers


def _login(
    settings: "Settings", server: "Server", given: dict[str, Any], servers: int
) -> "tuple[Endpoint, Callable[[], str]]":
    """Return how to connect to one of so many servers, and a way to its password."""
    from hostcheck.settings import server_of, thumbprint_in, vcenter_for
    from hostcheck.transports.vsphere import Endpoint

    own = vcenter_for(settings, server)
    listed = bool(settings.vcenters)
    named = server.user if given["vcenter"] else ""
    user = (
        given["user"] or named or (own.user if listed else "")
        or os.environ.get("GOVC_USERNAME", "") or server.user or own.user
    )  # fmt: skip
    if not user:
        where = f" for {server.name}" if servers > 1 else ""
        raise UsageError(
            f"no user{where}: give --user (or GOVC_USERNAME, or user in hostcheck.toml)"
        )
    known_hosts = os.environ.get("GOVC_TLS_KNOWN_HOSTS", "")
    its_own = servers == 1 or (own.url and server_of(own.url).name == server.name)
    thumbprint = given["tls_thumbprint"] or (own.tls_thumbprint if its_own else "")
    if not thumbprint and known_hosts and Path(known_hosts).is_file():
        thumbprint = thumbprint_in(
            Path(known_hosts).read_text(errors="replace"), server.host, server.port
        )
    ca_files = [str(path) for path in given["tls_ca"]] or list(own.tls_ca)
    ca_files = ca_files or [
        path for path in os.environ.get("GOVC_TLS_CA_CERTS", "").split(os.pathsep) if path
    ]
    endpoint = Endpoint(
        host=server.host,
        user=user,
        port=server.port,
        ca_files=tuple(ca_files),
        thumbprint=thumbprint,
        timeout=given["timeout"] or own.timeout,
        task_timeout=given.get("task_timeout") or settings.preflight.task_timeout,
        start_timeout=given.get("start_timeout") or settings.preflight.start_timeout,
    )
    return endpoint, _password(
        f"Password of {user} at {server.host}",
        f"{user}@{server.host}",
        given["password_file"],
        os.environ.get("GOVC_PASSWORD") or server.password,
    )


def _shells(settings: "Settings", given: dict[str, Any]) -> "app.OpenShell":
    from hostcheck import app

    ssh = settings.ssh
    return _reached(
        settings,
        given,
        user=given["ssh_user"],
        times=(
            given["command_timeout"] or ssh.command_timeout,
            given["host_timeout"] or ssh.host_timeout,
        ),
        allowed=app.may_run,
        password=_ssh_password(given, given["ssh_password_file"], "HOSTCHECK_SSH_PASSWORD", "ssh"),
    )


def _guest_shell(
    settings: "Settings", name: str, user: str, plan: "Plan", given: dict[str, Any]
) -> "Callable[[], SshTransport]":
    from hostcheck.smoke.steps import may_run

    patience = float(plan.patience)
    shells = _reached(
        settings,
        given,
        user=user,
        times=(patience, 3 * patience),
        allowed=may_run,
        # A guest is never offered the password of the ESXi hosts.
        password=_ssh_password(
            given, given["guest_password_file"], "HOSTCHECK_GUEST_PASSWORD", f"guest:{user}"
        ),
    )
    return partial(shells, name)


def _reached(
    settings: "Settings",
    given: dict[str, Any],
    *,
    user: str,
    times: tuple[float, float],
    allowed: "Callable[[Request], bool]",
    password: Callable[[], str] | None,
) -> "Shells":
    """Return how shells of hosts or guests are reached; `times` are seconds a command, a host."""
    from hostcheck.transports.shells import Shells
    from hostcheck.transports.ssh import Shell

    ssh = settings.ssh
    base = Shell(
        address="",
        user=ssh.user,
        port=ssh.port,
        known_hosts=tuple(str(Path(name).expanduser()) for name in ssh.known_hosts),
        key_files=tuple(str(Path(name).expanduser()) for name in ssh.key_files),
        use_agent=ssh.agent if given["ssh_agent"] is None else given["ssh_agent"],
        connect_timeout=ssh.connect_timeout,
        command_timeout=times[0],
        host_timeout=times[1],
    )
    return Shells(
        base,
        config=Path(given["ssh_config"] or ssh.config).expanduser(),
        user=user,
        port=given["ssh_port"] or 0,
        known_hosts=tuple(str(path) for path in given["ssh_known_hosts"]),
        keys=tuple(str(path) for path in given["ssh_key"]),
        allowed=allowed,
        password=password,
    )


def _ssh_password(
    given: dict[str, Any], file: Path | None, variable: str, name: str
) -> Callable[[], str] | None:
    """Return a way to get the password, or None when only keys may be tried.

    `variable` and `name` say where it is kept: in the environment, and in the keyring.
    """
    found = os.environ.get(variable, "")
    if given["ask_ssh_password"]:
        found = click.prompt("SSH password", hide_input=True, err=True)
    elif not found and not file:
        found = _from_keyring(name)
    if not found and not file:
        return None
    return _password("SSH password", name, file, found)


def _password(
    prompt: str,
    name: str,
    file: Path | None,
    given: str,
    ways: tuple[str, str] = ("GOVC_PASSWORD", "--password-file"),
) -> Callable[[], str]:
    """Return a function that finds a password once: file, environment, keyring, prompt."""

    @cache
    def get() -> str:
        if file is not None:
            try:
                return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
            except (OSError, UnicodeDecodeError):
                raise UsageError(f"{file}: cannot be read as a line of text") from None
        found = given or _from_keyring(name)
        if found:
            return found
        if not sys.stdin.isatty():
            raise UsageError(
                f"no password: set {ways[0]}, give {ways[1]}, or keep it in the keyring "
                f"(keyring set {KEYRING_SERVICE} {name})"
            )
        return str(click.prompt(prompt, hide_input=True, err=True))

    return get


def _from_keyring(name: str) -> str:
    """Ask the keyring, where the optional library and a backend are there."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return ""
    try:
        return keyring.get_password(KEYRING_SERVICE, name) or ""
    except KeyringError:
        return ""


# --- out ------------------------------------------------------------------------------------------


@contextmanager
def _progress(what: str, total: int | None, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show how far a phase is: a bar on a terminal, a line per host elsewhere, nothing if quiet."""
    if quiet:
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        count = 0

        def line(host: str) -> None:
            nonlocal count
            count += 1
            of = f"/{total}" if total is not None else ""
            click.echo(f"{what}: {count}{of} {host}", err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[host]}", markup=False),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(what, total=total, host="")
        yield lambda host: bar.update(task, advance=1, host=host)


def _deliver(run: "Run", format_: str, output: Path | None, html: Path | None) -> None:
    """Keep the run, write the HTML, print the report."""
    from hostcheck import runfile

    def write_html(run: "Run", path: Path) -> None:
        from hostcheck.reports import write

        write("run", "html", run, path)

    writers: tuple[tuple[Path | None, Callable[[Run, Path], None]], ...] = (
        (output, runfile.write),
        (html, write_html),
    )
    unwritten = None
    for path, write in writers:
        try:
            if path is not None:
                write(run, path)
        except UsageError as error:  # said last: what was learnt is still printed
            unwritten = unwritten or error
    try:
        _print(_shown("run", format_, run))
    except BrokenPipeError:  # the reader has seen enough: the verdict stays what it is
        _discard_stdout()
    if unwritten is not None:
        raise unwritten


def _print(pieces: Iterable[str]) -> None:
    sys.stdout.writelines(pieces)
    sys.stdout.flush()


def _discard_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _give(told: str, format_: str, thing: object, output: Path | None) -> None:
    """Print a thing in a format, or write it to the file that was given."""
    if output is None:
        _print(_shown(told, format_, thing))
        return
    from hostcheck.reports import write

    write(told, format_, thing, output)


def _shown(told: str, format_: str, thing: object) -> Iterable[str]:
    """Render for the terminal that standard output is, or for what it is instead."""
    import shutil

    from hostcheck.reports import Screen, pieces

    width = max(60, min(shutil.get_terminal_size((100, 24)).columns, 140))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return pieces(told, format_, thing, Screen(width, colour))


if __name__ == "__main__":
    main()
