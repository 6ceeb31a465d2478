"""One line per VM as a preflight of it ends with, and one that sums them up last."""

import json
from collections import Counter
from collections.abc import Iterator

from hostcheck.model.answers import Answers, VmAnswer
from hostcheck.model.result import Answer
from hostcheck.model.run import silent as unheard
from hostcheck.reports import PAPER, Screen, words


def pieces(told: Answers, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield line by line."""
    silent = ",".join(words.one_line(one.name) for one in unheard(told.targets)) or "-"
    for one in told.vms:
        resting = ",".join(map(words.one_line, one.in_maintenance)) or "-"
        yield (
            f"preflight {_vm(one)} silent={silent} changed={_text(one.changed)} "
            f"in_maintenance={resting}\n"
        )
    tally = Counter(one.verdict for one in told.vms)
    counts = " ".join(
        f"{one.value.lower().replace('-', '_')}={tally[one]}"
        for one in (Answer.GO, Answer.NO_GO, Answer.UNSURE)
    )
    yield (
        f"preflights verdict={told.verdict.value} vms={len(told.vms)} {counts} "
        f"left={len(told.left)} silent={silent}\n"
    )


def _vm(one: VmAnswer) -> str:
    best = one.places[0].host if one.places else ""
    return (
        f"verdict={one.verdict.value} vm={_text(one.vm)} host={_text(best)} "
        f"reason={_text(one.reason)} runs_on={_text(one.runs_on)}"
    )


def _text(text: str) -> str:
    return json.dumps(words.one_line(text), ensure_ascii=False)
