"""`preflight` and `capacity` look at the same host with other code: they never contradict."""

from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner
from msgspec import structs

from hostcheck.capacity import capacity
from hostcheck.catalog import requirements
from hostcheck.cli import main
from hostcheck.model.capture import Wire
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.result import Answer, Status
from hostcheck.preflight import judge
from hostcheck.preflight.judge import judged_on
from hostcheck.preflight.spec import GIVEN_ID, VmSpec, hosting
from hostcheck.profiles import spelled
from hostcheck.recording import load, save
from hostcheck.sources.walls import host_of
from tests.rejudging import Rejudging

FIXTURES = Path(__file__).parents[2] / "fixtures"
MACHINES = sorted(one.parent.name for one in FIXTURES.glob("*/manifest.json"))
NEEDS = requirements()
ROOM = ("VGPU-001", "VGPU-002", "VGPU-003", "VGPU-005", "MIG-002", "GFX-001")
"""What a preflight says of the kind, the room and the mode: what a count is made of."""
COUNTS = (2, 4, 16)
"""vGPUs of one VM."""
OFTEN = 3
"""Of long lists of profiles every so many is tried."""


def host(name: str, *, shell: bool):
    recorded = load(FIXTURES / name)
    if not shell:
        kept = {key: one for key, one in recorded.captures.items() if key[0] != Wire.SHELL}
        recorded = structs.replace(recorded, captures=kept)
    return host_of(recorded)


def profiles(one) -> list[str]:
    offered = [] if isinstance(one.profiles_offered, Unknown) else [*one.profiles_offered.value]
    models = [
        NEEDS.models[gpu.catalogue_key.value]
        for gpu in (one.gpus.value if isinstance(one.gpus, Known) else ())
        if isinstance(gpu.catalogue_key, Known) and gpu.catalogue_key.value in NEEDS.models
    ]
    listed = {spelled(each, model) for model in models for each in model.profiles}
    more = sorted(listed - set(offered))
    return [*offered, *more[::OFTEN], "nvidia_l40s-24q", "grid_a100d-40c"]


def contradictions(one, profile: str) -> list[str]:
    """Return what the two commands say against each other of one profile."""
    counted = capacity([one], NEEDS, profile=profile)
    (total,) = counted.totals
    candidate, _ = judged_on(GIVEN_ID, "VM to be", hosting(one, VmSpec(profile=profile)))
    failed = {each.check for each in candidate.results if each.status is Status.FAIL}
    none = total.free == 0 and not total.at_least
    found = []
    if none and candidate.verdict is Answer.GO:
        found.append(f"{profile}: GO, and capacity counts none")
    if candidate.verdict is Answer.GO and not total.free:
        found.append(f"{profile}: GO, and capacity is sure of none")
    if total.free and failed & set(ROOM):
        found.append(f"{profile}: {total.free} fit, and {sorted(failed & set(ROOM))} fail")
    if total.free and candidate.verdict is Answer.NO_GO:
        found.append(f"{profile}: {total.free} fit, and NO-GO: {candidate.summary}")
    for several in COUNTS:
        wish = VmSpec(profile=profile, count=several)
        of_several, _ = judged_on(GIVEN_ID, "VM to be", hosting(one, wish))
        if of_several.verdict is Answer.GO and total.free < several and not total.at_least:
            found.append(f"{several} x {profile}: GO, and capacity counts {total.free}")
        if of_several.verdict is Answer.GO and candidate.verdict is not Answer.GO:
            found.append(f"{several} x {profile}: GO, and one alone is {candidate.verdict}")
    return found


@pytest.mark.parametrize("shell", [True, False], ids=["shell", "no shell"])
@pytest.mark.parametrize("name", MACHINES)
def test_what_fits_is_no_no_go_and_what_does_not_is_no_go(name: str, shell: bool) -> None:
    """The host is the same, and the VM is other: what looks at a VM is judged each time."""
    one = host(name, shell=shell)
    again = Rejudging(
        hosting(one, VmSpec(profile=profiles(one)[0]))
    ).report_of  # the VM alone is other
    with patch.object(judge, "report_of", lambda given, *_, **_how: again(given)):
        found = [told for each in profiles(one) for told in contradictions(one, each)]
    assert not found, "\n".join(found)


def test_without_a_shell_both_say_what_it_would_settle(tmp_path: Path) -> None:
    recorded = load(FIXTURES / "2n-2xA100-80-esxi803")
    kept = {key: one for key, one in recorded.captures.items() if key[0] != Wire.SHELL}
    save(structs.replace(recorded, captures=kept), tmp_path / "rec")

    def told(*words: str) -> str:
        done = CliRunner().invoke(main, [*words, "--from", str(tmp_path / "rec"), "-q"])
        return " ".join(done.output.split())

    asked = told("preflight", "infer-01", "--format", "line")
    assert "whether the host's GPUs have room for the VM's vGPUs now is not known" in asked
    page = CliRunner().invoke(main, ["preflight", "infer-01", "--from", str(tmp_path / "rec")])
    assert "to settle it: run again with --ssh" in " ".join(page.output.split())
    assert "run again with --ssh" in told("preflight", "--all", "--format", "csv")
    counted = told("capacity", "--profile", "grid_a100d-40c")
    assert "by the catalogue alone (--ssh asks them)" in counted
    whole = CliRunner().invoke(
        main, ["capacity", "--from", str(FIXTURES / "2n-2xA100-80-esxi803"), "-q"]
    )
    assert "catalogue alone" not in " ".join(whole.output.split())
