"""What an extra of this package needs, as a command that installs it.

It names the packages and never `hostcheck[extra]`: on PyPI that name is somebody else's.
"""

import shlex


def install(extra: str) -> str:
    """Return the command that installs what an extra needs, as this package's metadata tell it."""
    from importlib import metadata  # noqa: PLC0415  heavy, and nobody needs it who has the extra

    try:
        told = metadata.requires("hostcheck") or []
    except metadata.PackageNotFoundError:  # a checkout that was never installed
        told = []
    named = f'extra == "{extra}"'
    wanted = [one.partition(";")[0].strip() for one in told if one.endswith(named)]
    if not wanted:  # metadata of an older version, as a checkout has it that was only pulled
        return f"pip install '.[{extra}]' in hostcheck's source, whose metadata here are older"
    return f"pip install {shlex.join(wanted)}"
