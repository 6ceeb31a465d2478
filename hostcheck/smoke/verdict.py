"""What one run of the program comes to, also where there is no answer of it to read."""

import msgspec

from hostcheck.errors import ParseError
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Why
from hostcheck.model.smoke import EXIT_CODES, SmokeAnswer, SmokeStatus
from hostcheck.parsers import smoke_sparse24


def answer_of(capture: Capture) -> SmokeAnswer:
    """Return the program's answer, or one in its words that says why there is none."""
    if capture.failure is None:
        try:
            return smoke_sparse24.parse(capture.text)
        except ParseError as error:
            return _without(SmokeStatus.ERROR, f"its answer is not understood: {error}")
    late = capture.failure.why is Why.TIMEOUT
    need = f" (needs {capture.failure.privilege})" if capture.failure.privilege else ""
    return _without(
        SmokeStatus.TIMEOUT if late else SmokeStatus.ERROR, f"{capture.failure.detail}{need}"
    )


def _without(status: SmokeStatus, reason: str) -> SmokeAnswer:
    return SmokeAnswer(status, "", "", "unknown", (), " ".join(reason.split()), ())


def document_of(capture: Capture, answer: SmokeAnswer) -> str:
    """Return the program's JSON as it came; where there is none that can be read, one like it."""
    if capture.failure is None and EXIT_CODES[answer.status] == capture.exit_status:
        return capture.text.strip() + "\n"
    document: dict[str, object] = {
        "schema": smoke_sparse24.SCHEMA,
        "status": answer.status.value,
        "exit_code": EXIT_CODES[answer.status],
        "reason": answer.reason,
        "notes": [],
    }
    return msgspec.json.encode(document).decode() + "\n"
