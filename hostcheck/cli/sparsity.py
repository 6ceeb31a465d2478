"""hostcheck sparsity."""

import sys
from pathlib import Path

import click

from hostcheck.cli import console
from hostcheck.cli.front import without_logins
from hostcheck.cli.group import main
from hostcheck.cli.options import existing, format_option, output_option
from hostcheck.cli.out import give, progress, refuse_untold
from hostcheck.errors import UsageError

_GPUS = ("h100", "l40s", "b200", "b300", "rtx-pro-6000")


@main.command()
@click.argument("files", type=existing(), nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--axis",
    "axes",
    multiple=True,
    metavar="[PATTERN=]AXIS",
    help="The axis that the layer sums over, repeatable; -1 is the last. Default: the last of "
    "[out, in] and of stacked experts, 1 of convolutions, what ONNX tells. 0 for [in, out].",
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
@click.option(
    "--for",
    "gpu",
    type=click.Choice(_GPUS),
    default=None,
    help="Also say which matrices the sparse units of this GPU take.",
)
@click.option(
    "--require",
    default="",
    metavar="all|PATTERN",
    help="Exit with 1 if not all of these layers are sparse, with 3 if that is not known.",
)
@click.option(
    "--write",
    "written",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Write the checkpoint with its layers pruned: a .safetensors file, or a folder of shards.",
)
@click.option(
    "--permuted",
    is_flag=True,
    help="Write the columns in the order that was found, and each order as a tensor NAME.order.",
)
@click.option("--workers", type=click.IntRange(1, 256), help="Threads. Default: one a core.")
@format_option("sparsity")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@output_option
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def sparsity(
    files: tuple[Path, ...],
    axes: tuple[str, ...],
    tensor: str,
    permute: bool,
    rounds: int,
    gpu: str | None,
    require: str,
    written: Path | None,
    permuted: bool,
    workers: int | None,
    format_: str,
    as_json: bool,
    output: Path | None,
    quiet: bool,
) -> None:
    """Say whether weights are 2:4, and what 2:4 pruning would lose.

    FILE is a .safetensors, .npy, .gguf or .onnx file, an index of shards, several shards, or the
    folder of a checkpoint. Needs numpy, the extra `sparsity`.
    """
    refuse_untold("sparsity", "json" if as_json else format_, output)
    if permuted and not (written and permute):
        raise UsageError("--permuted needs --write, and no --no-permute")
    try:
        from hostcheck.sparsity import roles
        from hostcheck.sparsity.examine import examine, planned

        plan = planned(files, axes=roles.axes(axes), pattern=tensor)
    except ImportError as error:
        from hostcheck import extras

        raise UsageError(f"no module {error.name}: {extras.install('sparsity')}") from None
    with progress("sparsity", len(plan.weights), quiet=quiet or not sys.stderr.isatty()) as done:
        found = examine(
            plan, permute=permute, rounds=rounds, gpu=gpu or "", workers=workers or 0, done=done
        )
    if written is not None:
        from hostcheck.sparsity.write import write

        made = write(plan, found, written, permuted=permuted)
        left = f", {len(made.left)} stay as they are" if made.left else ""
        told = f"{written}: {len(made.pruned)} layers pruned and read again{left}"
        console.say(without_logins(told))
    give("sparsity", "json" if as_json else format_, found, output)
    if require:
        from hostcheck.sparsity.gate import gate

        sys.exit(gate(found, require))
