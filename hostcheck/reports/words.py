"""The wording all reports share: statuses, verdicts, reasons, and how each is spelled."""

import re
from functools import lru_cache
from typing import TypeVar

from hostcheck.model.capture import Origin
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import GraphicsType
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.traits import MODE
from hostcheck.model.vm import Vm
from hostcheck.words import STEPS, clean, count, cut, moment, one_line, plain, size, speed

__all__ = ["MODE", "clean", "count", "cut", "moment", "one_line", "plain", "size", "speed"]

T = TypeVar("T")

NO_ANSWERS = "no answers"
"""What a run had that nothing answered."""

MARK = {
    Status.PASS: "✓",
    Status.FAIL: "✕",
    Status.UNKNOWN: "?",
    Status.NOT_APPLICABLE: "-",
    Status.NOT_SELECTED: "·",
    Status.ERROR: "!",
}
"""One sign per status, of different shapes: they are told apart without colour."""

STATUS = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.UNKNOWN: "unknown",
    Status.NOT_APPLICABLE: "not applicable",
    Status.NOT_SELECTED: "off by policy",
    Status.ERROR: "error",
}

ANSWER_MARK = {Answer.GO: "✓", Answer.NO_GO: "✕", Answer.UNSURE: "?", Answer.NO_GPU: "-"}

WORST_FIRST = (
    Status.FAIL,
    Status.ERROR,
    Status.UNKNOWN,
    Status.NOT_SELECTED,
    Status.PASS,
    Status.NOT_APPLICABLE,
)
"""What stands for a set of results, first found wins. A pass never hides an unknown."""

GRAVEST_FIRST = (Severity.REQUIRED, Severity.RECOMMENDED, Severity.INFORMATIONAL)

GRAPHICS = {
    GraphicsType.BASIC: "Basic",
    GraphicsType.SHARED: "Shared",
    GraphicsType.DIRECT: "Direct",
    GraphicsType.SHARED_DIRECT: "Shared Direct",
}
"""As the vSphere Client spells them."""

WHY = {
    Why.UNREACHABLE: "Nothing answered",
    Why.DENIED: "The account was refused",
    Why.ABSENT: "The answer does not hold it",
    Why.TIMEOUT: "The time limit passed",
    Why.UNPARSED: "The answer was not understood",
    Why.NOT_RECORDED: "The recording does not hold it",
    Why.NOT_ASKED: "It was not asked",
}


_OPTION = re.compile(r"\((--[a-z-]+)\)")
SETTLED_BY = {
    Why.UNREACHABLE: "open the way to it (its service, its port), then run again",
    Why.DENIED: "let the account in, then run again",
    Why.TIMEOUT: "raise the limit (--timeout, --command-timeout, --host-timeout), then run again",
    Why.UNPARSED: "report it with a recording (hostcheck record --save DIR)",
    Why.NOT_RECORDED: "record the machine again with this version",
}
"""What would make known what is not, by the reason. An answer that lacks it has no remedy here."""


def capital(text: str) -> str:
    """Return a text as a sentence begins; `vSphere` stays what it is."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def settled_by(why: str, privilege: str, detail: str = "") -> str:
    """Return what would settle an unknown, in a few words; empty when nothing here would.

    What was not asked names the option that asks it: `the ESXi shell was not asked (--ssh)`.
    """
    option = _OPTION.search(detail) if why == Why.NOT_ASKED else None
    if option is not None:
        return f"run again with {option[1]}"
    if privilege.startswith("service "):
        return f"start the {one_line(privilege)} on the host, then run again"
    if privilege in STEPS:
        return f"{STEPS[privilege]}; then run again"
    if privilege:
        return f"grant the account {one_line(privilege)}, then run again"
    return SETTLED_BY.get(Why(why), "") if why in set(Why) else ""


def settles(fact: Unknown) -> str:
    """Return what would make a fact known; empty when nothing here would."""
    return settled_by(fact.why.value, fact.privilege, fact.detail)


BLIND_SPOTS = (
    "BIOS switches for ACS, AER and 10-bit tags: vSphere shows none of them",
    "the guest: its driver, its licence and its Secure Boot, until it runs",
    "admission by vSphere HA, and what other VMs start or stop in the meantime",
    "the host's log: past Xid errors and the scheduler's policy",
)
"""What no check looks at before a power-on, because nothing that is read shows it."""


def why_words(why: str) -> str:
    """Return the sentence for a reason, or the reason itself when it is new to this report."""
    return WHY[Why(why)] if why in set(Why) else why


_PLAINLY = {
    "no such field": "the answer has no field for it",
    "the server did not set it": "the server's answer leaves it out",
}
"""What parsers say of an answer, for those who have not read it."""


_SAID_BY_DETAIL = (Why.ABSENT, Why.NOT_RECORDED, Why.NOT_ASKED)
"""Reasons that a detail says again, and better."""


def reason(why: str, detail: str) -> str:
    """Return why something is not known as one sentence that says each thing once."""
    told, detail = why_words(why), one_line(detail)
    if not detail or detail.lower() == told.lower():
        return told
    if why == Why.ABSENT:
        detail = _PLAINLY.get(detail, detail)
        return capital(detail)
    return f"{told}: {detail}"


def missing(fact: Unknown) -> str:
    """Return why a fact is not known, in one line, with the privilege that would help."""
    detail = one_line(fact.detail)
    need = f"; needs {clean(fact.privilege)}" if fact.privilege else ""
    if detail and fact.why in _SAID_BY_DETAIL:
        return f"{_PLAINLY.get(detail, detail)}{need}"
    return f"{fact.why.value}{': ' + detail if detail else ''}{need}"


@lru_cache(4096)
def where(source: Origin) -> str:
    """Return where an answer was read: the wire, the question and whom it was put to."""
    subject = f" of {clean(source.subject)}" if source.subject else ""
    return f"{source.wire}: {one_line(source.asked)}{subject}"


def places(sources: tuple[T, ...], indexes: tuple[int, ...]) -> tuple[T, ...]:
    """Return the sources at these indexes; an index outside the table is left out."""
    return tuple(sources[index] for index in indexes if 0 <= index < len(sources))


def answers(last: str) -> str:
    """Say when a run had its last answer, or that it had none."""
    return f"answers of {moment(last)}" if last else NO_ANSWERS


def profiles(vm: Vm) -> str:
    """Return the profiles of a VM's vGPUs, or `passthrough` where it has none."""
    named = {known_or(vgpu.profile, "vGPU of a profile not known") for vgpu in vm.vgpus}
    return one_line(", ".join(sorted(named))) or "passthrough"


def known_or(fact: "Known[str] | Unknown", other: str = "") -> str:
    """Return a known text, else the other."""
    return fact.value if isinstance(fact, Known) else other
