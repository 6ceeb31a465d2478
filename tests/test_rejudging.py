"""A host judged again where it is other is told what a host judged as a whole is told."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck import recording
from hostcheck.checks import engine
from hostcheck.model.fact import Known
from tests.checks.synthetic import synthetic
from tests.checks.test_losing_information import (
    FIXTURES,
    HOSTS,
    LOST,
    joined,
    poorer_ones,
    without_answer,
    without_property,
)
from tests.rejudging import Rejudging, different
from tests.remembering import opening_by, remembered
from tests.torture.law import whole

RECORDED = (
    "2n-8xH100-bmc-supermicro-sick-esxi803", "2n-1xA16-esxi803", "2n-8xH100-mig-mixed-esxi803",
    "8n-1xL40S-bmc-hpe-profile-esxi802", "2n-2xA100-80-disagree-esxi803",
)  # fmt: skip
HOST = synthetic("2 package, 2 node, 2 gpu/node, 1 nic/node, 1 vm/gpu")


def unlike(host, poorer):
    """Return at which of those judging again says other than judging all."""
    again = Rejudging(host).again
    return [at for at, one in enumerate(poorer) if again(one) != whole(one)]


@pytest.mark.parametrize("name", HOSTS)
def test_of_a_host_that_lost_a_fact(name):
    assert unlike(HOSTS[name], [one for _, one in poorer_ones(HOSTS[name])][::15]) == []


@pytest.mark.parametrize("name", RECORDED)
def test_of_a_recorded_machine_that_lost_something(name):
    folder: Path = FIXTURES / name
    held = recording.load(folder)
    with opening_by(remembered()):
        host = joined(folder, held)
        losses = (*list(without_answer(held))[::8], *list(without_property(held))[::20])
        poorer = [joined(folder, one) for _, one in losses]
    assert unlike(host, [*poorer, *[one for _, one in poorer_ones(host)][::30]]) == []


def test_of_another_host_altogether():
    other = HOSTS["every flaw"]
    assert Rejudging(HOST).again(other) == whole(other)


def without(host, field):
    return replace(host, **{field: LOST})


def judged(host, change, monkeypatch):
    """Return what is judged, check and subject, when that host is judged again."""
    again = Rejudging(host).again
    asked = []
    judge = engine.Check.judge
    monkeypatch.setattr(
        engine.Check,
        "judge",
        lambda check, about, *given: (
            asked.append((check.id, about.id)) or judge(check, about, *given)
        ),
    )
    again(change(host))
    return asked


def test_only_what_read_what_is_other_is_judged_again(monkeypatch):
    asked = judged(HOST, lambda host: without(host, "in_maintenance_mode"), monkeypatch)
    assert {check for check, _ in asked} == {"HOST-002"}


def test_only_the_gpu_is_judged_again_that_is_other(monkeypatch):
    sick = HOST.gpus.value[1]

    def changed(host):
        gpus = (host.gpus.value[0], without(sick, "ecc_pending"), *host.gpus.value[2:])
        return replace(host, gpus=Known(gpus, host.gpus.sources))

    asked = judged(HOST, changed, monkeypatch)
    assert ("ECC-002", sick.address) in asked
    assert {about for _, about in asked} == {sick.address}


@pytest.mark.parametrize(
    "function",
    [
        lambda one, _needs, _known: engine.judge(
            ok=replace(one, name="x").reboot_required == Known(False), observed="", expected=""
        ),
        lambda one, _needs, _known: engine.judge(
            ok=type(one.reboot_required) is Known, observed="", expected=""
        ),
    ],
    ids=["copies a part", "asks for the very type"],
)
def test_what_a_stand_in_cannot_play_is_judged_each_time(function, monkeypatch):
    checks = [
        replace(one, function=function) if one.id == "HOST-002" else one
        for one in engine.all_checks()
    ]
    monkeypatch.setattr("tests.rejudging.checks_for", lambda *_: tuple(checks))
    after = Rejudging(HOST).again(without(HOST, "reboot_required"))
    (one,) = (one for one in after.report.results if one.check == "HOST-002")
    assert one.status.value == "fail"


def test_where_two_hosts_differ():
    gpu = HOST.gpus.value[2]
    assert list(different(HOST, HOST)) == []
    assert list(different(HOST, without(HOST, "boot_time"))) == [(("boot_time",), "")]
    gpus = (*HOST.gpus.value[:2], replace(gpu, name="x"), *HOST.gpus.value[3:])
    other = replace(HOST, gpus=replace(HOST.gpus, value=gpus))
    assert list(different(HOST, other)) == [(("gpus", "value", 2), "name")]
    other = replace(HOST, gpus=replace(HOST.gpus, value=gpus[:2]))
    assert list(different(HOST, other)) == [(("gpus",), "value")]
