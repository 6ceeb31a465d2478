"""hostcheck smoke."""

import sys

import click

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import one_guest_options
from hostcheck.cli.out import show
from hostcheck.cli.ring import crashing_with
from hostcheck.connect.given import OneGuest

EXIT_ERROR = 5
"""What it ends with where nothing was learnt: its 3 means not applicable."""


@main.command()
@one_guest_options
@click.option("--json", "as_json", is_flag=True, help="Print the program's own JSON.")
def smoke(given: OneGuest, as_json: bool) -> None:
    """Prove the sparse tensor cores of a GPU: on this machine, or in a guest.

    Brings one program there, verifies its SHA-256, runs it under a limit and removes it.

    Exit codes: 0 pass, 1 fail, 2 usage, 3 not applicable to this GPU, 4 no driver or device,
    5 could not be run, 6 timeout, 7 right but slow.
    """
    from hostcheck.model.smoke import EXIT_CODES
    from hostcheck.smoke import verdict

    with crashing_with(EXIT_ERROR):
        from hostcheck.connect import guests

        capture, where = guests.smoked(given, front())
        answer = verdict.answer_of(capture)
        if as_json:
            text = verdict.document_of(capture, answer)
        else:
            from hostcheck.reports.smoke import text as smoke_text

            text = smoke_text.render(answer, where)
        left_behind = guests.left_behind(front())
        for sentence in capture.stderr.splitlines():
            left_behind(sentence)
        show([text])
    sys.exit(EXIT_CODES[answer.status])
