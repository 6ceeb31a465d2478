"""Values of vSphere cut as text, as servers write them: no parser, a fraction of its cost.

Every function returns None for what is spelt in another way; the parser reads that.
"""

import re
from functools import lru_cache

_PLAIN = re.compile(r"<val(?: [^<>]*)?>([^<>&\x00-\x1f]*)</val>")
_OPENING = re.compile(r"<val(?: [^<>]*)?>")
_PLAIN_FIELD = re.compile(r"<(\w+)>([^<>&\x00-\x1f]*)</\1>")
_WORDS = r"([^<>&\x00-\x1f]*)"
_WORD = re.compile(rf"<(\w+)(?: [^<>]*)?>{_WORDS}</\1>")
_PAIR = re.compile(
    rf"<(\w+)(?: [^<>]*)?><key>{_WORDS}</key><value(?: [^<>]*)?>{_WORDS}</value></\1>"
)
_FIRST_TAG = re.compile(r"<(\w+)")
SHORT, REMEMBERED = 512, 2048
"""Characters of a value, and how many such values are remembered: most VMs have the same ones."""


@lru_cache(REMEMBERED)
def plain(value: str) -> str | None:
    """Return what a `<val>` holds that is nothing but words."""
    found = _PLAIN.fullmatch(value)
    return None if found is None else found[1].strip()


def leading_field(value: str, name: str) -> str | None:
    """Return a field of a data object, where only plain fields stand before it.

    `<val><numCPU>4</numCPU><memoryMB>32768</memoryMB><device>...` has memoryMB, and no device.
    """
    return (_leading_again if len(value) < SHORT else _leading)(value, name)


def _leading(value: str, name: str) -> str | None:
    start_tag = opening(value)
    if not start_tag:
        return None
    start = len(start_tag)
    while field := _PLAIN_FIELD.match(value, start):
        if field[1] == name:
            return field[2].strip()
        start = field.end()
    return None


_leading_again = lru_cache(REMEMBERED)(_leading)


def trailing_field(value: str, name: str) -> str | None:
    """Return a field of a data object that is there once, where only plain fields stand after it.

    `...</device><simultaneousThreads>2</simultaneousThreads></val>` has simultaneousThreads.
    """
    start = value.rfind(f"<{name}>")
    field = _PLAIN_FIELD.match(value, max(start, 0))
    if field is None or value.find(f"<{name}") != start:
        return None
    return field[2].strip() if value[_behind_fields(value, start) :] == "</val>" else None


def _behind_fields(value: str, start: int) -> int:
    """Return where plain fields that begin there end."""
    while field := _PLAIN_FIELD.match(value, start):
        start = field.end()
    return start


def lacks(value: str, field: str, word: str) -> bool:
    """Say whether a data object that has `field`s, each of them whole, has nowhere a word."""
    return (
        word not in value
        and f"</{field}>" in value
        and "&" not in value
        and value.startswith("<val")
        and value.endswith("</val>")
        and value.count(f"<{field} ") + value.count(f"<{field}>") == value.count(f"</{field}>")
    )


def untyped(value: str, field: str) -> bool:
    """Say whether a field is neither typed nor a number, as a controller's `<device>` is."""
    bare = f"<{field}>"
    plain = len(re.findall(rf"{bare}\d+</{field}>", value)) if bare in value else 0
    return value.count(bare) + value.count(f"<{field}/>") > plain


def unlisted(value: str, field: str) -> str:
    """Return a key that a member names as below it, and that no member has."""
    named = re.findall(rf"<{field}>(\d+)</{field}>", value)
    return next((key for key in named if f"<key>{key}</key>" not in value), "")


def words(value: str) -> tuple[str, ...] | None:
    """Cut an array of words."""
    found = _one_by_one(_WORD, value)
    return None if found is None else tuple(one[2].strip() for one in found)


def pairs(value: str) -> tuple[tuple[str, str], ...] | None:
    """Cut an array of keys with values that are nothing but words."""
    found = _one_by_one(_PAIR, value)
    return None if found is None else tuple((one[2].strip(), one[3].strip()) for one in found)


def _one_by_one(pattern: re.Pattern[str], value: str) -> list[re.Match[str]] | None:
    """Return the members of an array where every one of them is as in the pattern."""
    start_tag = opening(value)
    if not start_tag or not value.endswith("</val>"):
        return None
    found, end = [], len(start_tag)
    while member := pattern.match(value, end):
        found.append(member)
        end = member.end()
    return found if end == len(value) - len("</val>") else None


def opening(value: str) -> str:
    """Return the start tag of a `<val>`: it may declare namespaces. Empty for anything else."""
    found = _OPENING.match(value)
    return "" if found is None else found[0]


def members(value: str, field: str = "") -> list[str] | None:
    """Cut an array into the texts of its members, or a data object into those called `field`.

    Plain fields may stand before and behind them.
    """
    start_tag = opening(value)
    if not start_tag or not value.endswith("</val>"):
        return None
    inside = value[len(start_tag) : -len("</val>")]
    if not field:
        first = _FIRST_TAG.match(inside)
        if first is None:
            return None
        field = first[1]
    else:
        # A controller lists the keys of its devices under their own name: <device>2000</device>.
        inside = re.sub(rf"<{field}>\d+</{field}>", "", inside)
        start = re.search(rf"<{field}[ >]", inside)
        if start is None:
            return []
        inside = inside[start.start() :]
    end = f"</{field}>"
    cut = inside.split(end)
    behind = cut.pop()
    if _behind_fields(behind, 0) != len(behind):
        return None
    whole = (f"<{field} ", f"<{field}>")
    if inside.count(whole[0]) + inside.count(whole[1]) != len(cut):
        return None
    if not all(one.startswith(whole) for one in cut):
        return None
    return [one + end for one in cut]
