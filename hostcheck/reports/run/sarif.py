"""SARIF 2.1.0 for code scanning and its viewers: an entry for each result that is no pass.

Passes are counted and not listed: consumers show whatever is listed as open. A result that is not
known is of kind `open`, which is SARIF's word for it. GitHub takes 25,000 results, shows 5,000 of
them, and refuses a file of which one result has no place in an artifact: so each has the URI
`hosts/NAME`, the gravest come first, and what is beyond the limit is counted in a notification.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from hostcheck.model.result import Manual, Result, Severity, Status
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.judged import LEFT_OUT, NOTHING, Item, JudgedPlace, places, titles
from hostcheck.reports.later import Later
from hostcheck.reports.summary import whole as summary

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MOST_RESULTS = 25_000
LONGEST = 1_000
"""Characters of a message; GitHub shows 1,024 of a rule's description."""
LEVEL = {
    Severity.REQUIRED: "error", Severity.RECOMMENDED: "warning", Severity.INFORMATIONAL: "note",
}  # fmt: skip
TOLD = (Status.FAIL, Status.UNKNOWN, Status.ERROR)
_ORDER = tuple((status, severity) for severity in Severity for status in TOLD)


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document, result by result, gravest first."""
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        kept = {one: stack.enter_context(Later()) for one in _ORDER}
        kept_waived = stack.enter_context(Later())
        for place in places(run):
            for item in place.items:
                counts[item.result.status.value] += 1
                if item.result.status in TOLD:
                    key = (item.result.status, item.result.severity)
                    into = kept_waived if item.waiver else kept[key]
                    into.add([_json(_result(place, item))])
        yield f'{{"$schema": {_json(SCHEMA)}, "version": "2.1.0", "runs": [{{\n'
        yield f'"tool": {{"driver": {_json(_driver(run))}}},\n"results": ['
        written, found = 0, sum(counts[one.value] for one in TOLD)
        for lines in (*kept.values(), kept_waived):
            for line in lines:
                if written < MOST_RESULTS:
                    yield f"{',' if written else ''}\n{line}"
                    written += 1
        yield f'\n],\n"invocations": [{_json(_invocation(run, found - written))}],\n'
        yield f'"properties": {_json(_counted(run, counts))}\n}}]}}\n'


def _json(thing: object) -> str:
    return json.dumps(thing, ensure_ascii=False)


def _driver(run: Run) -> dict[str, Any]:
    left = (
        {
            "id": one, "name": one, "shortDescription": {"text": titles(run)[one]},
            "defaultConfiguration": {"level": "error"},
        }
        for one in (LEFT_OUT, NOTHING)
    )  # fmt: skip
    return {
        "name": "hostcheck", "semanticVersion": run.tool_version, "version": run.tool_version,
        "rules": [*map(_rule, run.checks), *left],
    }  # fmt: skip


def _rule(manual: Manual) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": manual.id, "name": manual.id,
        "shortDescription": {"text": _text(manual.title)},
        "fullDescription": {"text": _text(manual.why) or _text(manual.title)},
        "help": {"text": _text(" ".join(filter(None, (manual.why, manual.fix)))) or manual.id},
        "defaultConfiguration": {"level": LEVEL[manual.severity]},
        "properties": {"tags": [_text(manual.family), manual.severity.value]},
    }  # fmt: skip
    if manual.source.startswith(("https://", "http://")):
        rule["helpUri"] = quote(manual.source, safe=":/?#[]@!$&'()*+,;=%~")
    return rule


def _result(place: JudgedPlace, item: Item) -> dict[str, Any]:
    result = item.result
    fails = result.status is Status.FAIL
    name = place.host or place.name
    told: dict[str, Any] = {
        "ruleId": result.check, "kind": "fail" if fails else "open",
        "level": LEVEL[result.severity] if fails else "none",
        "message": {"text": _message(place, result)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": f"hosts/{quote(words.one_line(name), safe='')}"},
                "region": {"startLine": 1},
            },
            "logicalLocations": [{
                "name": _text(result.subject.name), "kind": _text(result.subject.kind),
                "fullyQualifiedName": _text(f"{place.target}/{name}/{result.subject.id}"),
            }],
        }],
        "partialFingerprints": _fingerprints(place, result),
        "properties": {
            "status": result.status.value, "severity": result.severity.value,
            "decides": item.decides, "vcenter": _text(place.target),
        },
    }  # fmt: skip
    if item.waiver is not None:
        why = f"{item.waiver.reason} ({item.waiver.owner}, until {item.waiver.expires})"
        told["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": _text(why)}
        ]
    return told


def _fingerprints(place: JudgedPlace, result: Result) -> dict[str, str]:
    """Say which result this is, whatever is observed: the same one in each run is one alert."""
    parts = (result.check, place.target, place.host, place.about, result.subject.kind,
             result.subject.id)  # fmt: skip
    mark = sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
    # GitHub reads this name alone; the number behind the colon counts equal ones.
    return {"primaryLocationLineHash": f"{mark[:16]}:1", "hostcheckResult/v1": mark}


def _message(place: JudgedPlace, result: Result) -> str:
    where = f"{place.name}, {result.subject.name}"
    if result.status is Status.FAIL:
        told = f"{where}: {result.observed}; expected: {result.expected}."
        fix = "; ".join(one.line for one in result.fix)
        return _text(told + (f" Fix: {fix}" if fix else ""))
    seen = result.unseen
    why = words.reason(seen.why, seen.detail) if seen else f"crashed: {result.trace}"
    return _text(f"{where}: not known, neither a pass nor a fail. {why}")


def _text(text: str) -> str:
    """Return the text on one line, no longer than is shown, and without a link of its own."""
    shown = words.cut(words.one_line(text), LONGEST)
    return shown.translate({ord("["): "\uff3b", ord("]"): "\uff3d"}) if "](" in shown else shown


def _invocation(run: Run, left: int) -> dict[str, Any]:
    notices = list(summary.notices(run))
    if left > 0:
        notices.append(f"{left} less grave results are left out: GitHub takes {MOST_RESULTS}")
    told: dict[str, Any] = {"executionSuccessful": not run.unasked}
    if notices:
        told["toolExecutionNotifications"] = [
            {"level": "warning", "message": {"text": _text(one)}} for one in notices
        ]
    return told


def _counted(run: Run, counts: Counter[str]) -> dict[str, Any]:
    return {
        "vcenter": _text(run.target), "catalogue": run.catalogue_edition,
        "lastAnswer": words.clean(run.last_answer_at),
        "results": {one.value: counts[one.value] for one in Status},
    }  # fmt: skip
