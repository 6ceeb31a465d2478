"""A host says everything that was asked of it, and counts the VMs that it tells no more of."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck import recording
from hostcheck.assemble import assemble
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import OtherVms
from hostcheck.model.result import Answer
from hostcheck.model.run import HostReport
from hostcheck.reports.run import html
from hostcheck.reports.run.html.shapes import Requests
from hostcheck.runs import run_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
WHOLE = FIXTURES / "2n-2xA100-80-esxi803"
GIB = 2**30


@pytest.fixture(scope="module")
def recorded():
    return recording.load(WHOLE)


def without(recorded, word, why):
    return {
        key: replace(one, failure=why) if word in key[1] else one
        for key, one in recorded.captures.items()
    }


def asked_of(host):
    told = [*host.sources, *(one.origin for one in host.not_read)]
    return sorted((one.wire, one.asked, one.subject) for one in told)


def test_sources_and_the_rest_are_the_manifest_to_the_last_question(recorded):
    host = assemble(recorded)
    listed = json.loads((WHOLE / "manifest.json").read_text())["answers"]
    wanted = sorted((one["wire"], one["asked"], one.get("subject", "")) for one in listed)
    assert asked_of(host) == wanted
    assert "HostImageConfigManager.fetchSoftwarePackages" in {one for _, one, _ in wanted}


def test_a_question_that_failed_is_told_with_its_reason(recorded):
    why = Unknown(Why.TIMEOUT, "no answer in 30 s", "nvidia-smi")
    broken = replace(recorded, captures=without(recorded, "nvidia-smi", why))
    host = assemble(broken)
    assert asked_of(host) == asked_of(assemble(recorded))
    failed = {one.origin.asked: one.failure for one in host.not_read if one.failure}
    assert failed["nvidia-smi -q -x"] == "timeout: no answer in 30 s"
    requests = Requests()
    requests.add(host)
    requests.add(host)
    listed = dict(dict(requests.listed())["shell"])
    assert listed["nvidia-smi -q -x"] == (("timeout: no answer in 30 s", 2),)
    page = html.render(run_of("t", [HostReport(Answer.UNSURE, host, ())]))
    assert "no answer, 1 time: timeout: no answer in 30 s" in page


def test_running_vms_without_a_gpu_are_counted_with_their_memory(recorded):
    host = assemble(recorded)
    assert host.other_vms == Known(OtherVms(1, 8 * GIB), host.other_vms.sources)
    assert "web-01" not in {vm.name for vm in host.vms.value}
    lost = Unknown(Why.DENIED, "no permission", "VirtualMachine")
    captures = {
        key: replace(one, failure=lost) if key[1] == "VirtualMachine" else one
        for key, one in recorded.captures.items()
    }
    assert isinstance(assemble(replace(recorded, captures=captures)).other_vms, Known), (
        "VMs that cannot be read are listed as such, so no other is left"
    )
