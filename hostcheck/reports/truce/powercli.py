"""Exceptions as the variable that VMware's remediation script for VCF 9 reads.

That script removes passthrough devices of every powered-off VM which is not on this list, so names
are to the letter as PowerCLI tells them. Source: dod-compliance-and-automation,
`passthruExceptions` of VCFV-9X-000219.
"""

from collections.abc import Iterator

from hostcheck.model.truce import Truce
from hostcheck.reports import PAPER, Screen
from hostcheck.words import powershell, spelled


def pieces(made: Truce, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    names = dict.fromkeys(spelled(one.vm) for one in made.vms)
    quoted = ", ".join(map(powershell, names))
    yield "# For $envstigsettings: VMs whose passthrough devices and vGPUs stay.\n"
    yield f"passthruExceptions = @({quoted})\n"
