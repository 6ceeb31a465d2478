"""The benchmark of BMCs runs, and tells what happened. No time is asserted."""

from benchmarks import bmc


def test_every_bmc_is_asked_all_and_left_without_a_session() -> None:
    rows = bmc.rows_of([1, 3], 0.0, 0.01, 1)
    assert [(row["hosts"], row["client"]) for row in rows] == [
        (hosts, client) for hosts in (1, 3) for client in ("hostcheck", "a socket with TLS")
    ]
    assert {row["requests a BMC"] for row in rows} == {14}
    assert {row["sessions left"] for row in rows} == {0}
    assert rows[0]["CPU ms a BMC"] is None
