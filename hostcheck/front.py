"""The person and the machine in front: what the environment says, who can be asked and told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Front:
    """`ask` shows a prompt and hides what is typed; `tell` takes one line."""

    environment: Mapping[str, str]
    ask: Callable[[str], str]
    tell: Callable[[str], None]
    somebody: bool
    """Whether a person is there to answer."""

    def variable(self, name: str) -> str:
        """Return an environment variable; one that is not set is empty."""
        return self.environment.get(name, "")
