"""Sentences of VM classes that their formats share."""

from collections.abc import Iterable, Sequence

from hostcheck.model.lifecycle import Mark
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.vm_class import ClassChange, ClassFinding, ClassJudged, ClassPlace, Judged
from hostcheck.reports import words

SIGN = {Answer.GO: "✓", Answer.NO_GO: "✕", Answer.UNSURE: "?", Answer.NO_GPU: "-"}
STATUS = {Status.PASS: "✓", Status.FAIL: "✕", Status.UNKNOWN: "?", Status.ERROR: "?"}
MEANS = {
    Answer.GO: "can be offered",
    Answer.NO_GO: "promises what no host keeps",
    Answer.UNSURE: "not known whether it is kept",
    Answer.NO_GPU: "asks for no GPU: not judged",
}
ORDER = (Status.FAIL, Status.UNKNOWN, Status.ERROR, Status.PASS)
NAMES = 8
FITS, WHOLE = "VMC-009", "VMC-016"
"""What follows from other judgements where those fail."""


def title(made: Judged) -> str:
    """Return the heading."""
    return f"VM classes of {words.one_line(made.classes_from)}"


def about(made: Judged) -> str:
    """Say what the judgement rests on."""
    where = words.one_line(made.target) or "the run"
    read = f", read until {words.moment(made.read_at)}" if made.read_at else ""
    return f"Hosts of {where}{read}. Catalogue of {made.catalogue_edition}."


def answer(made: Judged) -> str:
    """Return the answer in one line."""
    counts = [
        f"{number} {one.value}"
        for one in (Answer.GO, Answer.NO_GO, Answer.UNSURE, Answer.NO_GPU)
        if (number := sum(each.answer is one for each in made.classes))
    ]
    every = words.count(len(made.classes), "class", "classes")
    return f"{made.answer.value}: {every}: {', '.join(counts)}"


def named(one: ClassJudged) -> str:
    """Name a class, and where it stands."""
    place = f"{one.source}:{one.line}" if one.line else one.source
    return words.one_line(f"{one.name} ({place}, {one.form}): {one.asks}")


def place(one: ClassPlace) -> str:
    """Name a cluster, and the namespaces that use the class there."""
    name = f"Cluster {one.cluster}" if one.cluster else "Hosts of no known cluster"
    at = f" ({one.target})" if one.target else ""
    spaces = f", for {hosts(one.namespaces)}" if one.namespaces else ""
    return words.one_line(f"{name}{at}{spaces}")


def kept(one: ClassPlace) -> str:
    """Say on how many hosts the class is kept."""
    told = f"kept by {len(one.keepers)} of {words.count(one.hosts, 'host')}"
    return f"{told}, open on {len(one.open)}" if one.open else told


def fits(one: ClassPlace) -> str:
    """Say how many VMs fit."""
    why = f" ({words.one_line(one.now.why)})" if one.now.why else ""
    return f"fit: {one.now.words} now{why}, {one.after_loss.words} with any one host gone"


def finding(one: ClassFinding) -> str:
    """Return a judgement in one line."""
    mark = f" [{one.mark.value}]" if one.mark is not Mark.READ else ""
    unknown = "UNKNOWN, " if one.status is Status.UNKNOWN else ""
    expected = f"; expected {one.expected}" if one.expected else ""
    note = f"; {one.note}" if one.note else ""
    return words.one_line(
        f"{one.check} {one.title}: {unknown}{one.severity.value}{mark}: {one.observed}{expected}"
        f"{note}"
    )


def change(one: ClassChange) -> str:
    """Say which line to change."""
    return words.one_line(f"{one.where}:{one.line}: {one.what}" if one.line else
                          f"{one.where}: {one.what}")  # fmt: skip


def hosts(names: Sequence[str]) -> str:
    """Name hosts, the rest counted."""
    shown = ", ".join(words.one_line(one) for one in names[:NAMES])
    return f"{shown} and {len(names) - NAMES} more" if len(names) > NAMES else shown


def shown(one: ClassPlace) -> list[ClassFinding]:
    """Return what is to be read of a place: not what follows from another line of it."""
    decided = any(
        each.status is not Status.PASS and each.severity is Severity.REQUIRED
        for each in one.findings if each.check != WHOLE
    )  # fmt: skip
    hidden = {WHOLE if decided else "", "" if one.keepers else FITS}
    return [
        each for each in ordered(one.findings)
        if each.check not in hidden and each.status is not Status.PASS
    ]  # fmt: skip


def ordered(findings: Iterable[ClassFinding]) -> list[ClassFinding]:
    """Return what fails first, then what is open; those that pass come last."""
    return sorted(findings, key=lambda one: (ORDER.index(one.status), one.check))
