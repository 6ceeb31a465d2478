"""A fair part of `make torture`: each recorded machine, damaged in some thousand ways."""

import pytest

from tests.torture.run import ROOT, Block, do

MACHINES = sorted(one.parent.name for one in (ROOT / "fixtures").glob("*/manifest.json"))
INPUTS = 30_000
EACH = -(-INPUTS // len(MACHINES))


@pytest.mark.usefixtures("opened_anew")
@pytest.mark.parametrize("name", MACHINES)
def test_no_damage_makes_a_report_claim_more(name: str) -> None:
    done = do(Block(f"fixtures/{name}", "spread", 0, EACH))
    assert done.counts["inputs"] == EACH
    assert done.slips == []
    assert done.counts["how judged"] > EACH / 10
