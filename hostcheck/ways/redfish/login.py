"""The requests that open and close a session at a BMC."""

from hostcheck.model.capture import Request

WIRE = "redfish session"
OPEN = Request(WIRE, "POST /redfish/v1/SessionService/Sessions", "log in: opens a session")
OPEN_OLD = Request(WIRE, "POST /redfish/v1/Sessions", "the same, at older BMCs")
CLOSE = Request(
    WIRE, "DELETE /redfish/v1/SessionService/Sessions/{session}", "log out: ends that session"
)
CLOSE_OLD = Request(WIRE, "DELETE /redfish/v1/Sessions/{session}", "the same, at older BMCs")
REQUESTS = (OPEN, OPEN_OLD, CLOSE, CLOSE_OLD)
