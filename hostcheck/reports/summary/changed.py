"""What a run changed, for the foot of every report."""

from hostcheck.model.run import Run
from hostcheck.reports.smoke import text as smoke_text

SSH_CHECK = "HOST-015"
SSH_STARTED = "SSH was started on "
"""Begins the note about a host that is not in the run."""


def changed(run: Run) -> str:
    """Say what a run changed; empty of one that only read."""
    smoked = smoke_text.changed(run)
    noted = any(one.startswith(SSH_STARTED) for one in run.notices)
    if not noted and not any(manual.id == SSH_CHECK for manual in run.checks):
        return smoked
    begun = (
        "SSH was started for the run on hosts where it was off, and stopped again but where "
        f"{SSH_CHECK} or a note says otherwise."
    )
    return f"{begun} {smoked or 'Nothing else was changed.'}"
