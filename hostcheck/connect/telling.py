"""Who is told what changed, and how: checked before a run begins.

A way to tell is imported when somebody is told by it: most runs tell nobody.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.notice import Notice
from hostcheck.notify.given import Telling
from hostcheck.secrets import SecretPlace, password_of
from hostcheck.settings import MailSettings, SettingsFile, WebhookSettings

if TYPE_CHECKING:
    from hostcheck.notify import mail, webhook

VARIABLE = "HOSTCHECK_WEBHOOK"


class Courier(Protocol):
    """One way to tell somebody."""

    @property
    def where(self) -> str:
        """How it is called in a sentence."""

    def send(self, notice: Notice) -> None:
        """Send a notice, in time. Raises UndeliveredError."""


def couriers(
    given: Telling, settings: SettingsFile, front: Front, *, only_given: bool = False
) -> tuple[Courier, ...]:
    """Return all ways that are wanted: by the options, else the variable, else the settings.

    With `only_given` by the options alone. Raises UsageError for what cannot be sent to.
    """
    return tuple(_couriers(given, settings, front, only_given=only_given))


def _couriers(
    given: Telling, settings: SettingsFile, front: Front, *, only_given: bool
) -> Iterator[Courier]:
    to = given.mail or (() if only_given else settings.mail.to)
    if to:
        yield _mail(to, given, settings.mail, front)
    url, said = given.webhook, "--webhook"
    if not url and not only_given:
        url, said = front.variable(VARIABLE), VARIABLE
        if not url:
            url, said = settings.webhook.url, "[webhook] url"
    if url:
        yield _webhook(url, said, settings.webhook)


def _mail(to: tuple[str, ...], given: Telling, held: MailSettings, front: Front) -> "mail.Mail":
    from hostcheck.notify import mail  # noqa: PLC0415
    from hostcheck.notify.courier import verifying  # noqa: PLC0415

    for name in ("server", "sender"):
        if not getattr(held, name):
            raise UsageError(f"mail needs {name} in [mail] of hostcheck.toml")
    if not held.server.isascii() or set("@/?#") & set(held.server):
        raise UsageError("[mail] server: give the name of a host, and nothing else")
    mail.address(held.sender)
    for one in to:
        mail.address(one)
    if held.user and held.tls == mail.NONE:
        raise UsageError('[mail] tls: a password is not sent in clear; give "starttls" or "tls"')
    place = SecretPlace(
        f"{held.user}@{held.server}", "HOSTCHECK_MAIL_PASSWORD", "--mail-password-file",
        given.mail_password_file,
    )  # fmt: skip
    password = password_of(
        place, f"Password of {held.user} at the mail server", front,
        front.variable("HOSTCHECK_MAIL_PASSWORD"),
    )  # fmt: skip
    if held.user:
        password()  # while somebody is there, and before anything runs
    return mail.Mail(
        held.server, held.port or mail.PORTS[held.tls], held.tls, held.sender, to, held.user,
        password, verifying(_files(held.ca), "mail"), held.timeout,
    )  # fmt: skip


def _webhook(url: str, said: str, held: WebhookSettings) -> "webhook.Webhook":
    from hostcheck.notify import webhook  # noqa: PLC0415
    from hostcheck.notify.courier import verifying  # noqa: PLC0415

    context = verifying(_files(held.ca), "webhook")
    return webhook.Webhook(webhook.place(url, said), held.form, context, held.timeout)


def _files(named: tuple[str, ...]) -> Iterator[str]:
    return (str(Path(one).expanduser()) for one in named)
