"""What a server asks in a login: its first password prompt is answered, and one for a code.

A code is typed by whoever is there. Whatever follows wants the password changed, or asks again: the
login ends there.
"""

import re
from collections.abc import Callable

from hostcheck.ways.shell.ssh import paramiko
from hostcheck.words import one_line

PASSWORD = re.compile("password|passwort|kennwort|mot de passe|contrase", re.IGNORECASE)
CHANGE = re.compile(
    r"expired|required to change|chang\w{0,9} (your )?password"
    r"|(new|current|old|retype)\b.{0,20}password",
    re.IGNORECASE,
)
"""How a server asks for another password, behind the right one."""
LOCKED = re.compile(r"\block(ed|out)\b", re.IGNORECASE)


class Stopped(paramiko.SSHException):
    """The login was ended here. `accepted`: what became of the password, None where it is open."""

    def __init__(self, told: str, need: str, *, accepted: bool | None) -> None:
        super().__init__(told)
        self.told = told
        self.need = need
        self.accepted = accepted


def _nobody(_prompt: str) -> str | None:
    return None


class Prompts:
    """Answers the prompts of one login."""

    def __init__(self, password: str | None, code: Callable[[str], str | None] = _nobody) -> None:
        """Keep the password, None where there is none, and what asks for a code."""
        self._password = password
        self._code = code
        self._answered = False
        self._said: list[str] = []
        self.coded = False
        """Whether somebody is or was asked for a code."""

    def locked(self) -> str:
        """Return the words in which the server said that the account is locked; empty if none."""
        return next((one for one in self._said if LOCKED.search(one)), "")

    def __call__(self, title: str, text: str, prompts: list[tuple[str, bool]]) -> list[str]:
        """Answer one request. Raises Stopped for what is not answered."""
        asked = " ".join(" ".join([title, text, *(prompt for prompt, _ in prompts)]).split())
        self._said.append(asked)
        if not prompts:
            return []
        hidden = [bool(PASSWORD.search(prompt)) and not echo for prompt, echo in prompts]
        if self._answered and CHANGE.search(asked):
            raise Stopped(
                f"the password is right and has expired ({asked!r}): it was not changed",
                "password that has not expired", accepted=True,
            )  # fmt: skip
        if self._answered and all(hidden):
            raise Stopped(f"the server asks again: {asked!r}", "right password", accepted=False)
        if hidden.count(True) > 1 or (self._answered and any(hidden)) or len(prompts) > 2:
            raise self._more(asked)
        if any(hidden) and self._password is None:
            raise Stopped(f"the server asks for a password too: {asked!r}", "key or password",
                          accepted=None)  # fmt: skip
        if all(hidden):
            self._answered = True
            return [str(self._password)]
        return self._with_code(asked, prompts, hidden)

    def _with_code(
        self, asked: str, prompts: list[tuple[str, bool]], hidden: list[bool]
    ) -> list[str]:
        """Answer a request for a code, beside the password or behind it; once."""
        if self.coded:
            raise Stopped(f"the server asks again: {asked!r}", "right code", accepted=None)
        if hidden.count(False) > 1 or CHANGE.search(asked):
            raise self._more(asked)
        self.coded = True
        (wanted,) = (prompt for (prompt, _), is_password in zip(prompts, hidden, strict=True)
                     if not is_password)  # fmt: skip
        code = self._code(one_line(wanted).strip().rstrip(":"))
        if not code:
            self.coded = False
            raise self._more(asked)
        self._answered = self._answered or any(hidden)
        return [str(self._password) if is_password else code for is_password in hidden]

    def _more(self, asked: str) -> Stopped:
        return Stopped(
            f"the server asks for more than a password: {asked!r}", "login without a code",
            accepted=None,
        )  # fmt: skip
