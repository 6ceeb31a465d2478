"""Places of one host: what the API told and what the host's own shell told belong together.

A host that was asked on itself knows its own name only. It belongs to a recording over the API that
has that name, or has it with a domain behind it where one of them is the bare name; where two
recordings could be meant it stays a host of its own.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from hostcheck.bundles.label import Keys, Label
from hostcheck.bundles.places import AnswersPlace
from hostcheck.model.capture import Wire
from hostcheck.model.recording import Recording


class Joined(Struct, frozen=True):
    """All that is there of one host; `label` is that of the API where there is one."""

    label: Label
    parts: tuple[AnswersPlace, ...]

    def load(self, keys: Keys | None = None) -> Recording:
        """Read all parts as one recording."""
        first, *others = (one.load(keys) for one in self.parts)
        whole = replace(first, ref=self.label.ref)
        for one in others:
            news = {
                key: capture
                for key, capture in one.captures.items()
                if capture.failure is None or key not in whole.captures
            }
            whole = whole.with_answers(news)
        return whole


def joined(found: Iterable[tuple[AnswersPlace, Label]]) -> tuple[list[Joined], dict[str, str]]:
    """Put places of one host together. Return also the hosts, by name, that have two of one kind.

    Which of two is meant, nobody can say: the words name both, and nothing is known of that host.
    """
    every = list(found)
    hosts: dict[tuple[str, str], Joined] = {}
    twice: dict[tuple[str, str], str] = {}
    for place, label in every:
        if label.offline:
            continue
        key = (label.ref.vcenter, label.ref.name)
        if key in hosts:
            twice[key] = _twice(place, hosts[key].parts)
            continue
        hosts[key] = Joined(label, (place,))
    over_api = tuple(hosts.values())
    for place, label in every:
        if not label.offline:
            continue
        home = _home(label, over_api)
        key = (home.label.ref.vcenter, home.label.ref.name) if home else ("", label.ref.name)
        there = hosts.get(key)
        if there is None:
            hosts[key] = Joined(label, (place,))
            continue
        pair = label.log != there.label.log and label.bundle != there.label.bundle
        if Wire.SHELL in there.label.wires and not pair:
            twice[key] = _twice(place, there.parts)
            continue
        both = Label(
            there.label.ref, there.label.wires | label.wires,
            label.bundle or there.label.bundle, label.log or there.label.log,
        )  # fmt: skip
        hosts[key] = Joined(both, (*there.parts, place))
    clear = [one for key, one in hosts.items() if key not in twice]
    return clear, {hosts[key].label.ref.name: told for key, told in twice.items()}


def _home(label: Label, over_api: Sequence[Joined]) -> Joined | None:
    """Return the recording over the API of the same host: of that name, else of its bare name."""
    for same in (_equal, _with_a_domain):
        found = [
            one for one in over_api if same(one.label.ref.name.lower(), label.ref.name.lower())
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _equal(one: str, other: str) -> bool:
    return one == other


def _with_a_domain(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return "." not in short and long.startswith(f"{short}.")


def _twice(place: AnswersPlace, parts: Sequence[AnswersPlace]) -> str:
    return f"{place.path} and {parts[0].path} are of one host; give one of them"
