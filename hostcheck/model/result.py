"""Judgements: what a check says of one subject, and what becomes of that in a report."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from hostcheck.model.fact import BEFORE, Why


class Status(StrEnum):
    """XCCDF's words. Not numbers: comparing them would rank `unknown` somewhere by accident."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "notapplicable"
    NOT_SELECTED = "notselected"
    """A policy has the check off: it was not judged, and nothing is known by it."""
    ERROR = "error"


class Severity(StrEnum):
    """How much a fail matters. Belongs to the check."""

    REQUIRED = "required"
    """The VM will not start, or the GPU is broken, when this fails."""
    RECOMMENDED = "recommended"
    """It starts, and runs badly or breaks at the next change."""
    INFORMATIONAL = "informational"
    """Worth knowing."""


class Answer(StrEnum):
    """The verdict on a host or VM, from its required results."""

    GO = "GO"
    NO_GO = "NO-GO"
    UNSURE = "UNSURE"
    NO_GPU = "NO-GPU"
    """A host that has no NVIDIA GPU: there is nothing to be ready for."""


class Verdict(Struct, frozen=True):
    """What a check says of one subject.

    `note` qualifies a pass or explains a fail; `values` are words for placeholders of the fix
    commands, beside those of the subject. `mended_by` is the check whose fix is the one to follow,
    where this one's own would lead astray.
    """

    status: Status
    observed: str = ""
    expected: str = ""
    note: str = ""
    values: dict[str, str | tuple[str, ...]] = {}
    mended_by: str = ""


class Subject(Struct, frozen=True):
    """What was judged: kind (host, gpu, nic, vm, placement, agreement), stable id, name."""

    kind: str
    id: str
    name: str
    values: dict[str, str] = {}
    """Words for the placeholders of fix commands: host, gpu, vm ..."""


class Unseen(Struct, frozen=True):
    """Why a result is unknown: the words of an Unknown fact."""

    why: str
    detail: str
    asked: str
    privilege: str = ""


MENUS = ("vSphere Client", "BIOS")


class Command(Struct, frozen=True):
    """One way to mend it: `tool` is esxcli, PowerCLI, BIOS (Dell) ..., `text` is copyable."""

    tool: str
    text: str

    @property
    def is_menu(self) -> bool:
        """Whether it is a way through menus, and nothing to paste."""
        return self.tool.partition(" (")[0] in MENUS

    @property
    def label(self) -> str:
        """What is said beside the text: the tool only where the text does not begin with it."""
        name, _, words = self.tool.partition(" (")
        if self.text.partition(" ")[0] == name:
            return words.removesuffix(")")
        return self.tool

    @property
    def line(self) -> str:
        """Label and text on one line, for formats that have no place for each."""
        return f"{self.label}: {self.text}" if self.label else self.text


class Result(Struct, frozen=True):
    """One line of a report. `sources` index the `sources` table of the host."""

    check: str
    severity: Severity
    status: Status
    subject: Subject
    observed: str
    expected: str
    note: str = ""
    sources: tuple[int, ...] = ()
    unseen: Unseen | None = None
    fix: tuple[Command, ...] = ()
    trace: str = ""
    """For status error: the exception and where it was raised."""


class Phase(StrEnum):
    """The order of work: what is mended first is the ground for what follows."""

    CONNECTION = "connection"
    BIOS = "BIOS"
    GPU = "GPU"
    DRIVER = "driver"
    MODES = "modes"
    GRAPHICS = "graphics type"
    HOST = "host"
    VM = "VM"
    END = "end of the maintenance"


class About(StrEnum):
    """What a check is about."""

    HOST = "host"
    GPU = "GPU"
    VM = "VM"
    SOURCES = "sources"


class Manual(Struct, frozen=True):
    """What is true of a check: its manual page, its place in the work, what it decides."""

    id: str
    title: str
    family: str
    severity: Severity
    subject: str
    why: str
    symptom: str
    """The vSphere or nvidia-smi message that this would have caused, as users search for it."""
    fix: str
    commands: tuple[Command, ...]
    explains: tuple[str, ...]
    """Checks whose fail follows from a fail of this one, on the same subject or on its host."""
    needs: tuple[str, ...]
    """`maintenance mode`, `host reboot`, `VM power off`, `guest reboot`: what it interrupts."""
    source: str
    decides_now: bool = False
    """Whether it decides a power-on though it is not required: a GPU is in use, memory is short."""
    experience: str = ""
    """What of it no vendor says: reports of users, measurements of one author, choices of ours."""
    menus: tuple[str, ...] = ()
    """BIOS settings: the way to each depends on the server, see `checks.menus`."""
    forgives: tuple[str, ...] = ()
    """Reasons of not knowing it that hold no power-on back."""
    phase: Phase = Phase.VM
    """When in the order of work its fix has its place. Older run files do not tell."""
    about: About = About.HOST
    """What its subjects are, and so what must be listed before it can be asked."""
    rules_out: bool = False
    """Whether a fail says that nothing done on the host helps this VM: no GPU of its kind."""
    expects: tuple[tuple[str, str, str], ...] = ()
    """What a policy may let it expect otherwise: name, own value, what it is."""
    opinion: bool = False
    """Whether it is the opinion of another on the same question: vCenter's own check."""


def deciding(results: Iterable[Result], manuals: Iterable[Manual]) -> tuple[Result, ...]:
    """Return the results that decide a power-on: of what is required, and of what decides now.

    The verdict and every report of it ask here. What an earlier version of this program judged by a
    recording, it still judges so: what decides now had not been asked then.
    """
    told = {one.id: one for one in manuals}
    return tuple(one for one in results if decides(one, told.get(one.check)))


def decides(result: Result, manual: Manual | None) -> bool:
    """Say whether a power-on depends on a result of the check that has this manual."""
    if manual is not None and result.unseen is not None and result.unseen.why in manual.forgives:
        return False
    if result.severity is Severity.REQUIRED:
        return True
    return manual is not None and manual.decides_now and not _is_older(result)


def _is_older(result: Result) -> bool:
    unseen = result.unseen
    return unseen is not None and (unseen.why, unseen.detail) == (Why.NOT_RECORDED.value, BEFORE)


def root_causes(
    fails: Iterable[Result], among: Iterable[Result], manuals: Iterable[Manual]
) -> tuple[Result, ...]:
    """Return what is to be mended for some fails to go: those that the others follow from.

    `among` are all results of the host, of which a fail of any severity may be the cause.
    """
    return Roots(manuals).of(fails, among)


class Roots:
    """Finds the fails that others follow from, host by host."""

    def __init__(self, manuals: Iterable[Manual]) -> None:
        """Take the checks, which say what else fails with them."""
        self._explains = {manual.id: manual.explains for manual in manuals if manual.explains}

    def of(self, fails: Iterable[Result], among: Iterable[Result]) -> tuple[Result, ...]:
        """Return what `root_causes` does."""
        causes = [one for one in among if one.status is Status.FAIL and one.check in self._explains]
        found: list[Result] = []
        for fail in fails:
            root = self._root(fail, causes)
            if root not in found:
                found.append(root)
        return tuple(found)

    def _root(self, fail: Result, causes: Sequence[Result]) -> Result:
        for other in causes:
            whole = other.subject.kind == "host" or other.subject.id == fail.subject.id
            if whole and fail.check in self._explains[other.check]:
                return self._root(other, causes)
        return fail


def verdict_of(statuses: "list[Status]") -> Answer:
    """Fold the statuses of required results. Nothing judged is not a GO."""
    if Status.FAIL in statuses:
        return Answer.NO_GO
    if Status.UNKNOWN in statuses or Status.ERROR in statuses:
        return Answer.UNSURE
    return Answer.GO if Status.PASS in statuses else Answer.UNSURE


OPEN = frozenset({Status.FAIL, Status.UNKNOWN, Status.ERROR})
"""What is neither well nor off by a policy."""
SETTLED = (Answer.NO_GPU, Answer.NO_GO)
"""Verdicts that no result makes graver."""


def upheld(
    verdict: Answer, statuses: Iterable[Status], required: Iterable[Status] = ()
) -> Answer:  # fmt: skip
    """Return a verdict as it was written down, or the graver one that its results come to.

    A GO beside which nothing passes is none; neither is one beside a required result that fails or
    is not known. `statuses` are those of all results, `required` those of required ones, without
    those that are well. That a host has no GPU no result says.
    """
    if verdict in SETTLED:
        return verdict
    graver = set(required)
    if Status.FAIL in graver:
        return Answer.NO_GO
    doubtful = not graver.isdisjoint((Status.UNKNOWN, Status.ERROR))
    if verdict is Answer.GO and (doubtful or Status.PASS not in statuses):
        return Answer.UNSURE
    return verdict


def upheld_among(verdict: Answer, results: Sequence[Result]) -> Answer:
    """Return a verdict as `upheld` does, by the results themselves."""
    required = (one.status for one in results if one.severity is Severity.REQUIRED)
    return upheld(verdict, (one.status for one in results), required)


GRAVEST = (Answer.NO_GO, Answer.UNSURE, Answer.GO, Answer.NO_GPU)


def gravest_of(answers: Iterable[Answer]) -> Answer:
    """Fold the answers about hosts. None at all is not a GO."""
    given = set(answers)
    return next((one for one in GRAVEST if one in given), Answer.UNSURE)
