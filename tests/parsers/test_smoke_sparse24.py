"""The smoke program's JSON: what it says, and every way in which it may say two things at once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown
from hostcheck.model.smoke import EXIT_CODES, SmokeStatus
from hostcheck.parsers import vim_custom_values
from hostcheck.parsers.smoke_sparse24 import parse

VERIFY = {"m": 256, "n": 512, "k": 1024, "elements": 131072, "sparse_bad_cpu": 0,
          "dense_bad_cpu": 0, "sparse_bad_gpu": 0, "dense_bad_gpu": 0}  # fmt: skip
CONTROLS = {"metadata": {"caught": True, "row": 133, "bad": 512},
            "weight": {"caught": True, "row": 133, "bad": 510}, "restored": {"bad": 0}}  # fmt: skip
SPEED = {"m": 4224, "n": 4096, "k": 8192, "waves": 4.0, "dense_ms": 0.3, "sparse_ms": 0.2,
         "dense_tops": 900.0, "sparse_tops": 1300.0, "speedup": 1.44, "speedup_min": 1.43,
         "speedup_max": 1.46, "peak_dense_tops": 1979.0, "full_bad_gpu": 0,
         "sampled_bad_cpu": 0}  # fmt: skip


def result(**changes):
    made = {"dtype": "int8", "verify": VERIFY, "controls": CONTROLS, "speed": SPEED, **changes}
    return {name: part for name, part in made.items() if part is not None}


def said(status="pass", results=None, **more):
    return json.dumps({
        "schema": "hostcheck.sparse24/1", "version": "0.1.0", "notes": [],
        "gpu": {"name": "NVIDIA H200", "driver": "570.1", "sharing": "none", "new": 1},
        "results": [result()] if results is None else results, "status": status,
        "exit_code": EXIT_CODES[SmokeStatus(status)], **more,
    })  # fmt: skip


def test_a_pass():
    answer = parse(said())
    assert (answer.status, answer.gpu, answer.driver) == (SmokeStatus.PASS, "NVIDIA H200", "570.1")
    (kind,) = answer.types
    assert (kind.name, kind.elements, kind.wrong, kind.faults_caught) == ("int8", 131072, 0, True)
    assert (kind.speed.shape, kind.speed.speedup) == ("4224 x 4096 x 8192", 1.44)


def test_exit_codes_are_those_of_the_program():
    assert [EXIT_CODES[SmokeStatus(word)] for word in (
        "pass", "fail", "usage", "not_applicable", "no_device", "error", "timeout", "slow"
    )] == list(range(8))  # fmt: skip


def test_wrong_elements_of_every_comparison_are_counted():
    bad = {**VERIFY, "sparse_bad_cpu": 1, "dense_bad_cpu": 2, "sparse_bad_gpu": 4,
           "dense_bad_gpu": 8}  # fmt: skip
    speed = {**SPEED, "full_bad_gpu": 16, "sampled_bad_cpu": 32}
    (kind,) = parse(said("fail", [result(verify=bad, speed=speed)])).types
    assert kind.wrong == 63


@pytest.mark.parametrize("part", ["metadata", "weight", "restored"])
def test_a_control_that_was_not_reached_was_not_caught(part):
    controls = {name: told for name, told in CONTROLS.items() if name != part}
    (kind,) = parse(said("timeout", [result(controls=controls, speed=None)])).types
    assert not kind.faults_caught
    assert isinstance(kind.speed, Unknown)


def test_what_ended_before_a_comparison_has_none():
    assert parse(said("timeout", [{"dtype": "int8", "metadata_layout": "match"}])).types == ()
    assert parse(said("no_device", [], gpu=None, reason=" no\nGPU ")).reason == "no GPU"


def test_a_peak_that_is_not_known_is_unknown():
    (kind,) = parse(said(results=[result(speed={**SPEED, "peak_dense_tops": None})])).types
    assert isinstance(kind.speed.peak_dense_tops, Unknown)


def test_why_a_peak_is_not_known_is_told():
    speed = {**SPEED, "peak_dense_tops": None, "peak_why": "the published rate is that of\ntcgen05"}
    (kind,) = parse(said(results=[result(speed=speed)])).types
    assert kind.speed.peak_dense_tops.detail == "the published rate is that of tcgen05"


@pytest.mark.parametrize(
    ("told", "unproven"),
    [({"proven_on": None}, True), ({"proven_on": "NVIDIA L4"}, False), ({}, False)],
)
def test_kernels_that_no_gpu_has_run_are_marked_and_silence_is_no_mark(told, unproven):
    answer = parse(said(config="tcgen05 128x256", **told))
    assert (answer.path, answer.unproven) == ("tcgen05 128x256", unproven)


@pytest.mark.parametrize(
    ("cc", "told", "judged"),
    [("10.0", {"speed_judged": False}, False), ("8.0", {"speed_judged": True}, True),
     ("8.0", {}, True), ("10.0", {}, False), ("10.3", {}, False)],
)  # fmt: skip
def test_older_programs_ran_on_blackwell_what_nobody_can_judge(cc, told, judged):
    assert parse(said(gpu={"name": "NVIDIA", "cc": cc}, **told)).speed_judged is judged


WRONG = {**VERIFY, "sparse_bad_cpu": 1}
UNCAUGHT = {**CONTROLS, "weight": {"caught": False, "row": 1, "bad": 0}}
DIRTY = {**CONTROLS, "restored": {"bad": 1}}


@pytest.mark.parametrize("status", ["pass", "slow"])
@pytest.mark.parametrize(
    "results",
    [[], [result(verify=None)], [result(controls=None)], [result(verify=WRONG)],
     [result(controls=UNCAUGHT)], [result(controls=DIRTY)],
     [result(verify={**VERIFY, "elements": 0})], [result(), result(dtype="fp16", verify=None)],
     [result(speed={**SPEED, "full_bad_gpu": 1})]],
)  # fmt: skip
def test_a_pass_that_nothing_proves_is_no_pass(status, results):
    with pytest.raises(ParseError):
        parse(said(status, results))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "null", "[]", "Segmentation fault", said()[:-1], said()[:200],
     said(schema="hostcheck.sparse24/2"), said(exit_code=1), said().replace('"pass"', '"fine"'),
     said().replace("131072", '"many"'), said(results=[{}]), said() + said(), said(notes=[1])],
)  # fmt: skip
def test_what_is_no_answer_is_refused_in_one_line(text):
    with pytest.raises(ParseError) as refused:
        parse(text)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("sparse24: ")


@given(st.text() | st.integers(0, 1800).map(lambda at: said()[:at]))
def test_any_text_is_an_answer_or_refused(text):
    try:
        parse(text)
    except ParseError:
        return
    assert json.loads(text)


def test_custom_attributes_are_read_by_name():
    text = """<listing><objects xmlns="urn:vim25"
     xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><obj type="VirtualMachine">vm-1</obj>
     <propSet><name>availableField</name><val xsi:type="ArrayOfCustomFieldDef"><CustomFieldDef>
     <key>101</key><name>smoke</name></CustomFieldDef><CustomFieldDef><key>102</key>
     <name>owner</name></CustomFieldDef></val></propSet><propSet><name>customValue</name>
     <val xsi:type="ArrayOfCustomFieldValue"><CustomFieldValue xsi:type="CustomFieldStringValue">
     <key>101</key><value>yes</value></CustomFieldValue><CustomFieldValue><key>999</key>
     <value>x</value></CustomFieldValue></val></propSet></objects></listing>"""
    (one,) = vim_custom_values.parse(text)
    assert (one.vm_id, one.known, one.values) == ("vm-1", ("owner", "smoke"), {"smoke": "yes"})
    for bad in ("", "<listing", "<!DOCTYPE x><listing/>"):
        with pytest.raises(ParseError):
            vim_custom_values.parse(bad)
    assert vim_custom_values.parse("<listing></listing>") == ()
