"""What all ways to send have in common: one limit for all of it, and a reason in one line."""

import ssl
import threading
from collections.abc import Callable, Iterable

from hostcheck.errors import HostcheckError, UsageError


class UndeliveredError(HostcheckError):
    """A message was not taken, or nobody knows whether it was. Says where and why in one line."""


def within(seconds: float, where: str, send: Callable[[], None]) -> None:
    """Send within so many seconds, however slowly the other side speaks.

    Raises UndeliveredError; what is under way then is given up, and may arrive all the same.
    """
    failed: list[Exception] = []

    def work() -> None:
        try:
            send()
        except Exception as error:  # noqa: BLE001  it is raised by the one who waits
            failed.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        raise UndeliveredError(f"{where} did not take it within {seconds:g} s")
    if failed:
        error = failed[0]
        if isinstance(error, UndeliveredError):
            raise error
        raise UndeliveredError(f"{where}: {in_words(error)}") from None


def in_words(error: Exception) -> str:
    """Return a reason without numbers and places of libraries."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); give its CA with ca"
    if isinstance(error, ssl.SSLError):
        return "what answers there speaks no TLS" if error.reason else str(error)
    if isinstance(error, UnicodeError):  # its own words show a letter of a secret
        return "it takes no letters beyond ASCII"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def verifying(ca_files: Iterable[str], section: str) -> ssl.SSLContext:
    """Return what verifies a server by the system's authorities and these.

    Raises UsageError for a file that cannot be used.
    """
    made = ssl.create_default_context()
    for path in ca_files:
        try:
            made.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            told = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise UsageError(f"[{section}] ca {path}: {told}; give a readable PEM file") from None
    return made
