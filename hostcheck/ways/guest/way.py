"""The smoke test in guests that the user named."""

from hostcheck.model.capture import Wire
from hostcheck.parsers import smoke_sparse24
from hostcheck.ways.base import Note, SoFar, Transport, Way, Wiring
from hostcheck.ways.guest import steps


def collect(guests: Transport, so_far: SoFar) -> None:
    """Ask which guests were named, and visit those that own a GPU: known once all else is."""
    guests.fetch(steps.NAMED)
    for vm_id in so_far.smoke_guests():
        guests.fetch(smoke_sparse24.REQUEST.of(vm_id))


WAY = Way(
    name="guest",
    wirings=(
        Wiring(
            Wire.GUEST,
            "Smoke test in a guest that the user named (only with hostcheck smoke and --smoke); "
            "writes there, and removes it",
            folder="guest",
            suffix="json",
        ),
        Wiring(Wire.GIVEN, "What the user states; nothing is asked", folder="given", suffix="txt"),
    ),
    requests=(
        *steps.READS,
        smoke_sparse24.REQUEST,
        *steps.CALLS,
        *steps.COMMANDS,
    ),
    collect=collect,
    knock=collect,  # at guests that are not visited then
    turn=90,
    notes=(
        Note(
            "vSphere methods of the smoke test; no other session can call them",
            words=tuple(sorted(one.template for one in steps.CALLS)),
        ),
    ),
)
