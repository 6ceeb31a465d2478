"""The example of docs/diff.md is what the command prints."""

from pathlib import Path

from msgspec.structs import replace

from hostcheck.diff import difference
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.reports import pieces
from tests import golden
from tests.diff.test_diff import HEALTHY, compare, recorded  # noqa: F401  a fixture

PAGE = Path(__file__).parents[2] / "docs" / "diff.md"
MARK = "## An example"


def test_the_example_is_current(compare, update):  # noqa: F811  the fixture
    kinds = [HEALTHY] * 8 + ["2n-2xA40-gpu-lost-esxi803"]
    then = [
        replace(recorded(kind), name=f"esx-{n:02}.lab.test", id=f"host-{n}")
        for n, kind in enumerate(kinds, 1)
    ]
    now = list(then)
    now[1] = replace(now[1], in_maintenance_mode=Known(value=True))
    for at in (3, 4, 5):
        now[at] = replace(now[at], bios_version=Known("1.15.2"), reboot_required=Known(value=True))
    now[6] = replace(now[6], boot_options=Unknown(Why.DENIED, "no permission", "", "Host.Config"))
    now[8] = replace(recorded("2n-2xA40-gpu-lost-esxi803"), name=now[8].name, id=now[8].id,
                     gpus=recorded(HEALTHY).gpus)  # fmt: skip
    text = "".join(pieces("diff", "text", difference(*compare(then, now[:7] + now[8:]))))
    before, found, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert found
    golden.check(PAGE, f"{before}{MARK}\n\n```\n{text}```\n", update=update)
