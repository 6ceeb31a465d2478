"""What tests of the SSH way share: a host that answers, and how it is reached."""

import re

import msgspec

from hostcheck.ways.shell import order as esxi_shell
from hostcheck.ways.shell.reach import Shell
from tests.peers import shapes, shell

NAME = "esx-01.lab.test"
SHAPE = shapes.HEALTHY.hosts[0]
FIRST, SECOND, *_ = esxi_shell.HOST_REQUESTS
SOON = 25
"""Seconds in which something with a limit of one second must have come to an end."""


def reach(shells, name=NAME, **given):
    """Describe the shell of a host, with the key unless something else is given.

    Its limits are for a machine that does much else: who tests a limit gives a short one.
    """
    usual = Shell(
        address=shells.addresses[name], user=shells.user, port=shells.port,
        known_hosts=(str(shells.known_hosts_file),), key_files=(str(shells.key_file),),
        connect_timeout=60, command_timeout=60, host_timeout=300,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **given)


def logins(shells):
    return len(re.findall("Accepted (?!key )", shells.log_file.read_text()))


def right(capture, host=SHAPE):
    """Say whether a capture is what the host says to that command."""
    said = shell.answers(host)[capture.request.text]
    return capture.failure is None and (capture.text, capture.stderr, capture.exit_status) == said
