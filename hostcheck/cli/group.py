"""The command that all others are below."""

import click

from hostcheck import __version__
from hostcheck.cli.ring import Ring


def _version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        import json
        from importlib.resources import files

        held = files("hostcheck").joinpath("catalog", "gpus.json").read_bytes()
        click.echo(f"hostcheck, version {__version__}, catalogue {json.loads(held)['edition']}")
        context.exit()


@click.group(cls=Ring, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version, and the day of the catalogue.",
)  # fmt: skip
def main() -> None:
    """Say whether ESXi hosts can run their vGPU VMs, and why not.

    Reads only, but for `power-on` and `--manage-ssh`: `hostcheck requests` lists all that may ever
    be asked of a host.
    """
