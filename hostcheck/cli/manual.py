"""hostcheck checks, explain, requests and parse: what it can do, and how it reads."""

from pathlib import Path
from typing import Any

import click

from hostcheck.cli import console
from hostcheck.cli.group import main
from hostcheck.cli.options import CheckType, existing


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


@main.command()
@click.argument("id_", metavar="ID", type=CheckType())
def explain(id_: str) -> None:
    """Print one check's manual page."""
    from hostcheck.catalog import bios
    from hostcheck.checks.engine import all_checks
    from hostcheck.checks.manual import page

    found = {one.id: one.manual for one in all_checks()}
    click.echo(page(found[id_], bios()))


@main.command()
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text")
@click.option(
    "--as-script", is_flag=True,
    help="Print a script that asks a host's shell there and writes a recording for --from.",
)  # fmt: skip
def requests(format_: str, as_script: bool) -> None:
    """List everything that may ever be asked of a vCenter or host."""
    if as_script:
        from hashlib import sha256

        from hostcheck.bundles.script import script

        text = script()
        click.echo(text, nl=False)
        console.say(f"hostcheck: SHA-256 {sha256(text.encode()).hexdigest()}")
        return
    from hostcheck import asked

    if format_ == "json":
        from hostcheck.reports.documents import document

        click.echo(document(asked.requests()), nl=False)
        return
    click.echo(asked.page())


def _requests(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    """Complete what `parse` reads."""
    from hostcheck import ask

    return [one.template for one, _ in ask.parsers() if one.template.startswith(incomplete)]


@main.command()
@click.argument("request", shell_complete=_requests)
@click.argument("file", type=existing(dir_okay=False, allow_dash=True))
def parse(request: str, file: Path) -> None:
    """Print the facts (JSON) that one raw output of REQUEST yields; FILE - reads stdin."""
    from hostcheck import ask

    with click.open_file(str(file), "rb") as opened:
        name, facts = ask.parse(request, opened.read().decode("utf-8", errors="replace"))
    from hostcheck.reports.documents import document

    click.echo(document({"request": name, "facts": facts}), nl=False)
