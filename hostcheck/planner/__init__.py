"""Where the hosts of a run can go: vGPU releases and lines of ESXi, the order of work, its cost.

`seen` keeps of each host what a plan needs, `emptying` asks capacity whether it can be emptied,
`way` finds the releases to pass through, `image` what goes onto a host in each round, `stops` what
keeps it from there, `steps` puts it in order and counts. `table` answers from the catalogue,
`listed` from NVIDIA's own list where the customer gives it. No clock is asked: the day is given.
"""

from hostcheck.planner.plan import plan

__all__ = ["plan"]
