"""The certificate that a BMC shows, looked at without a login."""

from hostcheck.model.fact import Unknown
from hostcheck.ways.redfish.door import Door, fingerprint_of
from hostcheck.ways.redfish.exchange import BROKEN, Connection
from hostcheck.ways.redfish.reasons import broken


def shown(door: Door) -> str | Unknown:
    """Return the SHA-256 of a certificate, or why there is none.

    Nothing is sent but the greeting of TLS.
    """
    connection = Connection(door, trusts=False)
    try:
        connection.connect()
        return fingerprint_of(connection.certificate())
    except BROKEN as error:
        return broken(error, door)
    finally:
        connection.close()
