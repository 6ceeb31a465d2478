"""The example of docs/vm-class.md is what the command prints for the file that it shows."""

from pathlib import Path

from msgspec.structs import replace

from hostcheck.reports import pieces
from hostcheck.vmclasses.read import read
from tests import golden
from tests.vmclasses.fleet import QUARTER, WHOLE, judged, machine

PAGE = Path(__file__).parents[2] / "docs" / "vm-class.md"
FILE = Path(__file__).parent / "files" / "example.yaml"
MARK = "## An example"


def example():
    hosts = [
        machine(1, busy=(QUARTER,)), machine(2, busy=(WHOLE,)), machine(3, whole=1),
        machine(11, model="a40", cluster="vdi", profiles=("nvidia_a40-24q", "nvidia_a40-8q")),
    ]  # fmt: skip
    classes = [replace(one, source="classes.yaml") for one in read(FILE).classes]
    return judged(classes, hosts)


def test_the_example_is_current(update):
    text = "".join(pieces("vm_class", "text", example()))
    before, found, after = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert found
    head = after.partition("```yaml\n")[0]
    body = f"{head}```yaml\n{FILE.read_text()}```\n\n```\n{text}```\n"
    golden.check(PAGE, f"{before}{MARK}{body}", update=update)


def test_the_example_shows_what_the_page_is_about():
    told = {one.name: one.answer.value for one in example().classes}
    assert told == {"notebook": "GO", "training": "NO-GO", "whole-gpu": "GO"}
