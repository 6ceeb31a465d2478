"""Commands: options in, exit code out. Only this package reads argv, the environment or a prompt.

A command is a file. What is heavy is imported where it is used, so that `--help` and completion
answer at once.
"""

from hostcheck.cli import (  # noqa: F401  a command is there once its file is read
    audit,
    bmc,
    capacity,
    case,
    config,
    diff,
    doctor,
    drift,
    history,
    listings,
    manual,
    plan,
    policy,
    power_on,
    preflight,
    profiles,
    record,
    redact,
    report,
    smoke,
    sparsity,
    topology,
    truce,
    trust,
    vm_class,
    waive,
)
from hostcheck.cli.group import main

__all__ = ["main"]
