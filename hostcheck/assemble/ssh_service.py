"""SSH that was started for a run: what the host was told about its service, and when."""

from msgspec import UNSET, UnsetType

from hostcheck.assemble.book import Book
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.host import SshService
from hostcheck.parsers import vim_ssh_service
from hostcheck.parsers.vim_ssh_service import START, STOP

REFUSED = (Why.DENIED, Why.ABSENT)


def ssh_service_of(book: Book) -> SshService | UnsetType:
    """Return what was done; UNSET where nothing was, or starting was refused."""
    starts, stops = book.answers(START), book.answers(STOP)
    refused = all(one.failure is not None and one.failure.why in REFUSED for one in starts)
    if not stops and refused:
        return UNSET
    return SshService(_done(book, START, starts), _done(book, STOP, stops))


def _done(book: Book, request: Request, answers: list[Capture]) -> Fact[str]:
    """Return the time of it, with what is told beside."""
    if not answers:
        return Unknown(Why.NOT_RECORDED, "the recording does not hold it", request.text)
    one = answers[-1]
    by_another = one.failure is None and bool(one.stderr) and not one.text
    read = book.read(one.request, _of_another if by_another else vim_ssh_service.parse)
    beside = f" ({one.stderr})" if one.stderr else ""
    return read.fact(lambda _: f"{one.taken_at}{beside}")


def _of_another(_text: str) -> str:
    return "by another"
