"""What keeps hosts from a release, and what nobody knows of it."""

from collections.abc import Iterator, Sequence

from hostcheck.model.lifecycle import Mark
from hostcheck.model.plan import Ground, Question, Stop
from hostcheck.model.requirements import GpuModel
from hostcheck.model.window import vgpu_release_of
from hostcheck.planner.listed import WHAT, ListedFile
from hostcheck.planner.seen import PlannedHost
from hostcheck.planner.table import ReleaseTable
from hostcheck.planner.targets import Target

LEGACY = 14
"""Last release that a legacy licence server serves."""
NEW_LICENCE = 18
"""First release of which nobody could read which licence server (DLS) it wants."""
DLS = "https://docs.nvidia.com/license-system/latest/"
DOWNGRADES = "https://knowledge.broadcom.com/external/article/440252/"
ASK_SHELL = "hostcheck audit --ssh (nvidia-smi vgpu -q)"


def stops(hosts: Sequence[PlannedHost], target: Target, table: ReleaseTable) -> Iterator[Stop]:
    """Yield what keeps hosts from a target, apart from its packages."""
    release = target.release
    if table.dead(release):
        words = f"vGPU {release.release} is out of support: {table.supported(release.ends)}"
        yield Stop(words, (), "choose a release that is supported", table.of_cell(release.ends))
    later = [one for one in hosts if one.release and one.release.branch > release.branch]
    if later:
        names = tuple(one.name for one in later)
        words = f"they run a later release than vGPU {release.release}"
        fix = "no way back is planned: vLCM does not downgrade components that were added by hand"
        yield Stop(words, names, fix, Ground(Mark.READ, (DOWNGRADES,)))
    yield from _dropped(hosts, target, table)


def _dropped(hosts: Sequence[PlannedHost], target: Target, table: ReleaseTable) -> Iterator[Stop]:
    """Yield the GPUs that the release drives no more."""
    by_model: dict[str, list[str]] = {}
    models: dict[str, GpuModel] = {}
    for host in hosts:
        for model in host.models:
            models[model.key] = model
            by_model.setdefault(model.key, []).append(host.name)
    for key, names in sorted(by_model.items()):
        ends = [
            one for one in table.needs.ends
            if one.concerns(models[key]) and one.last_branch < target.release.branch
        ]  # fmt: skip
        if not ends:
            continue
        end = min(ends, key=lambda one: one.last_branch)
        last = next((one for one in table.releases if one.branch == end.last_branch), None)
        words = f"vGPU {target.release.release} drives {models[key].name} no more"
        fix = "replace the GPU"
        if last is not None:
            words += f": vGPU {last.release} is its last"
            if table.dead(last):
                fix += f"; vGPU {last.release} itself is out of support since {last.ends.value}"
            else:
                fix += f", or stay on vGPU {last.release}"
        mark = Mark.READ if end.verified else Mark.QUOTED
        yield Stop(words, tuple(names), fix, table.ground(mark, end.sources))


def denied(
    hosts: Sequence[PlannedHost], target: Target, listed: ListedFile | None
) -> Iterator[Stop]:
    """Yield the guest drivers that NVIDIA's list forbids on the driver of a target."""
    if listed is None or target.minor is None:
        return
    by_driver: dict[str, list[str]] = {}
    for host in hosts:
        for version, _ in host.guests.drivers:
            if listed.denies(target.minor.host, version):
                by_driver.setdefault(version, []).append(host.name)
    for version, names in sorted(by_driver.items()):
        words = f"NVIDIA's list forbids guest driver {version} on {target.minor.host}"
        fix = "give these guests another driver that the hosts take, first"
        yield Stop(words, tuple(names), fix, Ground(Mark.READ, (WHAT,)))


def questions(
    hosts: Sequence[PlannedHost], target: Target, table: ReleaseTable
) -> Iterator[Question]:
    """Yield what is not known of hosts and target, apart from packages."""
    dark = [one for one in hosts if one.release is None or not one.release.release]
    if dark:
        why = dark[0].why or f"driver {dark[0].driver} is of no vGPU release of the table"
        yield Question(
            f"which vGPU release they run ({why})", tuple(one.name for one in dark), ASK_SHELL,
            decides=True,
        )  # fmt: skip
    blind = tuple(one.name for one in hosts if one.untold_gpus)
    if blind:
        words = f"what {', '.join(sorted({g for one in hosts for g in one.untold_gpus}))} is"
        notes = "https://docs.nvidia.com/vgpu/gpus-supported-by-vgpu.html"
        yield Question(f"{words}, and whether the release drives it", blind, notes, decides=True)
    unseen = tuple(one.name for one in hosts if not one.models and not one.untold_gpus)
    if unseen:
        words = "which GPUs they have, and whether the release drives them"
        yield Question(words, unseen, "an audit that reads their PCI devices", decides=True)
    unread = tuple(one.name for one in hosts if not one.guests.known)
    if unread:
        yield Question("which VMs they run", unread, "an audit that reads the VMs", decides=True)
    yield from _guests(hosts, table)
    if target.minor is None:
        words = f"drivers, packages and ESXi patch of vGPU {target.release.release}"
        yield Question(words, (), target.release.notes, decides=True)
    if target.release.release >= NEW_LICENCE:
        yield Question("which licence server (DLS) it wants at least", (), DLS)
    profiles = sorted({one for host in hosts for one in host.guests.profiles})
    if profiles:
        some = ", ".join(profiles[:6]) + (f" and {len(profiles) - 6} more" * (len(profiles) > 6))
        words = f"whether the release still makes {some}: no table says it"
        yield Question(words, (), "nvidia-smi vgpu -s on the first host that is done")


def _guests(hosts: Sequence[PlannedHost], table: ReleaseTable) -> Iterator[Question]:
    """Yield what is not known of guest drivers."""
    untold = [one for one in hosts if one.guests.untold]
    if untold:
        number = sum(one.guests.untold for one in untold)
        yield Question(
            f"guest drivers of {number} running VMs: the oldest that the host takes is planned for",
            tuple(one.name for one in untold), ASK_SHELL,
        )  # fmt: skip
    strange = sorted(
        version
        for one in hosts
        for version, _ in one.guests.drivers
        if (found := vgpu_release_of(version, table.needs.releases)) is None or not found.release
    )
    if strange:
        words = f"which vGPU release guests with driver {', '.join(dict.fromkeys(strange))} have"
        yield Question(words, (), "nvidia-smi in the guest", decides=True)
    off = sum(one.guests.off for one in hosts)
    if off:
        yield Question(
            f"guest drivers of {off} VMs that are off: look before they are started again", (),
            "nvidia-smi in the guest",
        )  # fmt: skip
