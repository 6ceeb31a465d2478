"""The last ring round every command: errors are one line, a crash is never a verdict."""

import _thread
import errno
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

from hostcheck.cli import console
from hostcheck.cli.commands import COMMANDS, SUMMARIES, Commands
from hostcheck.cli.front import keep_back, say, without_logins
from hostcheck.cli.sections import SectionedGroup
from hostcheck.errors import HostcheckError
from hostcheck.holding import HELD
from hostcheck.near import near

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EXIT_USAGE = 2
EXIT_UNKNOWN = 3
NAMELESS = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
"""What a system says of a name that no file can have."""
FORBIDDEN = {errno.EACCES, errno.EPERM}
"""What it says of a file or folder that is not for this user."""


def _interrupted(code: int) -> int:
    console.say("hostcheck: interrupted")
    return code


def _crashed(code: int) -> int:
    console.say(without_logins(traceback.format_exc()), nl=False)
    console.say("hostcheck: this is a bug; please report the lines above")
    return code


def _plainly(error: click.ClickException) -> str:
    """Return click's own words, with what is near a name that there is not instead of its guess."""
    if isinstance(error, click.exceptions.NoSuchOption):
        options = error.ctx.command.get_params(error.ctx) if error.ctx else ()
        there = [word for one in options for word in (*one.opts, *one.secondary_opts)]
        found = near(error.option_name, [one for one in there if one.startswith("--")])
        return _or_help(error, found)
    if isinstance(error, click.exceptions.NoSuchCommand):
        group = error.ctx.command if error.ctx else None
        there = [*group.commands] if isinstance(group, click.Group) else []
        found = near(error.command_name, there)
        return _or_help(error, found)
    return error.format_message()


def _or_help(error: click.UsageError, found: list[str]) -> str:
    if found:
        return f"{error.message} Did you mean {', '.join(found)}?"
    command = error.ctx.command_path if error.ctx else "hostcheck"
    return f"{error.message} `{command} --help` lists them."


def _told(error: click.ClickException) -> str:
    """Return what click says in one line, with what people mean who write that."""
    told = " ".join(_plainly(error).split())
    command = error.ctx.command if isinstance(error, click.UsageError) and error.ctx else None
    takes = {word for one in command.params for word in one.opts} if command else set()
    if told.startswith("Got unexpected extra argument") and "--host" in takes:
        return f"{told}; hosts are named with --host"
    if (
        told.startswith(("No such option '--json'", "No such option: --json"))
        and "--format" in takes
    ):
        return "there is no --json; give --format json"
    if told.startswith("No such command 'version'"):
        return "there is no command version; give --version"
    return told


def _unwritten() -> int:
    console.discard_stdout()
    console.say(f"hostcheck: {console.UNWRITTEN}")
    return EXIT_USAGE


def _of_a_file(error: OSError, crash: int) -> int:
    """Return the code for what a system refused: a stream, a name, or the user; else of a crash."""
    if console.is_full(error):
        return _unwritten()
    if error.filename is not None and error.errno in NAMELESS:
        say(f"{os.fsdecode(error.filename)}: {error.strerror}; give another name")
        return EXIT_USAGE
    if error.filename is not None and error.errno in FORBIDDEN:
        say(f"{os.fsdecode(error.filename)}: {error.strerror}; let this user in, or name another")
        return EXIT_USAGE
    return _crashed(crash)


@contextmanager
def crashing_with(code: int) -> Iterator[None]:
    """Let an interrupt and a crash end with the code that means *nothing was learnt* here."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_interrupted(code))
    except (HostcheckError, click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except OSError as error:
        sys.exit(_of_a_file(error, code))
    except Exception:  # noqa: BLE001  as in the last ring of the group
        sys.exit(_crashed(code))


class Ring(SectionedGroup):
    """Turns every error of ours into one line and exit code 2, for all commands."""

    def __init__(self, **more: Any) -> None:
        super().__init__(commands=Commands(), **more)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands section by section. None of them is read for that."""
        for title, summaries in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl(list(summaries.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Complete the name of a command, or of an option of this group."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=summary)
            for name, summary in sorted(SUMMARIES.items())
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run, with one line for what the user can mend and for an interrupt.

        A crash exits like everything else that leaves us not knowing, and never like a verdict.
        """
        kwargs["standalone_mode"] = False
        console.prepare()
        words = args[0] if args else kwargs.get("args")
        keep_back(sys.argv[1:] if words is None else words)
        # What a host leaves behind dies by its reference counts; looking for cycles costs 5 %.
        gc.set_threshold(10_000)
        try:
            with _interruptible(alone=words is None):
                code = super().main(*args, **kwargs)
        except click.exceptions.Exit as leave:
            code = leave.exit_code
        except (click.Abort, KeyboardInterrupt):
            code = _interrupted(EXIT_UNKNOWN)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = EXIT_USAGE
        except click.ClickException as error:
            say(_told(error))
            code = EXIT_USAGE
        except HostcheckError as error:
            say(str(error))
            code = EXIT_USAGE
        except OSError as error:
            code = _of_a_file(error, EXIT_UNKNOWN)
        except Exception:  # noqa: BLE001  the last ring: nothing above knows better
            code = _crashed(EXIT_UNKNOWN)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A reader that has seen enough, such as `head`, is no failure.

        Another pipe that breaks is one: it must not end as a GO does.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            if not console.reader_is_gone():  # click ends every broken pipe with 1, which is NO-GO
                raise RuntimeError("a pipe broke, and not that of standard output") from error
            console.discard_stdout()
            return 0


def _write(text: bytes) -> None:
    with suppress(OSError):  # nobody reads it
        os.write(2, text)


class _Leave:
    """Handles interrupts behind the first: ends the process, once nothing is left to undo."""

    def __init__(self) -> None:
        self._waits = False

    def __call__(self, _signal: int, _frame: object) -> None:
        if self._waits or not HELD.anything:
            self._end()
        self._waits = True
        _write(b"\nhostcheck: what was started on hosts is stopped first; once more ends at once\n")
        _thread.start_new_thread(self._end_when_undone, ())  # no lock, as `threading` has

    def _end_when_undone(self) -> None:
        HELD.wait()
        self._end()

    def _end(self) -> NoReturn:
        _write(b"\nhostcheck: ended; nothing more was written\n")
        os._exit(EXIT_UNKNOWN)


@contextmanager
def _interruptible(*, alone: bool) -> Iterator[None]:
    """Let the first SIGINT, SIGTERM or SIGHUP end the work in order, and the second end it at once.

    Of a terminal that closes, both the shell and the system tell: SIGHUP never ends it at once.
    Where a run has something to undo on hosts, the second waits for that, and the third ends it.
    That stays so for a process that is `alone`, this program: when all is told, Python still waits
    for threads, and would answer the second with a traceback.
    """
    hangup = getattr(signal, "SIGHUP", None)  # not every system has it

    leave = _Leave()

    def interrupt(number: int, _frame: object) -> NoReturn:
        if number == hangup:
            console.forget_what_hung_up()
        for one in before:
            signal.signal(one, signal.SIG_IGN if one == hangup else leave)
        raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for one in filter(None, (signal.SIGINT, signal.SIGTERM, hangup)):
            if signal.getsignal(one) is not signal.SIG_IGN:  # as nohup and a shell's & leave it
                before[one] = signal.signal(one, interrupt)
    try:
        yield
    finally:
        for one, handler in before.items():
            if not alone or signal.getsignal(one) is interrupt:
                signal.signal(one, handler)
