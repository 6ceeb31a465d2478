"""hostcheck sparsity."""

from pathlib import Path

import click

from hostcheck.cli.group import main
from hostcheck.cli.options import existing
from hostcheck.errors import UsageError


@main.command()
@click.argument("file", type=existing(dir_okay=False))
@click.option(
    "--axis",
    type=click.IntRange(0, 7),
    default=1,
    show_default=True,
    help="The axis that the layer sums over: 1 for [out, in] (PyTorch), 0 for [in, out].",
)
@click.option("--tensor", default="*", metavar="PATTERN", help="Only tensors of that name.")
@click.option("--permute/--no-permute", default=True, help="Look for a better order of columns.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 1_000_000),
    default=128,
    show_default=True,
    help="Bound on the search for that order.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the order of columns.")
def sparsity(file: Path, axis: int, tensor: str, permute: bool, rounds: int, as_json: bool) -> None:
    """Say whether weights (.npy, .safetensors) are 2:4, and what 2:4 pruning would lose.

    Needs numpy: pip install 'hostcheck[sparsity]'.
    """
    try:
        from hostcheck.sparsity.report import examine, text

        found = examine(file, axis=axis, pattern=tensor, permute=permute, rounds=rounds)
    except ImportError as error:
        raise UsageError(f"no module {error.name}: pip install 'hostcheck[sparsity]'") from None
    if as_json:
        from hostcheck.reports.documents import document

        click.echo(document(found), nl=False)
    else:
        click.echo(text(found), nl=False)
