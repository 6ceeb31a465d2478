"""A run as a text file for the textfile collector of node_exporter.

What a metric is called, its labels and its HELP never change between versions: an exporter that
reads files of two versions drops, without a word, the samples of a family whose HELP differs. So
the families are a table, and a test holds it against a copy. New families are added at the end.
There are no timestamps, which would make it refuse the file.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import Run, silent
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.judged import JudgedPlace, places
from hostcheck.reports.later import Later
from hostcheck.reports.summary import whole as summary

LONGEST_LABEL = 200
"""Characters; Prometheus has no limit by default, its relatives have 1,024 or so."""


class Family(NamedTuple):
    """A metric: all are gauges."""

    name: str
    help: str


RUN_INFO = Family("hostcheck_run_info", "Version and catalogue that judged; always 1.")
RUN_TIME = Family(
    "hostcheck_run_last_answer_timestamp_seconds",
    "When a host answered last, in seconds since 1970; 0 where none did.",
)
RUN_VERDICT = Family("hostcheck_run_verdict", "1 for the verdict of the run, 0 for the others.")
RUN_HOSTS = Family("hostcheck_run_hosts", "Hosts by verdict.")
RUN_UNASKED = Family(
    "hostcheck_run_unasked_hosts", "Hosts that an interrupted run left out: not known."
)
RUN_SILENT = Family(
    "hostcheck_run_silent_vcenters", "vCenters that told of no host: theirs are not known."
)
HOST_VERDICT = Family("hostcheck_host_verdict", "1 for the verdict on the host, 0 for the others.")
HOST_RESULTS = Family(
    "hostcheck_host_results",
    "Results of the host by severity and status; waived ones keep their status.",
)
HOST_WAIVED = Family("hostcheck_host_waived_results", "Results of the host that are waived.")
HOST_GPUS = Family("hostcheck_host_gpus", "Physical GPUs of the host; absent where not known.")
CHECK_OPEN = Family(
    "hostcheck_check_open_results",
    "Results of a check on a host that fail or are not known; absent where there are none.",
)
PREFLIGHT = Family(
    "hostcheck_preflight_verdict", "1 for the verdict on starting the VM, 0 for the others."
)
RUN_POLICY = Family(
    "hostcheck_run_policy_info", "Policy that hosts were judged by; always 1, absent without one."
)
FAMILIES = (
    RUN_INFO, RUN_TIME, RUN_VERDICT, RUN_HOSTS, RUN_UNASKED, RUN_SILENT, HOST_VERDICT,
    HOST_RESULTS, HOST_WAIVED, HOST_GPUS, CHECK_OPEN, PREFLIGHT, RUN_POLICY,
)  # fmt: skip
OPEN = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines, family by family. The hosts are walked over twice."""
    told = summary.of(run)
    with ExitStack() as stack:
        kept = {one: stack.enter_context(Later()) for one in FAMILIES}
        met: Counter[tuple[str, str]] = Counter()
        for place in places(run):
            if place.verdict is not None and not place.about:
                target, host = _shown(place.target), _shown(place.host)
                met[target, host] += 1
                again = f" #{met[target, host]}" if met[target, host] > 1 else ""
                _host(kept, place, {"vcenter": target, "host": host + again})
        of = {"vcenter": _shown(run.target)}
        info = {"version": _shown(run.tool_version), "catalogue": _shown(run.catalogue_edition)}
        kept[RUN_INFO].add([_sample(RUN_INFO, 1, **of, **info)])
        if run.policy is not None:
            by = {"policy": _shown(run.policy.name), "sha256": run.policy.sha256}
            kept[RUN_POLICY].add([_sample(RUN_POLICY, 1, **of, **by)])
        kept[RUN_TIME].add([_sample(RUN_TIME, _seconds(run.last_answer_at), **of)])
        kept[RUN_VERDICT].add(_verdicts(RUN_VERDICT, told.verdict, of))
        kept[RUN_HOSTS].add(
            _sample(RUN_HOSTS, number, **of, verdict=one.value) for one, number in told.tally
        )
        kept[RUN_UNASKED].add([_sample(RUN_UNASKED, len(run.unasked), **of)])
        kept[RUN_SILENT].add([_sample(RUN_SILENT, len(silent(run.targets)), **of)])
        if run.preflight is not None:
            vm = of | {"vm": _shown(run.preflight.vm), "vm_id": _shown(run.preflight.vm_id)}
            kept[PREFLIGHT].add(_verdicts(PREFLIGHT, run.preflight.verdict, vm))
        for family in FAMILIES:
            yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n"
            yield from (f"{line}\n" for line in kept[family])


def _host(kept: dict[Family, Later], place: JudgedPlace, of: dict[str, str]) -> None:
    """Keep what there is of a host; its labels are its own, for a series told twice vanishes."""
    if place.verdict is not None:
        kept[HOST_VERDICT].add(_verdicts(HOST_VERDICT, place.verdict, of))
    counts = Counter((one.result.severity, one.result.status) for one in place.items)
    kept[HOST_RESULTS].add(
        _sample(
            HOST_RESULTS, counts[severity, status], **of, severity=severity.value,
            status=status.value,
        )
        for severity in Severity
        for status in Status
    )  # fmt: skip
    waived = sum(one.waiver is not None for one in place.items)
    kept[HOST_WAIVED].add([_sample(HOST_WAIVED, waived, **of)])
    if place.gpus is not None:
        kept[HOST_GPUS].add([_sample(HOST_GPUS, place.gpus, **of)])
    still = Counter(
        (one.result.check, one.result.severity, one.result.status, one.waiver is not None)
        for one in place.items
        if one.result.status in OPEN
    )
    kept[CHECK_OPEN].add(
        _sample(
            CHECK_OPEN, number, **of, check=check, severity=severity.value, status=status.value,
            waived="yes" if waived else "no",
        )
        for (check, severity, status, waived), number in still.items()
    )  # fmt: skip


def _verdicts(family: Family, verdict: Answer, of: dict[str, str]) -> Iterator[str]:
    return (_sample(family, int(one is verdict), **of, verdict=one.value) for one in Answer)


def _sample(family: Family, value: int, **labels: str) -> str:
    told = ",".join(f'{name}="{_quoted(text)}"' for name, text in labels.items())
    return f"{family.name}{{{told}}} {value}"


def _shown(text: str) -> str:
    return words.cut(words.one_line(text), LONGEST_LABEL)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _seconds(moment: str) -> int:
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return 0
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
