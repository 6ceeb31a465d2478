"""The walls round one machine: what goes wrong in it is unknown of it, and ends no run."""

from collections.abc import Callable, Iterable

from hostcheck.assemble import assemble, unread_host
from hostcheck.collectors.vsphere import Target
from hostcheck.errors import UsageError, crash
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.parsers import vim_host_system, vim_virtual_machine
from hostcheck.recording import Recording
from hostcheck.sources.base import Ask, Source


def unread(target: Target, why: Unknown) -> Recording:
    """Return what stands for the answers of a machine that gave none."""
    asked = [vim_host_system.REQUEST.of(target.host_id)]
    asked += [vim_virtual_machine.REQUEST.of(vm_id) for vm_id in target.vm_ids]
    return Recording(
        target.target, target.name, target.host_id, target.cluster_kind, target.cluster_id,
        target.vm_ids, {one.key: Capture(one, failure=why) for one in asked}, target.pool_ids,
    )  # fmt: skip


def collected(target: Target, collect: Callable[[], Recording]) -> Recording:
    """Return the answers of one machine; what goes wrong becomes an answer to every question."""
    try:
        return collect()
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return unread(target, Unknown(Why.UNPARSED, crash(error), "hostcheck"))


def one(source: Source, target: Target) -> Recording:
    """Collect one machine by itself."""
    return collected(target, lambda: source.collector([target]).collect(target))


def host_of(recorded: Recording) -> Host:
    """Join the answers of one machine. Never raises: what goes wrong is an unknown host."""
    try:
        return assemble(
            target=recorded.target,
            name=recorded.host,
            host_id=recorded.host_id,
            cluster_kind=recorded.cluster_kind,
            cluster_id=recorded.cluster_id,
            vm_ids=recorded.vm_ids,
            captures=recorded.captures,
        )
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return nothing_of(recorded, error)


def nothing_of(one: Recording | Host, error: Exception) -> Host:
    """Return a host of which nothing is known, because something went wrong."""
    name, id_ = (one.name, one.id) if isinstance(one, Host) else (one.host, one.host_id)
    why = Unknown(Why.UNPARSED, crash(error), "hostcheck")
    return unread_host(why, target=one.target, name=name, host_id=id_)


def ask(asker: Ask, recorded: Recording, questions: Iterable[Request]) -> Recording:
    """Put more questions; what goes wrong is the answer to each of them."""
    asked = list(questions)
    try:
        return asker(recorded, asked)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        why = Unknown(Why.UNPARSED, crash(error), "hostcheck")
        return recorded.with_answers({one.key: Capture(one, failure=why) for one in asked})
