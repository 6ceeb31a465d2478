"""Names for whoever presses Tab: of recordings that --from names, else of a run that lies here.

Nobody is asked by a Tab (docs/decisions/0055-a-tab-asks-nobody.md): it would be a login each time,
and one with a wrong password locks an account.
"""

from pathlib import Path
from typing import NamedTuple

import click

from hostcheck.errors import HostcheckError

HERE = "run.json"
"""The run file of this folder, as README calls it."""


class _Names(NamedTuple):
    hosts: list[str]
    vms: list[str]
    clusters: list[str]


def names_of_vms(context: click.Context, _parameter: object, incomplete: str) -> list[str]:
    """Complete a VM."""
    return _beginning(_names(context).vms, incomplete)


def names_of_hosts(context: click.Context, _parameter: object, incomplete: str) -> list[str]:
    """Complete a host."""
    return _beginning(_names(context).hosts, incomplete)


def names_of_clusters(context: click.Context, _parameter: object, incomplete: str) -> list[str]:
    """Complete a cluster."""
    return _beginning(_names(context).clusters, incomplete)


def _beginning(names: list[str], incomplete: str) -> list[str]:
    typed = incomplete.casefold()
    return sorted({one for one in names if one and one.casefold().startswith(typed)})


def _names(context: click.Context) -> _Names:
    """Return the names that are known without asking; none where what is there cannot be read."""
    given = context.params.get("from_")
    run = context.params.get("run") or HERE
    try:
        return _of_recordings(Path(given)) if given else _of_run(Path(str(run)))
    except (HostcheckError, OSError):
        return _Names([], [], [])


def _of_recordings(place: Path) -> _Names:
    from hostcheck.sources.recorded import RecordedSource

    source = RecordedSource(place)
    hosts = [one.name for one in source.machines()]
    return _Names(hosts, [one.name for one in source.vms()], source.clusters())


def _of_run(file: Path) -> _Names:
    from hostcheck import runlines
    from hostcheck.connect.chosen import host_and_cluster
    from hostcheck.model.fact import Known

    found = _Names([], [], [])
    for report in runlines.read(file, (), runlines.LISTING).hosts:
        name, cluster = host_and_cluster(report.host)
        found.hosts.append(name)
        found.clusters.append(cluster)
        known = report.host.vms.value if isinstance(report.host.vms, Known) else ()
        found.vms.extend(one.name for one in known)
    return found
