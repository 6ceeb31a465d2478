"""The ESXi shell over SSH."""

from hostcheck.model.capture import Wire
from hostcheck.ways.base import Note, Way, Wiring
from hostcheck.ways.shell import order, script

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
    ),
    requests=order.REQUESTS,
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
