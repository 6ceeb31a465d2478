"""GRP: device groups and what joins their GPUs."""

import pytest

from tests.checks.synthetic import (
    a_gpu,
    a_host,
    a_vm,
    asks,
    changed,
    known,
    result,
    says,
    unknown,
    with_gpu,
)

CHECKS = ("GRP-001", "GRP-002")
PAIR = "Nvidia:2@grid_a100d-80c%NVLink"
FOUR = "Nvidia:4@grid_a100d-80c%NVLink"


def matrix(*groups):
    """`topo -m` of GPUs that are joined within groups of these sizes."""
    members = [index for index, size in enumerate(groups) for _ in range(size)]
    return known(
        tuple(
            tuple(
                "X" if here == there else "NV12" if members[here] == members[there] else "SYS"
                for there in range(len(members))
            )
            for here in range(len(members))
        )
    )


def host_of(*groups, wants=(PAIR,), busy=(), model="a100-pcie-80", vm=None, **host):
    gpus = [a_gpu(index, 0, model) for index in range(sum(groups))]
    vms = [a_vm(0, None, **{"device_groups": wants, **(vm or {})})]
    vms += [a_vm(1 + index, gpus[index]) for index in busy]
    return a_host(gpus=gpus, vms=vms, **{"nvlink": matrix(*groups), **host})


def judged(check, *groups, **how):
    return result(check, host_of(*groups, **how), "vm-0")


@pytest.mark.parametrize("check", CHECKS)
def test_a_pair_that_is_there(check):
    says(judged(check, 2, 2), "pass")


@pytest.mark.parametrize("check", CHECKS)
def test_a_vm_in_no_group(check):
    says(judged(check, 2, wants=()), "notapplicable", "no device group")


@pytest.mark.parametrize("check", CHECKS)
def test_a_running_group(check):
    gpu = a_gpu(0, 0)
    vm = a_vm(0, gpu, device_groups=(PAIR,))
    says(result(check, a_host(gpus=(gpu,), vms=[vm])), "notapplicable", "runs already")


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", ["Nvidia:x@p", "Mellanox:2", "", "Nvidia:2", "Nvidia:2@a%b%c"])
def test_a_name_that_is_not_understood(check, name):
    one = judged(check, 2, wants=(name,))
    says(one, "unknown")
    assert "not a device group" in one.unseen.detail


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("what", ["devices", "device_groups", "power_state"])
def test_not_knowing_the_vm(check, what):
    says(judged(check, 2, vm={what: unknown()}), "unknown")


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("what", ["vm_ids", "passthrough", "catalogue_key"])
def test_not_knowing_a_gpu(check, what):
    says(result(check, with_gpu(host_of(2), **{what: unknown()}), "vm-0"), "unknown")


# --- GRP-001 --------------------------------------------------------------------------------------


def test_too_few_of_the_kind():
    says(judged("GRP-001", 1), "fail", "1 too few")
    says(judged("GRP-001", 2, model="a40"), "fail", "0 of 0 GPUs for grid_a100d-80c")


def test_gpus_in_use_do_not_count():
    one = judged("GRP-001", 2, busy=(1,))
    says(one, "fail", "1 of 2 GPUs for grid_a100d-80c unused", f"{a_gpu(1).address} in use")
    says(judged("GRP-001", 2, 2, busy=(1,)), "pass")


def test_two_groups_need_both():
    says(judged("GRP-001", 2, 2, wants=(PAIR, PAIR)), "pass")
    says(judged("GRP-001", 2, 1, wants=(PAIR, PAIR)), "fail", "1 too few")


def test_a_pair_is_no_fabric_though_each_is_joined_with_each():
    one = judged("GRP-002", 2)
    says(one, "pass", "joined")
    assert "NVSwitch" not in one.observed


def test_a_group_of_parts():
    says(judged("GRP-001", 2, wants=("Nvidia:2@grid_a100d-40c%NVLink",)), "fail", "is a part")
    says(judged("GRP-001", 2, wants=("Nvidia:2@grid_a100d-33c%NVLink",)), "unknown")


# --- GRP-002 --------------------------------------------------------------------------------------


def test_gpus_that_are_not_joined():
    says(judged("GRP-002", 1, 1), "fail", "no such set is joined")
    says(judged("GRP-002", 2, 2, busy=(0, 2)), "fail", "2 of 4 GPUs unused")
    says(judged("GRP-002", 2, 2, busy=(0,)), "pass", a_gpu(2).address, a_gpu(3).address)


@pytest.mark.parametrize("wants", [(PAIR, FOUR), (FOUR, PAIR)])
def test_of_two_groups_the_one_that_is_not_joined_counts(wants):
    says(judged("GRP-002", 2, 2, wants=wants), "fail", "Nvidia:4@", "no such set is joined")
    says(judged("GRP-002", 4, 2, wants=wants), "pass")


def test_a_group_that_names_no_link():
    says(judged("GRP-002", 1, 1, wants=("Nvidia:2@grid_a100d-80c",)), "notapplicable")


def test_without_the_shell_nothing_is_said_of_links():
    says(judged("GRP-002", 2, nvlink=unknown()), "unknown")
    says(judged("GRP-001", 2, nvlink=unknown()), "pass")


def test_a_matrix_without_the_names_of_its_rows():
    says(judged("GRP-002", 2, nvlink_order=()), "unknown")


def fabric(count, *busy, version="8.0.3", **how):
    return judged(
        "GRP-002", 8, wants=(f"Nvidia:{count}@nvidia_h100xm-80c%NVLink",), busy=busy,
        model="h100-sxm-80", version=version, **how,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("count", "busy", "status"),
    [
        (2, (), "pass"),
        (4, (), "pass"),
        (8, (), "pass"),
        (2, (0, 3, 5), "pass"),
        (2, (0, 2, 4, 6), "unknown"),
        (4, (0,), "pass"),
        (4, (0, 4), "unknown"),
        (8, (0,), "fail"),
        (4, (0, 1, 2, 3, 4), "fail"),
        (3, (), "fail"),
        (6, (), "fail"),
    ],
)
def test_partitions_of_a_fabric(count, busy, status):
    one = fabric(count, *busy)
    says(one, status)
    if status == "unknown":
        assert "module ids" in one.note


@pytest.mark.parametrize(("version", "status"), [("8.0.1", "fail"), ("8.0.2", "pass")])
def test_the_release_that_knows_the_board(version, status):
    says(fabric(2, version=version), status)


def test_a_vm_in_a_group_on_a_host_without_gpus():
    host = changed(host_of(2), gpus=known(()))
    says(result("GRP-001", host, "vm-0"), "fail", "2 too few")
    says(result("GRP-002", host, "vm-0"), "notapplicable", "see GRP-001")
    assert asks("x")[0].profile == known("x")
