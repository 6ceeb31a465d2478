"""Several listed commands as one that a shell runs: each keeps its output, its errors, its status.

Over a wide network every command costs two or three round trips; together they cost as many as
one. Nothing is put between the commands but marks that no output can hold, because they are drawn
by lot for this one script; nothing a host says is ever part of it.
"""

import re
import secrets
from collections.abc import Sequence


def framed(commands: Sequence[str], mark: str) -> str:
    """Return one line that runs the commands, each in a subshell: what it changes ends with it."""
    marked = (
        f"({command}); printf '\\n%s %s\\n' $m $?; printf '\\n%s\\n' $m >&2" for command in commands
    )
    return f"m={mark}; echo $m; " + "; ".join(marked)


_STATUS = re.compile(rb" (\d+)\n")


class Script:
    """The text to run, and what its two streams say so far."""

    def __init__(self, commands: Sequence[str]) -> None:
        """Put the commands together, between marks of their own."""
        self._mark = f"hostcheck-{secrets.token_hex(12)}"
        self._end_of_out = f"\n{self._mark}".encode()
        self._end_of_err = f"\n{self._mark}\n".encode()
        self.text = framed(commands, self._mark)

    def begun(self, out: bytearray) -> bool | None:
        """Say whether a shell runs the script; None while that cannot be told. Cuts its first mark.

        A host that runs single commands only, as some are told to, says something else.
        """
        first = f"{self._mark}\n".encode()
        if out.startswith(first):
            del out[: len(first)]
            return True
        return None if first.startswith(bytes(out)) else False

    def ended(self, out: bytearray, err: bytearray) -> tuple[bytes, bytes, int] | None:
        """Cut the next command's output, errors and exit status off; None while it still runs."""
        end_of_out, end_of_err = out.find(self._end_of_out), err.find(self._end_of_err)
        status = _STATUS.match(out, end_of_out + len(self._end_of_out))
        if end_of_out < 0 or end_of_err < 0 or status is None:
            return None
        found = bytes(out[:end_of_out]), bytes(err[:end_of_err]), int(status[1])
        del out[: status.end()]
        del err[: end_of_err + len(self._end_of_err)]
        return found
