"""Groups of options: what a command offers is what its typed groups hold."""

import ast
from dataclasses import dataclass, field, fields
from pathlib import Path

import click
import pytest

import hostcheck
from hostcheck import settings, ways
from hostcheck.cli import main
from hostcheck.cli.given import group
from hostcheck.connect.given import GuestAccess
from hostcheck.errors import UsageError
from hostcheck.ways.options import option

HOUSE = Path(hostcheck.__file__).parent


def test_a_group_becomes_one_argument():
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
        group("guests", GuestAccess, click.option("--guest-user"))


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The options of a way."""

    probe: bool | None = option("yes or no", "Also probe.")
    probe_user: str = option("text", "User.")
    probe_port: int | None = option("whole", "Port.", least=1, most=65535)
    probe_limit: float | None = option("seconds", "Seconds.", least=1, most=60)
    probe_list: Path | None = option("file", "List.", flags="--list", metavar="CSV")
    probe_key: tuple[Path, ...] = option("path", "Key.", many=True)
    probe_all: bool = option("flag", "All of them.")


def probed(*words):
    @dataclass(frozen=True)
    class Colour:
        red: int = 0
        ways: dict[str, object] = field(default_factory=dict)

    seen = []

    @click.command()
    @group("colour", Colour, click.option("--red", type=int), ways={"probe": Probe})
    def command(colour):
        seen.append(colour)

    command.main(["--red", "3", *words], standalone_mode=False)
    assert seen[0].red == 3
    return seen[0].ways["probe"]


def test_options_of_a_way_are_made_from_its_fields(tmp_path):
    assert probed() == Probe()
    there = tmp_path / "list.csv"
    there.touch()
    words = "--no-probe --probe-user u --probe-port 7 --probe-limit 2.5 --probe-all"
    found = probed(*words.split(), "--list", str(there), "--probe-key", "a", "--probe-key", "b")
    assert found == Probe(
        probe=False, probe_user="u", probe_port=7, probe_limit=2.5, probe_list=there,
        probe_key=(Path("a"), Path("b")), probe_all=True,
    )  # fmt: skip


@pytest.mark.parametrize("words", [("--probe-port", "0"), ("--probe-limit", "61"), ("--list", "x")])
def test_what_a_field_does_not_allow_is_refused(words):
    with pytest.raises(click.BadParameter):
        probed(*words)


def test_every_option_of_every_way_is_offered_by_audit():
    offered = {one.name for one in main.commands["audit"].params}
    for name, options in ways.with_options().items():
        assert {one.name for one in fields(options.Given)} <= offered, name


def test_a_section_of_a_way_is_in_the_settings_and_refuses_what_it_does_not_know(tmp_path):
    place = tmp_path / "hostcheck.toml"
    for options in ways.with_options().values():
        assert hasattr(settings.kind()(), options.SECTION)
        place.write_text(f"[{options.SECTION}]\nnonsense = 1\n")
        with pytest.raises(
            UsageError, match=rf"line 2: \[{options.SECTION}\] has no setting nonsense"
        ):
            settings.read(place)


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
    assert readers({"environ", "getenv"}) == {"environment.py", "smoke/build.py"}
