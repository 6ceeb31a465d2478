"""OCSF Compliance Findings (class 2003, schema 1.8.0): an event for each result, passes too.

A JSON array with an event on each line. What is not known has the status Warning, which OCSF
defines as "did not yield a result due to missing information". A waived fail stays Fail, and its
finding is Suppressed.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from hostcheck.model.result import Manual, Result, Severity, Status
from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.judged import Item, JudgedPlace, places, titles

VERSION = "1.8.0"
CLASS, CATEGORY, CREATE = 2003, 2, 1
ALIKE = {
    "class_uid": CLASS, "class_name": "Compliance Finding", "category_uid": CATEGORY,
    "category_name": "Findings", "activity_id": CREATE, "activity_name": "Create",
    "type_uid": CLASS * 100 + CREATE, "type_name": "Compliance Finding: Create",
}  # fmt: skip
"""What every event begins with."""
STATUS = {
    Status.PASS: (1, "Pass"), Status.UNKNOWN: (2, "Warning"), Status.ERROR: (2, "Warning"),
    Status.FAIL: (3, "Fail"), Status.NOT_APPLICABLE: (99, "Not Applicable"),
    Status.NOT_SELECTED: (99, "Not Selected"),
}  # fmt: skip
SEVERITY = {
    Severity.REQUIRED: (4, "High"), Severity.RECOMMENDED: (3, "Medium"),
    Severity.INFORMATIONAL: (1, "Informational"),
}  # fmt: skip
SUPPRESSED, NEW = (3, "Suppressed"), (1, "New")
LONGEST = 4_000
"""Characters of one text."""
_encode = json.JSONEncoder(ensure_ascii=False).encode


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the array event by event."""
    named, manuals = titles(run), {one.id: one for one in run.checks}
    metadata: dict[str, Any] = {
        "version": VERSION,
        "product": {"name": "hostcheck", "vendor_name": "hostcheck", "version": run.tool_version},
    }
    if run.policy is not None:
        metadata["tags"] = [
            {"name": "policy", "value": _text(run.policy.name)},
            {"name": "policy_sha256", "value": run.policy.sha256},
        ]
    when = _milliseconds(run.last_answer_at)
    between, head, end = "[", _encode(ALIKE)[:-1], f', "metadata": {_encode(metadata)}}}'
    for place in places(run):
        read: dict[tuple[int, ...], tuple[list[str], int]] = {}
        for item in place.items:
            result = item.result
            if result.sources not in read:
                read[result.sources] = _read(place, result)
            asked, taken_at = read[result.sources]
            event = _event(place, item, named, manuals.get(result.check), asked)
            event["time"] = taken_at or when
            yield f"{between}\n{head}, {_encode(event)[1:-1]}{end}"
            between = ","
    yield "[]\n" if between == "[" else "\n]\n"


def _event(
    place: JudgedPlace, item: Item, named: dict[str, str], manual: Manual | None, asked: list[str]
) -> dict[str, Any]:
    """Return an event without what all have alike; `asked` are the questions of its answers."""
    result = item.result
    severity_id, severity = SEVERITY[result.severity]
    finding_status_id, finding_status = NEW if item.waiver is None else SUPPRESSED
    event: dict[str, Any] = {
        "severity_id": severity_id, "severity": severity,
        "status_id": finding_status_id, "status": finding_status,
        "message": _text(_message(place, result)),
        "finding_info": {
            "uid": _uid(place, result), "title": _text(named.get(result.check, result.check)),
            "types": [result.subject.kind],
        },
        "compliance": _compliance(result, named),
        "resources": [_resource(place, result)],
        "unmapped": _unmapped(item, place, asked),
    }  # fmt: skip
    if place.host:
        event["device"] = {"type_id": 1, "type": "Server", "name": _text(place.host)}
    if item.waiver is not None:
        event["comment"] = _text(
            f"waived until {item.waiver.expires} by {item.waiver.owner}: {item.waiver.reason}"
        )
    if manual is not None and result.status is Status.FAIL and manual.fix:
        steps = "\n".join(one.line for one in result.fix)
        event["remediation"] = {"desc": _text(f"{manual.fix}\n{steps}".strip())}
        if manual.source.startswith(("https://", "http://")):
            event["remediation"]["references"] = [manual.source]
    return event


def _compliance(result: Result, named: dict[str, str]) -> dict[str, Any]:
    status_id, status = STATUS[result.status]
    told: dict[str, Any] = {
        "control": result.check, "standards": ["hostcheck"], "status_id": status_id,
        "status": status, "desc": _text(named.get(result.check, result.check)),
    }  # fmt: skip
    seen = result.unseen
    if seen is not None:
        told["status_code"] = _text(seen.why)
        told["status_details"] = [_text(words.reason(seen.why, seen.detail))]
    elif result.status is Status.NOT_SELECTED:
        told["status_details"] = [_text(result.note or result.observed)]
    elif result.trace:
        told["status_details"] = [_text(result.trace)]
    elif result.observed or result.expected:
        told["status_details"] = [
            _text(f"{name}: {text}")
            for name, text in (("observed", result.observed), ("expected", result.expected))
            if text
        ]
    return told


def _resource(place: JudgedPlace, result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": _text(result.subject.kind), "uid": _text(result.subject.id) or "unknown",
        "name": _text(result.subject.name), "owner": {"name": _text(place.name)},
    }  # fmt: skip
    if place.cluster:
        told["group"] = {"name": _text(place.cluster)}
    return told


def _unmapped(item: Item, place: JudgedPlace, asked: list[str]) -> dict[str, Any]:
    result = item.result
    untold = result.unseen.asked if result.unseen else ""
    return {
        "vcenter": _text(place.target), "host": _text(place.host), "decides": item.decides,
        "host_verdict": place.verdict.value if place.verdict else "",
        "severity": result.severity.value, "status": result.status.value,
        "asked": asked or ([_text(untold)] if untold else []),
        "missing": _text(result.unseen.privilege) if result.unseen else "",
    }  # fmt: skip


def _message(place: JudgedPlace, result: Result) -> str:
    status = words.STATUS[result.status]
    told = result.observed if result.unseen is None else result.unseen.detail
    return f"{result.check} {status} on {place.name}, {result.subject.name}: {told}"


def _uid(place: JudgedPlace, result: Result) -> str:
    """Return what stays the same for a result from run to run."""
    parts = (place.target, place.host, place.about, result.check, result.subject.kind,
             result.subject.id)  # fmt: skip
    return sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _text(text: str) -> str:
    """Return a text as it may be shown, cut; most are already."""
    if len(text) <= LONGEST and text.isprintable():
        return text
    return words.cut(words.clean(text), LONGEST)


def _read(place: JudgedPlace, result: Result) -> tuple[list[str], int]:
    """Return what was asked for a result, and when the youngest of its answers was taken.

    That is in milliseconds since 1970; 0 if never.
    """
    found = words.places(place.sources, result.sources)
    asked = [_text(f"{words.where(one)} at {words.moment(one.taken_at)}") for one in found]
    return asked, max((_milliseconds(one.taken_at) for one in found), default=0)


def _milliseconds(moment: str) -> int:
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return 0
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
