"""The example of docs/plan.md is what the command prints."""

from pathlib import Path

from hostcheck.reports import pieces
from tests import golden
from tests.planner.fleet import machine, planned

PAGE = Path(__file__).parents[2] / "docs" / "plan.md"
MARK = "## An example"


def test_the_example_is_current(update):
    hosts = [
        *(machine(number, cluster="gpu-a40") for number in (1, 2, 3)),
        *(machine(number, cluster="train", model="h100-pcie-80", aie=True, driver="550.163.02",
                  guest="550.163.01", busy=1) for number in (11, 12)),
    ]  # fmt: skip
    text = "".join(pieces("plan", "text", planned(*hosts, to=["19", "21"])))
    before, found, after = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert found
    head = after.partition("```\n")[0]
    golden.check(PAGE, f"{before}{MARK}{head}```\n{text}```\n", update=update)
