"""Places and distances: an unknown node is a place of its own and never node 0."""

import pytest
from msgspec.structs import replace

from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.reports import view
from hostcheck.reports.view import Distance
from tests.reports import builders as b

LOST = Unknown(Why.ABSENT, "4294967295", "hardware pci list")


def two_gpus(**shape):
    made = b.host(gpus=2, **shape)
    return made, made.gpus.value


def between(made, one, other):
    return view.distance(made, one, other)


def test_devices_lie_on_the_node_they_name():
    shown = view.of(b.host(gpus=4, packages=2, per_package=2))
    laid = {
        node.os_index: [gpu.address for port in node.ports for gpu in port.gpus]
        for group in shown.groups
        for node in group.nodes
    }
    assert [len(laid[n]) for n in range(4)] == [1, 1, 1, 1]
    assert shown.adrift is None


def test_an_unknown_node_is_its_own_place():
    shown = view.of(b.unknown_nodes())
    on_nodes = {
        device.address
        for group in shown.groups
        for node in group.nodes
        for port in node.ports
        for device in (*port.gpus, *port.nics)
    }
    lost = {d.address for port in shown.adrift.ports for d in (*port.gpus, *port.nics)}
    assert len(lost) == 2
    assert not lost & on_nodes
    assert shown.note == ""


def test_on_a_one_node_host_the_node_is_known_by_definition_and_said():
    made = b.host(gpus=1, packages=1)
    card = replace(made.gpus.value[0], numa_node=LOST)
    made = replace(made, gpus=Known((card,)))
    shown = view.of(made)
    assert shown.adrift is None
    assert shown.note == view.ONE_NODE
    assert view.node_of(made, card) == 0


def test_no_list_of_nodes_does_not_make_node_0():
    made, (card, _) = two_gpus()
    made = replace(made, numa_nodes=LOST, numa_node_count=LOST)
    assert view.node_of(made, replace(card, numa_node=LOST)) is None


def test_a_node_that_only_a_device_names_is_shown_and_marked():
    made, (card, other) = two_gpus()
    made = replace(made, gpus=Known((replace(card, numa_node=Known(7)), other)))
    nodes = {n.os_index: n for group in view.of(made).groups for n in group.nodes}
    assert "not in the host's list" in nodes[7].note
    assert nodes[7].memory_bytes is None


def test_interleaved_packages_are_one_group():
    made = b.host(packages=2, gpus=1, nics=1)
    (one, two), nodes = made.packages.value, made.numa_nodes.value
    node = replace(nodes[0], package_os_indexes=(0, 1))
    made = replace(
        made,
        packages=Known((replace(one, node_os_indexes=(0,)), replace(two, node_os_indexes=(0,)))),
        numa_nodes=Known((node,)),
    )
    groups = view.of(made).groups
    assert [group.os_indexes for group in groups] == [(0, 1)]


def test_distance_by_bridge_node_and_package():
    made, (one, other) = two_gpus(packages=2, per_package=2)
    assert between(made, one, one) is Distance.SELF
    assert between(made, one, other) is Distance.SYS
    near = replace(other, numa_node=Known(0))
    assert between(made, one, near) is Distance.NODE
    sibling = replace(other, numa_node=Known(1))
    assert between(made, one, sibling) is Distance.PKG
    root = b.pci("0000:10:00.0")
    one = replace(one, bridges=(b.pci("0000:11:00.0"), root))
    assert between(made, one, replace(other, bridges=(b.pci("0000:12:00.0"), root))) is Distance.PXB
    assert between(made, one, replace(other, bridges=one.bridges)) is Distance.PIX


def test_a_distance_to_an_unknown_node_is_unknown():
    made, (one, other) = two_gpus()
    assert between(made, one, replace(other, numa_node=LOST, bridges=())) is Distance.UNKNOWN


def test_two_nodes_on_unknown_packages_are_an_unknown_distance():
    made, (one, other) = two_gpus()
    bare = tuple(replace(node, package_os_indexes=()) for node in made.numa_nodes.value)
    made = replace(made, packages=LOST, numa_nodes=Known(bare))
    assert between(made, one, other) is Distance.UNKNOWN


def test_the_matrix_names_nvlink_beside_the_path():
    made = b.nvlinked(b.host(gpus=4), pairs={(0, 1)})
    cells = view.matrix(made).cells
    assert cells[0][1].nvlink == cells[1][0].nvlink == "NV12"
    assert cells[0][2].nvlink == ""


def test_nvlink_rows_follow_the_order_of_nvidia_smi():
    made = b.nvlinked(b.host(gpus=4), pairs={(0, 1)})
    turned = replace(made, nvlink_order=tuple(reversed(made.nvlink_order)))
    assert [(x.first, x.second) for x in view.of(turned).bonds] == [(2, 3)]


def test_every_code_has_a_legend_and_every_pair_is_symmetric():
    for made in (b.host(gpus=8, per_package=4), b.unknown_nodes(), b.switched(b.host(gpus=8))):
        table = view.matrix(made)
        number = len(table.rows)
        for row in range(number):
            for column in range(number):
                assert table.cells[row][column] == table.cells[column][row]
    assert set(view.LEGEND) | {Distance.SELF} == set(Distance)


def test_a_running_vm_of_unknown_place_is_on_no_gpu():
    made = b.host(vms=0)
    guest = b.vm(1, power_state=Known("poweredOn"), gpu_addresses=LOST)
    shown = view.of(replace(made, vms=Known((guest,))))
    assert [found.vm.id for found in shown.elsewhere] == [guest.id]
    assert shown.elsewhere[0].running is True


def test_the_gpu_may_tell_which_vm_is_on_it():
    made = b.host(vms=0, gpus=1)
    guest = b.vm(1, power_state=Known("poweredOn"), gpu_addresses=LOST)
    card = replace(made.gpus.value[0], vm_ids=Known((guest.id,)))
    shown = view.of(replace(made, vms=Known((guest,)), gpus=Known((card,))))
    assert [found.vm.id for found in shown.guests_of(card.address)] == [guest.id]


@pytest.mark.parametrize(
    "subject_id", ["0000:17:00.0", "vm-1/0000:17:00.0", "host-12 0000:17:00.0"]
)
def test_a_result_touches_the_device_its_subject_names(subject_id):
    made = b.result("GFX-001", b.Subject("gpu", subject_id, "x"), b.Status.FAIL)
    assert view.touching([made], "0000:17:00.0") == (made,)
    assert view.touching([made], "0000:17:00.1") == ()


def test_a_dark_host_has_no_places_only_reasons():
    shown = view.of(b.dark_host())
    assert shown.groups == ()
    assert {topic for topic, _ in shown.unknowns} >= {"GPUs", "NUMA nodes"}
