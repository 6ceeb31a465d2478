"""The ESXi shell over SSH."""

from hostcheck.model.capture import Wire
from hostcheck.ways.base import Note, Way, Wiring
from hostcheck.ways.shell import order, script, services

WAY = Way(
    name="shell",
    wirings=(
        Wiring(
            Wire.SHELL,
            "ESXi shell over SSH (only with --ssh; those of a host may run as one line)",
            folder="shell",
            suffix="txt",
            unasked="the ESXi shell was not asked (--ssh)",
        ),
        Wiring(
            Wire.SERVICE,
            "Start and stop of SSH on a host where it is off (only with --ssh --manage-ssh)",
            folder="service",
            suffix="xml",
            changes=True,
        ),
    ),
    requests=(*order.REQUESTS, *services.REQUESTS),
    collect=order.collect,
    knock=order.knock,
    turn=30,
    away=True,
    notes=(
        Note(
            "What goes round commands that run as one line; MARK is random, drawn for that line",
            line=script.framed(["COMMAND", "COMMAND"], "MARK"),
        ),
    ),
)
