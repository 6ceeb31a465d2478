"""pytest plugin: recorded machines as unit tests of a site's hosts and of its policy.

def test_our_gpu_hosts_run_with_one_node_per_socket(hostcheck_machine):
    machine = hostcheck_machine("recordings/esx-01.example.com")
    assert machine.status("NUMA-001") == {"pass"}
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hostcheck.model.host import Host
    from hostcheck.model.result import Answer, Result


@dataclass(frozen=True)
class Machine:
    """A recorded host: its joined facts, its results, and the verdict of the required ones."""

    host: "Host"
    results: "tuple[Result, ...]"
    verdict: "Answer"

    def status(self, check: str) -> set[str]:
        """Return the different statuses of a check on this machine. Raises KeyError for none."""
        found = {one.status.value for one in self.results if one.check == check}
        if not found:
            raise KeyError(f"no result of {check}; `hostcheck checks` lists them")
        return found

    def failed(self) -> set[str]:
        """Return the ids of the checks that fail for any subject."""
        return {one.check for one in self.results if one.status.value == "fail"}


@pytest.fixture(scope="session")
def hostcheck_machine() -> Callable[[str | Path], Machine]:
    """Return a function that loads and judges one recording: a directory with a manifest.json.

    A relative path starts at the current directory. Raises UsageError when it is no recording.
    """

    def load(folder: str | Path) -> Machine:
        from hostcheck.sources.recorded import RecordedSource
        from hostcheck.sources.walls import host_of
        from hostcheck.verdict import report_of

        source = RecordedSource(Path(folder))
        (target,) = source.machines()
        report = report_of(host_of(source.collect(target)))
        return Machine(report.host, report.results, report.verdict)

    return load
