"""A notice by mail: text and HTML in one message, over SMTP with TLS that is verified.

Sources: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (implicit TLS), RFC 3834 (Auto-Submitted),
RFC 4616 (PLAIN).
"""

import base64
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from ssl import SSLContext

from hostcheck.errors import UsageError
from hostcheck.model.notice import Notice
from hostcheck.notify.courier import UndeliveredError, in_words, within
from hostcheck.reports import pieces

STARTTLS, TLS, NONE = "starttls", "tls", "none"
PORTS = {STARTTLS: 587, TLS: 465, NONE: 25}
LOGGED_IN = 235
"""RFC 4954."""
SUBJECT = 160
"""Letters of a subject; the message tells all."""


@dataclass(frozen=True)
class Mail:
    """A mail server, who writes and who is to read. `timeout` is in seconds, for all of it."""

    server: str
    port: int
    tls: str
    sender: str
    to: tuple[str, ...]
    user: str
    password: Callable[[], str] = field(repr=False)
    context: SSLContext = field(repr=False)
    timeout: float

    @property
    def where(self) -> str:
        """How it is called in a sentence."""
        return f"the mail server {self.server}:{self.port}"

    def send(self, notice: Notice) -> None:
        """Send a notice. Raises UndeliveredError."""
        message = message_of(notice, self.sender, self.to)
        within(self.timeout, self.where, lambda: self._send(message))

    def _send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as smtp:
                if self.user:
                    _log_in(smtp, self.user, self.password())
                refused = smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise UndeliveredError(f"{self.where} refuses {_refused(error.recipients)}") from None
        except smtplib.SMTPResponseException as error:
            told = error.smtp_error
            said = told.decode(errors="replace") if isinstance(told, bytes) else told
            words = " ".join(said.split())
            raise UndeliveredError(f"{self.where} answers {error.smtp_code} {words}") from None
        except smtplib.SMTPNotSupportedError as error:
            raise UndeliveredError(f"{self.where}: {in_words(error)}") from None
        if refused:
            raise UndeliveredError(f"{self.where} refuses {_refused(refused)}; the others have it")

    def _connected(self) -> smtplib.SMTP:
        if self.tls == TLS:
            return smtplib.SMTP_SSL(
                self.server, self.port, timeout=self.timeout, context=self.context
            )
        smtp = smtplib.SMTP(self.server, self.port, timeout=self.timeout)
        try:
            if self.tls == STARTTLS:
                self._secure(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        if not smtp.has_extn("starttls"):
            raise UndeliveredError(f"{self.where} offers no STARTTLS: nothing is sent in clear")
        smtp.starttls(context=self.context)


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in. smtplib sends ASCII alone; PLAIN takes any letter, as UTF-8 (RFC 4616)."""
    if (user + password).isascii():
        smtp.login(user, password)
        return
    smtp.ehlo_or_helo_if_needed()
    told = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, said = smtp.docmd("AUTH", f"PLAIN {told}")
    if code != LOGGED_IN:
        raise smtplib.SMTPAuthenticationError(code, said)


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    told = (
        f"{who} ({code} {' '.join(words.decode(errors='replace').split())})"
        for who, (code, words) in sorted(recipients.items())
    )
    return ", ".join(told)


def message_of(notice: Notice, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Return a notice as a message: text first, the same as HTML beside it."""
    message = EmailMessage(policy=SMTP)
    text = f"hostcheck: {notice.text}"
    message["Subject"] = text if len(text) <= SUBJECT else text[: SUBJECT - 1] + "…"
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    made = notice.difference
    message.set_content("".join(pieces("diff", "text", made)), cte="quoted-printable")
    message.add_alternative(
        "".join(pieces("diff", "html", made)), subtype="html", cte="quoted-printable"
    )
    return message


def address(text: str) -> str:
    """Return a mail address as it was given. Raises UsageError for what can be none."""
    try:
        found = Address(addr_spec=text)
    except (ValueError, IndexError, AttributeError):
        found = None
    except Exception:  # noqa: BLE001  email's parser raises what it likes
        found = None
    plain = text.isascii() and text.isprintable() and " " not in text
    if found is None or not (found.username and found.domain) or not plain:
        shown = "what was given" if ":" in text else repr(text)
        raise UsageError(f"{shown} is no mail address: write it as name@example.com")
    return text
