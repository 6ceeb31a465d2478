"""On which clusters a namespace runs: Supervisors of one zone and of three."""

import json
from dataclasses import replace
from itertools import combinations

import pytest

from hostcheck.model.capture import Capture
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.model.result import Answer
from hostcheck.parsers import (
    rest_namespace,
    rest_namespace_v2,
    rest_namespaces,
    rest_namespaces_v2,
    rest_supervisor_topology,
)
from hostcheck.sources.namespaces import Namespaces
from hostcheck.ways.replay import ReplayTransport
from tests.checks.test_losing_information import LOST
from tests.peers import shapes
from tests.peers.api import Trouble
from tests.peers.fleet import Cluster, Fleet, Space, Supervisor
from tests.vmclasses.fleet import HALF, a_class, judged, machine
from tests.ways.rest.test_rest import CLASS, CLASSES, HOST, SPACES, put, told

OTHER = shapes.HOSTS["2n-1xA16-esxi803"]
ZONES = (("zone-a", ("one",)), ("zone-b", ("two",)), ("zone-c", ("three",)))
TOPOLOGY = "/api/vcenter/namespace-management/supervisors/sup-1/topology"
SPACE = "/api/vcenter/namespaces/instances/v2/team-a"


@pytest.fixture
def asked(new_vcenter):
    """Ask a vCenter whose clusters one and two keep the class, and three does not.

    Version 1 of its API names cluster one.
    """

    def ask(*supervisors, troubles=(), name="one"):
        hosts = (
            replace(HOST, cluster="one"),
            replace(HOST, cluster="two", name="esx-two.example.com", serial="TWO"),
            replace(OTHER, cluster="three", name="esx-three.example.com", serial="THREE"),
        )
        clusters = tuple(Cluster(each) for each in ("one", "two", "three"))
        server = new_vcenter(Fleet(hosts, clusters, supervisors=supervisors), *troubles)
        put(server, CLASSES, CLASS)
        spec = {"vm_classes": ["train"], "content_libraries": []}
        body = {"cluster": server.ids.clusters[name], "namespace": "team-a",
                "vm_service_spec": spec}  # fmt: skip
        put(server, SPACES, body)
        code, text = told(server, "vm-class", "--format", "json")
        document = json.loads(text)
        (one,) = document["classes"]
        places = {each["cluster"]: each["answer"] for each in one["places"]}
        calls = {each for each in server.stats()["calls"] if each.startswith("GET /api/")}
        assert {"GO": 0, "NO-GO": 1, "UNSURE": 3}[one["answer"]] == code
        return one["answer"], places, " ".join(one["notices"]), document["warnings"], calls

    return ask


def supervisor(*zones, of=ZONES):
    return Supervisor("sup-1", of, (Space("team-a", ("train",), zones or None),))


def test_a_supervisor_of_one_zone(asked):
    answer, places, notices, _, calls = asked(supervisor(of=ZONES[:1]))
    assert (answer, places, notices) == ("GO", {"one": "GO"}, "")
    assert {f"GET {TOPOLOGY}", f"GET {SPACE}"} <= calls
    assert f"GET {SPACES}/team-a" not in calls


def test_a_zone_that_does_not_keep_the_class_is_named(asked):
    answer, places, notices, _, _ = asked(supervisor())
    assert (answer, notices) == ("NO-GO", "")
    assert places == {"one": "GO", "two": "GO", "three": "NO-GO"}


def test_a_namespace_of_9_0_has_zones_of_its_own(asked):
    answer, places, _, _, _ = asked(supervisor("zone-a", "zone-b"))
    assert (answer, places) == ("GO", {"one": "GO", "two": "GO"})


def test_a_zone_that_is_being_removed_counts_until_it_is_gone(asked):
    answer, places, _, _, _ = asked(supervisor("zone-a", "-zone-c"))
    assert (answer, places) == ("NO-GO", {"one": "GO", "three": "NO-GO"})


@pytest.mark.parametrize("kind", ["no_permission", "busy", "drop"])
@pytest.mark.parametrize("path", [TOPOLOGY, SPACE])
def test_zones_that_are_not_told_are_no_go_ahead(asked, kind, path):
    answer, places, notices, _, _ = asked(supervisor(), troubles=(Trouble(f"GET {path}", kind),))
    assert answer == "UNSURE"
    assert places == {"one": "GO", "two": "GO", "three": "NO-GO"}
    assert "on which clusters namespace team-a runs it is not known" in notices
    assert f"told by GET {path}" in notices


def test_zones_without_clusters_are_not_known(asked):
    for of in ((("zone-a", ("one",)), ("zone-b", ())), ()):
        answer, _, notices, _, _ = asked(supervisor(of=of))
        assert answer == "UNSURE"
        assert f"told by GET {TOPOLOGY}" in notices
    answer, _, notices, _, _ = asked(supervisor("zone-a", "zone-z"))
    assert answer == "UNSURE"
    assert "no cluster of zone-z is told" in notices


def test_a_list_of_namespaces_that_fails_leaves_the_zones(asked):
    troubles = (Trouble("GET /api/vcenter/namespaces/instances/v2", "no_permission"),)
    answer, _, _, warnings, _ = asked(supervisor(), troubles=troubles)
    assert answer == "NO-GO"
    assert any("Supervisors of namespaces are not told" in one for one in warnings)


def test_a_vcenter_of_7_0_names_the_one_cluster(asked):
    answer, places, notices, warnings, calls = asked()
    assert (answer, places, notices) == ("GO", {"one": "GO"}, "")
    assert not [one for one in warnings if "namespace" in one]
    assert f"GET {SPACES}/team-a" in calls
    assert f"GET {TOPOLOGY}" not in calls
    assert asked(name="three")[:2] == ("NO-GO", {"three": "NO-GO"})


LISTED, ONE, OLD_LIST, OLD, ZONED = (
    rest_namespaces_v2.REQUEST, rest_namespace_v2.REQUEST.of("team-a"), rest_namespaces.REQUEST,
    rest_namespace.REQUEST.of("team-a"), rest_supervisor_topology.REQUEST.of("sup-1"),
)  # fmt: skip
USES = {"vm_service_spec": {"vm_classes": ["gpu"]}}
ANSWERS = {
    LISTED: [{"supervisor": "sup-1", "namespace": "team-a"}],
    ONE: {"supervisor": "sup-1", **USES},
    ZONED: [{"zone": "zone-a", "clusters": ["c1"]}, {"zone": "zone-b", "clusters": ["c2"]}],
    OLD_LIST: [{"cluster": "c1", "namespace": "team-a"}],
    OLD: {"cluster": "c1", **USES},
}
NONE = Unknown(Why.ABSENT, "HTTP status 404: NOT_FOUND")


def answered(answers, used=("team-a",)):
    """Judge a class that the first cluster keeps, and the second one does not."""
    captures = {}
    for request, answer in answers.items():
        lost = isinstance(answer, Unknown)
        captures[request.key] = Capture(
            request, text="" if lost else json.dumps(answer), failure=answer if lost else None
        )
    rest = ReplayTransport(Recording(HostRef("vc", "vc", ""), captures))
    asking = Namespaces(rest)
    spaces = asking.every(used)
    hosts = machine(1), machine(2, model="a40", cluster="vdi", profiles=("nvidia_a40-24q",))
    names = {"c1": "gpu", "c2": "vdi"}
    (one,) = judged(
        a_class(HALF), hosts, namespaces=spaces, names=names, unlisted=asking.unlisted
    ).classes
    return one.answer, " ".join(one.notices)


def test_no_answer_about_zones_that_is_lost_makes_a_class_a_go():
    assert answered(ANSWERS) == (Answer.NO_GO, "")
    old = {**ANSWERS, LISTED: NONE, ONE: NONE}
    assert answered(old) == (Answer.GO, "")
    for lost in (
        LOST,
        Unknown(Why.ABSENT, "HTTP status 500"),
        Unknown(Why.DENIED, "HTTP status 403"),
    ):
        for size in range(1, 6):
            for some in combinations(ANSWERS, size):
                for used in ("team-a",), ():
                    answer, _ = answered({**ANSWERS, **dict.fromkeys(some, lost)}, used)
                    assert answer in (Answer.NO_GO, Answer.UNSURE), some


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({ONE: NONE}, "its zones are not told: HTTP status 404"),
        ({ONE: USES}, "its Supervisor is not told"),
        ({ONE: {**ANSWERS[ONE], "zones": []}}, "it tells no zone"),
        ({ONE: {**ANSWERS[ONE], "zones": [{"type": "WORKLOAD"}]}}, "no cluster of"),
        ({ZONED: []}, "no zone is in it"),
        ({ZONED: {}}, "expected a list"),
        ({ZONED: NONE}, "HTTP status 404"),
        ({ZONED: [{"zone": "zone-a", "clusters": ["c1"]}, {"zone": "b"}]}, "no cluster of b"),
        ({ZONED: [{"zone": "zone-a", "clusters": ["c1", "c7"]}]}, "nothing tells the name of c7"),
    ],
)
def test_what_an_odd_answer_leaves_open(changes, words):
    answer, notices = answered({**ANSWERS, **changes})
    assert answer is Answer.UNSURE
    assert words in notices


def test_a_namespace_without_zones_of_its_own_has_the_only_one():
    alone = {ONE: {**ANSWERS[ONE], "zones": []}, ZONED: [{"zone": "", "clusters": ["c1"]}]}
    assert answered({**ANSWERS, **alone}) == (Answer.GO, "")
