"""The options of all commands but those about machines, in groups, as click reads them."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from hostcheck.cli.completing import names_of_clusters
from hostcheck.cli.front import front
from hostcheck.cli.given import Deliver, Failing, FailingSince, Showing, Waiving, group
from hostcheck.cli.outputs import Existing, FilePath, OutputType
from hostcheck.errors import UsageError
from hostcheck.near import near
from hostcheck.notify.given import Telling
from hostcheck.reports import formats

F = TypeVar("F", bound=Callable[..., Any])


class DurationType(click.ParamType[float]):
    """A time: seconds, or `30m`, or `2h`."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the seconds."""
        from hostcheck.settings import seconds

        try:
            return seconds(str(value))
        except UsageError as error:
            return self.fail(str(error), param, ctx)


class DayType(click.ParamType[str]):
    """A day: 2026-11-28."""

    name = "day"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the day as it was given."""
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            return self.fail(f"{value!r} is no day; write it as 2026-11-28", param, ctx)


class SinceType(click.ParamType[str]):
    """A file, or the URL of a history."""

    name = "run"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return what was given, if it is there or a URL."""
        if value and "://" not in value:
            existing(dir_okay=False).convert(value, param, ctx)
        return str(value)


class CheckType(click.ParamType[str]):
    """The id of a check, in any case."""

    name = "check"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the id as it is written."""
        from hostcheck.checks.engine import all_checks

        ids = [one.id for one in all_checks()]
        if value.upper() in ids:
            return str(value.upper())
        like = near(value, ids)
        hint = f"did you mean {', '.join(like)}?" if like else "`hostcheck checks` lists them"
        return self.fail(f"no check is called {value!r}; {hint}", param, ctx)

    def shell_complete(self, _ctx: Any, _param: Any, incomplete: str) -> list[CompletionItem]:
        """Return the ids that begin so."""
        from hostcheck.checks.engine import all_checks

        ids = (one.id for one in all_checks())
        return [CompletionItem(one) for one in ids if one.startswith(incomplete.upper())]


VERDICTS = ("GO", "NO-GO", "UNSURE", "NO-GPU")
SEVERITIES = ("required", "recommended", "informational")

existing = partial(Existing, exists=True, path_type=Path)


SETTINGS_FILE = "hostcheck.settings"
"""Under this name a command's context knows the file that was read, None where there is none."""


def _settings(context: click.Context, _option: Any, given: Path | None) -> Any:
    """Read the settings, once for the whole command and before it does anything."""
    if context.resilient_parsing:  # somebody presses Tab
        return None
    from hostcheck import settings

    place = settings.place(given, front().environment)
    context.meta[SETTINGS_FILE] = place
    return settings.find(place, front().environment)


settings_option = click.option(
    "--config", "settings", type=existing(dir_okay=False), callback=_settings,
    help="Settings. Default: hostcheck.toml here or in ~/.config/hostcheck.",
)  # fmt: skip
cluster_option = click.option(
    "--cluster",
    "clusters",
    multiple=True,
    metavar="PATTERN",
    shell_complete=names_of_clusters,
    help="Clusters, repeatable.",
)


def _deliver(*told: str) -> Callable[[F], F]:
    """Return where a report goes, in a format of what is told."""
    choices = dict.fromkeys(one for each in told for one in formats(each))
    return group(
        "wanted", Deliver,
        click.option(
            "--format", "format_", type=click.Choice(tuple(choices)), default="text",
            help="What goes to stdout.", show_default=True,
        ),
        click.option(
            "-o", "--output", "outputs", multiple=True, type=OutputType(), metavar="[FORMAT=]PATH",
            help="Keep the run here; with FORMAT= write that (html=run.html). Repeatable.",
        ),
        click.option(
            "--html", type=click.Path(path_type=Path),
            help="Write an HTML report here: FILE.html (and FILE_files/ beside it from 41 hosts "
            "on), FILE.zip, or a folder.",
        ),
        click.option(
            "--html-single", type=click.Path(path_type=Path),
            help="The same as one FILE.html, however many hosts: to mail it.",
        ),
    )  # fmt: skip


deliver_options = _deliver("run")
answers_options = _deliver("run", "answers")
showing_options = group(
    "showing", Showing,
    click.option("--details", is_flag=True, help="In text: every host with all its findings."),
    click.option("--summary", is_flag=True, help="In text: the answer and the counts alone."),
    click.option(
        "--only", multiple=True, metavar="VERDICT",
        type=click.Choice(VERDICTS, case_sensitive=False),
        help=f"In text: hosts with this verdict ({', '.join(VERDICTS)}), repeatable.",
    ),
    click.option(
        "--severity", type=click.Choice(SEVERITIES),
        help="In text: findings of this severity and graver ones.",
    ),
    click.option(
        "--check", "checks", multiple=True, metavar="ID", type=CheckType(),
        help="In text: findings of this check, repeatable.",
    ),
    click.option(
        "--skip", multiple=True, metavar="ID", type=CheckType(),
        help="In text: all but this check, repeatable.",
    ),
)  # fmt: skip


def policy_names(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    """Complete the names of profiles."""
    from hostcheck.policy.file import names

    return [one for one in names() if one.startswith(incomplete)]


policy_option = click.option(
    "--policy", default="", metavar="NAME|FILE", shell_complete=policy_names,
    help="Which checks are judged, how much each weighs, what it expects: a profile or a file "
    "(docs/policy.md).",
)  # fmt: skip
waiving_options = group(
    "waiving", Waiving,
    click.option(
        "--waivers", type=existing(dir_okay=False), metavar="FILE",
        help="Waivers (docs/waivers.md): what they waive stays visible and does not count in the "
        "exit code.",
    ),
    click.option(
        "--fail-on-unused-waiver", is_flag=True,
        help="Exit 1 where a waiver is over, void, or waives nothing in this run.",
    ),
)  # fmt: skip
strict_option = click.option(
    "--strict", is_flag=True, help="Let recommended checks decide the exit code too."
)
FAIL_ON = ("required", "recommended", "unknown", "new")


def _fail_on(*words: str) -> Callable[[F], F]:
    more = "; new: what --since tells as new alone" if "new" in words else ""
    return click.option(
        "--fail-on", multiple=True, metavar="WHAT", type=click.Choice(words),
        help="What makes the exit code 1, repeatable. required; recommended: as --strict; unknown: "
        f"what is not known too{more}.",
    )  # fmt: skip


failing_options = group("failing", Failing, strict_option, _fail_on(*FAIL_ON[:3]))
failing_since_options = group(
    "failing", FailingSince, strict_option, _fail_on(*FAIL_ON),
    click.option(
        "--since", type=SinceType(), default="", metavar="RUN|HISTORY",
        help="An earlier run, or a history, of which the last run is taken: say what is new since "
        "then.",
    ),
)  # fmt: skip
telling_options = group(
    "telling", Telling,
    click.option(
        "--mail", multiple=True, metavar="ADDRESS",
        help="Mail what changed since the last run, repeatable; nothing where nothing did. The "
        "server is in [mail] of hostcheck.toml.",
    ),
    click.option(
        "--mail-password-file", type=existing(dir_okay=False),
        help="File whose first line is the password at the mail server. Default: "
        "HOSTCHECK_MAIL_PASSWORD, keyring, prompt.",
    ),
    click.option(
        "--webhook", default="", metavar="URL",
        help="Post what changed there, as JSON. Default of an audit: HOSTCHECK_WEBHOOK, [webhook].",
    ),
)  # fmt: skip
limit_option = click.option(
    "--limit", type=DurationType(), metavar="DURATION",
    help="Time for the run: seconds, or 30m, or 2h. Then it ends as after Ctrl-C.",
)  # fmt: skip
save_option = click.option(
    "--save", type=click.Path(path_type=Path), help="Keep recordings in this folder."
)
output_option = click.option(
    "-o", "--output", type=FilePath(path_type=Path), help="File instead of stdout.",
)  # fmt: skip
outputs_option = click.option(
    "-o", "--output", "outputs", multiple=True, type=OutputType(), metavar="[FORMAT=]PATH",
    help="File instead of stdout, in that format (html=run.html), else in that of --format; "
    "repeatable. Of HTML FILE.zip or a folder too.",
)  # fmt: skip


def format_option(told: str) -> Callable[[F], F]:
    """Return the option that chooses among the formats of what is told."""
    return click.option(
        "--format", "format_", type=click.Choice(formats(told)), default="text", show_default=True
    )
