"""Policy: which checks are judged, how much each weighs, and what it expects, cluster by cluster.

It comes before judging and is data: the same hosts and the same policy give the same run.
"""

from typing import Any

from msgspec import Struct

from hostcheck.model.result import Severity

SCHEMA = "hostcheck.policy/1"
DEFAULT = "built-in default"
EVERY = "*"
"""Pattern of a rule that holds in every cluster, and where that is not known."""
Expected = bool | int | float | str | tuple[int, ...]
"""What a check may expect: its kind is that of the check's own value."""


class Wish(Struct, frozen=True):
    """A value that a check is to expect instead of its own."""

    name: str
    value: Expected


class Rule(Struct, frozen=True):
    """One entry. Of several that say the same of a check the last one holds."""

    checks: tuple[str, ...]
    cluster: str = EVERY
    selected: bool | None = None
    severity: Severity | None = None
    expect: tuple[Wish, ...] = ()
    reason: str = ""
    where: str = ""
    """`profile vgpu-vdi, line 7`; `site.toml, line 12`."""


class Policy(Struct, frozen=True, cache_hash=True):
    """A policy that was read; `rules` hold those of what it extends first."""

    name: str
    file: str = ""
    """Where it was read; empty for a profile of this package."""
    about: str = ""
    extends: tuple[str, ...] = ()
    """What it rests on, the first ground first."""
    sha256: str = ""
    """Of what it says, wherever it lies: 64 hexadecimal digits."""
    rules: tuple[Rule, ...] = ()

    @property
    def called(self) -> str:
        """Its name, and the beginning of its hash."""
        return f"{self.name} ({self.sha256[:12]})"


class SettledValue(Struct, frozen=True):
    """A value, what says it, and why."""

    value: Any
    where: str = DEFAULT
    reason: str = ""


class CheckSetting(Struct, frozen=True):
    """What a policy makes of one check in one cluster."""

    check: str
    title: str
    decides: bool
    """Whether it decides a power-on."""
    default: Severity
    selected: SettledValue
    severity: SettledValue
    expect: dict[str, SettledValue]
    moot: tuple[str, ...] = ()
    """Expectations that depend on the cluster, where that is not known."""

    @property
    def changed(self) -> bool:
        """Whether it is otherwise than by itself."""
        return any(
            one.where != DEFAULT for one in (self.selected, self.severity, *self.expect.values())
        )


class Settings(Struct, frozen=True):
    """A policy as it holds in a cluster; without one, where none says otherwise."""

    schema: str
    policy: str
    file: str
    about: str
    extends: tuple[str, ...]
    sha256: str
    cluster: str
    settings: tuple[CheckSetting, ...]


class Listed(Struct, frozen=True):
    """A profile that there is."""

    name: str
    about: str
    sha256: str
    rules: int
