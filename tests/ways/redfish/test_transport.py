"""One BMC over Redfish: whatever it does wrong ends in an Unknown, and leaves no session."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers import redfish_bios, redfish_root, redfish_system, redfish_systems
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.redfish import order, session
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.session import Trials
from hostcheck.ways.redfish.transport import RedfishTransport
from hostcheck.ways.redfish.way import WAY
from tests.peers.redfish import (
    ROOT,
    SESSIONS,
    WEB_PAGE,
    Bmc,
    Login,
    Trouble,
    error_of,
    running_bmc,
)
from tests.ways.redfish.machines import link, rack

SYSTEM = f"{ROOT}/Systems/System.Embedded.1"
BIOS = f"{SYSTEM}/Bios"
PASSWORD = Login().password


def door(bmc: Bmc, **options: Any) -> Door:
    given = {"user": "auditor", "fingerprint": bmc.fingerprint, "answer_timeout": 5.0, **options}
    return Door(bmc.host, bmc.port, **given)


class Asked:
    """What a walk through a BMC left."""

    def __init__(self, bmc: Bmc, recorder: RecorderTransport, told: list[str]) -> None:
        self.bmc = bmc
        self.captures = recorder.captures
        self.told = told

    def failure(self, request: Request) -> Unknown | None:
        return self.captures[request.key].failure

    def text(self, request: Request) -> str:
        return self.captures[request.key].text


def walked(bmc: Bmc, password: str = PASSWORD, **options: Any) -> Asked:
    """Walk, then close."""
    told: list[str] = []
    transport = RedfishTransport(
        door(bmc, **options), lambda: password, Trials(), WAY.allows, told.append
    )
    recorder = RecorderTransport({"redfish": transport})
    try:
        order.walk(recorder)
    finally:
        transport.close()
    return Asked(bmc, recorder, told)


@contextmanager
def troubled(*troubles: Trouble, **options: Any) -> Iterator[Bmc]:
    with running_bmc(rack(), troubles=list(troubles), **options) as bmc:
        yield bmc


def test_a_walk_asks_each_thing_once_in_one_session_on_one_connection() -> None:
    with running_bmc(rack()) as bmc:
        asked = walked(bmc)
        assert [one.failure for one in asked.captures.values() if one.failure] == []
        heard = bmc.state.heard
        assert len(heard) == len(set(heard)) == 14
        assert heard[:2] == [f"GET {ROOT}/", f"POST {SESSIONS}"]
        assert heard[-1].startswith(f"DELETE {SESSIONS}/")
        assert (bmc.state.connections, bmc.state.logins, bmc.state.sessions) == (1, 1, {})
        assert '"SriovGlobalEnable"' in asked.text(redfish_bios.CURRENT.of(BIOS))


def test_only_listed_requests_are_sent() -> None:
    with running_bmc(rack(expands=False)) as bmc:
        walked(bmc)
        listed = [re.sub(r"\\{\w+\\}", r"[^/?]+", re.escape(one.template)) for one in WAY.requests]
        for one in bmc.state.heard:
            assert any(re.fullmatch(f"{known}/?", one) for known in listed), one


@pytest.mark.parametrize("expands", [True, False])
def test_devices_are_asked_in_one_answer_where_the_bmc_can(expands: bool) -> None:
    with running_bmc(rack(expands=expands)) as bmc:
        walked(bmc)
        alone = [one for one in bmc.state.heard if one.endswith("PCIeDevices/202-0")]
        assert len(alone) == (0 if expands else 1)


@pytest.mark.parametrize("older", [True, False])
def test_newer_schemas_are_asked_where_the_older_tell_nothing(older: bool) -> None:
    chassis = f"{ROOT}/Chassis/System.Embedded.1"
    supplies, metrics = f"{chassis}/PowerSubsystem/PowerSupplies", f"{chassis}/ThermalSubsystem"
    held = rack()
    held[chassis] |= {
        "PowerSubsystem": link(f"{chassis}/PowerSubsystem/"), "ThermalSubsystem": link(metrics),
    }  # fmt: skip
    held[supplies] = {"Members": [link(f"{supplies}/PSU.Slot.1")]}
    held[f"{supplies}/PSU.Slot.1"] = {"Id": "PSU.Slot.1", "Status": {"Health": "OK"}}
    held[f"{metrics}/ThermalMetrics"] = {"TemperatureReadingsCelsius": []}
    if not older:
        del held[f"{chassis}/Power"], held[chassis]["Thermal"]
    with running_bmc(held) as bmc:
        walked(bmc)
        newer = [one for one in bmc.state.heard if "Subsystem" in one]
    told = [f"GET {supplies}", f"GET {supplies}/PSU.Slot.1", f"GET {metrics}/ThermalMetrics"]
    assert newer == ([] if older else told)


def test_a_system_without_bios_is_not_asked_for_it() -> None:
    with running_bmc(rack()) as bmc:
        walked(bmc)
        assert not [one for one in bmc.state.heard if "Baseboard_0/" in one]


def test_lower_case_and_a_slash_at_the_end_are_asked_as_they_are_told() -> None:
    held = rack()
    told = f"{ROOT}/systems/system.embedded.1/bios/settings/"
    held[BIOS]["@Redfish.Settings"]["SettingsObject"] = link(told)
    with running_bmc(held) as bmc:
        asked = walked(bmc)
        assert f"GET {told}" in bmc.state.heard
        assert asked.failure(redfish_bios.WAITING.of(told)) is None


def test_the_flat_form_of_old_ilo_names_its_settings_too() -> None:
    held = rack()
    held[BIOS] = {
        "Type": "HpBios.1.2.0", "Sriov": "Enabled",
        "links": {"Settings": {"href": f"{BIOS}/Settings"}},
    }  # fmt: skip
    with running_bmc(held) as bmc:
        walked(bmc)
        assert f"GET {BIOS}/Settings" in bmc.state.heard


@pytest.mark.parametrize("options", [{"old": True}, {"closes": True}, {"whole_url": True}])
def test_odd_bmcs_are_asked_like_others(options: dict[str, Any]) -> None:
    held = rack()
    if "old" in options:
        del held[ROOT]["Links"]
    with running_bmc(held, **options) as bmc:
        asked = walked(bmc)
        assert [one.failure for one in asked.captures.values() if one.failure] == []
        assert (bmc.state.logins, bmc.state.sessions, asked.told) == (1, {}, [])


def test_a_wrong_password_is_tried_once() -> None:
    with running_bmc(rack()) as bmc:
        asked = walked(bmc, password="wrong")
        failure = asked.failure(redfish_systems.REQUEST)
        assert failure is not None
        assert failure.why is Why.DENIED
        assert "the credentials are not valid" in failure.detail
        assert "not tried again" in failure.detail
        assert bmc.state.refused == 1
        assert asked.failure(redfish_root.REQUEST) is None


def test_a_password_that_was_refused_twice_and_never_taken_is_not_tried_at_a_third_bmc() -> None:
    trials = Trials()
    with running_bmc(rack()) as bmc:
        whys = []
        for _ in range(4):
            transport = RedfishTransport(
                door(bmc), lambda: "wrong", trials, WAY.allows, lambda _: None
            )
            whys.append(transport.fetch(redfish_systems.REQUEST).failure)
            transport.close()
        assert [one.why for one in whys if one] == [Why.DENIED] * 2 + [Why.NOT_ASKED] * 2
        assert bmc.state.refused == 2


def test_a_password_that_one_bmc_took_is_tried_at_all() -> None:
    trials = Trials()
    with running_bmc(rack()) as good, running_bmc(rack(), login=Login("auditor", "x")) as bad:
        for bmc in (good, bad, bad, bad):
            transport = RedfishTransport(
                door(bmc), lambda: PASSWORD, trials, WAY.allows, lambda _: None
            )
            transport.fetch(redfish_systems.REQUEST)
            transport.close()
        assert (good.state.logins, bad.state.refused) == (1, 3)


FAULTS = [
    (Trouble(f"GET {BIOS}", "status", 404, WEB_PAGE), Why.ABSENT, "a web page instead of JSON"),
    (Trouble(f"GET {BIOS}", "body", body=WEB_PAGE), Why.UNPARSED, "a web page instead of JSON"),
    (
        Trouble(f"GET {BIOS}", "status", 403, error_of("No licence", "Oem.OemLicenseNotPassed")),
        Why.DENIED, "wants a licence",
    ),
    (Trouble(f"GET {BIOS}", "status", 403, error_of("Insufficient privilege")), Why.DENIED, "403"),
    (Trouble(f"GET {BIOS}", "status", 404, error_of("gone")), Why.ABSENT, "gone"),
    (Trouble(f"GET {BIOS}", "status", 501), Why.ABSENT, "501"),
    (Trouble(f"GET {BIOS}", "status", 500, "oops"), Why.UNPARSED, "failed"),
    (Trouble(f"GET {BIOS}", "status", 503), Why.UNREACHABLE, "busy, twice"),
    (Trouble(f"GET {BIOS}", "status", 401, error_of("no session")), Why.DENIED, "not tried again"),
    (Trouble(f"GET {BIOS}", "body", body=""), Why.ABSENT, "empty answer"),
    (
        Trouble(f"GET {BIOS}", "status", 302, headers=(("Location", "https://evil.example/"),)),
        Why.UNPARSED, "sends elsewhere",
    ),
    (
        Trouble(f"GET {BIOS}", "status", 302, headers=(("Location", f"{ROOT}/Managers/1"),)),
        Why.UNPARSED, "sends elsewhere",
    ),
    (Trouble(f"GET {BIOS}", "hang"), Why.TIMEOUT, "within"),
    (Trouble(f"GET {BIOS}", "trickle", 0.05), Why.TIMEOUT, "within"),
    (Trouble(f"GET {BIOS}", "cut"), Why.UNREACHABLE, "IncompleteRead"),
    (Trouble(f"GET {BIOS}", "drop"), Why.UNREACHABLE, ""),
    (Trouble(f"GET {BIOS}", "big", 9 << 20), Why.UNREACHABLE, "more than 8 MiB"),
]  # fmt: skip


@pytest.mark.parametrize(("trouble", "why", "words"), FAULTS)
def test_a_fault_of_one_answer_is_an_unknown_and_the_others_are_asked(
    trouble: Trouble, why: Why, words: str
) -> None:
    with troubled(trouble) as bmc:
        asked = walked(bmc, answer_timeout=0.7)
        failure = asked.failure(redfish_bios.CURRENT.of(BIOS))
        assert failure is not None
        assert failure.why is why, failure
        assert words in failure.detail
        others = [one for one in asked.captures.values() if one.failure is None]
        assert len(others) >= 9
        assert (bmc.state.logins, bmc.state.sessions, asked.told) == (1, {}, [])


LOGIN_FAULTS = [
    (Trouble(f"POST {SESSIONS}", "status", 401, error_of("bad")), Why.DENIED, "does not let"),
    (Trouble(f"POST {SESSIONS}", "status", 403, error_of("locked")), Why.DENIED, "locked"),
    (Trouble(f"POST {SESSIONS}", "status", 503, error_of("full")), Why.UNREACHABLE, "full"),
    (Trouble(f"POST {SESSIONS}", "status", 204), Why.UNPARSED, "without a token"),
    (Trouble(f"POST {SESSIONS}", "drop"), Why.UNREACHABLE, ""),
    (Trouble(f"GET {ROOT}/", "hang"), Why.TIMEOUT, "within"),
    (Trouble(f"GET {ROOT}/", "drop"), Why.UNREACHABLE, ""),
]


@pytest.mark.parametrize(("trouble", "why", "words"), LOGIN_FAULTS)
def test_a_fault_before_the_session_is_the_answer_to_everything(
    trouble: Trouble, why: Why, words: str
) -> None:
    with troubled(trouble) as bmc:
        transport = RedfishTransport(
            door(bmc, answer_timeout=0.5), lambda: PASSWORD, Trials(), WAY.allows, lambda _: None
        )
        transport.fetch(redfish_root.REQUEST)
        for request in (redfish_systems.REQUEST, redfish_system.REQUEST.of(SYSTEM)):
            failure = transport.fetch(request).failure
            assert failure is not None
            assert failure.why is why, failure
            assert words in failure.detail
            assert failure.asked == request.text
        transport.close()
        assert len([one for one in bmc.state.heard if one.startswith("POST")]) <= 2
        assert bmc.state.sessions == {}


def test_a_busy_bmc_is_asked_once_more_after_the_time_it_wants() -> None:
    busy = Trouble(f"GET {BIOS}", "status", 503, headers=(("Retry-After", "1"),), last=1)
    with troubled(busy) as bmc:
        began = time.monotonic()
        asked = walked(bmc)
        assert time.monotonic() - began > 1
        assert asked.failure(redfish_bios.CURRENT.of(BIOS)) is None
        assert bmc.state.heard.count(f"GET {BIOS}") == 2


def test_a_bmc_that_wants_peace_for_longer_than_its_time_is_not_waited_for() -> None:
    busy = Trouble(f"GET {BIOS}", "status", 429, headers=(("Retry-After", "86400"),))
    with troubled(busy) as bmc:
        began = time.monotonic()
        asked = walked(bmc, host_timeout=5.0)
        assert time.monotonic() - began < 5
        assert asked.failure(redfish_bios.CURRENT.of(BIOS)) is not None


def test_full_of_sessions_it_is_asked_again_once_and_then_unknown() -> None:
    with running_bmc(rack(), limit=0) as bmc:
        asked = walked(bmc)
        failure = asked.failure(redfish_systems.REQUEST)
        assert failure is not None
        assert "maximum number of sessions" in failure.detail
        assert bmc.state.logins == 2


def test_a_session_that_ends_on_the_way_is_not_opened_again() -> None:
    with running_bmc(rack(), lasts=3) as bmc:
        asked = walked(bmc)
        failures = [one.failure for one in asked.captures.values() if one.failure]
        assert failures
        assert {one.why for one in failures} == {Why.DENIED}
        assert (bmc.state.logins, bmc.state.sessions) == (1, {})


def test_the_time_for_one_bmc_is_limited() -> None:
    with running_bmc(rack(), delay=0.3) as bmc:
        began = time.monotonic()
        asked = walked(bmc, host_timeout=1.5)
        assert time.monotonic() - began < 4
        details = [one.failure.detail for one in asked.captures.values() if one.failure]
        assert details
        assert bmc.state.sessions == {}


def test_silence_after_silence_ends_the_questions() -> None:
    with troubled(Trouble(rf"GET {ROOT}/(Systems|Chassis|Managers).*", "hang")) as bmc:
        transport = RedfishTransport(
            door(bmc, answer_timeout=0.3), lambda: PASSWORD, Trials(), WAY.allows, lambda _: None
        )
        for _ in range(6):
            transport.fetch(redfish_systems.REQUEST)
        transport.close()
        assert len([one for one in bmc.state.heard if one.endswith("Systems")]) == 3
        assert bmc.state.sessions == {}


@pytest.mark.parametrize("kind", ["drop", "status"])
def test_a_logout_that_failed_is_tried_again(kind: str) -> None:
    with troubled(Trouble("DELETE .*", kind, 503, last=1)) as bmc:
        asked = walked(bmc)
        assert (bmc.state.sessions, asked.told) == ({}, [])


def test_a_session_that_cannot_be_closed_is_told() -> None:
    with troubled(Trouble("DELETE .*", "status", 500)) as bmc:
        asked = walked(bmc)
        assert asked.told == [f"a session is left at {bmc.address}: HTTP 500"]


def test_a_stop_from_outside_ends_the_wait_and_the_session() -> None:
    with troubled(Trouble(f"GET {BIOS}", "hang")) as bmc:
        transport = RedfishTransport(
            door(bmc, answer_timeout=60.0), lambda: PASSWORD, Trials(), WAY.allows, lambda _: None
        )
        recorder = RecorderTransport({"redfish": transport})

        def work() -> None:
            order.walk(recorder)
            transport.close()

        thread = threading.Thread(target=work)
        thread.start()
        while f"GET {BIOS}" not in bmc.state.heard:
            time.sleep(0.01)
        began = time.monotonic()
        transport.close()
        thread.join(10)
        assert not thread.is_alive()
        assert time.monotonic() - began < 5
        assert bmc.state.sessions == {}
        failure = recorder.captures[redfish_bios.CURRENT.of(BIOS).key].failure
        assert failure == Unknown(Why.NOT_ASKED, "the run was stopped", redfish_bios.CURRENT.text)


def test_another_certificate_than_the_pinned_one_hears_no_word() -> None:
    with running_bmc(rack()) as bmc:
        asked = walked(bmc, fingerprint="0" * 64)
        failure = asked.failure(redfish_root.REQUEST)
        assert failure is not None
        assert failure.why is Why.UNREACHABLE
        assert bmc.fingerprint in failure.detail
        assert bmc.state.heard == []


def test_an_authority_verifies_too_and_without_one_nothing_is_sent() -> None:
    with running_bmc(rack()) as bmc:
        asked = walked(bmc, fingerprint="", ca_files=(str(bmc.ca_file),))
        assert asked.failure(redfish_systems.REQUEST) is None
        bmc.state.heard.clear()
        asked = walked(bmc, fingerprint="")
        failure = asked.failure(redfish_root.REQUEST)
        assert failure is not None
        assert "hostcheck trust" in failure.detail
        assert bmc.state.heard == []


def test_nobody_there() -> None:
    with running_bmc(rack()) as bmc:
        gone = bmc
    failure = walked(gone).failure(redfish_root.REQUEST)
    assert failure is not None
    assert failure.why is Why.UNREACHABLE
    assert gone.address in failure.detail


ODD_PATHS = [
    "https://evil.example/redfish/v1/Systems/1/Bios",
    f"{SYSTEM}/Bios/../../../Managers/1",
    f"{SYSTEM}/Bios/Actions/Bios.ResetBios",
    f"{SYSTEM}/Bios?$select=Password",
    f"{SYSTEM}/Bios HTTP/1.1\r\nX-Evil: 1",
    f"{ROOT}/AccountService/Accounts/1",
    f"{SYSTEM}/LogServices/Sel",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_that_is_no_listed_one_is_not_asked(path: str) -> None:
    held = rack()
    held[SYSTEM]["Bios"] = link(path)
    with running_bmc(held) as bmc:
        asked = walked(bmc)
        sent = bmc.state.heard
        assert not [one for one in sent if "Bios" in one or "Accounts" in one or "Sel" in one]
        assert bmc.state.sessions == {}
        assert all(one.failure for key, one in asked.captures.items() if key[2] == path)


@pytest.mark.parametrize(
    "location", ["/redfish/v1/Systems/1", "/redfish/v1/SessionService/Sessions/../../Systems/1", ""]
)
def test_a_session_path_that_is_no_session_is_not_deleted(location: str) -> None:
    reply = Trouble(
        f"POST {SESSIONS}", "status", 201, "{}",
        headers=(("X-Auth-Token", "abc"), ("Location", location)),
    )  # fmt: skip
    with troubled(reply) as bmc:
        asked = walked(bmc)
        assert not [one for one in bmc.state.heard if one.startswith("DELETE")]
        assert len(asked.told) == 1


def test_nothing_but_listed_questions_can_be_put() -> None:
    with running_bmc(rack()) as bmc:
        transport = RedfishTransport(
            door(bmc), lambda: PASSWORD, Trials(), WAY.allows, lambda _: None
        )
        for request in (
            Request("redfish", "GET /redfish/v1/AccountService", ""),
            Request("redfish", "PATCH /redfish/v1/Systems/{system}/Bios/{settings}", ""),
            session.OPEN,
            session.CLOSE.of(f"{SESSIONS}/1"),
        ):
            with pytest.raises(PermissionError):
                transport.fetch(request)
        transport.close()
        assert bmc.state.connections == 0


def test_no_secret_is_in_an_answer() -> None:
    held = rack()
    with running_bmc(held) as bmc:
        asked = walked(bmc)
        every = json.dumps([one.text for one in asked.captures.values()])
        assert "canary" not in every
        assert '"SriovGlobalEnable"' in asked.text(redfish_bios.CURRENT.of(BIOS))


def test_a_bmc_that_tells_our_secrets_back_is_not_repeated() -> None:
    with running_bmc(rack()) as bmc:
        transport = RedfishTransport(
            door(bmc), lambda: PASSWORD, Trials(), WAY.allows, lambda _: None
        )
        transport.fetch(redfish_systems.REQUEST)
        (token,) = bmc.state.sessions
        bmc.state.troubles.append(
            Trouble(
                f"GET {SYSTEM}", "body", body=json.dumps({"Id": token, "Name": PASSWORD, "a": 1})
            )
        )
        told = transport.fetch(redfish_system.REQUEST.of(SYSTEM)).text
        transport.close()
        assert token not in told
        assert PASSWORD not in told
        assert '"a": 1' in told


def test_passwords_are_in_no_repr() -> None:
    trials = Trials()
    trials.of("auditor", PASSWORD)
    transport = RedfishTransport(
        Door("192.0.2.1", user="auditor"), lambda: PASSWORD, trials, WAY.allows, print
    )
    assert PASSWORD not in repr((trials, transport, vars(transport)))
