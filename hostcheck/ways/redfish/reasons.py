"""Why a BMC gave no answer, in words for a report."""

import ssl

from hostcheck.errors import ParseError, crash
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.redfish import resource_of
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.exchange import BROKEN, Reply, Untrusted
from hostcheck.words import cut, one_line

LICENCE = "a licence of the BMC"
BUSY = (429, 503)
_NOT_READY = "resourcenotreadyretry"
"""How iLO says that it has to be asked again a little later."""
_LONGEST = 200
PAGE = "a web page instead of JSON"


def busy_for(answer: Reply) -> float:
    """Return after how many seconds to ask once more; 0 where there is no sense in it."""
    if answer.status in BUSY:
        return answer.retry_after
    return 3.0 if answer.status >= 400 and _NOT_READY in answer.text.lower() else 0.0


def said(answer: Reply) -> str:
    """Return what a BMC says of an error, on one line; empty where it says nothing."""
    if _is_page(answer):
        return PAGE
    try:
        resource_of(answer.text, asked="")
    except ParseError as error:
        words = str(error).partition("the BMC answers with an error: ")[2]
        return cut(one_line(words), _LONGEST)
    return ""


def _is_page(answer: Reply) -> bool:
    return answer.text.lstrip("\ufeff \r\n\t").startswith("<")


def refusal(answer: Reply, user: str) -> Unknown:
    """Say why a status is no answer."""
    words = said(answer)
    detail = f"HTTP {answer.status}" + (f": {words}" if words else "")
    if answer.status == 401:
        return Unknown(Why.DENIED, f"the BMC does not let {user} in ({detail}); not tried again")
    if "licen" in answer.text.lower() and answer.status >= 400:
        return Unknown(Why.DENIED, f"the BMC wants a licence for this ({detail})", "", LICENCE)
    if answer.status == 403:
        return Unknown(Why.DENIED, detail, "", "Login")
    if answer.status in range(300, 400):
        return Unknown(Why.UNPARSED, f"the BMC sends elsewhere ({detail}), which is not followed")
    if answer.status in (404, 405, 410, 501):
        return Unknown(Why.ABSENT, f"the BMC has no such thing ({detail})")
    if answer.status in BUSY:
        return Unknown(Why.UNREACHABLE, f"the BMC was busy, twice ({detail})")
    return Unknown(Why.UNPARSED, f"the BMC failed ({detail})")


def odd(answer: Reply) -> Unknown | None:
    """Say why an answer that is said to be one is none; None where it may be."""
    if _is_page(answer):
        return Unknown(Why.UNPARSED, f"HTTP {answer.status}: {PAGE}")
    if not answer.text.strip():
        return Unknown(Why.ABSENT, f"HTTP {answer.status}: an empty answer")
    return None


def broken(error: Exception, door: Door) -> Unknown:
    """Say why an exchange did not come to its end."""
    if isinstance(error, Untrusted):
        detail = (
            f"{door.name} shows a certificate with SHA-256 {error}, not the pinned one; if it was "
            f"changed on purpose, take its line out of the pinned ones and pin it again: "
            f"hostcheck trust {door.name} --pin"
        )
        return Unknown(Why.UNREACHABLE, detail)
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = (
            f"{door.name}: its certificate is not trusted ({error.verify_message}); give its "
            f"authority (--bmc-ca) or pin it: hostcheck trust {door.name} --pin"
        )
        return Unknown(Why.UNREACHABLE, detail)
    if isinstance(error, TimeoutError):
        return Unknown(Why.TIMEOUT, f"{door.name}: {str(error) or 'no answer'}")
    if isinstance(error, BROKEN):
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unknown(Why.UNREACHABLE, f"{door.name}: {cut(one_line(words), _LONGEST)}")
    return Unknown(Why.UNPARSED, crash(error))
