"""The walls round one machine: what goes wrong in it is unknown of it, and ends no run."""

from collections.abc import Callable, Iterable

from hostcheck.assemble import assemble, unread_host
from hostcheck.errors import UsageError, crash
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.parsers import vim_host_system, vim_virtual_machine
from hostcheck.sources.base import Ask, Source


def unread(ref: HostRef, why: Unknown) -> Recording:
    """Return what stands for the answers of a machine that gave none."""
    asked = [vim_host_system.REQUEST.of(ref.id)]
    asked += [vim_virtual_machine.REQUEST.of(vm_id) for vm_id in ref.vm_ids]
    return Recording(ref, {one.key: Capture(one, failure=why) for one in asked})


def collected(ref: HostRef, collect: Callable[[], Recording]) -> Recording:
    """Return the answers of one machine; what goes wrong becomes an answer to every question."""
    try:
        return collect()
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return unread(ref, Unknown(Why.UNPARSED, crash(error), "hostcheck"))


def one(source: Source, ref: HostRef) -> Recording:
    """Collect one machine by itself."""
    return collected(ref, lambda: source.collector([ref]).collect(ref))


def host_of(recorded: Recording) -> Host:
    """Join the answers of one machine. Never raises: what goes wrong is an unknown host."""
    try:
        return assemble(recorded)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return nothing_of(recorded.ref, error)


def nothing_of(ref: HostRef, error: Exception) -> Host:
    """Return a host of which nothing is known, because something went wrong."""
    return unread_host(Unknown(Why.UNPARSED, crash(error), "hostcheck"), ref)


def ask(asker: Ask, recorded: Recording, questions: Iterable[Request]) -> Recording:
    """Put more questions; what goes wrong, in making them too, is the answer to each of them."""
    asked: list[Request] = []
    try:
        asked.extend(questions)
        return asker(recorded, asked)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        why = Unknown(Why.UNPARSED, crash(error), "hostcheck")
        return recorded.with_answers({one.key: Capture(one, failure=why) for one in asked})
