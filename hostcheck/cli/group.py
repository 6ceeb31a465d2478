"""The command that all others are below."""

import click

from hostcheck import __version__
from hostcheck.cli.ring import Ring


@click.group(cls=Ring, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hostcheck")
def main() -> None:
    """Say whether ESXi hosts can run their vGPU VMs, and why not.

    Reads only, but for `power-on`: `hostcheck requests` lists all that may ever be asked of a host.
    """
