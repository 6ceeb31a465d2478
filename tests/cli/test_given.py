"""Groups of options: what a command offers is what its typed groups hold."""

import ast
from pathlib import Path

import click
import pytest

import hostcheck
from hostcheck.cli.given import group
from hostcheck.connect.given import Guests

HOUSE = Path(hostcheck.__file__).parent


def test_a_group_becomes_one_argument():
    from dataclasses import dataclass  # noqa: PLC0415

    @dataclass(frozen=True)
    class Colour:
        red: int = 0
        blue: str = ""

    seen = []

    @click.command()
    @group("colour", Colour, click.option("--red", type=int), click.option("--blue"))
    @click.option("--other")
    def command(colour, other):
        seen.append((colour, other))

    command.main(["--red", "3", "--blue", "b", "--other", "o"], standalone_mode=False)
    assert seen == [(Colour(3, "b"), "o")]


def test_a_group_offers_all_fields_and_nothing_else():
    with pytest.raises(TypeError, match=r"its options differ in \['guest_password_file'"):
        group("guests", Guests, click.option("--guest-user"))


def readers(what):
    """Modules of the package whose code names os.environ or os.getenv."""
    found = set()
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in what:
                found.add(str(path.relative_to(HOUSE)))
    return found


def test_one_module_reads_the_environment():
    """The build of the smoke program hands its own environment on to compilers."""
    assert readers({"environ", "getenv"}) == {"cli/front.py", "smoke/build.py"}
