"""Manual pages: of one check, of all checks, and of everything that may be asked."""

import textwrap
from collections.abc import Iterable

from hostcheck.checks import menus
from hostcheck.model.capture import Request, Wire
from hostcheck.model.result import Manual

WIDTH = 96
WIRES = {
    Wire.PROPERTIES: "vSphere properties (read by PropertyCollector)",
    Wire.METHOD: "vSphere methods",
    Wire.TASK: "vCenter's own checks (only preflight; each leaves a line in its list of tasks)",
    Wire.WRITE: "The one request that changes something (only hostcheck power-on)",
    Wire.ESXCLI: "esxcli through the vSphere API (only with --esxcli)",
    Wire.GUEST: (
        "Smoke test in a guest that the user named (only with hostcheck smoke and --smoke); "
        "writes there, and removes it"
    ),
    Wire.SHELL: "ESXi shell over SSH (only with --ssh; those of a host may run as one line)",
}


def page(manual: Manual) -> str:
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
    ways = (*manual.commands, *menus.everyone(manual.menus))
    if ways:
        lines += ["How"]
        for way in ways:
            lines += [f"  {way.tool}:", f"    {way.text}"]
        lines += [""]
    if manual.explains:
        lines += [f"Explains   {', '.join(manual.explains)}"]
    if manual.needs:
        lines += [f"Needs      {', '.join(manual.needs)}"]
    lines += [f"Source     {manual.source}"]
    return "\n".join(lines)


def _severity(manual: Manual) -> str:
    return manual.severity.value + ("; decides a power-on" if manual.decides_now else "")


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="  ", subsequent_indent="  ")


def markdown(manuals: Iterable[Manual]) -> str:
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
        lines += [f"- {menu.tool}: {menu.text}" for menu in menus.everyone(manual.menus)]
        if manual.explains:
            lines += ["", f"A fail explains those of {', '.join(manual.explains)}."]
        if manual.needs:
            lines += ["", f"Needs {', '.join(manual.needs)}."]
        lines += ["", f"Source: <{manual.source}>", ""]
    return "\n".join(lines)


def requests_page(
    requests: Iterable[Request],
    methods: Iterable[str],
    smoke_methods: Iterable[str],
    readable: Iterable[Request],
) -> str:
    """Return everything that may ever be asked, and what else can be read, as text."""
    requests = list(requests)
    asked = {request.template for request in requests}
    lines = ["Nothing but what is listed here can be sent. Slots in braces take integers only.", ""]
    for wire, title in WIRES.items():
        lines += [title]
        for request in requests:
            if request.wire is wire:
                lines += [f"  {request.template}"]
                lines += [f"      {request.purpose}" + _privilege(request)]
                lines += textwrap.wrap(
                    ", ".join(path.name for path in request.paths), WIDTH,
                    initial_indent="      ", subsequent_indent="      ",
                )  # fmt: skip
        lines += [""]
    lines += ["vSphere methods that carry these questions"]
    lines += _wrapped(", ".join(methods))
    lines += ["", "vSphere methods of the smoke test; no other session can call them"]
    lines += _wrapped(", ".join(smoke_methods))
    lines += ["", "Never asked; `hostcheck parse` reads them too"]
    lines += [f"  {one.template}" for one in readable if one.template not in asked]
    return "\n".join(lines)


def _privilege(request: Request) -> str:
    return f" (needs {request.privilege})" if request.privilege else ""
