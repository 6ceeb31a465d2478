"""hostcheck checks, explain, requests and parse: what it can do, and how it reads."""

from typing import Any

import click

from hostcheck.cli.group import main
from hostcheck.errors import UsageError


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
    from hostcheck import asked

    if format_ == "json":
        from hostcheck.reports.documents import document

        click.echo(document(asked.requests()), nl=False)
        return
    click.echo(asked.page())


@main.command()
@click.argument("request")
@click.argument("file", type=click.File("rb"))
def parse(request: str, file: Any) -> None:
    """Print the facts (JSON) that one raw output of REQUEST yields; FILE - reads stdin."""
    from hostcheck import ask

    name, facts = ask.parse(request, file.read().decode("utf-8", errors="replace"))
    from hostcheck.reports.documents import document

    click.echo(document({"request": name, "facts": facts}), nl=False)
