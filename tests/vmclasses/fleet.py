"""Classes and clusters to judge: synthetic hosts, as an audit would have read them."""

from msgspec.structs import replace

from hostcheck import runs
from hostcheck.checks.engine import run_all
from hostcheck.model.pci import PciId
from hostcheck.model.result import Answer
from hostcheck.model.run import HostReport
from hostcheck.model.vm_class import (
    ClassDevice,
    ClassVgpu,
    Namespace,
    Offered,
    Reservation,
    VmClass,
)
from hostcheck.vmclasses.judge import ClassSource, judge
from hostcheck.vmclasses.seen import seen_of
from tests.checks.synthetic import GIB, NEEDS, a_gpu, a_host, a_vm, asks, known

A100 = PciId(0x10DE, 0x20B5)
WHOLE = "grid_a100d-80c"
HALF = "grid_a100d-40c"
QUARTER = "grid_a100d-20c"


def a_class(*profiles, memory=64, reserved=None, devices=(), name="gpu", **changes):
    """A class; all its memory is reserved unless told otherwise. Sizes are GiB."""
    made = VmClass(
        name=name,
        source="classes.yaml",
        form="v1alpha6",
        cpus=8,
        memory_bytes=memory * GIB,
        memory=Reservation((memory if reserved is None else reserved) * GIB),
        vgpus=tuple(ClassVgpu(one, 12 + at) for at, one in enumerate(profiles)),
        devices=tuple(devices),
        lines={"name": 4, "memory_bytes": 9, "memory": 18, "devices": 10},
    )
    return replace(made, **changes)


def device(label="", *ids):
    return ClassDevice(ids or (A100,), label, 14)


def machine(number=1, *, gpus=2, busy=(), profiles=(WHOLE, HALF, QUARTER), cluster="gpu",
            model="a100-pcie-80", whole=0, full=False, **changes):  # fmt: skip
    """A host: `busy` profiles run, a GPU each; the last `whole` GPUs are given away.

    A busy GPU takes more of the size that runs, unless its driver says that it is `full`.
    """
    cards = [a_gpu(at, model=model) for at in range(gpus)]
    for at in range(gpus - whole, gpus):
        cards[at] = replace(
            cards[at], passthrough=known(replace(cards[at].passthrough.value, active=True)),
            vm_ids=known(()),
        )  # fmt: skip
    vms = [
        a_vm(number * 100 + at, cards[at], vgpus=asks(one), host_id=f"host-{number}")
        for at, one in enumerate(busy)
    ]
    entry = NEEDS.models[model]
    types = [one for one in entry.profiles if not one.mig]
    for at, card in enumerate(cards):
        runs = entry.profile(busy[at]) if at < len(busy) else None
        may = types if runs is None else [
            one for one in types
            if one.framebuffer_mib == runs.framebuffer_mib and one.max_per_gpu > 1 and not full
        ]  # fmt: skip
        cards[at] = replace(card, profiles_creatable=known(tuple(one.name for one in may)))
    return a_host(
        gpus=cards, vms=vms, name=f"esx-{number}.example.com", id=f"host-{number}",
        cluster=cluster, **{"profiles_offered": tuple(profiles), **changes},
    )  # fmt: skip


def reports(hosts):
    return [HostReport(Answer.GO, host, run_all(host, NEEDS)) for host in hosts]


def run_with(hosts):
    return runs.run_of("vc.example.com", reports(hosts))


def judged(classes, hosts, *, namespaces=(), names=None, unlisted=False, wanted=lambda _: True):
    """Judge classes (or one) on hosts."""
    classes = tuple(classes) if isinstance(classes, list | tuple) else (classes,)
    seen = [seen_of(one, classes, NEEDS) for one in hosts]
    offered = Offered(classes, tuple(namespaces), names or {}, unlisted=unlisted)
    target = ClassSource("vc.example.com", "2026-11-28T09:00:00Z")
    return judge(offered, seen, NEEDS, target, classes_from="classes.yaml", wanted=wanted)


def a_place(classes, *hosts, **options):
    (one,) = judged(classes, hosts, **options).classes
    (place,) = one.places
    return place


def finding(place, check):
    (found,) = (one for one in place.findings if one.check == check)
    return found


def a_namespace(name="team-a", *clusters, classes=("gpu",), policies=()):
    return Namespace(name, tuple(clusters), tuple(classes), tuple(policies))
