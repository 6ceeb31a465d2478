"""hostcheck audit."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli import console
from hostcheck.cli.earlier import Earlier
from hostcheck.cli.failing import Code
from hostcheck.cli.front import front
from hostcheck.cli.given import Deliver, FailingSince, Remembering, Showing, Waiving
from hostcheck.cli.group import main
from hostcheck.cli.limit import RunLimit
from hostcheck.cli.machines import from_option, machines_options, smoking_options
from hostcheck.cli.options import (
    cluster_option,
    deliver_options,
    failing_since_options,
    limit_option,
    policy_option,
    save_option,
    showing_options,
    telling_options,
    waiving_options,
)
from hostcheck.cli.out import (
    deliver,
    progress,
    put_away,
    refuse_unshown,
    refuse_unwritable,
    regular,
)
from hostcheck.cli.policing import policy_of
from hostcheck.cli.remembering import Remembered, remembering_options
from hostcheck.cli.telling import Teller
from hostcheck.cli.waiving import WaiverFile
from hostcheck.connect.given import Machines, Smoking
from hostcheck.errors import UnlistedError, UsageError
from hostcheck.notify.given import Telling

if TYPE_CHECKING:
    from hostcheck.journal import Journal
    from hostcheck.model.policy import Policy
    from hostcheck.model.run import Run


@main.command()
@machines_options
@from_option
@cluster_option
@deliver_options
@showing_options
@failing_since_options
@policy_option
@waiving_options
@remembering_options
@telling_options
@smoking_options
@save_option
@limit_option
@click.option(
    "--resume", is_flag=True,
    help="Go on where an interrupted run to the same -o stopped; begin where none was.",
)  # fmt: skip
def audit(
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    wanted: Deliver,
    showing: Showing,
    failing: FailingSince,
    policy: str,
    waiving: Waiving,
    remembering: Remembering,
    telling: Telling,
    smoking: Smoking,
    save: Path | None,
    limit: float | None,
    resume: bool,
) -> None:
    """Collect, judge and report all hosts, or the chosen ones.

    While it runs, what is done lies in OUTPUT.journal. An interrupt (Ctrl-C, SIGTERM, SIGHUP,
    or the end of its --limit) reports the hosts that are done and exits 3; a second one ends at
    once.
    """
    from hostcheck import app, recording
    from hostcheck.connect import opened
    from hostcheck.connect.precedence import settings_of

    refuse_unshown(showing, wanted.format_)
    refuse_unwritable(wanted, save)
    settings, quiet = settings_of(machines), machines.quiet
    by = policy_of(policy, settings.audit.policy)
    waivers = WaiverFile(waiving, settings.audit.waivers)
    earlier = Earlier(failing.since, remembering)
    code = Code(failing, earlier, stale_waivers=waiving.fail_on_unused_waiver)
    history = Remembered(remembering, settings, shared=earlier.is_history)
    people = Teller(telling, settings, earlier, output=regular(wanted.output))
    time_left = RunLimit(limit, machines)
    place = _journal_of(wanted.output, resume=resume)
    asked = opened.machines(machines, front(), from_=from_, clusters=clusters, smoking=smoking)
    with ExitStack() as until_told:
        with ExitStack() as until_asked:
            try:
                with time_left.until_listed():
                    source, workers = until_asked.enter_context(asked)
                    source.machines()
            except UnlistedError as error:
                sys.exit(code.of(_unlisted(error, by, wanted, showing), quiet=quiet))
            journal = until_told.enter_context(
                app.start_journal(source, place, resume=resume, policy=by)
            )
            _tell_of(journal, resume=resume, quiet=quiet)
            shelf = recording.Shelf(save) if save is not None else None
            left = sum(one.key not in journal for one in source.machines())
            with progress("audit", left, quiet=quiet) as done:
                run = app.audit(
                    source, journal, workers=workers, shelf=shelf, limit=time_left, policy=by,
                    done=done,
                )  # fmt: skip
        run = app.with_undone(run, source)
        run = earlier.remembered(code.beside(history.written(waivers.applied(run))))
        deliver(run, wanted, showing)
        if run.unasked:
            _tell_interrupted(run, journal.path)
        ends = people.told(run, history.code(code.of(run, quiet=quiet)), quiet=quiet)
        if not run.unasked:
            journal.remove()
            put_away(shelf, save)
        sys.exit(ends)


def _journal_of(output: Path | None, *, resume: bool) -> Path | None:
    """Where the journal of a run file lies; a device, a pipe or a terminal has none beside it.

    Raises UsageError where one is to be gone on with, and there is none.
    """
    from hostcheck import files

    kept = regular(output)
    if resume and kept is None:
        raise UsageError("--resume goes on with the journal beside a run file: give -o RUN.json")
    return None if kept is None else files.journal_of(kept)


def _tell_of(journal: "Journal", *, resume: bool, quiet: bool) -> None:
    """Say what an earlier run left behind and what becomes of it."""
    if resume and len(journal) and not quiet:
        front().tell(f"{len(journal)} hosts are done already")
    if journal.replaced:
        front().tell(
            f"{journal.path} of an interrupted run is replaced: beginning anew, without --resume"
        )


def _unlisted(
    error: UnlistedError, by: "Policy | None", wanted: Deliver, showing: Showing
) -> "Run":
    """Report that no host is known. No history takes that for hosts that are gone."""
    from hostcheck import app

    run = app.unlisted(error.silent, by)
    deliver(run, wanted, showing)
    console.say(f"hostcheck: {error}: no host was asked")
    return run


def _tell_interrupted(run: "Run", journal: Path | None) -> None:
    """Say how far the run got and how to go on."""
    how = "the same command with --resume asks the others" if journal else "without -o, no --resume"
    console.say(
        f"\nhostcheck: {run.ended or 'interrupted'}: {len(run.hosts)} hosts are in the report, "
        f"{len(run.unasked)} were not asked; {how}"
    )
