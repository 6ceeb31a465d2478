"""hostcheck config."""

import click
from click.core import ParameterSource

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.options import SETTINGS_FILE, cluster_option, machines_options
from hostcheck.cli.sections import SectionedGroup
from hostcheck.connect.given import Machines


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
    click.echo(told, nl=False)
