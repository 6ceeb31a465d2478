"""The vSphere transport against a real API server, and against one that misbehaves."""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial

import msgspec
import pytest
from pyVmomi import vim

from hostcheck import app
from hostcheck.errors import UsageError
from hostcheck.fleet import tended, threads
from hostcheck.model.capture import Call, CallPart, Path, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers import (
    esxcli_hardware_memory_get,
    vim_host_system,
    vim_listing,
    vim_query_options,
    vim_software_packages,
    vim_virtual_machine,
)
from hostcheck.parsers.vim_check_task import POWER_ON
from hostcheck.sources import live
from hostcheck.sources.live import LiveSource
from hostcheck.sources.walls import host_of
from hostcheck.syntax.vim_objects import object_of
from hostcheck.verdict import report_of
from hostcheck.ways.esxcli import way as esxcli
from hostcheck.ways.shell import order as esxi_shell
from hostcheck.ways.shell.reach import Shell, shell_from_ssh_config
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL
from hostcheck.ways.vsphere import exchange, pages, properties, soap
from hostcheck.ways.vsphere.order import METHODS, WRITES
from hostcheck.ways.vsphere.pages import FIRST
from tests.peers import shapes
from tests.peers.api import Trouble
from tests.peers.fleet import CANARY, DeniedProperty, Fleet, Vm
from tests.ways.meddler import drip, fault, hold, meddling, passed_on, reply, silence

HOST = vim_host_system.REQUEST
VM = vim_virtual_machine.REQUEST
SETTING = vim_query_options.REQUEST
HEALTHY = shapes.HEALTHY
(SHAPE,) = HEALTHY.hosts
LIMIT = {"timeout": 1.0}
SOON = 25
"""Seconds in which a question with a limit of one second must have come to an end."""


def collect(session, **options):
    """Collect every host as an audit does and return the recordings by host."""
    source = LiveSource("test", session, **options)
    targets = source.machines()
    return {one.ref.name: one for one in app.recordings(source, targets, done=lambda _: None)}


def failures(recorded):
    return {
        capture.request.text: capture.failure.why
        for capture in recorded.captures.values()
        if capture.failure is not None
    }


# Getting in


def test_a_wrong_password_is_one_line_and_leaves_no_session(vcenter, log_in):
    before = vcenter.stats()["calls"].get("Login", 0)
    with pytest.raises(
        UsageError, match=r"password of auditor@vsphere\.local is refused"
    ) as caught:
        log_in(vcenter, password="s3cret-and-wrong")
    assert "\n" not in str(caught.value)
    assert "s3cret-and-wrong" not in str(caught.value)
    assert vcenter.stats()["open_sessions"] == 0
    assert vcenter.stats()["calls"]["Login"] == before + 1, "a wrong password is tried once"


def test_nobody_at_home_is_one_line(vcenter, log_in):
    with silence() as port:
        pass
    with pytest.raises(UsageError, match="check the name, the port and the firewall"):
        log_in(vcenter, port=port)


def test_a_port_of_something_else_is_said_to_speak_no_tls(log_in, vcenter, shells):
    with pytest.raises(UsageError, match=r"answers there \(what answers speaks no TLS\); check"):
        log_in(vcenter, port=shells.port)


def test_a_web_server_that_is_no_vcenter_is_one_line(vcenter, log_in):
    def teapot(handler, _meddler, _method, _body):
        reply(handler, 404, b"<html>not here</html>")
        return True

    with (
        meddling(vcenter, teapot) as server,
        pytest.raises(UsageError, match="no vSphere API answers there") as caught,
    ):
        log_in(server)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("method", ["RetrieveServiceContent", "Login", "CreatePropertyCollector"])
@pytest.mark.parametrize("kind", ["no_permission", "busy", "drop", "truncate"])
def test_a_login_that_breaks_is_one_line_and_leaves_no_session(new_vcenter, log_in, method, kind):
    server = new_vcenter(HEALTHY, Trouble(method, kind, 200))
    with pytest.raises(UsageError) as caught:
        log_in(server)
    assert "\n" not in str(caught.value)
    assert server.password not in str(caught.value)
    if method != "Login":  # a login whose answer was lost cannot be given back
        assert server.stats()["open_sessions"] == 0


@pytest.mark.parametrize("spoil", [hold, partial(drip, head=True), partial(drip, head=False)])
@pytest.mark.parametrize("method", ["RetrieveServiceContent", "Login"])
def test_a_silent_login_ends_at_the_limit(vcenter, log_in, method, spoil):
    def spoiled(handler, meddler, called, _body):
        if called == method:
            spoil(handler, meddler)
        return called == method

    with meddling(vcenter, spoiled) as server:
        began = time.monotonic()
        with pytest.raises(UsageError, match="no vSphere API answers there"):
            log_in(server, **LIMIT)
        assert time.monotonic() - began < SOON


def test_a_silent_port_ends_at_the_limit(vcenter, log_in):
    with silence() as port:
        began = time.monotonic()
        with pytest.raises(UsageError, match="no vSphere API answers there"):
            log_in(vcenter, port=port, **LIMIT)
        assert time.monotonic() - began < SOON


# What leaves this machine


def test_only_listed_methods_reach_the_server_and_no_session_stays(vcenter, log_in):
    with meddling(vcenter) as server:
        source = LiveSource("test", log_in(server), carried=("esxcli",))
        for _ in app.recordings(source, source.machines(), done=lambda _: None):
            pass
        source.close()
    assert set(server.calls) <= {*METHODS} - WRITES
    assert server.paths == {"GET /sdk/vimServiceVersions.xml", "POST /sdk"}
    assert server.calls["Login"] == server.calls["Logout"] == 1
    assert server.calls["CreateContainerView"] == server.calls["DestroyView"]
    assert vcenter.stats()["open_sessions"] == 0


def test_every_other_method_is_refused_before_it_is_sent(vcenter, log_in):
    with meddling(vcenter) as server:
        session = log_in(server)
        sent = dict(server.calls)
        with pytest.raises(PermissionError, match="PowerOffVM_Task"):
            vim.VirtualMachine("vm-10001", session._session.exchange.stub).PowerOff()
        with pytest.raises(PermissionError, match="RebootHost_Task"):
            session._session.post(soap.call("RebootHost_Task", "HostSystem", "host-1001"))
        with pytest.raises(PermissionError, match="Fetch"):
            vim.HostSystem("host-1001", session._session.exchange.stub).config  # noqa: B018
        with pytest.raises(PermissionError, match="ShutdownHost_Task"):
            session.fetch(Request(Wire.METHOD, "HostSystem.ShutdownHost_Task", "").of("host-1001"))
        with pytest.raises(PermissionError, match="HostSystem"):
            session.fetch(Request(Wire.PROPERTIES, "HostSystem", "", paths=(Path("config"),)))
        forged = Call((CallPart("<vm type='VirtualMachine'>{subject}</vm><x/>"),))
        with pytest.raises(PermissionError, match="CheckPowerOn_Task"):
            session.fetch(msgspec.structs.replace(POWER_ON.of("vm-1"), call=forged))
        with pytest.raises(PermissionError, match="QueryOptions"):
            session.fetch(msgspec.structs.replace(SETTING, subject="config.vpxd.secret"))
        with pytest.raises(PermissionError, match="esxcli system shutdown poweroff"):
            session.fetch(
                Request(Wire.ESXCLI, "esxcli system shutdown poweroff", "").of("host-1001")
            )
        assert dict(server.calls) == sent


def test_a_shell_command_is_none_of_its_business(vcenter, log_in):
    with pytest.raises(ValueError, match="shell"):
        log_in(vcenter).fetch(esxi_shell.HOST_REQUESTS[0])


def test_the_password_is_in_no_capture_and_no_argument_of_the_session(vcenter, log_in):
    session = log_in(vcenter)
    kept = {name: value for name, value in vars(session).items() if name != "_password"}
    assert vcenter.password not in repr(kept)
    assert vcenter.password not in repr(collect(session))


# Pages and requests


def test_more_than_a_page_is_followed_to_the_end(new_vcenter, log_in, monkeypatch):
    monkeypatch.setattr(properties, "LISTED", 20)
    vms = tuple(Vm(f"vm-{index:03d}") for index in range(50))
    server = new_vcenter(Fleet((replace(SHAPE, vms=vms),)))
    session = log_in(server)
    listed = vim_listing.parse(session.fetch(vim_listing.VMS).text)
    assert {one.name for one in listed} == {vm.name for vm in vms}
    assert server.stats()["calls"]["ContinueRetrievePropertiesEx"] == 2
    (recorded,) = collect(session).values()
    assert set(recorded.ref.vm_ids) == set(server.ids.vms.values())
    assert not failures(recorded)


def test_requests_grow_with_pages_and_not_with_hosts(new_vcenter, log_in, monkeypatch):
    monkeypatch.setattr(live, "FEW_HOSTS", 4)
    asked = {}
    for count in (8, 24):
        fleet = shapes.many(count)
        server = new_vcenter(fleet)
        session = log_in(server)
        assert len(collect(session)) == count
        session.close()
        calls = server.stats()["calls"]
        vms = sum(len(host.vms) for host in fleet)
        pages = 1 + (vms > FIRST)  # what a VM weighs is known then, and the rest is one page
        assert calls.pop("RetrievePropertiesEx") == 1 + 1 + 1 + 1 + pages
        asked[count] = calls
    assert asked[8] == asked[24]
    assert "fetchSoftwarePackages" not in asked[24]


def test_vibs_are_asked_of_gpu_hosts_where_they_are_few(new_vcenter, log_in, monkeypatch):
    fleet = Fleet((SHAPE, replace(SHAPE, name="bare.lab.test", gpus=(), vms=(), driver=None)))
    vibs = "HostImageConfigManager.fetchSoftwarePackages"
    for packages, few, expected in ((None, 2, 1), (None, 1, 0), (True, 1, 1), (False, 2, 0)):
        monkeypatch.setattr(live, "FEW_HOSTS", few)
        server = new_vcenter(fleet)
        found = collect(log_in(server), packages=packages)
        assert server.stats()["calls"].get("fetchSoftwarePackages", 0) == expected
        assert vibs not in {key[1] for key in found["bare.lab.test"].captures}
        packages_of = host_of(found[SHAPE.name]).driver_packages
        assert isinstance(packages_of, Unknown) is (expected == 0)
        if not expected:
            assert packages_of.why is Why.NOT_ASKED
            assert "--packages" in packages_of.detail


def vm_pages(log_in, server, monkeypatch, size=4):
    """A session whose VMs come four at a time, and the questions about them in order."""
    monkeypatch.setattr(pages, "FIRST", size)
    monkeypatch.setattr(pages, "FEWEST", size)
    monkeypatch.setattr(pages, "MOST", size)
    session = log_in(server)
    questions = [VM.of(one) for one in sorted(server.ids.vms.values())]
    session.expect(questions)
    return session, questions


def test_the_next_page_is_on_its_way_while_one_is_judged(new_vcenter, log_in, monkeypatch):
    vms = tuple(Vm(f"vm-{index:03d}") for index in range(10))
    server = new_vcenter(Fleet((replace(SHAPE, vms=vms),)))
    session, questions = vm_pages(log_in, server, monkeypatch)
    sent = []
    for question in questions:
        assert session.fetch(question).failure is None
        sent.append(server.stats()["calls"]["RetrievePropertiesEx"])
    assert sent[-1] == 3, "every VM was asked for once"
    assert sent[5] == 3, "the last page is asked for before its turn"
    session.close()
    assert server.stats()["open_sessions"] == 0


@pytest.mark.parametrize("kind", ["drop", "truncate", "busy", "no_permission", "not_authenticated"])
def test_a_page_that_did_not_arrive_ahead_is_asked_anew(new_vcenter, log_in, monkeypatch, kind):
    vms = tuple(Vm(f"vm-{index:03d}") for index in range(10))
    server = new_vcenter(
        Fleet((replace(SHAPE, vms=vms),)),
        Trouble("RetrievePropertiesEx", kind, 300, first=2, last=2),
    )
    session, questions = vm_pages(log_in, server, monkeypatch)
    assert all(session.fetch(question).failure is None for question in questions)
    session.close()
    assert server.stats()["open_sessions"] == 0


def test_a_session_closes_with_a_page_on_its_way(new_vcenter, log_in, monkeypatch):
    vms = tuple(Vm(f"vm-{index:03d}") for index in range(10))
    server = new_vcenter(Fleet((replace(SHAPE, vms=vms),)))
    session, questions = vm_pages(log_in, server, monkeypatch)
    session.fetch(questions[0])
    session.close()
    assert server.stats()["open_sessions"] == 0
    assert session.fetch(questions[-1]).failure.why is Why.NOT_ASKED


@pytest.mark.parametrize(("keep_alive", "logins"), [(0.3, 1), (600, 2)])
def test_a_session_stays_while_shells_are_asked(
    new_vcenter, new_shells, log_in, keep_alive, logins
):
    hanging = replace(SHAPE, shell_trouble="hang", vms=())
    fleet = Fleet(tuple(replace(hanging, **shapes.at(number)) for number in (1, 2)))
    server, shells = new_vcenter(fleet, session_idle_s=1.5), new_shells(fleet)
    base = Shell("", known_hosts=(str(shells.known_hosts_file),), command_timeout=3, host_timeout=3)

    def open_shell(so_far):
        shell = shell_from_ssh_config(so_far.ref.name, config=shells.config_file, base=base)
        return SshTransport(shell, SHELL.allows, lambda: shells.password)

    session = log_in(server, keep_alive=keep_alive)
    source = LiveSource("test", session, openers={"shell": open_shell}, packages=True)
    with tended(source.keep_alive, source.close):
        recorded = list(app.recordings(source, source.machines(), done=lambda _: None))
    for one in recorded:
        assert set(failures(one).values()) <= {Why.TIMEOUT, Why.NOT_ASKED}
    calls = server.stats()["calls"]
    assert calls["Login"] == logins
    assert (calls.get("CurrentTime", 0) > 0) is (logins == 1)
    assert server.stats()["open_sessions"] == 0
    assert "hostcheck-tend" not in [one.name for one in threading.enumerate()]
    time.sleep(0.3)
    session.keep_alive()
    assert server.stats()["calls"].get("CurrentTime", 0) == calls.get("CurrentTime", 0)


def test_a_session_is_not_kept_while_it_is_used(vcenter, log_in):
    session = log_in(vcenter, keep_alive=60)
    before = vcenter.stats()["calls"].get("CurrentTime", 0)
    collect(session)
    assert 0 < session.keep_alive() <= 60
    assert vcenter.stats()["calls"].get("CurrentTime", 0) == before


def test_closing_cuts_off_what_keeps_a_session_alive(new_vcenter, log_in):
    server = new_vcenter(HEALTHY, Trouble("CurrentTime", "delay", 60000))
    session = log_in(server, keep_alive=0.1, timeout=60)
    began = time.monotonic()
    with tended(session.keep_alive, session.close):
        while not server.stats()["calls"].get("CurrentTime"):
            assert time.monotonic() - began < SOON
            time.sleep(0.1)
    assert time.monotonic() - began < SOON
    assert server.stats()["open_sessions"] == 0


def test_a_server_that_falls_silent_costs_a_few_limits_and_not_one_a_page(
    new_vcenter, log_in, monkeypatch
):
    monkeypatch.setattr(pages, "FIRST", 4)
    server = new_vcenter(
        shapes.many(60), Trouble("RetrievePropertiesEx", "delay", 60000, first=2)
    )  # fmt: skip
    recorded = collect(log_in(server, timeout=3), packages=True)
    assert len(recorded) == 60
    for one in recorded.values():
        assert {Why.TIMEOUT, Why.UNREACHABLE} >= {
            capture.failure.why for capture in one.captures.values() if capture.failure is not None
        }
        assert not any(
            capture.failure is None for capture in one.captures.values()
            if capture.request.wire == Wire.PROPERTIES
        )  # fmt: skip
    told = [
        capture.failure.detail for one in recorded.values() for capture in one.captures.values()
        if capture.failure is not None
    ]  # fmt: skip
    assert any("questions in a row had no answer" in one for one in told)
    asked = server.stats()["calls"]["RetrievePropertiesEx"] - 1
    assert properties.MISSES <= asked < 60 / 4


def test_a_server_that_answers_again_is_asked_again(new_vcenter, log_in, monkeypatch):
    monkeypatch.setattr(pages, "FIRST", 1)
    monkeypatch.setattr(properties, "PEACE", 0)
    server = new_vcenter(
        shapes.many(12),
        Trouble("RetrievePropertiesEx", "delay", 60000, first=2, last=1 + properties.MISSES),
    )
    recorded = collect(log_in(server, timeout=3), packages=False)
    failed = [name for name, one in recorded.items() if HOST.of(one.ref.id).key in one.captures
              and one.captures[HOST.of(one.ref.id).key].failure is not None]  # fmt: skip
    assert 0 < len(failed) <= properties.MISSES


def test_sick_hosts_silence_no_vcenter(new_vcenter, log_in):
    hosts = tuple(replace(SHAPE, **shapes.at(n), vms=()) for n in range(1, 8))
    slow = Trouble("fetchSoftwarePackages", "delay", 60000, last=properties.MISSES + 1)
    recorded = collect(log_in(new_vcenter(Fleet(hosts), slow), timeout=3), packages=True)
    lost = [name for name, one in recorded.items() if failures(one)]
    assert len(lost) == properties.MISSES + 1


def test_a_server_that_is_gone_is_no_trouble_for_what_keeps_a_session_alive(new_vcenter, log_in):
    session = log_in(new_vcenter(HEALTHY, Trouble("CurrentTime", "drop")), keep_alive=0.1)
    time.sleep(0.2)
    assert session.keep_alive() == 0.1


def test_methods_side_by_side_log_in_again_once(new_vcenter, log_in):
    hosts = tuple(replace(SHAPE, name=f"esx-{n}.lab.test", vms=()) for n in range(6))
    ended = Trouble("fetchSoftwarePackages", "not_authenticated", first=2, last=2)
    server = new_vcenter(Fleet(hosts), ended)
    session = log_in(server)
    source = LiveSource("test", session)
    with threads(6) as workers:
        found = list(
            app.recordings(source, source.machines(), workers=workers, done=lambda _: None)
        )
    assert not any(failures(one) for one in found)
    assert server.stats()["calls"]["Login"] == 2
    session.close()
    assert server.stats()["open_sessions"] == 0


def test_a_setting_of_vcenter_is_asked_once_and_kept_with_every_host(new_vcenter, log_in):
    server = new_vcenter(replace(shapes.many(8), hot_migrate=False))
    session = log_in(server)
    recorded = collect(session)
    told = {vim_query_options.parse(one.captures[SETTING.key].text) for one in recorded.values()}
    assert told == {False}
    assert server.stats()["calls"]["QueryOptions"] == 1


def test_a_setting_of_vcenter_that_may_not_be_read(new_vcenter, log_in):
    session = log_in(new_vcenter(HEALTHY, Trouble("QueryOptions", "no_permission")))
    (recorded,) = collect(session).values()
    failure = recorded.captures[SETTING.key].failure
    assert (failure.why, failure.privilege) == (Why.DENIED, "System.Read")


def test_an_esxi_host_is_not_asked_for_a_setting_of_vcenter(vcenter, log_in):
    session = log_in(vcenter)
    session._session.is_vcenter = False
    failure = session.fetch(SETTING).failure
    assert failure.why is Why.ABSENT
    assert "the vCenter that has it does" in failure.detail


def test_answers_are_the_same_with_and_without_the_hint(vcenter, log_in):
    session = log_in(vcenter)
    requests = [HOST.of(one) for one in vcenter.ids.hosts.values()]
    alone = [session.fetch(request).text for request in requests]
    session.expect(requests)
    together = [session.fetch(request).text for request in requests]
    assert alone == together


# A server that misbehaves


def test_a_session_that_ends_on_the_way_is_renewed_at_any_question(new_vcenter, log_in):
    quiet = log_in(new_vcenter(HEALTHY))
    expected = {
        key: capture.text
        for one in collect(quiet).values()
        for key, capture in one.captures.items()
    }
    for method, call in (
        ("CreateContainerView", 1), ("RetrievePropertiesEx", 1), ("RetrievePropertiesEx", 2),
        ("RetrievePropertiesEx", 3), ("DestroyView", 1), ("fetchSoftwarePackages", 1),
    ):  # fmt: skip
        server = new_vcenter(HEALTHY, Trouble(method, "not_authenticated", first=call, last=call))
        session = log_in(server)
        (recorded,) = collect(session).values()
        session.close()
        assert {key: one.text for key, one in recorded.captures.items()} == expected, method
        stats = server.stats()
        assert stats["calls"]["Login"] == 2, method
        assert stats["open_sessions"] == 0, method


@pytest.mark.sessions_left(0)
def test_a_session_that_ends_between_pages_starts_the_listing_again(
    new_vcenter, log_in, monkeypatch
):
    monkeypatch.setattr(properties, "LISTED", 20)
    vms = tuple(Vm(f"vm-{index:03d}") for index in range(50))
    ended = Trouble("ContinueRetrievePropertiesEx", "not_authenticated", first=2, last=2)
    server = new_vcenter(Fleet((replace(SHAPE, vms=vms),)), ended)
    listed = vim_listing.parse(log_in(server).fetch(vim_listing.VMS).text)
    assert len(listed) == len(vms)


def test_a_session_that_always_ends_is_given_up(new_vcenter, log_in):
    server = new_vcenter(HEALTHY, Trouble("RetrievePropertiesEx", "not_authenticated", first=4))
    session = log_in(server)
    (recorded,) = collect(session).values()
    assert set(failures(recorded).values()) == {Why.DENIED}
    # One more login per page or setting that was asked, and none per object.
    assert server.stats()["calls"]["Login"] <= 6


def test_a_login_that_is_refused_later_is_tried_once_and_the_run_goes_on(new_vcenter, log_in):
    server = new_vcenter(
        HEALTHY,
        Trouble("RetrievePropertiesEx", "not_authenticated", first=2),
        Trouble("Login", "no_permission", first=2),
    )
    (recorded,) = collect(log_in(server)).values()
    assert set(failures(recorded).values()) == {Why.DENIED}
    assert all("a new login failed" in one.failure.detail for one in recorded.captures.values())
    assert server.stats()["calls"]["Login"] == 2


@pytest.mark.parametrize(("kind", "amount"), [("drop", 0), ("truncate", 300), ("truncate", 3000)])
def test_a_broken_answer_is_asked_again(new_vcenter, log_in, kind, amount):
    server = new_vcenter(HEALTHY, Trouble("RetrievePropertiesEx", kind, amount, first=2, last=3))
    (recorded,) = collect(log_in(server)).values()
    assert not failures(recorded)


@pytest.mark.parametrize("kind", ["drop", "truncate"])
def test_answers_that_stay_broken_are_unreachable_and_no_exception(new_vcenter, log_in, kind):
    server = new_vcenter(HEALTHY, Trouble("RetrievePropertiesEx", kind, 300, first=2))
    session = log_in(server)
    (recorded,) = collect(session).values()
    assert set(failures(recorded).values()) == {Why.UNREACHABLE}
    failed = [one for key, one in recorded.captures.items() if key != SETTING.key]
    assert all(one.failure.asked == one.request.text for one in failed)
    session.close()
    assert server.stats()["open_sessions"] == 0
    statuses = {one.status.value for one in report_of(host_of(recorded)).results}
    assert not statuses & {"pass", "fail"}, "what nobody answered is neither right nor wrong"


def test_a_busy_server_is_asked_again_after_a_pause(new_vcenter, log_in):
    server = new_vcenter(HEALTHY, Trouble("RetrievePropertiesEx", "busy", first=4, last=4))
    (recorded,) = collect(log_in(server)).values()
    assert not failures(recorded)


@pytest.mark.parametrize("after", ["0", "soon"])
def test_a_server_that_stays_busy_is_unreachable(vcenter, log_in, after):
    def busy(handler, _meddler, method, _body):
        if method == "RetrievePropertiesEx":
            reply(handler, 503, b"later", {"Retry-After": after})
        return method == "RetrievePropertiesEx"

    with meddling(vcenter, busy) as server:
        session = log_in(server)
        capture = session.fetch(HOST.of("host-1001"))
        assert capture.failure.why is Why.UNREACHABLE
        assert "503" in capture.failure.detail
        assert server.calls["RetrievePropertiesEx"] == exchange.ATTEMPTS
        session.close()


@pytest.mark.parametrize("spoil", [hold, partial(drip, head=True), partial(drip, head=False)])
def test_a_silent_or_dripping_answer_is_a_timeout(vcenter, log_in, spoil):
    def spoiled(handler, meddler, method, _body):
        if method == "RetrievePropertiesEx":
            spoil(handler, meddler)
        return method == "RetrievePropertiesEx"

    with meddling(vcenter, spoiled) as server:
        session = log_in(server, **LIMIT)
        session.expect([HOST.of(one) for one in vcenter.ids.hosts.values()])
        began = time.monotonic()
        captures = [session.fetch(HOST.of(one)) for one in vcenter.ids.hosts.values()]
        assert time.monotonic() - began < SOON
        assert {one.failure.why for one in captures} == {Why.TIMEOUT}
        assert {one.failure.asked for one in captures} == {"HostSystem"}
        assert server.calls["RetrievePropertiesEx"] == 1, "nobody waits once per object"
        session.close()
    assert vcenter.stats()["open_sessions"] == 0


def test_an_answer_that_is_no_text_or_no_xml_is_a_capture(vcenter, log_in):
    answers = [b"\xff\xfe\xff", b"", b"<html>", b"<objects><obj>host-1001</obj>\xff</objects>"]

    def nonsense(handler, _meddler, method, _body):
        if method in ("RetrievePropertiesEx", "fetchSoftwarePackages"):
            reply(handler, 200, answers[0])
            return True
        return False

    with meddling(vcenter, nonsense) as server:
        session = log_in(server)
        while answers:
            assert session.fetch(HOST.of("host-1001")).failure is not None
            packages = vim_software_packages.REQUEST.of("imageConfigManager-1001")
            assert session.fetch(packages).failure is not None
            del answers[0]


@pytest.mark.sessions_left(0)
def test_pages_without_an_end_are_given_up(vcenter, log_in):
    """A token that leads to the same page again would be followed for ever."""
    pages = []

    def again(handler, _meddler, method, body):
        if method == "ContinueRetrievePropertiesEx":
            reply(handler, 200, pages[0].replace(b"RetrievePropertiesEx", method.encode()))
            return True
        if method == "RetrievePropertiesEx":
            _, answer, _ = passed_on(vcenter, handler, "POST", body)
            pages.append(answer.replace(b"<returnval>", b"<returnval><token>1</token>"))
            reply(handler, 200, pages[0])
            return True
        return False

    with meddling(vcenter, again) as server:
        session = log_in(server)
        failure = session.fetch(HOST.of("host-1001")).failure
        assert failure is not None
        assert failure.why is Why.UNPARSED
        assert "held none that is new" in failure.detail
        assert server.calls["ContinueRetrievePropertiesEx"] <= 2
        session.close()


@pytest.mark.sessions_left(0)
@pytest.mark.parametrize("chunked", [True, False])
def test_an_answer_has_a_largest_size(vcenter, log_in, monkeypatch, chunked):
    monkeypatch.setattr(exchange, "LIMIT_BYTES", 1 << 20)

    def flood(handler, _meddler, method, _body):
        if method != "RetrievePropertiesEx":
            return False
        handler.send_response(200)
        handler.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("X", "y")))
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            for _ in range(1 << 10):
                handler.wfile.write(b"10000\r\n" + b" " * (1 << 16) + b"\r\n")
        return True

    with meddling(vcenter, flood) as server:
        session = log_in(server)
        failure = session.fetch(HOST.of("host-1001")).failure
        assert failure is not None
        assert failure.why is Why.UNREACHABLE
        assert "more than 1 MiB" in failure.detail
        session.close()


def test_a_failed_page_does_not_spoil_the_next(vcenter, log_in):
    def once(handler, meddler, method, _body):
        if method == "RetrievePropertiesEx" and meddler.calls[method] == 1:
            reply(handler, 500, fault("SystemError"))
            return True
        return False

    with meddling(vcenter, once) as server:
        session = log_in(server)
        assert session.fetch(HOST.of("host-1001")).failure is not None
        assert session.fetch(HOST.of("host-1002")).failure is None


# Refusals


def test_a_path_the_server_does_not_know_is_left_out_alone(vcenter, log_in):
    asked = Request(
        Wire.PROPERTIES, "HostSystem", "", "",
        (Path("name"), Path("config.nonsense"), Path("hardware.cpuInfo"), Path("parent.nonsense")),
    )  # fmt: skip
    session = log_in(vcenter, requests=[asked])
    host = object_of(session.fetch(asked.of("host-1001")).text, kind="HostSystem")
    assert host.text("name") == "esx-01.lab.test"
    assert host.number("hardware.cpuInfo", "numCpuPackages") == 2
    assert host.text("config.nonsense").why is Why.ABSENT
    before = vcenter.stats()["calls"]["RetrievePropertiesEx"]
    session.fetch(asked.of("host-1002"))
    assert vcenter.stats()["calls"]["RetrievePropertiesEx"] == before + 1, "it is not asked again"


def test_paths_of_newer_releases_are_not_asked_of_old_ones(new_vcenter, log_in):
    server = new_vcenter(shapes.RECORDED["2n-2xM60-ecc-on-esxi670"])
    (recorded,) = collect(log_in(server)).values()
    assert not failures(recorded)
    assert not any("numaInfo" in path for path in server.stats()["paths"] if "VirtualM" in path)


def test_an_object_without_permission_does_not_take_the_others_along(vcenter, log_in):
    def refuse(handler, _meddler, method, body):
        if method == "RetrievePropertiesEx" and b">host-1002<" in body:
            reply(handler, 500, fault("NoPermission", "HostSystem", "host-1002", "System.View"))
            return True
        return False

    with meddling(vcenter, refuse) as server:
        session = log_in(server)
        requests = [HOST.of(f"host-100{number}") for number in (1, 2, 3)]
        session.expect(requests)
        first, second, third = (session.fetch(request) for request in requests)
    assert first.failure is None
    assert third.failure is None
    assert second.failure.why is Why.DENIED
    assert second.failure.privilege == "System.View"
    assert second.failure.asked == "HostSystem"


@pytest.mark.sessions_left(0)
def test_a_vm_that_is_gone_does_not_take_the_others_along(vcenter, log_in):
    session = log_in(vcenter)
    there = sorted(vcenter.ids.vms.values())[:2]
    requests = [VM.of(there[0]), VM.of("vm-999999"), VM.of(there[1])]
    session.expect(requests)
    captures = [session.fetch(request) for request in requests]
    assert [one.failure is None for one in captures] == [True, False, True]
    assert "ManagedObjectNotFound" in captures[1].failure.detail


def test_an_object_the_answer_leaves_out_is_denied(vcenter, log_in):
    def empty(handler, _meddler, method, _body):
        if method == "RetrievePropertiesEx":
            reply(handler, 200, b"<RetrievePropertiesExResponse></RetrievePropertiesExResponse>")
        return method == "RetrievePropertiesEx"

    with meddling(vcenter, empty) as server:
        capture = log_in(server).fetch(HOST.of("host-1001"))
    assert (capture.failure.why, capture.failure.privilege) == (Why.DENIED, "System.View")


def test_a_denied_property_is_kept_verbatim_and_names_its_privilege(new_vcenter, log_in):
    host = replace(
        SHAPE,
        denied=(
            DeniedProperty("config.service", "Host.Config.Service"),
            DeniedProperty("config.extraConfig", "VirtualMachine.Config.AdvancedConfig",
                           "train-01-a"),
        ),
    )  # fmt: skip
    server = new_vcenter(Fleet((host,)))
    recorded = collect(log_in(server))["esx-01.lab.test"]
    text = recorded.captures[HOST.of(recorded.ref.id).key].text
    assert "<missingSet" in text
    assert "Host.Config.Service" in text
    fact = vim_host_system.parse(text).services
    assert isinstance(fact, Unknown)
    assert (fact.why, fact.privilege) == (Why.DENIED, "Host.Config.Service")
    joined = host_of(recorded)
    assert (joined.services.why, joined.services.privilege) == (
        Why.DENIED,
        "Host.Config.Service",
    )


def test_a_denied_method_names_its_privilege(vcenter, log_in):
    session = log_in(vcenter)
    manager = f"imageConfigManager-{vcenter.ids.hosts['esx-15.lab.test'].split('-')[1]}"
    capture = session.fetch(vim_software_packages.REQUEST.of(manager))
    assert (capture.failure.why, capture.failure.privilege) == (Why.DENIED, "Host.Config.Image")
    assert capture.failure.asked == vim_software_packages.REQUEST.text


def test_a_listing_that_is_refused_says_what_the_account_needs(new_vcenter, log_in):
    denied = Trouble("CreateContainerView", "no_permission", privilege="System.View")
    session = log_in(new_vcenter(HEALTHY, denied))
    with pytest.raises(UsageError, match=r"the account needs System\.View"):
        LiveSource("test", session).machines()


def test_guestinfo_never_leaves_the_transport(vcenter, log_in):
    session = log_in(vcenter)
    for recorded in collect(session).values():
        for capture in recorded.captures.values():
            assert CANARY not in capture.text
            assert "guestinfo" not in capture.text
    kept = session.fetch(VM.of(vcenter.ids.vms["train-01-a"])).text
    assert "pciPassthru.use64bitMMIO" in kept, "known settings stay"


# esxcli over the API


def test_esxcli_over_the_api(vcenter, log_in):
    session = log_in(vcenter)
    host = vcenter.ids.hosts["esx-02.lab.test"]
    for request in esxcli.REQUESTS:
        capture = session.fetch(request.of(host))
        assert capture.failure is None, request.text
        assert capture.text.startswith("<"), request.text
    memory = session.fetch(
        Request(Wire.ESXCLI, esxcli_hardware_memory_get.REQUEST.text, "").of(host)
    )
    assert esxcli_hardware_memory_get.parse(memory.text).numa_node_count == 4


def test_an_esxcli_command_that_faults_is_absent_in_the_hosts_words(vcenter, log_in):
    request = Request(Wire.ESXCLI, "esxcli hardware nonsense get", "")
    session = log_in(vcenter, requests=[request])
    capture = session.fetch(request.of(vcenter.ids.hosts["esx-01.lab.test"]))
    assert capture.failure.why is Why.ABSENT
    assert "could not be found" in capture.failure.detail
    assert capture.failure.asked == "esxcli hardware nonsense get"


def test_esxcli_without_the_privilege_is_denied(new_vcenter, log_in, vcenter):
    host = vcenter.ids.hosts["esx-15.lab.test"]
    request = esxcli.REQUESTS[0]
    capture = log_in(vcenter).fetch(request.of(host))
    assert (capture.failure.why, capture.failure.privilege) == (Why.DENIED, "Host.Config.Settings")
    no_executer = Trouble("RetrieveManagedMethodExecuter", "no_permission", privilege="Some.Thing")
    server = new_vcenter(HEALTHY, no_executer)
    session = log_in(server)
    for one in esxcli.REQUESTS:
        capture = session.fetch(one.of("host-1001"))
        assert (capture.failure.why, capture.failure.privilege) == (Why.DENIED, "Some.Thing")
    assert server.stats()["calls"]["RetrieveManagedMethodExecuter"] == 1


def test_a_session_that_ends_before_esxcli_is_renewed(new_vcenter, log_in):
    for method in ("RetrieveManagedMethodExecuter", "ExecuteSoap"):
        server = new_vcenter(HEALTHY, Trouble(method, "not_authenticated", first=1, last=1))
        session = log_in(server)
        for request in esxcli.REQUESTS:
            assert session.fetch(request.of("host-1001")).failure is None, request.text


def test_closing_twice_and_asking_afterwards_does_no_harm(vcenter, log_in):
    session = log_in(vcenter)
    session.close()
    session.close()
    assert session.fetch(HOST.of("host-1001")).failure.why is Why.NOT_ASKED
    assert vcenter.stats()["open_sessions"] == 0
