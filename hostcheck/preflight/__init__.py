"""May this VM be powered on, and where: GO, NO-GO or UNSURE, from the results of each candidate.

A VM is looked for and its candidates are collected (`look`), asked what else counts (`ask`), judged
one by one (`judge`) and put in order (`rank`). On a host that is not its own a VM is known from its
own host (`elsewhere`); one that does not exist yet is written down (`spec`), and one that is to
have other hardware is changed in thought (`change`). Several are judged on the same answers.
"""

from hostcheck.preflight.change import VmChange
from hostcheck.preflight.look import preflight, what_if
from hostcheck.preflight.several import several
from hostcheck.preflight.spec import VmSpec, read_spec

__all__ = ["VmChange", "VmSpec", "preflight", "read_spec", "several", "what_if"]
