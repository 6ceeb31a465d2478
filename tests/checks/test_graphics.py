"""GFX: the active type, the configured type and the host's default are three facts."""

import pytest

from hostcheck.model.fact import Why
from hostcheck.model.host import GraphicsType
from tests.checks.synthetic import (
    a_host,
    changed,
    result,
    results,
    says,
    synthetic,
    unknown,
    with_gpu,
)

HEALTHY = synthetic("2 package, 2 node, 1 gpu/node")
GPU = HEALTHY.gpus.value[0].address
WRONG = {
    GraphicsType.BASIC: "Basic",
    GraphicsType.SHARED: "Shared",
    GraphicsType.DIRECT: "Direct (passthrough)",
}
PER_GPU = (("GFX-001", "graphics_active"), ("GFX-002", "graphics_configured"))
per_gpu = pytest.mark.parametrize(("check", "field"), PER_GPU)


@per_gpu
@pytest.mark.parametrize("kind", WRONG)
def test_any_other_type_fails(check, field, kind):
    one = result(check, with_gpu(HEALTHY, **{field: kind}), GPU)
    says(one, "fail", "Shared Direct")
    assert one.observed == WRONG[kind]
    texts = [command.text for command in one.fix]
    assert texts[-1] == "esxcli system shutdown reboot --reason 'graphics type'"
    assert any("SharedPassthru" in text for text in texts) is (check == "GFX-002")


@per_gpu
def test_shared_direct_passes(check, field):
    one = result(check, with_gpu(HEALTHY, **{field: GraphicsType.SHARED_DIRECT}), GPU)
    says(one, "pass")
    assert one.observed == one.expected == "Shared Direct"
    assert one.sources == (0,)
    assert one.fix == ()


@per_gpu
@pytest.mark.parametrize("kind", GraphicsType)
def test_a_type_that_is_not_known_is_unknown(check, field, kind):
    other = dict(PER_GPU)["GFX-002" if check == "GFX-001" else "GFX-001"]
    host = with_gpu(HEALTHY, **{field: unknown(Why.DENIED, privilege="System.Read"), other: kind})
    one = result(check, host, GPU)
    says(one, "unknown")
    assert one.unseen.privilege == "System.Read"


def test_active_and_configured_are_told_apart():
    host = with_gpu(HEALTHY, graphics_active=GraphicsType.SHARED)
    says(result("GFX-001", host, GPU), "fail")
    says(result("GFX-002", host, GPU), "pass")
    host = with_gpu(HEALTHY, graphics_configured=GraphicsType.SHARED)
    says(result("GFX-001", host, GPU), "pass")
    says(result("GFX-002", host, GPU), "fail")


@per_gpu
def test_each_gpu_is_judged_by_itself(check, field):
    found = results(check, with_gpu(HEALTHY, 1, **{field: GraphicsType.BASIC}))
    assert [one.status.value for one in found] == ["pass", "fail"]


@pytest.mark.parametrize("kind", WRONG)
def test_another_default_fails(kind):
    one = result("GFX-003", changed(HEALTHY, graphics_default=kind))
    says(one, "fail")
    assert one.observed == WRONG[kind]


def test_the_default_passes():
    says(result("GFX-003", HEALTHY), "pass", "Shared Direct")


def test_an_unknown_default_is_unknown():
    says(result("GFX-003", changed(HEALTHY, graphics_default=unknown())), "unknown")


@pytest.mark.parametrize("check", ["GFX-001", "GFX-002", "GFX-003"])
def test_no_gpu_is_not_applicable(check):
    says(result(check, a_host()), "notapplicable", "no ")


@pytest.mark.parametrize("check", ["GFX-001", "GFX-002", "GFX-003"])
def test_an_unknown_list_of_gpus_is_unknown(check):
    one = result(check, changed(HEALTHY, gpus=unknown(Why.DENIED, "NoPermission")))
    says(one, "unknown")
    assert one.unseen.detail == "NoPermission"
    assert one.subject.kind == "host"
