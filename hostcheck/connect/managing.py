"""SSH started for a run: whether that was said, where it is noted, what killed runs left."""

from pathlib import Path

from hostcheck.connect.given import Machines
from hostcheck.connect.sessions import Live, Sessions
from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.settings import SettingsFile
from hostcheck.ways.shell import options

SHELL = "shell"


def wanted(given: Machines, settings: SettingsFile) -> bool:
    """Say whether SSH is to be started where it is off: by the option alone, never by a file.

    Raises UsageError where no shell is asked.
    """
    mine = given.ways.get(SHELL) or options.Given()
    if not mine.manage_ssh:
        return False
    if not options.wanted(mine, getattr(settings, options.SECTION)):
        raise UsageError("--manage-ssh starts SSH for --ssh, which is not given: give both")
    return True


def begin(live: Live, sessions: Sessions, front: Front, *, manages: bool) -> None:
    """Let the shells of a source start their service; say, or undo, what killed runs left."""
    folder = _folder(front)
    if not manages and not _is_there(folder):
        return
    from hostcheck.ways.shell.ledger import Ledger  # noqa: PLC0415  only where there is one
    from hostcheck.ways.shell.managed import Managing, undo  # noqa: PLC0415  it brings paramiko

    ledger = Ledger(folder)
    undo(ledger, sessions if manages else {}, front.tell)
    for name, session in sessions.items() if manages else ():
        part = live.part(name)
        opener = part.opener(SHELL)
        if opener is not None:
            starts = Managing(opener, session, ledger, front.tell, part.changed)
            part.use(SHELL, starts, starts.close)


def _is_there(folder: Path) -> bool:
    """Say whether this user has noted anything: not in a folder that only others may enter."""
    try:
        return folder.is_dir()
    except OSError:
        return False


def _folder(front: Front) -> Path:
    state = Path(front.variable("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "hostcheck" / "ssh-started"
