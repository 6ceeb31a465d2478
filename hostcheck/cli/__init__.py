"""Commands: options in, exit code out. Only this package reads argv, the environment or a prompt.

A command is a file, which `commands` names and which is read when the command is called. What is
heavy is imported where it is used, so that its help answers at once too.
"""

from hostcheck.cli.group import main

__all__ = ["main"]
