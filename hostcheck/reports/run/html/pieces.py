"""Findings on the pages of a site: what many hosts say is a number, and their own is beside it.

Hosts of a fleet are judged alike: the same words of other subjects, read at other times. Those two
are slots, so that the rest is filled in and packed once, and not for each host.
"""

from collections.abc import Sequence

from markupsafe import Markup
from msgspec.structs import replace

from hostcheck.model.result import Status
from hostcheck.reports.run.html.jinja import escaped, macros, part
from hostcheck.reports.run.html.shapes import Finding, Page, Slot

CUT, PIECE, IS = "\x00", "\x01", "\x03"
"""Between texts; before the number of a piece; between the name of a slot and what is in it. None
is in any text, because `clean` makes them visible."""
END = f"{CUT}\n"
"""Ends what is in a slot."""
AT_LENGTH = (Status.FAIL, Status.UNKNOWN, Status.ERROR)
"""What is told as an article, with what mends it; other findings are rows of a table."""
REMEMBERED = 4096
"""Findings met once that are remembered."""
MOST = 4_000_000
"""Letters of all pieces: every page opens them."""

Key = tuple[object, ...]


class _OfHost:
    """One host: what its findings are told by, and what is in their slots."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._slots: dict[str, str] = {}
        counted: dict[str, int] = {}
        asked = set()
        for finding in page.findings:
            for result in finding.group.results:
                name, kind = result.subject.name, result.subject.kind
                asked.add(result.sources)
                if name not in self._slots:
                    word = kind if kind.isidentifier() else "other"
                    number = counted[word] = counted.get(word, 0) + 1
                    self._slots[name] = f"{word}_{number}"
        answers = len(page.sources)
        whole = all(0 <= place < answers for places in asked for place in places)
        self._odd = () if whole else (answers,)
        """How many sources there are, where results point beyond them."""

    def key(self, finding: Finding) -> Key:
        """Return all that the markup of a finding depends on, what is in slots aside."""
        group, slots = finding.group, self._slots
        return (
            finding.anchor, finding.placed, group.status, group.severity, group.since, *self._odd,
            *[
                (
                    slots[one.subject.name], one.observed, one.expected, one.note, one.unseen,
                    one.trace, one.sources,
                )
                for one in group.results
            ],
        )  # fmt: skip

    def slotted(self, finding: Finding) -> Finding:
        """Return a finding with slots for its subjects and its sources."""
        results = []
        for one in finding.group.results:
            slot = Slot(self._slots[one.subject.name])
            results.append(replace(one, subject=replace(one.subject, name=slot)))
        asked = tuple(Slot(str(number)) for number in range(len(self._page.sources)))
        group = replace(finding.group, results=tuple(results))
        return replace(finding, group=group, asked=asked)

    def own(self) -> str:
        """Return what is in the slots, each behind its name."""
        origin = part("origin")
        texts = [f"{slot}{IS}{escaped(name)}{END}" for name, slot in self._slots.items()]
        texts += [f"{at}{IS}{origin(one)}{END}" for at, one in enumerate(self._page.sources)]
        return "".join(texts)


class Pieces:
    """Findings of a fleet: from the second host that has one it is a number."""

    def __init__(self, manuals: str) -> None:
        """Take the page that explains the checks, empty where that is part of the same page."""
        self._macros = macros("_findings.html", manuals=manuals)
        self._numbers: dict[Key, str] = {}
        self._met: dict[Key, str] = {}
        self._markup: list[str] = []
        self._room = MOST
        self._host: _OfHost

    def turn_to(self, page: Page) -> str:
        """Take the host whose findings come next; return what is in its slots, by their names."""
        self._host = _OfHost(page)
        return self._host.own()

    def text(self) -> str:
        """Return the pieces in the order of their numbers."""
        return CUT.join(self._markup)

    def articles(self, findings: Sequence[Finding]) -> Markup:
        """Return findings at length; what mends them names the host, and so is its own."""
        command = part("command")
        told = [
            f"{self._told(one)}{''.join(map(command, one.commands))}</article>\n"
            for one in findings
        ]
        return Markup("".join(told))  # noqa: S704  # filled by templates

    def rows(self, findings: Sequence[Finding]) -> Markup:
        """Return findings as rows of a table."""
        return Markup("".join(map(self._told, findings)))  # noqa: S704  # filled by templates

    def _told(self, finding: Finding) -> str:
        """Return a finding as its number, or where no host had it before as markup with slots."""
        key = self._host.key(finding)
        number = self._numbers.get(key)
        if number is not None:
            return number
        told = self._met.get(key)
        if told is None:
            if len(self._met) >= REMEMBERED:
                self._met.clear()
            told = self._met[key] = self._filled(self._host.slotted(finding))
        elif len(told) <= self._room:
            self._room -= len(told)
            self._markup.append(self._met.pop(key))
            told = self._numbers[key] = f"{PIECE}{len(self._markup) - 1}\n"
        return told

    def _filled(self, finding: Finding) -> str:
        if finding.group.status in AT_LENGTH:
            return str(self._macros.article(finding, 3))
        return str(self._macros.rows(finding))
