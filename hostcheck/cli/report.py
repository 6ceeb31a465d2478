"""hostcheck report."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.earlier import Earlier
from hostcheck.cli.failing import Code
from hostcheck.cli.given import FailingSince, Remembering, Showing, Waiving
from hostcheck.cli.group import main
from hostcheck.cli.options import (
    failing_since_options,
    format_option,
    outputs_option,
    policy_option,
    settings_option,
    showing_options,
    telling_options,
    waiving_options,
)
from hostcheck.cli.out import give_each, refuse_unshown, refuse_untold_each
from hostcheck.cli.outputs import RUN_FILE, Output
from hostcheck.cli.policing import policy_of, refuse_preflight
from hostcheck.cli.remembering import Remembered, remembering_options
from hostcheck.cli.telling import Teller
from hostcheck.cli.waiving import WaiverFile
from hostcheck.errors import UsageError
from hostcheck.notify.given import Telling

if TYPE_CHECKING:
    from hostcheck.model.run import Run, SavedAs
    from hostcheck.settings import SettingsFile


TELLING = frozenset(("html", "html-single", "brief"))
"""Formats that tell the SHA-256 of the file, for which all of it is read once more."""


@main.command()
@click.argument("run", type=RUN_FILE)
@format_option("run")
@outputs_option
@showing_options
@failing_since_options
@policy_option
@waiving_options
@remembering_options
@telling_options
@settings_option
def report(
    run: Path,
    format_: str,
    outputs: tuple[Output, ...],
    showing: Showing,
    failing: FailingSince,
    policy: str,
    waiving: Waiving,
    remembering: Remembering,
    telling: Telling,
    settings: "SettingsFile | None",
) -> None:
    """Render a saved run in any format, or several: --output html=a.html --output junit=b.xml.

    With --waivers it is judged by those, and not its own.

    With --policy what that changes is judged anew, from what the run holds of each host; with
    --policy none as by no policy. With --history it is written into a history, as an audit is.

    Exits with 0 where it was rendered; with --strict, --fail-on or --fail-on-unused-waiver as the
    audit would.
    """
    from msgspec.structs import replace

    from hostcheck import runlines
    from hostcheck.exits import is_stale
    from hostcheck.settings import SettingsFile

    refuse_unshown(showing, format_, written=bool(outputs))
    refuse_untold_each(format_, outputs)
    by, waivers = policy_of(policy), WaiverFile(waiving, carried=True)
    earlier = Earlier(failing.since, remembering)
    code = Code(failing, earlier, stale_waivers=waiving.fail_on_unused_waiver)
    people = Teller(telling, settings or SettingsFile(), earlier, only_given=True)
    history = Remembered(remembering, shared=earlier.is_history)
    read = judged = runlines.whole(run)
    if waiving.fail_on_unused_waiver and waiving.waivers is None and read.waivers is None:
        raise UsageError("--fail-on-unused-waiver: the run has no waivers: give --waivers FILE")
    refuse_preflight(policy, preflight=read.preflight is not None)
    if policy:
        from hostcheck import app

        judged = app.judged_anew(read, by)
    told = code.beside(history.written(waivers.applied(judged)))
    if TELLING.intersection((format_, *(one.format_ for one in outputs))):
        told = replace(told, read_from=_origin(run, read, told))
    give_each(format_, told, outputs, showing)
    stale = waiving.fail_on_unused_waiver and is_stale(told)
    counts = failing.strict or failing.fail_on or stale
    ends = code.of(told) if counts or failing.since else 0
    ends = history.code(ends if counts else 0)
    sys.exit(people.told(told, ends, quiet=False))


def _origin(file: Path, read: "Run", told: "Run") -> "SavedAs | None":
    """Return the file that a run was read from, and what is told beside it that is not in it.

    None of a pipe, which is not there any more.
    """
    if not file.is_file():
        return None
    from hashlib import file_digest

    from hostcheck.model.run import SavedAs

    changed = []
    if told.policy != read.policy:
        by = f"by policy {told.policy.called}" if told.policy is not None else "by no policy"
        changed.append(f"judged anew {by}")
    if told.waivers != read.waivers and told.waivers is not None:
        changed.append(f"set beside {told.waivers.file}")
    if told.history != read.history and told.history is not None:
        changed.append(f"told with {told.history.place}")
    with file.open("rb") as data:
        return SavedAs(file_digest(data, "sha256").hexdigest(), tuple(changed))
