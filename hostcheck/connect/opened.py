"""What a command works on: a source of machines, and who works on them, both closed again.

What is asked live is opened by `live`, which is imported then: a replay needs no pyVmomi.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from hostcheck.connect.given import NO_OPINION, Machines, OpinionOptions, Smoking, Vsphere
from hostcheck.connect.precedence import first, guests_of, settings_of
from hostcheck.connect.workers import refuse_unfit, side_by_side
from hostcheck.errors import UsageError
from hostcheck.fleet import Workers, cores
from hostcheck.front import Front
from hostcheck.sources.base import Source
from hostcheck.sources.recorded import RecordedSource


@contextmanager
def machines(
    given: Machines,
    front: Front,
    *,
    from_: Path | None = None,
    clusters: tuple[str, ...] = (),
    smoking: Smoking | None = None,
    opinion: OpinionOptions = NO_OPINION,
) -> Iterator[tuple[Source, Workers]]:
    """Open recordings, or every vCenter that is wanted. Raises UsageError for what cannot be."""
    if from_ is None:
        from hostcheck.connect import live  # noqa: PLC0415

        with live.machines(
            given, front, clusters=clusters, smoking=smoking, opinion=opinion
        ) as found:
            yield found
        return
    settings = settings_of(given)
    smokes = smoking is not None and guests_of(smoking, settings) is not None
    refuse_unfit(given, settings, smokes=smokes)
    if smokes:
        raise UsageError("--from replays recordings and --smoke runs in guests: give one")
    if asked := _asked_live(given):
        raise UsageError(f"--from replays recordings and {asked} asks live: give one of them")
    source = RecordedSource(from_, hosts=given.hosts, clusters=clusters)
    with side_by_side(source, given, settings, front, auto=cores()) as workers:
        yield source, workers


def _asked_live(given: Machines) -> str:
    """Return the first option that is about asking live, empty where none was given."""
    ways_given = (
        (one.name, getattr(mine, one.name)) for mine in given.ways.values() for one in fields(mine)
    )
    own = ((one.name, getattr(given, one.name)) for one in fields(Vsphere))
    named = (name for name, value in (*own, *ways_given) if value and name != "settings")
    return next((f"--{name.replace('_', '-')}" for name in named), "")


def wants_opinion(given: Machines, opinion: OpinionOptions) -> bool:
    """Say whether vCenter is asked: by the option, else the settings."""
    return first(opinion.second_opinion, settings_of(given).preflight.second_opinion)
