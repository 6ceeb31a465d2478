"""What a run with these options would be allowed, asked live; and the least role for it."""

from collections.abc import Callable, Iterable, Iterator

from hostcheck import app, doctor, ways
from hostcheck.connect import live, managing
from hostcheck.connect.given import Machines, Smoking
from hostcheck.connect.precedence import first, guests_of, settings_of
from hostcheck.doctor import role
from hostcheck.doctor.privileges import MANAGES
from hostcheck.front import Front
from hostcheck.model.doctor import Doctor
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.secrets import refuse_in_user
from hostcheck.sources.asking import SMOKE
from hostcheck.sources.several import Vcenters

PLACEHOLDER = "auditor@vsphere.local"


def examined(
    given: Machines,
    smoking: Smoking,
    front: Front,
    clusters: tuple[str, ...],
    done: Callable[[str], None],
) -> Doctor:
    """Log in and ask. Raises UsageError where that cannot be done."""
    with live.machines(given, front, clusters=clusters, smoking=smoking, knocks=True) as (
        source,
        workers,
    ):

        def recordings(refs: list[HostRef]) -> Iterable[Recording]:
            return app.recordings(source, refs, workers=workers, done=done)

        parts = source.parts if isinstance(source, Vcenters) else (source,)
        manages = managing.wanted(given, settings_of(given))
        return doctor.examine(source, parts, recordings, manages=manages)


def role_for(tool: str, given: Machines, smoking: Smoking, front: Front) -> Iterator[str]:
    """Yield the commands that make the least role; nobody is asked anything."""
    settings = settings_of(given)
    asks = frozenset(
        name
        for name, options in ways.with_options().items()
        if options.wanted(
            given.ways.get(name) or options.Given(), getattr(settings, options.SECTION)
        )
    )
    if guests_of(smoking, settings) is not None:
        asks |= {SMOKE}
    if managing.wanted(given, settings):
        asks |= {MANAGES}
    refuse_in_user(front.variable("GOVC_USERNAME"), "GOVC_USERNAME")
    user = given.user or front.variable("GOVC_USERNAME") or settings.vcenter.user or PLACEHOLDER
    if user == PLACEHOLDER:
        yield f"# {PLACEHOLDER} stands for the account of hostcheck: give --user"
    packages = first(given.packages, settings.audit.packages)
    yield from role.commands(tool, user, asks, packages=packages is not False)
