"""The BMC of a server over Redfish."""

from hostcheck.syntax.redfish import WIRE
from hostcheck.ways.base import Way, Wiring
from hostcheck.ways.redfish import login, order

WAY = Way(
    name="redfish",
    wirings=(
        Wiring(
            WIRE,
            "BMC over Redfish (only with --bmc and hostcheck bmc)",
            folder="redfish",
            suffix="json",
            unasked="the BMC was not asked (--bmc)",
        ),
        Wiring(
            login.WIRE,
            "The session at a BMC, one for all its questions; its answers are not kept",
            folder="redfish",
            suffix="json",
            changes=True,
        ),
    ),
    requests=(*order.REQUESTS, *login.REQUESTS),
    collect=order.collect,
    knock=order.knock,
    turn=40,
    away=True,
)
