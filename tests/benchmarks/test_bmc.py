"""The benchmarks of BMCs run, and tell what happened. No time is asserted."""

from benchmarks import beside, bmc


def test_every_bmc_is_asked_all_and_left_without_a_session() -> None:
    rows = bmc.rows_of([1, 3], 0.0, 0.01, 1)
    assert [(row["hosts"], row["client"]) for row in rows] == [
        (hosts, client) for hosts in (1, 3) for client in ("hostcheck", "a socket with TLS")
    ]
    assert {row["requests a BMC"] for row in rows} == {14}
    assert {row["sessions left"] for row in rows} == {0}
    assert rows[0]["CPU ms a BMC"] is None


def test_one_audit_asks_all_ways_beside_each_other() -> None:
    rows = beside.rows_of(3, 0.0, 0.01, 1)
    assert [row["client"] for row in rows] == list(beside.WAYS)
    assert [row["slowest chain s"] is not None for row in rows] == [False, False, True, True]
    assert {row["sessions left"] for row in rows} == {0}
