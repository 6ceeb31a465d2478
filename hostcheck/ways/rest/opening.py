"""How vCenter's REST API is opened: with the login that vSphere has."""

from collections.abc import Callable

from hostcheck.ways.rest.transport import RestTransport
from hostcheck.ways.tls import Endpoint


def beside(endpoint: Endpoint, password: Callable[[], str]) -> RestTransport:
    """Return what asks one vCenter, for itself and for any of its hosts."""
    return RestTransport(endpoint, password)
