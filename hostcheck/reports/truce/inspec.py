"""Exceptions as a waiver file of InSpec and Cinc Auditor.

A waiver is of a control and of all that the run of the profile looks at; the VMs are in its words.
Source: https://docs.chef.io/inspec/waivers/ (justification, expiration_date, run).
"""

import json
from collections.abc import Iterator

from hostcheck.model.truce import Truce
from hostcheck.reports import PAPER, Screen, words

HEAD = """\
# Waivers for InSpec or Cinc Auditor: --waiver-file FILE. One is of its whole control: audit the VMs
# that are named here by themselves (--input vmName=NAME), all others without it.
"""
LISTED = 40
"""VMs that are named; the others are counted."""


def pieces(made: Truce, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield HEAD
    for control in (one for one in made.controls if one.about == "VM"):
        vms = [f"{one.vm} ({', '.join(one.devices)})" for one in made.vms
               if one.control == control.id]  # fmt: skip
        more = f" and {len(vms) - LISTED} more" if len(vms) > LISTED else ""
        who = "; ".join(filter(None, (f"answered for by {made.owner}", made.ticket)))
        said = f"GPU VMs need their devices: {'; '.join(vms[:LISTED])}{more}. {who}"
        yield f"{control.id}:\n"
        yield f"  expiration_date: {made.expires}\n"
        yield f"  justification: {json.dumps(words.one_line(said), ensure_ascii=False)}\n"
        yield "  run: true\n"
