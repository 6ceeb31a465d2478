"""vCenter's REST API, against VMware's own simulator of it: sessions, GETs, refusals, secrets."""

import base64
import json
import urllib.request
from dataclasses import replace

import pytest
from click.testing import CliRunner

from hostcheck import ways
from hostcheck.cli import main
from hostcheck.model.fact import Why
from hostcheck.parsers import (
    rest_image_compliance,
    rest_namespace,
    rest_namespaces,
    rest_supervisor_clusters,
    rest_vm_classes,
)
from hostcheck.ways.rest.transport import RestTransport
from hostcheck.ways.rest.way import CLOSE, OPEN
from hostcheck.ways.tls import Endpoint
from tests.peers import shapes
from tests.peers.api import Trouble
from tests.peers.fleet import Cluster, Fleet

HOST = shapes.HOSTS["2n-2xA100-80-esxi803"]
CLUSTER = "gpu-cluster-01"
CLASSES = "/api/vcenter/namespace-management/virtual-machine-classes"
SPACES = "/api/vcenter/namespaces/instances"
PROFILE = "grid_a100d-80c"
CLASS = {
    "id": "train", "cpu_count": 16, "memory_MB": 65536, "memory_reservation": 100,
    "devices": {"vgpu_devices": [{"profile_name": PROFILE}]},
}  # fmt: skip


def put(server, path, body):
    """Make something, as an administrator does."""
    login = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    at = f"https://{server.host}:{server.port}"

    def send(method, where, data=None, **headers):
        told = {"Content-Type": "application/json", **headers}
        asked = urllib.request.Request(f"{at}{where}", data, told, method=method)
        with urllib.request.urlopen(asked, context=server.context, timeout=30) as answer:
            return answer.read()

    token = json.loads(send("POST", "/api/session", b"", Authorization=f"Basic {login}"))
    own = {"vmware-api-session-id": token}
    send("POST", path, json.dumps(body).encode(), **own)
    send("DELETE", "/api/session", **own)


def fleet(*image):
    return Fleet((HOST,), clusters=(Cluster(CLUSTER, image=image),))


@pytest.fixture
def server(new_vcenter):
    """A vCenter with a class, and a namespace that uses it."""
    one = new_vcenter(fleet((HOST.name, "NON_COMPLIANT", "REBOOT_REQUIRED")))
    put(one, CLASSES, CLASS)
    spec = {"vm_classes": ["train"], "content_libraries": []}
    body = {"cluster": one.ids.clusters[CLUSTER], "namespace": "team-a", "vm_service_spec": spec}
    put(one, SPACES, body)
    return one


@pytest.fixture
def rest():
    """Open the REST API of a server; the session is ended with the test."""
    opened = []

    def make(server, password=None, **changes):
        end = Endpoint(server.host, server.user, server.port, (str(server.ca_file),))
        end = end if not changes else type(end)(**{**_fields(end), **changes})
        made = RestTransport(end, lambda: password or server.password)
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.end()


def _fields(one):
    return {name: getattr(one, name) for name in one.__struct_fields__}


def test_classes_and_namespaces_are_read_and_no_session_stays(server, rest):
    transport = rest(server)
    found = rest_vm_classes.parse(transport.fetch(rest_vm_classes.REQUEST).text)
    (one,) = found.classes
    assert (one.name, one.vgpus[0].profile, one.memory.request) == ("train", PROFILE, 64 * 2**30)
    (space,) = rest_namespaces.parse(transport.fetch(rest_namespaces.REQUEST).text)
    assert (space.name, space.clusters) == ("team-a", (server.ids.clusters[CLUSTER],))
    told = rest_namespace.parse(transport.fetch(rest_namespace.REQUEST.of("team-a")).text)
    assert told.classes == ("train",)
    assert rest_supervisor_clusters.parse("[]") == {}
    assert server.stats()["open_rest_sessions"] == 1
    transport.end()
    assert server.stats()["open_rest_sessions"] == 0
    calls = server.stats()["calls"]
    sent = {one.split(" ")[0] for one in calls if " /api/" in one and "session" not in one}
    assert sent == {"GET", "POST"}  # those POSTs are the administrator's, of the fixture
    assert calls["POST /api/session"] == calls["DELETE /api/session"]


def test_the_image_of_a_cluster(server, rest):
    request = rest_image_compliance.REQUEST.of(server.ids.clusters[CLUSTER])
    transport = rest(server)
    told = rest_image_compliance.parse(transport.fetch(request).text)
    one = told.hosts[server.ids.hosts[HOST.name]]
    assert (one.status, one.impact) == ("NON_COMPLIANT", "REBOOT_REQUIRED")
    assert transport.fetch(request) is transport.fetch(request)
    path = f"GET /api/esx/settings/clusters/{request.subject}/software/compliance"
    assert server.stats()["calls"][path] == 1
    nothing = transport.fetch(rest_image_compliance.REQUEST.of("domain-c9999")).failure
    assert (nothing.why, nothing.privilege) == (Why.ABSENT, "")
    assert "not managed with a single image" in nothing.detail


@pytest.mark.parametrize(
    ("subject", "words"),
    [("../../x", "is no name"), ("a/b", "is no name"), ("", "is no name"), ("a?b", "is no name"),
     ("a%2fb", "is no name"), ("x" * 300, "is no name"), ("a\r\nb", "is no name")],
)  # fmt: skip
def test_only_a_name_goes_into_a_path(server, rest, subject, words):
    capture = rest(server).fetch(rest_namespace.REQUEST.of(subject))
    assert words in capture.failure.detail
    assert not any("namespaces/instances/" in one for one in server.stats()["calls"])


def test_what_is_not_listed_is_not_sent(server, rest):
    transport = rest(server)
    for request in (OPEN, CLOSE, replace_template(rest_namespace.REQUEST, "GET /api/vcenter/vm")):
        with pytest.raises(PermissionError):
            transport.fetch(request)
    with pytest.raises(PermissionError):
        transport.fetch(ways.named("vsphere").requests[0])
    assert "GET /api/vcenter/vm" not in server.stats()["calls"]


def replace_template(request, template):
    return type(request)(request.wire, template, request.purpose)


@pytest.mark.parametrize(
    ("kind", "why", "words"),
    [
        ("no_permission", Why.DENIED, "Permission to perform this operation was denied"),
        ("busy", Why.UNREACHABLE, "HTTP status 503"),
        ("drop", Why.UNREACHABLE, "no answer"),
        ("delay", Why.TIMEOUT, "within 1 s"),
        ("truncate", Why.UNREACHABLE, "no answer"),
    ],
)
def test_refusals_and_silence_are_answers(new_vcenter, rest, kind, why, words):
    trouble = Trouble(f"GET {CLASSES}", kind, 5000 if kind == "delay" else 1)
    server = new_vcenter(fleet(), trouble)
    transport = rest(server, timeout=1)
    failure = transport.fetch(rest_vm_classes.REQUEST).failure
    assert failure.why is why
    assert words in failure.detail
    transport.end()
    assert server.stats()["open_rest_sessions"] == 0


def test_a_session_that_was_lost_is_opened_anew_once(new_vcenter, rest):
    server = new_vcenter(fleet(), Trouble(f"GET {CLASSES}", "not_authenticated", last=1))
    assert rest(server).fetch(rest_vm_classes.REQUEST).failure is None
    server = new_vcenter(fleet(), Trouble(f"GET {CLASSES}", "not_authenticated"))
    failure = rest(server).fetch(rest_vm_classes.REQUEST).failure
    assert failure.why is Why.DENIED
    assert server.stats()["calls"]["POST /api/session"] == 2


def test_a_password_is_tried_once(server, rest):
    before = server.stats()["calls"]["POST /api/session"]
    transport = rest(server, password="wrong")
    for request in (rest_vm_classes.REQUEST, rest_namespaces.REQUEST):
        failure = transport.fetch(request).failure
        assert failure.why is Why.DENIED
        assert "refuses user name or password" in failure.detail
        assert "wrong" not in failure.detail
    assert server.stats()["calls"]["POST /api/session"] == before + 1


def test_a_certificate_that_is_not_trusted_is_not_talked_to(server, rest):
    before = server.stats()["calls"]["POST /api/session"]
    failure = rest(server, ca_files=()).fetch(rest_vm_classes.REQUEST).failure
    assert "not trusted" in failure.detail
    pinned = rest(server, thumbprint="00" * 32).fetch(rest_vm_classes.REQUEST).failure
    assert "not the one given" in pinned.detail
    assert server.stats()["calls"]["POST /api/session"] == before


def told(server, *words):
    """Run the command against a server."""
    target = ["--vcenter", f"{server.host}:{server.port}", "--user", server.user, "--tls-ca",
              str(server.ca_file), "-q"]  # fmt: skip
    env = {"COLUMNS": "100", "GOVC_PASSWORD": server.password}
    done = CliRunner().invoke(main, [*words[:1], *target, *words[1:]], env=env)
    assert server.password not in done.output
    return done.exit_code, done.output


def test_vm_class_asks_a_vcenter_for_its_classes(server):
    code, text = told(server, "vm-class", "--format", "json")
    document = json.loads(text)
    (one,) = document["classes"]
    (place,) = one["places"]
    assert (one["name"], one["form"]) == ("train", "REST")
    assert (place["cluster"], place["namespaces"], place["hosts"]) == (CLUSTER, ["team-a"], 1)
    checks = {each["check"]: each["status"] for each in place["findings"]}
    assert checks["VMC-001"] == "pass"
    assert checks["VMC-005"] == "pass"
    assert code in (0, 3)
    stats = server.stats()
    own = 1  # the simulator logs in to itself to list clusters, and stays
    assert (stats["open_sessions"], stats["open_rest_sessions"]) == (own, 0)
    assert stats["calls"]["Logout"] == stats["calls"]["Login"] - own


def test_vm_class_without_classes_says_what_to_do(new_vcenter):
    server = new_vcenter(fleet(), Trouble(f"GET {CLASSES}", "no_permission"))
    code, text = told(server, "vm-class")
    assert code == 2
    assert "tells no VM classes" in text
    assert "give them as FILE" in text
    assert len(text.strip().splitlines()) == 1
    stats = server.stats()
    assert (stats["open_sessions"], stats["open_rest_sessions"]) == (0, 0)


def test_namespaces_that_are_not_told_leave_the_classes(new_vcenter):
    server = new_vcenter(fleet(), Trouble(f"GET {SPACES}", "no_permission"))
    put(server, CLASSES, CLASS)
    code, text = told(server, "vm-class", "--format", "json")
    document = json.loads(text)
    assert any("namespaces are not told" in one for one in document["warnings"])
    assert document["classes"][0]["places"][0]["cluster"] == CLUSTER
    assert code in (0, 3)


def test_recordings_hold_no_classes():
    done = CliRunner().invoke(main, ["vm-class", "--from", "fixtures"])
    assert done.exit_code == 2
    assert "give FILE" in done.output


def test_an_audit_with_lifecycle_is_recorded_and_planned_with(server, tmp_path):
    run, saved = tmp_path / "run.json", tmp_path / "saved"
    told(server, "audit", "--lifecycle", "-o", str(run))
    plan = CliRunner().invoke(main, ["plan", str(run)], env={"COLUMNS": "100"}).output
    assert "NON_COMPLIANT REBOOT_REQUIRED" in " ".join(plan.split())
    assert "vCenter's scan on 2026-11-27" in " ".join(plan.split())
    told(server, "record", "--lifecycle", "--save", str(saved))
    again = tmp_path / "again.json"
    CliRunner().invoke(main, ["audit", "--from", str(saved), "-o", str(again), "-q"])
    replayed = CliRunner().invoke(main, ["plan", str(again)], env={"COLUMNS": "100"}).output
    assert "NON_COMPLIANT REBOOT_REQUIRED" in " ".join(replayed.split())
    assert server.stats()["open_rest_sessions"] == 0
    assert server.password not in "".join(
        one.read_text(errors="replace") for one in saved.rglob("*") if one.is_file()
    )


def test_a_host_whose_lifecycle_manager_says_nothing_is_judged_as_before(new_vcenter, tmp_path):
    server = new_vcenter(replace(fleet(), clusters=(Cluster(CLUSTER),)))
    run = tmp_path / "run.json"
    code, _ = told(server, "audit", "--lifecycle", "-o", str(run))
    plain, _ = told(server, "audit")
    assert code == plain
    plan = CliRunner().invoke(main, ["plan", str(run)], env={"COLUMNS": "100"}).output
    assert "vCenter's scan" not in plan
