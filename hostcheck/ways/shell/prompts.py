"""What a server asks in a login: its first password prompt is answered, and nothing else ever is.

Whatever follows asks for a code, or wants the password changed: the login ends there.
"""

import re

import paramiko

PASSWORD = re.compile("password|passwort|kennwort|mot de passe|contrase", re.IGNORECASE)
CHANGE = re.compile(
    r"expired|required to change|chang\w* (your )?password"
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


class Prompts:
    """Answers the prompts of one login."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._answered = False
        self._said: list[str] = []

    def locked(self) -> str:
        """Return the words in which the server said that the account is locked; empty if none."""
        return next((one for one in self._said if LOCKED.search(one)), "")

    def __call__(self, title: str, text: str, prompts: list[tuple[str, bool]]) -> list[str]:
        """Answer one request. Raises Stopped for what is not answered."""
        asked = " ".join(" ".join([title, text, *(prompt for prompt, _ in prompts)]).split())
        self._said.append(asked)
        if not prompts:
            return []
        hidden = all(PASSWORD.search(prompt) and not echo for prompt, echo in prompts)
        if self._answered and CHANGE.search(asked):
            raise Stopped(
                f"the password is right and has expired ({asked!r}): it was not changed",
                "password that has not expired", accepted=True,
            )  # fmt: skip
        if self._answered and hidden:
            raise Stopped(f"the server asks again: {asked!r}", "right password", accepted=False)
        if hidden and len(prompts) == 1:
            self._answered = True
            return [self._password]
        raise Stopped(
            f"the server asks for more than a password: {asked!r}", "login without a code",
            accepted=None,
        )  # fmt: skip
