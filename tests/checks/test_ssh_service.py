"""HOST-015 by the recorded machine whose SSH was started, with other answers about stopping it."""

import pytest
from msgspec.structs import replace

from hostcheck.app import report_of
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers.vim_ssh_service import START, STOP
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from tests.private_data import FIXTURES


def judged(**failures):
    source = RecordedSource(FIXTURES / "2n-2xA100-80-ssh-managed-esxi803")
    (target,) = source.machines()
    recorded = source.collect(target)
    answers = {}
    for key, one in recorded.captures.items():
        for name, request in (("start", START), ("stop", STOP)):
            if name in failures and one.request.template == request.template:
                failure = Unknown(failures[name], "it said no", one.request.text)
                answers[key] = replace(one, text="", failure=failure)
    assert len(answers) == len(failures)
    report = report_of(host_of(recorded.with_answers(answers)))
    (result,) = [one for one in report.results if one.check == "HOST-015"]
    return result.status.value, result.observed


@pytest.mark.parametrize(
    ("failures", "said"),
    [
        ({}, ("pass", "started, stopped")),
        ({"stop": Why.DENIED}, ("fail", "started, not stopped: it said no")),
        ({"stop": Why.ABSENT}, ("fail", "started, not stopped: it said no")),
        ({"start": Why.TIMEOUT, "stop": Why.DENIED},
         ("fail", "perhaps started, not stopped: it said no")),
    ],
)  # fmt: skip
def test_what_was_not_stopped_fails(failures, said):
    assert judged(**failures) == said


@pytest.mark.parametrize("failures", [{"stop": Why.TIMEOUT}, {"start": Why.TIMEOUT}])
def test_what_is_not_known_is_unknown(failures):
    assert judged(**failures)[0] == "unknown"
