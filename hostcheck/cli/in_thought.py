"""Hosts that are put into maintenance mode in thought."""

import click

from hostcheck.cli.completing import names_of_hosts

emptied_option = click.option(
    "--in-maintenance",
    "emptied",
    multiple=True,
    metavar="PATTERN",
    shell_complete=names_of_hosts,
    help="Hosts that are in maintenance mode in thought, repeatable.",
)
