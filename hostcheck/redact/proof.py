"""That what was redacted says the same, and holds nothing private any more."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hostcheck.errors import UsageError
from hostcheck.model.result import Answer, Result
from hostcheck.model.run import Run
from hostcheck.redact.mask import Mask
from hostcheck.sources.base import Source
from hostcheck.sources.walls import collected, host_of
from hostcheck.syntax.xml import escape
from hostcheck.verdict import report_of

REPORT = "nothing was written; report this, and say which of your names are words of vSphere too"
Told = tuple[Answer, Counter[tuple[str, str, str]]]


@contextmanager
def or_nothing(out: Path) -> Iterator[None]:
    """Leave nothing in a folder where what was written is not what it should be."""
    try:
        yield
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise


def same_verdicts(before: Source, after: Source, mask: Mask) -> None:
    """Raise UsageError where a machine would be judged otherwise."""
    then = {
        (mask.name(name), mask.name(vcenter)): told for (name, vcenter), told in _judged(before)
    }
    now = dict(_judged(after))
    for key, told in then.items():
        _compare(key[0], told, now.get(key))


def _judged(source: Source) -> Iterator[tuple[tuple[str, str], Told]]:
    machines = [one for one in source.machines() if one.id or one.vcenter]
    collector = source.collector(machines)
    for ref in machines:
        report = report_of(host_of(collected(ref, lambda ref=ref: collector.collect(ref))))  # type: ignore[misc]
        yield (ref.name, ref.vcenter), (report.verdict, _counted(report.results))


def same_results(before: Run, after: Run) -> None:
    """Raise UsageError where a run says something else."""
    for one, other in zip(before.hosts, after.hosts, strict=True):
        then = one.verdict, _counted(one.results)
        _compare(other.host.name, then, (other.verdict, _counted(other.results)))
    then_asked, now_asked = before.preflight, after.preflight
    if then_asked is not None and now_asked is not None:
        verdicts = [[one.verdict for one in each.candidates] for each in (then_asked, now_asked)]
        if verdicts[0] != verdicts[1] or then_asked.verdict is not now_asked.verdict:
            raise UsageError(f"the preflight would say something else; {REPORT}")


def _counted(results: Iterable[Result]) -> Counter[tuple[str, str, str]]:
    return Counter((one.check, one.status.value, one.subject.kind) for one in results)


def _compare(host: str, then: Told, now: Told | None) -> None:
    if now is None:
        raise UsageError(f"{host} would be missing; {REPORT}")
    if now != then:
        checks = sorted({key[0] for key in (then[1] - now[1]) + (now[1] - then[1])})
        raise UsageError(f"{', '.join(checks)} would say something else of {host}; {REPORT}")


def nothing_left(out: Path, mask: Mask) -> None:
    """Raise UsageError where a file, or its name, still holds what was replaced elsewhere."""
    wanted = [(one, told.casefold()) for one, told in mask.spellings()]
    for file in sorted(one for one in out.rglob("*") if one.is_file()):
        text = f"{file.relative_to(out)}\n{file.read_bytes().decode(errors='replace')}".casefold()
        for original, folded in wanted:
            for told in {folded, escape(folded)}:
                if told in text and _stands(told, text):
                    kind = next(kind for kind, pairs in mask.map.items() if original in pairs)
                    where = file.relative_to(out)
                    raise UsageError(f"{where} would still hold a {kind} of yours; {REPORT}")


def _stands(told: str, text: str) -> bool:
    """Say whether a word stands in a text by itself, not in a longer one."""
    return re.search(rf"(?<![^\W_]){re.escape(told)}(?![^\W_])", text) is not None
