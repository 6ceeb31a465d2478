"""With what the hosts of a run were asked: command, account, role, certificates, host keys."""

import shlex
from collections import Counter

from msgspec import UNSET

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.seal import Login
from hostcheck.reports import words

WAYS = {"vsphere": "vSphere", "shell": "ESXi shell", "redfish": "BMC"}
OPTIONS = "Options of the command"
UNTOLD = "not told: recorded before this was kept, redacted, or asked on the host itself"
MOST = 8
"""Lines of a topic that are told; of more their number."""


def way_of(login: Login) -> str:
    """Name what was logged in to."""
    return WAYS.get(login.way, login.way)


def login_words(login: Login, *, shown: bool = True) -> str:
    """Say as whom it was asked, what opened it, and why the other side was believed."""
    by = {"": "", "refused": ", refused"}.get(login.by, f" by {login.by}")
    key = ""
    if shown and login.shown:
        key = f", {login.shown if ':' in login.shown else f'SHA-256 {login.shown}'}"
    return words.one_line(f"as {login.account}{by}; {login.trust}{key}")


def option_words(host: Host) -> str:
    """Return the options with which a host was asked, as they could be typed."""
    if not host.logins and not host.asked_with:
        return UNTOLD
    return words.one_line(shlex.join(host.asked_with)) or "none"


def ssh_words(host: Host) -> str:
    """Say that SSH was started for the run, and whether it was stopped; empty where it was not."""
    told = host.ssh_service
    if told is UNSET:
        return ""
    begun, ended = (
        words.missing(one) if isinstance(one, Unknown) else one.value
        for one in (told.started, told.stopped)
    )
    return words.one_line(f"SSH was started for the run: {begun}; stopped: {ended}")


class Seals:
    """What the hosts of a run have in common, counted."""

    def __init__(self) -> None:
        self._hosts = 0
        self._told: dict[str, Counter[str]] = {}
        self._sealed: Counter[str] = Counter()

    def add(self, host: Host) -> None:
        """Note with what a host was asked."""
        self._hosts += 1
        found = [(way_of(one), login_words(one, shown=one.way == "vsphere")) for one in host.logins]
        if host.logins or host.asked_with:
            found.append((OPTIONS, option_words(host)))
        if isinstance(host.roles, Known):
            found += [("Role in vSphere", words.one_line(one)) for one in host.roles.value]
        for topic, told in dict.fromkeys(found):
            self._told.setdefault(topic, Counter())[told] += 1
        self._sealed.update({topic for topic, _ in found})

    def listed(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return topics, each with its lines; hosts are counted where not all are alike."""
        topics = (OPTIONS, "vSphere", "Role in vSphere", "ESXi shell", "BMC")
        always = {OPTIONS, "vSphere", "Role in vSphere"}
        listed = [one for one in topics if one in always or one in self._told]
        return tuple((one, self._lines(one)) for one in listed) if self._hosts else ()

    def _lines(self, topic: str) -> tuple[str, ...]:
        told = sorted(self._told.get(topic, Counter()).items(), key=lambda one: (-one[1], one[0]))
        lines = [
            text if number == self._hosts else f"{text} ({words.count(number, 'host')})"
            for text, number in told[:MOST]
        ]
        if len(told) > MOST:
            lines.append(f"and {len(told) - MOST} more")
        left = self._hosts - self._sealed[topic]
        if left and topic not in ("ESXi shell", "BMC"):
            where = "" if left == self._hosts else f" of {words.count(left, 'host')}"
            lines.append(f"{UNTOLD}{where}")
        return tuple(lines)
