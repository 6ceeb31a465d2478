"""hostcheck config."""

from pathlib import Path

import click
from click.core import ParameterSource

from hostcheck.cli.front import front, without_logins
from hostcheck.cli.group import main
from hostcheck.cli.machines import machines_options
from hostcheck.cli.options import SETTINGS_FILE, cluster_option
from hostcheck.cli.sections import SectionedGroup
from hostcheck.connect.given import Machines
from hostcheck.errors import UsageError


@main.group(cls=SectionedGroup)
def config() -> None:
    """Settings: what holds, and where each comes from."""


@config.command()
@machines_options
@cluster_option
@click.pass_context
def show(context: click.Context, machines: Machines, clusters: tuple[str, ...]) -> None:
    """Print the settings that hold, as a file, each with what says so.

    That is an option of this very command, a variable, a line of hostcheck.toml, or the default.
    No password is printed.
    """
    del clusters  # it is read with the others
    from hostcheck.connect import origins
    from hostcheck.connect.precedence import settings_of

    given = {
        str(one.name): (max(one.opts, key=len), context.params[str(one.name)])
        for one in context.command.params
        if context.get_parameter_source(str(one.name)) is ParameterSource.COMMANDLINE
    }
    told = origins.page(
        settings_of(machines), context.meta[SETTINGS_FILE], given, front().environment
    )
    click.echo(without_logins(told), nl=False)


OFFERS = ("audit", "power-on")
"""Commands that between them have the options which go before settings."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("hostcheck.toml"))
def init(file: Path) -> None:
    """Write a settings file in which every setting is a comment. One that is there stays."""
    from hostcheck.connect import origins

    flags = {
        str(one.name): max(one.opts, key=len)
        for name in OFFERS
        for one in main.commands[name].params
        if isinstance(one, click.Option)
    }
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(origins.blank(flags))
    except FileExistsError:
        raise UsageError(f"{file} is there, and stays as it is: give another file") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; give another file") from None
    told = f"{file}: every setting is a comment in it; hostcheck config show tells what holds."
    click.echo(without_logins(told))
