"""SRC: whether those that were asked the same thing say the same."""

from hostcheck.checks.engine import Facts, check, judge, look, not_applicable
from hostcheck.checks.subjects import every_testimony
from hostcheck.model.host import Testimony
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict

TOPOLOGY = "https://frankdenneman.ai/2022-09-21-sub-numa-clustering/"


@check(
    "SRC-001",
    title="All sources of a fact agree",
    severity=Severity.RECOMMENDED,
    source=TOPOLOGY,
    each=every_testimony,
    why=(
        "The checks judge what the first source says; when another one contradicts it, one of the "
        "two is stale or wrong, and so may be the judgement."
    ),
    fix=(
        "Find out which source is right: audit again; compare with the BIOS or the management "
        "controller; a host that was changed since its last reboot often tells both."
    ),
    how=(
        look("shell", "vsish -e dir /hardware/cpuTopology/numa/nodes; esxcli hardware memory get"),
    ),
)
def sources_agree(told: Testimony, _needs: Requirements, known: Facts) -> Verdict:
    if len(told.statements) == 1:
        return not_applicable("one source was asked")
    values = [known(statement) for statement in told.statements]
    different = list(dict.fromkeys(values))
    return judge(
        ok=len(different) == 1,
        observed=" / ".join(different),
        expected="the same from every source",
        note="" if len(different) == 1 else f"as told by source 1 to {len(values)}, in that order",
    )
