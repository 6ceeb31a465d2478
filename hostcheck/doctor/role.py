"""The least role for a run: what the published requests need, as commands to copy. Nothing is run.

Sources: govc USAGE.md, role.create and permissions.set; PowerCLI reference, New-VIRole and
New-VIPermission.
"""

import shlex
from collections.abc import Iterator

from hostcheck.doctor.privileges import AUDIT, READS, needs, senders
from hostcheck.words import powershell

NAME = "hostcheck"
READ_ONLY = ("System.Anonymous", "System.View", "System.Read")
"""What vSphere puts into every role, and the Read-only role is."""
TOOLS = ("govc", "powercli")
WORDS = {
    "--packages": "installed VIBs (not with --no-packages)",
    "--esxcli": "esxcli over the API; it is called Change settings, and hostcheck changes none",
    "--lifecycle": "compliance of the clusters' images",
    "--smoke": "runs a program in the guests that you name",
    "--manage-ssh": "starts SSH on hosts where it is off, and stops it again",
    "hostcheck power-on": "starts the VM that you name",
}
"""What a sender is for, as the lines beside the commands say."""


def privileges(asks: frozenset[str], *, packages: bool) -> tuple[str, ...]:
    """Return the privileges that a run with these ways needs, Read-only first."""
    wanted = senders(asks, packages=packages)
    more = {one for one, by in needs().items() if wanted & by.keys()}
    return (*READ_ONLY, *sorted(one for one in more if not one.startswith(READS)))


def left_out(asks: frozenset[str], *, packages: bool) -> dict[str, tuple[str, ...]]:
    """Return by option or command which privileges it would need besides."""
    held = set(privileges(asks, packages=packages))
    found: dict[str, list[str]] = {}
    for privilege, by in needs().items():
        for sender in by:
            if privilege not in held and sender != AUDIT:
                found.setdefault(sender, []).append(privilege)
    return {sender: tuple(sorted(more)) for sender, more in sorted(found.items())}


def commands(tool: str, user: str, asks: frozenset[str], *, packages: bool) -> Iterator[str]:
    """Yield lines of a script that makes the role and gives it to a user on everything.

    `tool` is one of TOOLS. Comments say what the role leaves out.
    """
    names = privileges(asks, packages=packages)
    yield f"# The least role for what these options ask: {len(names)} privileges."
    for sender, more in left_out(asks, packages=packages).items():
        yield f"# Not in it: {', '.join(more)}"
        yield f"#   {sender}: {WORDS[sender]}"
    yield from (_govc if tool == "govc" else _powercli)(names, user)


def _govc(names: tuple[str, ...], user: str) -> Iterator[str]:
    yield f"govc role.create {NAME} {shlex.join(names)}"
    yield (f"govc permissions.set -principal {shlex.quote(user)} -role {NAME} -propagate=true /")


def _powercli(names: tuple[str, ...], user: str) -> Iterator[str]:
    listed = ", ".join(f"'{one}'" for one in names)
    account, _, domain = user.rpartition("@") if "@" in user else (user, "", "")
    principal = f"{domain}\\{account}" if domain else user
    yield f"New-VIRole -Name '{NAME}' -Privilege (Get-VIPrivilege -Id {listed})"
    yield (
        f"New-VIPermission -Entity (Get-Folder -NoRecursion) -Principal {powershell(principal)} "
        f"-Role '{NAME}' -Propagate:$true"
    )
