"""hostcheck report."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.failing import Code
from hostcheck.cli.given import FailingSince, Remembering, Showing, Waiving
from hostcheck.cli.group import main
from hostcheck.cli.options import (
    existing,
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
from hostcheck.cli.outputs import Output
from hostcheck.cli.policing import policy_of, refuse_preflight
from hostcheck.cli.remembering import Remembered, remembering_options
from hostcheck.cli.telling import Told
from hostcheck.cli.waiving import WaiverFile
from hostcheck.connect.given import Telling

if TYPE_CHECKING:
    from hostcheck.settings import Settings


@main.command()
@click.argument("run", type=existing(dir_okay=False))
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
    settings: "Settings | None",
) -> None:
    """Render a saved run in any format, or several: --output html=a.html --output junit=b.xml.

    With --waivers it is judged by those, and not its own.

    With --policy what that changes is judged anew, from what the run holds of each host; with
    --policy none as by no policy. With --history it is written into a history, as an audit is.

    Exits with 0 where it was rendered; with --strict, --fail-on or --fail-on-unused-waiver as the
    audit would.
    """
    from hostcheck import runlines
    from hostcheck.exits import is_stale
    from hostcheck.settings import kind

    refuse_unshown(showing, format_, written=bool(outputs))
    refuse_untold_each(format_, outputs)
    by, waivers = policy_of(policy), WaiverFile(waiving)
    code = Code(failing, stale_waivers=waiving.fail_on_unused_waiver)
    people = Told(telling, settings or kind()(), since=failing.since, only_given=True)
    history = Remembered(remembering)
    read = runlines.whole(run)
    refuse_preflight(policy, preflight=read.preflight is not None)
    if policy:
        from hostcheck import app

        read = app.judged_anew(read, by)
    told = code.beside(history.written(waivers.applied(read)))
    give_each(format_, told, outputs, showing)
    stale = waiving.fail_on_unused_waiver and is_stale(told)
    counts = failing.strict or failing.fail_on or stale
    ends = code.of(told) if counts or failing.since else 0
    ends = history.code(ends if counts else 0)
    sys.exit(people.told(told, ends, quiet=False))
