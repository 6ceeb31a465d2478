"""Into a host: one try of each credential, and where none opens it the reason of that, told apart.

Keys go first, in OpenSSH's order, then the password. A server hangs up after so many failed tries
(MaxAuthTries, 6 by default), so with a password at hand one of them is kept for it.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from msgspec.structs import replace

from hostcheck.model.fact import Unknown, Why
from hostcheck.model.seal import Login
from hostcheck.ways.base import Refused
from hostcheck.ways.shell.codes import PATIENCE, Codes
from hostcheck.ways.shell.identities import Identities, KeyIdentity, identities
from hostcheck.ways.shell.known_hosts import of_port
from hostcheck.ways.shell.peer import Peer, fingerprint, shake_hands
from hostcheck.ways.shell.prompts import Prompts, Stopped
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.ssh import paramiko
from hostcheck.ways.shell.tries import Tries

MOST_KEYS = 5
"""How many keys are offered where a password could be tried behind them."""
CODED = "keyboard-interactive"
BY_PASSWORD = (CODED, "password")
CHANGE_REQUESTED = "Illegal info request"
"""paramiko's words for the server's answer to a right password that has expired: that message has
the number of a prompt (RFC 4252, section 8; RFC 4256, section 5)."""
KNOWN = "host key as in known_hosts"
TOO_MANY = re.compile("too many auth", re.IGNORECASE)


def denied(told: str, need: str) -> Refused:
    """Return the answer of a host that lets nobody in."""
    return Refused(Unknown(Why.DENIED, told, "", need))


def _place(shell: Shell) -> str:
    """Return what tells one host from another: an address behind a jump may be anybody's."""
    name = of_port(shell.address, shell.port)
    return f"{name} through {shell.jump or 'its ProxyCommand'}" if shell.through else name


def expired(user: str, said: str) -> Refused:
    """Return the answer of a host whose account has a password that is too old."""
    told = f"login of {user}: the password has expired ({said}); it was not changed"
    return denied(told, "password that has not expired")


class Entrance:
    """The way into one host, with what may open it."""

    def __init__(
        self,
        shell: Shell,
        password: Callable[[], str] | None,
        tries: Tries | None = None,
        passphrases: Mapping[str, str] | None = None,
        codes: Codes | None = None,
    ) -> None:
        """Keep the credentials; `passphrases` of key files, by path; `codes` asks for one."""
        self.codes = codes or Codes()
        self._shell = shell
        self._password = password
        self._tries = tries or Tries()
        self._passphrases = passphrases or {}
        self.login: Login | None = None
        """How far it came the last time: None where no trusted key was shown."""

    def authenticated(self, plain: socket.socket, until: float) -> Peer:
        """Shake hands, check the host key, log in: all of it before `until`."""
        peer = Peer(plain)
        try:
            shake_hands(peer, self._shell, max(0.0, until - time.monotonic()))
            shown = fingerprint(peer.get_remote_server_key().asbytes())
            self.login = Login("shell", self._shell.user, KNOWN, shown, "refused")
            by = self._log_in(peer, until)
            self.login = replace(self.login, by=by)
        except BaseException:
            peer.close()
            plain.close()
            raise
        return peer

    def _log_in(self, peer: Peer, until: float) -> str:
        """Try each credential once, in the ways that the server takes; return what opened it."""
        login = _Login(peer, self._shell.user, until)
        login.step(partial(peer.auth_none, login.user))
        if "publickey" in login.offered and self._shell.use_keys and not login.done():
            with identities(self._shell, self._passphrases) as found:
                login.unusable = found.unusable
                self._by_keys(login, found)
        by_password = [one for one in BY_PASSWORD if one in login.offered]
        if self._password is not None and by_password and not login.done():
            self._by_password(login, by_password[0], self._password)
        elif CODED in login.offered and login.half_way and self.codes.may(self._shell.address):
            with login.patient(self._prompts(None)) as prompts:
                _answering(login, prompts)
                login.opened_by.append("code")
        if not login.done():
            raise login.refusal(has_password=self._password is not None)
        return " and ".join(login.opened_by) or "nothing that was asked for"

    def _by_keys(self, login: "_Login", found: Identities) -> None:
        spare = self._password is not None and set(BY_PASSWORD) & set(login.offered)
        most = MOST_KEYS if spare else len(found.usable)
        for identity in found.usable[:most]:
            login.with_key(identity)
            if login.done() or login.half_way:
                return
        if found.usable[most:]:
            left = ", ".join(one.name for one in found.usable[most:])
            login.unusable += (f"one try is kept for the password, so not offered: {left}",)

    def _by_password(self, login: "_Login", method: str, password: Callable[[], str]) -> None:
        """Try the password, unless other hosts have refused it."""
        secret = password()
        with self._tries.turn(login.user, _place(self._shell), login.until) as mine:
            prompts, login.last_one = self._prompts(secret), True
            peer, user = login.peer, login.user
            try:
                if method == "password":
                    login.step(partial(peer.auth_password, user, secret, fallback=False))
                else:
                    with login.patient(prompts, of=self.codes.may(self._shell.address)):
                        login.step(partial(peer.auth_interactive, user, prompts))
            except Stopped as stopped:
                mine.accepted = stopped.accepted
                raise denied(f"login of {user}: {stopped.told}", stopped.need) from None
            except paramiko.SSHException as error:
                if CHANGE_REQUESTED not in str(error):
                    raise
                mine.accepted = True
                raise expired(user, "the server asks for another one") from None
            mine.accepted = login.done() or login.half_way or (None if prompts.coded else False)
            login.opened_by += ["password"] * bool(mine.accepted)
        if prompts.coded and not mine.accepted:
            raise denied(f"login of {user}: the password or the code was refused", "right code")
        if prompts.locked() and not mine.accepted:
            told = f"login of {user}: {prompts.locked()}"
            raise denied(told, "account that is not locked")
        login.password_refused = not mine.accepted

    def _prompts(self, secret: str | None) -> Prompts:
        return Prompts(secret, partial(self.codes.code, self._shell.address))


def _answering(login: "_Login", prompts: Prompts) -> None:
    """Answer what is asked behind a key, which is a code. Raises Refused where it is wrong."""
    try:
        login.step(partial(login.peer.auth_interactive, login.user, prompts))
    except Stopped as stopped:
        raise denied(f"login of {login.user}: {stopped.told}", stopped.need) from None
    if prompts.coded and not login.done():
        raise denied(f"login of {login.user}: the code was refused", "right code")


class _Login:
    """One login: what the server takes next, what was tried, and what came of it."""

    def __init__(self, peer: Peer, user: str, until: float) -> None:
        self.peer = peer
        self.user = user
        self.until = until
        self.offered: list[str] = []
        self.half_way = False
        """Whether the server wants more, behind a credential that it took."""
        self.refused: list[str] = []
        self.opened_by: list[str] = []
        self.unusable: tuple[str, ...] = ()
        self.password_refused = False
        self.last_one = False
        """Whether the password is under way, behind which nothing is tried."""

    def done(self) -> bool:
        return bool(self.peer.is_authenticated())

    def step(self, log_in: Callable[[], list[str]]) -> None:
        """Try to log in in one way. Raises Refused where the server hangs up."""
        self.peer.auth_timeout = max(0.1, self.until - time.monotonic())
        self.half_way = False
        try:
            self.offered = log_in()
            self.half_way = not self.done()
        except paramiko.BadAuthenticationType as offer:
            self.offered = list(offer.allowed_types)
        except paramiko.AuthenticationException:
            if time.monotonic() >= self.until:
                raise TimeoutError from None
            spent = self.last_one and TOO_MANY.search(self.peer.goodbye)
            if not self.peer.is_active() and not spent:
                raise self._hung_up() from None

    @contextmanager
    def patient(self, prompts: Prompts, *, of: bool = True) -> Iterator[Prompts]:
        """Let a login take as long as somebody looks for a code, and no longer than ever if not."""
        if not of:
            yield prompts
            return
        usual, hang_up = self.until, lambda: None if prompts.coded else self.peer.close()
        watch = threading.Timer(max(0.1, usual - time.monotonic()), hang_up)
        watch.daemon = True
        watch.start()
        self.until = time.monotonic() + PATIENCE
        try:
            yield prompts
        finally:
            watch.cancel()
            self.until = max(usual, time.monotonic() + 1) if prompts.coded else usual

    def with_key(self, identity: KeyIdentity) -> None:
        """Offer one key."""
        self.refused.append(identity.name)
        try:
            self.step(partial(self.peer.auth_publickey, self.user, identity.key))
        except paramiko.SSHException as error:
            told = f"login of {self.user}: {identity.name} does not sign: {error}"
            raise denied(told, "key that can be used") from None
        if self.half_way:
            self.refused.pop()
        self.opened_by += ["key"] * (self.done() or self.half_way)

    def _hung_up(self) -> Refused:
        said = self.peer.goodbye or "no word"
        if TOO_MANY.search(said):
            names = ", ".join(self.refused)
            told = (
                f"login of {self.user}: the server hung up with {said!r} after these keys: {names}"
            )
            return denied(told, "one key")
        told = f"login of {self.user}: the server hung up with {said!r}"
        return Refused(Unknown(Why.UNREACHABLE, told, "", "SSH server"))

    def refusal(self, *, has_password: bool) -> Refused:
        """Return why nothing that was there opened the host, and what would settle that."""
        takes = f"the server takes {', '.join(self.offered) or 'nothing'}"
        told, need = [], "key or password"
        if self.half_way:
            told.append("what was given is right, and not enough")
        elif not {"publickey", *BY_PASSWORD} & set(self.offered):
            need = "login that the server takes"
        elif self.password_refused:
            told.append("the password was refused")
            need = "right password"
        elif self.unusable:
            need = "key that can be used"
        elif self.refused:
            need = "key that the host accepts"
        elif not has_password:
            told.append("there is no key and no password to offer")
        if self.refused:
            told.append(f"refused: {', '.join(self.refused)}")
        told += self.unusable
        if has_password and not set(BY_PASSWORD) & set(self.offered) and not self.half_way:
            told.append("the password was not asked for")
        return denied("; ".join((f"login of {self.user} refused", takes, *told)), need)
