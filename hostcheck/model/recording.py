"""What one machine answered, in memory; `hostcheck.recording` keeps it in a folder."""

from collections.abc import Mapping

from msgspec import Struct, structs

from hostcheck.model.capture import Capture
from hostcheck.model.host_ref import HostRef
from hostcheck.model.seal import NO_SEAL, Seal


class Recording(Struct, frozen=True):
    """One machine's answers in memory, by the key of the question."""

    ref: HostRef
    captures: dict[tuple[str, str, str], Capture]
    seal: Seal = NO_SEAL

    def with_answers(self, answers: Mapping[tuple[str, str, str], Capture]) -> "Recording":
        """Return it with more answers."""
        return structs.replace(self, captures={**self.captures, **answers})
