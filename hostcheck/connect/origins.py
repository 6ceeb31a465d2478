"""Which settings hold, and what says so: an option, a variable, a line of the file, or nobody."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from msgspec import Meta

from hostcheck.history import place
from hostcheck.settings import PAGE, SettingsFile, kind, server_of
from hostcheck.syntax import toml

DEFAULT = "default"
PASSWORDS = (
    ("vSphere", "GOVC_PASSWORD"), ("SSH", "HOSTCHECK_SSH_PASSWORD"),
    ("guests", "HOSTCHECK_GUEST_PASSWORD"), ("BMCs", "HOSTCHECK_BMC_PASSWORD"),
    ("the history", "HOSTCHECK_HISTORY_PASSWORD"),
    ("the mail server", "HOSTCHECK_MAIL_PASSWORD"),
)  # fmt: skip

Options = Mapping[str, tuple[str, Any]]
"""What was given on the command line: by field, the option's name and the value."""


def page(
    settings: SettingsFile, file: Path | None, options: Options, variables: Mapping[str, str]
) -> str:
    """Return all settings as a file that holds them, each with a comment that says whence it is.

    A password is never in it; a URL is shown without its user.
    """
    held = toml.read(file, dict[str, Any], PAGE) if file is not None else None
    lines = [f"# {file or f'no file: see {PAGE}'}"]
    for name, hint in get_type_hints(kind()).items():
        section = getattr(settings, name)
        if isinstance(section, tuple):
            lines += _several(name, section, held)
            continue
        lines += ["", f"[{name}]"]
        for key, about in get_type_hints(hint, include_extras=True).items():
            told = _known(about)
            there = held is not None and key in held[0].get(name, {})
            value, origin = _outranking(told, options, variables)
            if not origin and held is not None and there:
                value, origin = getattr(section, key), held[1].where([name, key])
            elif not origin and variables.get(told.get("else", "")):
                value, origin = variables[told["else"]].split(os.pathsep), told["else"]
            elif not origin:
                value, origin = getattr(section, key), DEFAULT
            also = told.get("note", "") if not origin.startswith("--") else ""
            if name == "history" and key == "url" and value:
                value = place.read(value, "url of [history]").name  # it refuses a password
            shown = _line if name != "history" else _plain
            lines.append(shown(key, value, f"{origin}; {also}" if also else origin))
    lines += [""]
    for what, variable in PASSWORDS:
        where = variable if variables.get(variable) else "a file, the keyring or a prompt"
        lines.append(f"# the password of {what}: {where}")
    return "\n".join(lines) + "\n"


def blank(flags: Mapping[str, str]) -> str:
    """Return a file that sets nothing: all settings as comments, each with what goes before it.

    `flags` are the options by field.
    """
    lines = [f"# Settings of hostcheck: {PAGE} says more. Take the mark off a line to set it.",
             "# No password belongs here."]  # fmt: skip
    for name, hint in get_type_hints(kind()).items():
        section = getattr(kind()(), name)
        if isinstance(section, tuple):
            continue
        lines += ["", f"[{name}]"]
        for key, about in get_type_hints(hint, include_extras=True).items():
            told = _known(about)
            flag = flags.get(told.get("option", ""), "")
            before = [one for one in (flag, told.get("variable") or told.get("else", "")) if one]
            value = getattr(section, key)
            line = _plain(key, True if value is None else value, ", ".join(before))
            lines.append(f"# {line}".rstrip(" #"))
    return "\n".join(lines) + "\n"


def _several(name: str, entries: tuple[Any, ...], held: Any) -> Iterator[str]:
    for index, one in enumerate(entries):
        yield from ("", f"[[{name}]]")
        for key in one.__struct_fields__:
            if getattr(one, key):
                yield _line(key, getattr(one, key), held[1].where([name, index, key]))


def _known(about: Any) -> dict[str, str]:
    """Return what `settings.known` noted of a setting."""
    metas = get_args(about)[1:] if get_origin(about) is Annotated else ()
    return next((one.extra for one in metas if isinstance(one, Meta) and one.extra), {})


def _outranking(
    told: Mapping[str, str], options: Options, variables: Mapping[str, str]
) -> tuple[Any, str]:
    """Return what an option or a variable says, and its name; none where neither does."""
    option, variable = told.get("option", ""), told.get("variable", "")
    if option in options:
        spelled, value = options[option]
        return value, spelled
    if variable == "GOVC_USERNAME":
        url = options.get("vcenter", ("", ()))[1]
        if url and (named := server_of(url[0]).user):
            return named, "--vcenter"
        if not variables.get(variable) and (named := _user_in(variables.get("GOVC_URL", ""))):
            return named, "GOVC_URL"
    return (variables[variable], variable) if variables.get(variable) else (None, "")


def _user_in(url: str) -> str:
    return server_of(url).user if url else ""


def _line(key: str, value: Any, origin: str) -> str:
    if key == "url":
        urls = [value] if isinstance(value, str) else list(value)
        names = [urlsplit(one).netloc or server_of(one).name for one in urls if one]
        names = [one.rpartition("@")[2] for one in names]
        value = names if len(names) > 1 else "".join(names)
    return _plain(key, value, origin)


def _plain(key: str, value: Any, origin: str) -> str:
    if value is None:
        return f"# {key} is not set"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{key} = {json.dumps(value, ensure_ascii=False, default=str)}  # {origin}"
