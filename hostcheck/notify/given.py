"""Who is told what changed, as a user gave it on the command line."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Who is told what changed: mail addresses, and the URL of a webhook."""

    mail: tuple[str, ...] = ()
    mail_password_file: Path | None = None
    webhook: str = ""
