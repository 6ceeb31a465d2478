"""Why an answer could not be had, in the words of a report."""

from pyVmomi import vmodl

from hostcheck.errors import ParseError, crash
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.vsphere import soap
from hostcheck.ways.vsphere.exchange import BROKEN


def stopped(request: Request) -> Unknown:
    """Say that nothing is asked any more."""
    return Unknown(Why.NOT_ASKED, "the run was stopped", request.text)


def reason_of(error: Exception) -> Unknown:
    """Return why an answer could not be had."""
    if isinstance(error, soap.SoapFault):
        return error.unknown
    if isinstance(error, TimeoutError):
        return Unknown(Why.TIMEOUT, str(error) or "no answer")
    if isinstance(error, (ParseError, UnicodeError)):
        return Unknown(Why.UNPARSED, str(error))
    if isinstance(error, BROKEN):
        return Unknown(Why.UNREACHABLE, f"{type(error).__name__}: {error}")
    return Unknown(Why.UNPARSED, crash(error))


def said(error: Exception) -> str:
    """Return the words of an error; a fault of pyVmomi prints as pages of fields."""
    if isinstance(error, vmodl.MethodFault):
        message = getattr(error, "msg", None) or ""
        return f"{type(error).__name__.rpartition('.')[2]} {message}".strip()
    return str(error) or type(error).__name__


def because(unknown: Unknown, request: Request) -> Unknown:
    """Say which question was refused, and the privilege that it needs when none is named."""
    privilege = unknown.privilege
    if unknown.why is Why.DENIED and not privilege:
        privilege = request.privilege
    return Unknown(unknown.why, unknown.detail, request.text, privilege)
