"""vSphere: properties, methods, vCenter's own checks, and the one write."""

from hostcheck.model.capture import Wire
from hostcheck.syntax import vim_task
from hostcheck.ways.base import Note, Way, Wiring
from hostcheck.ways.vsphere import order

WAY = Way(
    name="vsphere",
    wirings=tuple(
        Wiring(wire, title, folder="api", suffix="xml", changes=wire == Wire.WRITE)
        for wire, title in (
            (Wire.PROPERTIES, "vSphere properties (read by PropertyCollector)"),
            (Wire.METHOD, "vSphere methods"),
            (
                Wire.TASK,
                "vCenter's own checks (only preflight; each leaves a line in its list of tasks)",
            ),
            (Wire.WRITE, "The one request that changes a VM (only hostcheck power-on)"),
        )
    ),
    requests=order.REQUESTS,
    collect=order.collect,
    turn=10,
    notes=(
        Note("vSphere methods that carry these questions", words=order.METHODS),
        Note(
            "vSphere properties of a task that one of them started",
            words=(vim_task.STATE, vim_task.RESULT, vim_task.ERROR),
        ),
    ),
)
