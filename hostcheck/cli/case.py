"""hostcheck case."""

from dataclasses import replace
from pathlib import Path

import click

from hostcheck.cli.completing import names_of_hosts
from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import from_option, machines_options
from hostcheck.cli.options import format_option, output_option
from hostcheck.cli.out import give, refuse_untold
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.connect.given import Machines
from hostcheck.errors import UsageError


@main.command()
@click.argument("host", shell_complete=names_of_hosts)
@machines_options
@from_option
@click.option(
    "--run", "run_file", type=RUN_FILE, metavar="FILE",
    help="The run file that the case is about: its SHA-256 is told.",
)  # fmt: skip
@format_option("case")
@output_option
def case(
    host: str, machines: Machines, from_: Path | None, run_file: Path | None, format_: str,
    output: Path | None,
) -> None:  # fmt: skip
    """Write one host's case sheet for a vendor: numbers, judgements, and the raw lines under each.

    It holds what the host answered, names and serial numbers too: replay a redacted recording
    (`hostcheck redact`) where those may not leave.
    """
    from hashlib import file_digest

    from hostcheck import runfile
    from hostcheck.case import case_of
    from hostcheck.connect import opened
    from hostcheck.sources import walls
    from hostcheck.verdict import report_of

    refuse_untold("case", format_, output)
    digest = ""
    if run_file is not None:
        runfile.read(run_file)  # another file's digest would vouch for nothing
        with run_file.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
    named = replace(machines, hosts=(*machines.hosts, host))
    with opened.machines(named, front(), from_=from_) as (source, _):
        targets = source.machines()
        if len(targets) != 1:
            raise UsageError(f"{host!r} matches {len(targets)} hosts; name one")
        recorded = walls.one(source, targets[0])
        report = report_of(walls.host_of(recorded))
    give("case", format_, case_of(recorded, report, digest), output)
