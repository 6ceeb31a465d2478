"""Manual pages: of one check, and of all checks."""

import textwrap
from collections.abc import Iterable

from hostcheck.checks import menus
from hostcheck.model.bios import BiosTable
from hostcheck.model.result import Manual

WIDTH = 96


def page(manual: Manual, table: BiosTable) -> str:
    """Return one check's manual page as text."""
    lines = [f"{manual.id}  {manual.title}", ""]
    lines += [f"Judges     every {manual.subject}", f"Severity   {_severity(manual)}", ""]
    sections = [
        ("Why", manual.why),
        ("From experience, in no text of a vendor", manual.experience),
        ("What you would have seen", manual.symptom),
        ("Fix", manual.fix),
    ]
    for name, words in sections:
        if words:
            lines += [name, *_wrapped(words), ""]
    ways = (*manual.commands, *menus.everyone(table, manual.menus))
    if ways:
        lines += ["How"]
        for way in ways:
            lines += [f"  {way.tool}:", f"    {way.text}"]
        lines += [""]
    if manual.explains:
        lines += [f"Explains   {', '.join(manual.explains)}"]
    if manual.needs:
        lines += [f"Needs      {', '.join(manual.needs)}"]
    for name, default, what in manual.expects:
        lines += _wrapped(f"Policy     {name} = {default}: {what}", 0, 11)
    lines += [f"Source     {manual.source}"]
    return "\n".join(lines)


def _severity(manual: Manual) -> str:
    return manual.severity.value + ("; decides a power-on" if manual.decides_now else "")


def _wrapped(words: str, indent: int = 2, hanging: int = 2) -> list[str]:
    first, later = " " * indent, " " * hanging
    return textwrap.wrap(words, WIDTH, initial_indent=first, subsequent_indent=later)


def markdown(manuals: Iterable[Manual], table: BiosTable) -> str:
    """Return the documentation page of all checks."""
    lines = [
        "# Checks", "",
        "Generated from the checks themselves; `pytest --update` rewrites it.", "",
    ]  # fmt: skip
    for manual in manuals:
        lines += [f"## {manual.id} {manual.title}", ""]
        lines += [f"*{_severity(manual)}*, judges every {manual.subject}", ""]
        lines += [manual.why, ""]
        if manual.experience:
            lines += [f"*From experience, in no text of a vendor:* {manual.experience}", ""]
        if manual.symptom:
            lines += [f"What you would have seen: `{manual.symptom}`", ""]
        lines += [f"**Fix.** {manual.fix}", ""]
        lines += [f"- {command.tool}: `{command.text}`" for command in manual.commands]
        lines += [f"- {menu.tool}: {menu.text}" for menu in menus.everyone(table, manual.menus)]
        if manual.explains:
            lines += ["", f"A fail explains those of {', '.join(manual.explains)}."]
        if manual.needs:
            lines += ["", f"Needs {', '.join(manual.needs)}."]
        for name, default, what in manual.expects:
            lines += ["", f"A policy may say `{name}`: {what}; {default} without one."]
        lines += ["", f"Source: <{manual.source}>", ""]
    return "\n".join(lines)
