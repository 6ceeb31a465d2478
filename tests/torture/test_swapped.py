"""Answers that changed places: a file of a recording copied over another, a paste of the wrong one.

Each parser takes its own answer and none that looks like it, so that no result claims more.
"""

from msgspec.structs import replace

from hostcheck.assemble import assemble
from hostcheck.model.capture import Wire
from hostcheck.model.result import Status
from hostcheck.sources import asking
from hostcheck.sources.recorded import RecordedSource
from hostcheck.verdict import report_of
from tests.remembering import opening_by, remembered
from tests.torture.run import ROOT

HEADERS = "vsish -e get /hardware/pci"
"""Of which each device has one: that of another device is read, and seen to differ (SRC-001)."""


def judged(recorded):
    found = report_of(assemble(recorded)).results
    return {(one.check, one.subject.kind, one.subject.id): one.status for one in found}


def test_an_answer_to_another_question_claims_nothing():
    source = RecordedSource(ROOT / "fixtures" / "2n-2xA100-80-ssh-managed-esxi803")
    (ref,) = source.machines()
    held = asking.finish(ref, source.read(ref), {})
    told = {
        key: one
        for key, one in held.captures.items()
        if one.failure is None and one.request.wire in (Wire.SHELL, Wire.ESXCLI)
    }
    with opening_by(remembered()):
        whole, swapped = judged(held), 0
        for key, capture in told.items():
            for text in {one.text for one in told.values()} - {capture.text}:
                other = next(one.request for one in told.values() if one.text == text)
                if other.template.startswith(HEADERS) and key[1].startswith(HEADERS):
                    continue
                captures = {**held.captures, key: replace(capture, text=text)}
                for result, status in judged(replace(held, captures=captures)).items():
                    if status is not whole.get(result):
                        assert status not in (Status.FAIL, Status.ERROR), (key, other, result)
                        assert status is not Status.PASS or result not in whole, (key, other)
                swapped += 1
    assert swapped > 200
