"""What an extra of this package needs, as a command that installs it.

It names the packages and never `hostcheck[extra]`: on PyPI that name is somebody else's.
"""

import shlex
from importlib import metadata


def install(extra: str) -> str:
    """Return the command that installs what an extra needs, as this package's metadata tell it."""
    told = metadata.requires("hostcheck") or []
    named = f'extra == "{extra}"'
    wanted = [one.partition(";")[0].strip() for one in told if one.endswith(named)]
    return f"pip install {shlex.join(wanted)}"
