"""Values of vSphere cut as text, as servers write them: no parser, a fraction of its cost.

Every function returns None for what is spelt in another way; the parser reads that, and refuses
what is not well-formed. `head` are the start tags around a value, which declare its prefixes.
"""

import re
from functools import lru_cache

from hostcheck.errors import ParseError
from hostcheck.syntax.xml import root_of

_WORDS = r"([^<>&\x00-\x1f\ufffe\uffff]*)"
_NAME = r"([A-Za-z_]\w*)"
_ATTRIBUTES = r"( [^<>]*)?"
_PLAIN = re.compile(rf"<val{_ATTRIBUTES}>{_WORDS}</val>")
_OPENING = re.compile(rf"<val{_ATTRIBUTES}>")
_PLAIN_FIELD = re.compile(rf"<{_NAME}>{_WORDS}</\1>", re.ASCII)
_WORD = re.compile(rf"<{_NAME}{_ATTRIBUTES}>{_WORDS}</\1>", re.ASCII)
_PAIR = re.compile(
    rf"<{_NAME}{_ATTRIBUTES}><key>{_WORDS}</key><value{_ATTRIBUTES}>{_WORDS}</value></\1>",
    re.ASCII,
)
_FIRST_TAG = re.compile(r"<(\w+)")
REMEMBERED = 2048
"""So many start tags are: most objects have the same ones."""


@lru_cache(REMEMBERED)
def opens(head: str) -> bool:
    """Say whether start tags, the first of them of objects, are well-formed."""
    ends = "".join(f"</{name}>" for name in reversed(_FIRST_TAG.findall(head)))
    try:
        root_of(f"{head}{ends}", what="start tags")
    except ParseError:
        return False
    return True


@lru_cache(REMEMBERED)
def _sound(head: str, attributes: str | None) -> bool:
    """Say whether a start tag below others is well-formed: none of its attributes is cut."""
    return not attributes or opens(f"{head}<val{attributes}>")


def begins(head: str, value: str) -> bool:
    """Say whether a `<val>` has a start tag, and that is well-formed."""
    found = _OPENING.match(value)
    return found is not None and _sound(head, found[1])


def plain(head: str, value: str) -> str | None:
    """Return what a `<val>` holds that is nothing but words."""
    found = _PLAIN.fullmatch(value)
    return found[2].strip() if found is not None and _sound(head, found[1]) else None


def leading_fields(head: str, value: str) -> dict[str, str]:
    """Return the plain fields of a data object before which only plain fields stand.

    `<val><numCPU>4</numCPU><memoryMB>32768</memoryMB><device>...` has numCPU and memoryMB.
    """
    fields: dict[str, str] = {}
    found = _OPENING.match(value)
    if found is not None and _sound(head, found[1]):
        start = found.end()
        while field := _PLAIN_FIELD.match(value, start):
            fields.setdefault(field[1], field[2].strip())
            start = field.end()
    return fields


def trailing_field(head: str, value: str, name: str) -> str | None:
    """Return a field of a data object that is there once, where only plain fields stand after it.

    `...</device><simultaneousThreads>2</simultaneousThreads></val>` has simultaneousThreads.
    """
    start = value.rfind(f"<{name}>")
    field = _PLAIN_FIELD.match(value, max(start, 0))
    if field is None or value.find(f"<{name}") != start or not begins(head, value):
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


def words(head: str, value: str) -> tuple[str, ...] | None:
    """Cut an array of words."""
    found = _one_by_one(_WORD, head, value)
    return None if found is None else tuple(word.strip() for _, _, word in found)


def pairs(head: str, value: str) -> tuple[tuple[str, str], ...] | None:
    """Cut an array of keys with values that are nothing but words."""
    found = _one_by_one(_PAIR, head, value)
    if found is None:
        return None
    return tuple((key.strip(), word.strip()) for _, _, key, _, word in found)


def _one_by_one(pattern: re.Pattern[str], head: str, value: str) -> list[tuple[str, ...]] | None:
    """Return the groups of all members of an array where each is as in the pattern."""
    start_tag = opening(value)
    if not start_tag or not value.endswith("</val>"):
        return None
    found, end = [], len(start_tag)
    attributes: set[str | None] = set()
    while member := pattern.match(value, end):
        parts = member.groups()
        found.append(parts)
        attributes.add(parts[1])
        attributes.add(parts[-2])
        end = member.end()
    head += start_tag
    whole = end == len(value) - len("</val>") and opens(head)
    return found if whole and all(_sound(head, one) for one in attributes) else None


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
