"""Traits of a host are what is there, never an average."""

import pytest
from msgspec.structs import replace

from hostcheck.model.fact import Known
from hostcheck.model.traits import nodes_per_package
from tests.reports import builders as b


@pytest.mark.parametrize(
    ("nodes", "packages", "on", "told"),
    [
        (2, 2, (1, 1), "1"),
        (4, 2, (2, 2), "2"),
        (3, 2, (2, 1), "2 + 1"),
        (1, 8, None, "1 over 8 packages"),
        (1, 2, (1, 1), "1 over 2 packages"),
        (3, 2, None, "3 over 2 packages"),
        (3, 2, (2, 2), "3 over 2 packages"),
        (8, 1, (8,), "8"),
        (2, 2, None, "1"),
        (4, 2, (3, 1), "3 + 1"),
        (4, 2, None, ""),
    ],
)
def test_nodes_are_told_by_package(nodes, packages, on, told):
    made = b.host(packages=2)
    first = made.packages.value[0]
    listed = b.DENIED
    if on is not None:
        listed = Known(
            tuple(
                replace(first, os_index=at, node_os_indexes=tuple(range(number)))
                for at, number in enumerate(on)
            )
        )
    made = replace(
        made, numa_node_count=Known(nodes), package_count=Known(packages), packages=listed
    )
    assert nodes_per_package(made) == told


def test_what_is_not_known_is_told_as_nothing():
    assert nodes_per_package(replace(b.host(), numa_node_count=b.DENIED)) == ""
