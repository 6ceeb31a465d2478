"""Each version of the API is asked what it has, by pyVmomi's tables of all of them."""

from dataclasses import replace

import pytest
from pyVmomi import VmomiSupport, vim  # noqa: F401  the types are there once vim is read

from hostcheck import app, ways
from hostcheck.model.capture import Wire
from hostcheck.model.fact import Why
from hostcheck.model.result import Status
from hostcheck.sources.live import LiveSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.peers import api, shapes
from tests.peers.fleet import Fleet

FIRST = (6, 7)
VERSIONS = sorted(
    (
        number
        for name, number in VmomiSupport.versionIdMap.items()
        if name.startswith("vim.version.") and number.replace(".", "").isdecimal()
        and tuple(map(int, number.split("."))) >= FIRST and number not in ("6.8.7", "6.9.1")
    ),
    key=lambda one: tuple(map(int, one.split("."))),
)  # fmt: skip
"""From 6.7 on; 6.8.7 and 6.9.1 were steps of VMware Cloud on the way to 7.0."""
ASKED = [one for one in ways.requests() if one.wire is Wire.PROPERTIES and one.paths]
EACH = ("6.7", "6.7.3", "7.0.0.0", "7.0.3.2", "8.0.0.0", "8.0.3.1", "9.0.0.0", "9.1.0.0", "9.1.1.0")


def knows(version: str, kind: str, path: str) -> bool:
    """Say whether a version has a property, part by part."""
    here = VmomiSupport.GetWsdlType(VmomiSupport.XMLNS_VMODL_BASE, kind)  # type: ignore[no-untyped-call]
    for name in path.split("."):
        listed = {one.name: one for one in here._GetPropertyList(True)}
        if name not in listed:
            return False
        item = listed[name]
        if not VmomiSupport.IsChildVersion(api.version_of(version), item.version):  # type: ignore[attr-defined]
            return False
        here = getattr(item.type, "Item", item.type)
    return True


def test_the_tables_reach_from_6_7_to_9_1():
    assert VERSIONS[0] == "6.7"
    assert VERSIONS[-1] >= "9.1.1.0"
    assert set(EACH) <= set(VERSIONS)
    assert len(VERSIONS) > 20
    assert sum(len(one.paths) for one in ASKED) > 60


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_asked_what_it_has_and_nothing_else(version):
    number = tuple(map(int, version.split(".")))
    for request in ASKED:
        for path in request.paths:
            told = knows(version, request.template, path.name)
            assert (path.since <= number) is told, (request.template, path)


@pytest.mark.parametrize("version", EACH)
def test_a_host_of_each_release_is_asked_and_judged(version, new_vcenter, log_in):
    """Over a vCenter of that version, which has the properties of its tables and no other."""
    release = "6.7.0" if version.startswith("6.") else version.rpartition(".")[0]
    host = replace(shapes.HOSTS["2n-2xA100-80-esxi803"], version=release)
    server = new_vcenter(Fleet((host,), (shapes.CLUSTER,), api=version))
    source = LiveSource("test", log_in(server))
    (recorded,) = app.recordings(source, source.machines(), done=lambda _: None)
    whys = {one.failure.why for one in recorded.captures.values() if one.failure is not None}
    assert Why.UNPARSED not in whys
    assert Why.DENIED not in whys
    report = report_of(host_of(recorded))
    assert report.host.version.value == release
    assert not [one for one in report.results if one.status is Status.ERROR]
    assert [one for one in report.results if one.status is Status.PASS]
