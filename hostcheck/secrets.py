"""Passwords: found once and late, from a file, the environment, the keyring or a prompt."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hostcheck.errors import UsageError
from hostcheck.front import Front

SERVICE = "hostcheck"
"""What passwords are kept under in a keyring."""


def refuse_in_user(user: str, where: str) -> None:
    """Raise UsageError for a user's name with a `:`, which repeats nothing of it.

    No account of vSphere, a directory, ESXi, a guest or a BMC has one, be it written with a domain
    before or behind it: people put a password there.
    """
    if ":" in user:
        raise UsageError(
            f"{where}: the name of a user has no ':', and a password does not belong there; it is "
            "taken from a prompt, a variable, a file or the keyring (docs/settings.md)"
        )


@dataclass(frozen=True)
class SecretPlace:
    """Where a password may be: `name` is its key in the keyring, `option` names a file."""

    name: str
    variable: str
    option: str
    file: Path | None


def password_of(
    place: SecretPlace, prompt: str, front: Front, known: str = ""
) -> Callable[[], str]:
    """Return what finds a password, once: in the file, as `known`, in the keyring, by a prompt.

    `known` is what the environment or a URL says. The function raises UsageError where nobody can
    be asked either.
    """

    @cache
    def get() -> str:
        if place.file is not None:
            found = first_line(place.file)
            warn_of(place.file, front)
            return found
        found = known or from_keyring(place.name)
        if found:
            return found
        if not front.somebody:
            raise UsageError(
                f"no password: set {place.variable}, give {place.option}, or keep it in the "
                f"keyring (keyring set {SERVICE} {place.name})"
            )
        return front.ask(prompt)

    return get


def password_or_none(
    place: SecretPlace, prompt: str, front: Front, *, ask: bool
) -> Callable[[], str] | None:
    """Return what finds a password, None where there is none: nobody is asked but with `ask`.

    Raises UsageError where somebody is to be asked and nobody is there.
    """
    found = front.variable(place.variable)
    if ask and not front.somebody:
        raise UsageError(
            f"nobody is at a terminal to be asked for the {prompt}: set {place.variable}, or give "
            f"{place.option}"
        )
    if ask:
        found = front.ask(prompt)
    elif not found and not place.file:
        found = from_keyring(place.name)
    if not found and not place.file:
        return None
    return password_of(place, prompt, front, found)


def warn_of(file: Path, front: Front) -> None:
    """Tell where everybody on this machine can read a password's file."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return  # reading it says why
    if os.name == "posix" and mode & stat.S_IROTH:
        front.tell(f"{file} can be read by every user of this machine: chmod 600 {file}")


def first_line(file: Path) -> str:
    """Return a password that a file holds.

    Raises UsageError for one that cannot be read, and for an empty line: to send an empty password
    would count as a failed login.
    """
    try:
        found = file.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{file}: cannot be read as a line of text") from None
    if not found:
        raise UsageError(f"{file}: its first line is empty; the password belongs there")
    return found


def from_keyring(name: str) -> str:
    """Ask the keyring, where the optional library and a backend are there."""
    try:
        import keyring  # noqa: PLC0415  an extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, name) or ""
    except KeyringError:
        return ""
