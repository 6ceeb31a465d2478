"""The wording of a case sheet, in every format."""

from collections.abc import Iterator

from hostcheck.model.case import Case, CaseItem, RawLines
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import PhysicalGpu
from hostcheck.reports import words
from hostcheck.reports.summary import seals

GPU_COLUMNS = ("GPU", "Address", "PCI id", "Serial number", "UUID", "VBIOS")


def title(made: Case) -> str:
    """Return what the sheet is about."""
    host = made.report.host
    return words.one_line(f"{host.name}: {made.report.verdict.value}")


def _told(fact: Fact[str]) -> str:
    return f"? {words.missing(fact)}" if isinstance(fact, Unknown) else words.one_line(fact.value)


def identity(made: Case) -> tuple[tuple[str, str], ...]:
    """Return what support asks for first."""
    host = made.report.host
    when = sorted(one.taken_at for one in host.sources if one.taken_at)
    return (
        ("Service tag", _told(host.service_tag)),
        ("Server", f"{_told(host.vendor)} {_told(host.model)}"),
        ("BIOS", f"{_told(host.bios_version)}, {_told(host.bios_date)[:10]}"),
        ("ESXi", f"{_told(host.version)} build {_told(host.build)}"),
        ("NVIDIA vGPU manager", _told(host.driver_version)),
        ("Answers taken", f"{words.moment(when[0])} to {words.moment(when[-1])}" if when else ""),
        *(
            (f"Asked over {seals.way_of(one)}", seals.login_words(one))
            for one in host.logins
        ),
        (seals.OPTIONS, seals.option_words(host)),
        ("Judged by", f"hostcheck {made.tool_version}, catalogue {made.catalogue_edition}"),
        ("SHA-256 of the run file", made.run_sha256 or "no run file was named (--run)"),
    )  # fmt: skip


def gpus(made: Case) -> tuple[tuple[str, ...], ...]:
    """Return a row per GPU, as `GPU_COLUMNS` names them."""
    found = made.report.host.gpus
    return tuple(map(_gpu, found.value)) if isinstance(found, Known) else ()


def _gpu(gpu: PhysicalGpu) -> tuple[str, ...]:
    return (
        words.one_line(gpu.name), gpu.address, str(gpu.pci_id), _told(gpu.serial),
        _told(gpu.uuid), _told(gpu.vbios),
    )  # fmt: skip


def said(item: CaseItem) -> str:
    """Return a judgement in one line."""
    result = item.result
    found = result.observed or result.trace
    if result.unseen is not None:
        unseen = result.unseen
        found = f"{words.why_words(unseen.why)}: {unseen.detail}; asked: {unseen.asked}"
    expected = f"; expected: {result.expected}" if result.expected else ""
    return words.one_line(f"{result.subject.name}: {found}{expected}")


def head(item: CaseItem) -> str:
    """Name a judgement."""
    result = item.result
    name = item.manual.title if item.manual is not None else result.check
    told = f"{words.MARK[result.status]} {result.check} {name} ({result.severity.value})"
    return words.one_line(told)


def of(raw: RawLines) -> str:
    """Say which answer lines are of."""
    source = f"{words.where(raw.source)} at {words.moment(raw.source.taken_at)}"
    if raw.failure:
        return words.one_line(f"{source}: no answer: {raw.failure}")
    if raw.again:
        return f"{source}: the lines shown above"
    shown = f"{len(raw.lines)} of {words.count(raw.total, 'line')}"
    return f"{source}: {shown}, SHA-256 {raw.sha256[:16]}..."


def numbered(raw: RawLines) -> Iterator[str]:
    """Yield the lines with their numbers, once."""
    if raw.again:
        return
    yield from (f"{number:>6}  {words.clean(line)}" for number, line in raw.lines)
