"""Capacity: as many limits as room, and never a number where something is not known."""

import gc
from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck.capacity import capacity
from hostcheck.model.capacity import GpuMode, Limit
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import GraphicsType, Host, Mode, Passthrough, Sriov, VgpuLimit
from hostcheck.reports.capacity import json as capacity_json
from hostcheck.reports.capacity import text as capacity_text
from hostcheck.reports.documents import document
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from tests.checks.synthetic import (
    NEEDS,
    a_gpu,
    a_host,
    a_vm,
    asks,
    changed,
    unknown,
    with_gpu,
    with_vm,
)

UNASKED = unknown(Why.NOT_ASKED, "SSH is off")
FIXTURES = Path(__file__).parents[2] / "fixtures"
PREFIX = {"a100-pcie-80": "grid_a100d-", "a40": "nvidia_a40-", "t4": "grid_t4-"}


def on(*runs, model="a100-pcie-80", gpu=None, **host):
    """A host with a GPU for each tuple of profiles that run: one VM for each profile."""
    gpus, vms = [], []
    for index, profiles in enumerate(runs):
        card = {"profiles_creatable": UNASKED, "sriov": Sriov(capable=True), **(gpu or {})}
        one = a_gpu(index, model=model, **card)
        gpus.append(one)
        vms += [
            a_vm(f"{index}{letter}", one, vgpus=asks(PREFIX[model] + profile))
            for letter, profile in zip("abcdefghijklmnop", profiles, strict=False)
        ]
    names = tuple(
        PREFIX[model] + each.name.partition("-")[2] for each in NEEDS.models[model].profiles
    )
    return a_host(gpus=gpus, vms=vms, **{"profiles_offered": names, **host})


def mig(*runs, model="a100-pcie-80", gpu=None, **host):
    card = {"vgpu_mode": "multiInstanceGpu", "mig_current": Mode.ENABLED, **(gpu or {})}
    return on(*runs, model=model, gpu=card, **host)


def mixed(*runs, model="a40", **host):
    return on(*runs, model=model, gpu={"vgpu_mode": "mixedSize"}, **host)


def gpus_of(hosts, profile):
    hosts = hosts if isinstance(hosts, list) else [hosts]
    found = capacity(hosts, NEEDS, profile=profile)
    return [gpu for one in found.clusters for host in one.hosts for gpu in host.gpus.value]


def room(host, profile, index=0):
    (found,) = gpus_of(host, profile)[index].rooms
    return found


def free(host, profile):
    fact = room(host, profile).free
    return "?" if isinstance(fact, Unknown) else fact.value


def total(hosts, profile):
    hosts = hosts if isinstance(hosts, list) else [hosts]
    (found,) = capacity(hosts, NEEDS, profile=profile).totals
    return found.free, found.at_least


# --- Same size -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "profile", "expected", "limit"),
    [
        ((), "grid_a100d-40c", 2, Limit.COUNT),
        ((), "A100D-4C", 20, Limit.COUNT),
        (("40c",), "grid_a100d-40c", 1, Limit.COUNT),
        (("40c", "40c"), "grid_a100d-40c", 0, Limit.COUNT),
        (("20c",), "nvidia_a100d-20c", 3, Limit.COUNT),
        (("20c",), "grid_a100d-40c", 0, Limit.LOCKED),
        ((), "grid_a100d-3-40c", 0, Limit.MIG_OFF),
        ((), "nvidia_a40-8q", 0, Limit.OTHER_KIND),
    ],
)
def test_same_size(runs, profile, expected, limit):
    found = room(on(runs), profile)
    assert (found.free, found.limit) == (Known(expected), limit)


def test_the_lock_names_size_and_vms():
    host = on(("20c", "20c"))
    assert room(host, "grid_a100d-40c").reason == "locked to 20 GiB by VM train-0a, VM train-0b"
    assert gpus_of(host, "grid_a100d-40c")[0].locked_bytes == Known(20 * 2**30)


@pytest.mark.parametrize(("version", "expected"), [("8.0.2", 5), ("8.0.1", 0), ("8.x", "?")])
def test_series_of_one_size_mix_from_80u2(version, expected):
    host = on(("8q",), model="a40", version=version)
    assert free(host, "nvidia_a40-8c") == expected
    assert free(host, "nvidia_a40-8q") == 5


def test_a_vm_that_does_not_run_holds_nothing():
    host = with_vm(changed(on(("40c",)), vgpu_instances=UNASKED), power_state="suspended")
    assert free(host, "A100D-40C") == 2


def test_two_sizes_in_same_size_mode_contradict():
    assert free(on(("20c", "40c")), "A100D-40C") == "?"


# --- Mixed size ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "profile", "expected"),
    [
        ((), "8q", 4),
        (("8q",), "8q", 3),
        (("24q",), "8q", 2),
        (("24q", "24q"), "8q", 0),
        (("12q",), "24q", 1),
        (("12q", "12q"), "24q", "?"),
        (("12q", "12q", "12q"), "24q", 0),
        (("4q", "4q"), "48q", 0),
        (("8q",), "48q", 0),
        ((), "1q", "?"),
        (("1q",), "8q", "?"),
    ],
)
def test_mixed_size(runs, profile, expected):
    assert free(mixed(runs), f"nvidia_a40-{profile}") == expected


def test_where_smaller_ones_sit_makes_a_lower_bound():
    host = mixed(("4q", "4q"))
    found = room(host, "nvidia_a40-8q")
    assert (found.free, found.at_least) == (Known(2), True)
    assert total(host, "nvidia_a40-8q") == (2, True)


# --- MIG -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "profile", "expected"),
    [
        ((), "3-40c", 2),
        ((), "1-10c", 7),
        (("3-40c",), "3-40c", 1),
        (("3-40c", "3-40c"), "3-40c", 0),
        (("3-40c", "3-40c"), "1-10c", 0),
        (("1-10c",), "7-80c", 0),
        (("3-40c",), "1-10c", "?"),
        (("4-40c", "2-20c"), "3-40c", 0),
        ((), "40c", 0),
    ],
)
def test_mig(runs, profile, expected):
    assert free(mig(runs), f"grid_a100d-{profile}") == expected


def test_mig_instances_that_no_vm_explains_may_hold_slices():
    host = mig((), gpu={"mig_instances": ("MIG 3g.40gb",)})
    assert free(host, "A100D-3-40C") == "?"
    assert free(with_gpu(host, profiles_creatable=()), "A100D-3-40C") == 0


def test_rounded_sizes_do_not_overflow():
    vgpus = asks(*(f"grid_h200x-{p}" for p in ("3-71c", *["1-18c"] * 3)))
    gpu = a_gpu(
        model="h200-sxm", vgpu_mode="multiInstanceGpu", mig_current=Mode.ENABLED,
        profiles_creatable=UNASKED, sriov=Sriov(capable=True),
    )  # fmt: skip
    host = a_host(
        gpus=[gpu], vms=[a_vm(0, gpu, vgpus=vgpus)], vgpu_instances=UNASKED,
        profiles_offered=("grid_h200x-1-18c",),
    )  # fmt: skip
    assert free(host, "grid_h200x-1-18c") == "?"


# --- What forbids all ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gpu", "host", "limit"),
    [
        ({"graphics_active": GraphicsType.SHARED}, {}, Limit.GRAPHICS_TYPE),
        ({"graphics_memory_bytes": 0}, {}, Limit.NOT_SERVING),
        ({"sriov": Sriov(capable=False)}, {}, Limit.NOT_SERVING),
        ({"smi_seen": False}, {}, Limit.NOT_SERVING),
        ({"passthrough": Passthrough(True, True, True)}, {}, Limit.PASSTHROUGH),
        ({"profiles_supported": ("GRID A100D-80C",)}, {}, Limit.NOT_OFFERED),
        ({}, {"profiles_offered": ("grid_a100d-80c",)}, Limit.NOT_OFFERED),
        ({}, {"connection_state": "notResponding"}, Limit.HOST),
        ({}, {"in_maintenance_mode": True}, Limit.HOST),
    ],
)  # fmt: skip
def test_what_forbids(gpu, host, limit):
    found = room(on((), gpu=gpu, **host), "grid_a100d-40c")
    assert (found.free, found.limit) == (Known(0), limit)
    assert found.reason
    assert not found.disagreement


def test_a_closed_host_says_why_and_adds_a_known_zero():
    host = changed(on((), ()), in_maintenance_mode=True, gpus=unknown())
    found = capacity([host], NEEDS, profile="A100D-40C").clusters[0].hosts[0]
    assert "maintenance" in found.closed
    assert (found.totals[0].free, found.totals[0].at_least) == (0, False)


def test_passthrough_is_a_mode():
    host = on((), gpu={"passthrough": Passthrough(True, True, True)})
    assert gpus_of(host, "A100D-40C")[0].mode is GpuMode.PASSTHROUGH


# --- Not known -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        "vgpu_mode", "vm_ids", "catalogue_key", "passthrough", "graphics_active",
        "graphics_memory_bytes", "sriov",
    ],
)  # fmt: skip
def test_an_unknown_of_the_gpu_is_no_number(field):
    host = with_gpu(on(("40c",)), **{field: unknown(Why.DENIED, "no privilege")})
    found = room(host, "grid_a100d-40c")
    assert isinstance(found.free, Unknown)
    assert (found.limit, "no privilege" in found.reason) == (Limit.UNKNOWN, True)
    assert total(host, "grid_a100d-40c") == (0, True)


@pytest.mark.parametrize(
    "field",
    ["vms", "profiles_offered", "connection_state", "in_maintenance_mode", "gpus"],
)
def test_an_unknown_of_the_host_is_no_number(field):
    host = changed(on(("40c",)), **{field: unknown()})
    assert total(host, "grid_a100d-40c") == (0, True)


@pytest.mark.parametrize("field", ["power_state", "devices"])
def test_an_unknown_of_a_vm_is_no_number(field):
    assert free(with_vm(on(("40c",)), **{field: unknown()}), "A100D-40C") == "?"


@pytest.mark.parametrize("vgpus", [(), asks(unknown()), asks("grid_a100d-33c")])
def test_a_vm_whose_vgpu_is_not_clear_is_no_number(vgpus):
    host = changed(with_vm(on(("40c",)), vgpus=vgpus), vgpu_instances=UNASKED)
    assert free(host, "A100D-40C") == "?"


def test_a_vm_that_is_not_listed_is_no_number():
    assert free(with_gpu(on(()), vm_ids=("vm-99",)), "A100D-40C") == "?"


@pytest.mark.parametrize("profile", ["grid_a100d-33c", "nvidia_b9000-8c"])
def test_a_profile_that_the_catalogue_lacks_is_no_number(profile):
    assert free(on(()), profile) == "?"


def test_an_unverified_number_is_none():
    card = {"model": "p40", "profiles_creatable": UNASKED}
    offered = ("grid_p40-4c", "grid_p40-4q")
    host = a_host(gpus=[a_gpu(**card, profile_limits=UNASKED)], profiles_offered=offered)
    assert (free(host, "P40-4C"), free(host, "P40-4Q")) == ("?", 6)
    host = a_host(gpus=[a_gpu(**card)], profiles_offered=offered)
    assert (free(host, "P40-4C"), free(host, "P40-4Q")) == (6, 6)


def test_the_drivers_own_count_is_right():
    limits = (VgpuLimit("GRID A100D-8C", Known(8), unknown()),
              VgpuLimit("GRID A100D-16C", unknown(), unknown()))  # fmt: skip
    host = on((), gpu={"profile_limits": limits})
    assert (free(host, "A100D-8C"), free(host, "A100D-16C")) == (8, 5)
    assert free(on((), gpu={"profile_limits": UNASKED}), "A100D-8C") == 10


@pytest.mark.parametrize(
    ("version", "model", "expected"),
    [("8.0.2", "a40", 6), ("8.0.3", "a40", "?"), ("8.0.3", "t4", 2), (unknown(), "a40", "?")],
)
def test_a_mode_that_is_not_told_follows_from_release_and_board(version, model, expected):
    host = on((), model=model, gpu={"vgpu_mode": unknown(Why.ABSENT)}, version=version)
    assert free(host, f"{PREFIX[model]}8q") == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(Mode.ENABLED, 0), (Mode.DISABLED, 2), (Mode.NOT_SUPPORTED, "?"), (unknown(), "?")],
)
def test_before_80u3_nvidia_smi_tells_mig(mode, expected):
    gpu = {"vgpu_mode": unknown(Why.ABSENT), "mig_current": mode}
    assert free(on((), gpu=gpu, version="8.0.1"), "A100D-40C") == expected


def test_vsphere_and_nvidia_smi_must_agree_on_mode_and_on_what_runs():
    assert free(on((), gpu={"mig_current": Mode.ENABLED}), "A100D-40C") == "?"
    found = room(changed(on(("40c",)), vgpu_instances=()), "A100D-40C")
    assert "nvidia-smi says no vGPU" in found.reason
    assert isinstance(found.free, Unknown)


def test_a_vm_on_several_gpus():
    gpus = [a_gpu(index, profiles_creatable=UNASKED, sriov=Sriov(capable=True)) for index in (0, 1)]
    both = Known(tuple(gpu.address for gpu in gpus))
    same = a_vm(0, gpus[0], vgpus=asks(*["grid_a100d-40c"] * 2), gpu_addresses=both)
    host = a_host(gpus=gpus, vms=[same], vgpu_instances=UNASKED)
    assert total(host, "A100D-40C") == (2, False)
    three = replace(same, vgpus=same.vgpus * 2)
    assert total(a_host(gpus=gpus, vms=[three], vgpu_instances=UNASKED), "A100D-40C") == (0, True)


# --- The driver's own word -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "creatable", "expected", "told"),
    [
        ((), ("GRID A100D-40C",), 2, ""),
        ((), ("GRID A100D-80C",), 0, "the catalogue leaves room for 2"),
        (("40c", "40c"), ("GRID A100D-40C",), 0, "the driver says that it can be created"),
        (("40c", "40c"), (), 0, ""),
    ],
)
def test_the_smaller_of_catalogue_and_driver_counts(runs, creatable, expected, told):
    found = room(on(runs, gpu={"profiles_creatable": creatable}), "grid_a100d-40c")
    assert found.free.value == expected
    assert found.disagreement.startswith(told)
    assert bool(found.disagreement) == bool(told)


def test_the_driver_alone_can_tell_a_zero_and_no_number():
    host = with_gpu(on(()), vm_ids=unknown())
    assert free(with_gpu(host, profiles_creatable=()), "A100D-40C") == 0
    found = room(with_gpu(host, profiles_creatable=("GRID A100D-40C",)), "A100D-40C")
    assert isinstance(found.free, Unknown)
    assert found.reason.endswith("the driver says that one more can be created")


def test_long_names_of_blackwell_are_found():
    name = "NVIDIA RTX PRO 6000 Blackwell DC-8Q"
    gpu = a_gpu(
        model="rtx-pro-6000-bse", sriov=Sriov(capable=True), profiles_supported=(name,),
        profiles_creatable=(name,),
    )  # fmt: skip
    wanted = "nvidia_rtx_pro_6000_blackwell_dc-8q"
    host = a_host(gpus=[gpu], profiles_offered=(wanted,))
    assert (free(host, wanted), free(host, "DC-8Q"), free(host, name)) == (12, 12, 12)


# --- Sums and fragments --------------------------------------------------------------------------


def named(host, number, cluster="gpu"):
    gpus = host.gpus
    return changed(
        replace(host, name=f"esx-{number}", id=f"host-{number}", gpus=gpus), cluster=cluster
    )


def test_clusters_are_summed_and_kept_apart():
    hosts = [
        named(on((), ("40c",)), 1), named(on(("40c",)), 2), named(on(()), 3, "other"),
        named(changed(on(()), gpus=unknown()), 4, "other"), named(on(()), 5, unknown()),
    ]  # fmt: skip
    found = capacity(hosts, NEEDS, profile="A100D-40C")
    sums = [(one.totals[0].free, one.totals[0].at_least) for one in found.clusters]
    assert sums == [(4, False), (2, True), (2, False)]
    assert total(hosts, "A100D-40C") == (8, True)


def test_all_profiles_of_the_gpus_that_are_there():
    found = capacity([on(()), named(on((), model="t4"), 2)], NEEDS)
    counts = {one.profile: one.free for one in found.totals}
    assert (counts["A100D-40C"], counts["T4-16Q"], "A40-8Q" in counts) == (2, 1, False)


def test_what_is_counted_of_a_host_is_all_that_stays_of_it():
    alive = []

    def hosts():
        for number in range(8):
            yield named(on((), ("40c",)), number)
            alive.append(sum(isinstance(one, Host) for one in gc.get_objects()))

    assert len(capacity(hosts(), NEEDS).clusters[0].hosts) == 8
    assert alive[-1] <= alive[1]


@pytest.mark.parametrize(
    "hosts",
    [[], [on(())], [named(on(()), 1), named(on(("40c",)), 2, "other"), named(on(()), 3, "other")]],
)
def test_the_document_is_the_same_piece_by_piece(hosts):
    found = capacity(hosts, NEEDS)
    assert "".join(capacity_json.pieces(found)) == document(found)


def stranded(hosts, profile):
    (cluster,) = capacity(hosts, NEEDS, profile=profile).clusters
    return cluster.stranded[0] if cluster.stranded else None


def test_room_that_is_stranded_and_the_move_that_frees_it():
    found = stranded([on(("20c",), ("20c", "20c"), ("20c",) * 4, ("40c", "40c"))], "A100D-40C")
    assert found.sentence == "2 GPUs have room, none for A100D-40C: 2 locked to 20 GiB"
    (move,) = found.moves
    assert (move.vm, move.gains, move.elsewhere, len(move.gpus)) == ("train-0a", 2, True, 1)


def test_the_move_that_frees_most_is_first():
    gpus = [
        a_gpu(index, profiles_creatable=UNASKED, sriov=Sriov(capable=True)) for index in range(3)
    ]
    both = Known(tuple(gpu.address for gpu in gpus[:2]))
    wide = a_vm(8, gpus[0], vgpus=asks(*["grid_a100d-4c"] * 2), gpu_addresses=both)
    one = a_vm(1, gpus[2], vgpus=asks("grid_a100d-4c"))
    host = a_host(gpus=gpus, vms=[one, wide], vgpu_instances=UNASKED)
    moves = stranded([host], "A100D-40C").moves
    assert [(each.vm, each.gains, each.elsewhere) for each in moves] == [
        ("train-8", 4, True), ("train-1", 2, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "host", [on(()), on(("40c", "40c")), on((), in_maintenance_mode=True), mig(("3-40c",) * 2)]
)
def test_nothing_is_stranded_that_fits_is_full_or_closed(host):
    assert stranded([host], "A100D-40C") is None


def test_a_driver_that_refuses_and_a_mode_strand_too():
    assert (
        "refused by the driver"
        in stranded([on((), gpu={"profiles_creatable": ()})], "A100D-40C").sentence
    )
    assert stranded([mig(())], "A100D-40C").sentence.endswith("1 in MIG mode")


# --- The report ----------------------------------------------------------------------------------


def test_the_table_of_one_profile():
    hosts = [named(on(("20c",), ()), 1), named(changed(on(()), gpus=unknown()), 2)]
    told = capacity_text.render(capacity(hosts, NEEDS, profile="A100D-40C"))
    for words in (
        ">=2 more A100D-40C fit now", "the driver was asked on 0 of 2 GPUs", "  >=2  gpu\n",
        "    2    esx-1\n", "  >=0    esx-2\n", "locked to 20 GiB by VM train-0a", "NOT KNOWN",
        "esx-2: GPUs: timeout", "1 GPU has room, none for A100D-40C", "moving VM train-0a off",
    ):  # fmt: skip
        assert words in told or words in " ".join(told.split()), told


def test_the_matrix_of_all_profiles():
    hosts = [named(on(("20c",)), 1), named(with_gpu(on(()), vm_ids=unknown()), 2)]
    told = capacity_text.render(capacity(hosts, NEEDS))
    assert "  all  esx-1  esx-2\n" in told
    row = next(line.split() for line in told.splitlines() if "A100D-20C " in line)
    assert row == ["A100D-20C", ">=3", "3", "?"]
    assert "esx-2 0000:10:00.0: timeout: the time limit passed" in told


@pytest.mark.parametrize("profile", ["", "A100D-40C"])
@pytest.mark.parametrize("width", [60, 100])
def test_names_are_inert_and_lines_keep_the_width(profile, width):
    host = with_vm(changed(on(("20c",)), cluster="c\x1b[31m"), name="evil\u202e\x1b[2J")
    told = capacity_text.render(capacity([host], NEEDS, profile=profile), width=width)
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert all(len(line) <= width for line in told.splitlines())


def test_no_host_and_no_gpu_are_said():
    assert capacity_text.render(capacity([], NEEDS)).startswith("No NVIDIA GPU was found")
    assert "No NVIDIA GPU" in capacity_text.render(capacity([a_host()], NEEDS, profile="A40-8Q"))


# --- The recorded machines -----------------------------------------------------------------------

MACHINES = sorted(path.parent.name for path in FIXTURES.glob("*/manifest.json"))
NOT_THE_DRIVERS = {
    "1n-1xT4-esxi703": "the recorded driver lists every size beside a running one",
    "2n-1xA30-sriov-off-esxi800": "PCI-001 fails, which the recorded driver does not mind",
    "2n-1xA30-bmc-cisco-none-shown-esxi800": "the same",
    "2n-1xA30-bmc-dell-sriov-off-esxi800": "the same",
    "8n-1xL40S-bmc-hpe-profile-esxi802": "PCI-003 fails, which the recorded driver does not mind",
    "2n-2xM60-ecc-on-esxi670": "ECC-001 fails, which the recorded driver does not mind",
    "2n-2xA100-80-pending-esxi803": "the host is in maintenance mode",
}
"""Machines whose driver lists profiles where the rules leave no room."""


@pytest.mark.parametrize("name", MACHINES)
def test_a_recorded_driver_creates_what_is_counted(name):
    source = RecordedSource(FIXTURES / name)
    (target,) = source.machines()
    host = host_of(source.collect(target))
    found = capacity([host], NEEDS)
    created = {
        gpu.address: {each.split()[-1] for each in gpu.profiles_creatable.value}
        for gpu in host.gpus.value
        if isinstance(gpu.profiles_creatable, Known)
    }
    unasked = capacity([_unasked(host)], NEEDS)
    beside = []
    for gpu in unasked.clusters[0].hosts[0].gpus.value:
        for each in gpu.rooms if gpu.address in created else ():
            driver = each.profile in created[gpu.address]
            if isinstance(each.free, Known) and (each.free.value > 0) != driver:
                beside.append((gpu.address, each.profile, each.reason, driver))
    assert bool(beside) == (name in NOT_THE_DRIVERS), beside
    assert all(driver for *_, driver in beside), "the driver never refuses what is counted"
    assert capacity_text.render(found)


def _unasked(host):
    for index in range(len(host.gpus.value)):
        host = with_gpu(host, index, profiles_creatable=UNASKED)
    return host
