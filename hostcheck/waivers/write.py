"""Entries for a file of waivers, from what a run holds: for somebody to read, complete and keep."""

import json
from collections.abc import Collection, Iterator
from datetime import date

from hostcheck.diff.story import Story
from hostcheck.model.run import Run
from hostcheck.waivers.apply import mark_of
from hostcheck.ways.vsphere.inventory import is_host
from hostcheck.words import clean, one_line

GLOB = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})


def entries(
    run: Run, checks: Collection[str], host: str, *, reason: str, owner: str, expires: date,
    ticket: str = "", bound: bool = True,
) -> Iterator[str]:  # fmt: skip
    """Yield an entry for each result of these checks that is no pass, on hosts of a pattern.

    Each is bound to what was observed, if so wanted.
    """
    story = Story.of(run)
    for one_host in story.hosts():
        name, vcenter = one_host.who
        if not is_host(name, (host,)):
            continue
        for (check, _, id_), one in one_host.open.items():
            if check not in checks:
                continue
            told = story.told(one)
            seen = told.observed or (told.unseen.detail if told.unseen is not None else "")
            lines = [
                f"# {one_line(f'{story.title(check)}: {seen}')}",
                "[[waiver]]",
                _pair("check", check),
                _pair("host", name.translate(GLOB)),
                _pair("vcenter", vcenter.translate(GLOB) or "*"),
                _pair("subject", id_.translate(GLOB) or "*"),
                f"status = [{_text(one.status.value)}]",
                _pair("reason", reason),
                _pair("owner", owner),
                _pair("ticket", ticket) if ticket else "",
                f"expires = {expires.isoformat()}",
                _pair("evidence", mark_of(check, one.status, told)) if bound else "",
            ]
            yield "\n".join(line for line in lines if line) + "\n"


def _pair(key: str, value: str) -> str:
    return f"{key} = {_text(value)}"


def _text(value: str) -> str:
    """Return a TOML string: JSON's is one, but for characters that TOML escapes too."""
    return json.dumps(clean(value) if not value.isprintable() else value, ensure_ascii=False)
