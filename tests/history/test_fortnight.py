"""A fortnight of two vCenters: each morning report, exit code and history say the right thing."""

import re
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.history import place
from hostcheck.history.ask import Inquiry, ask
from hostcheck.model.history import Past
from hostcheck.model.run import Run
from hostcheck.ways import base
from tests.notify.peers import running_mail
from tests.peers import shapes
from tests.peers.fleet import Cluster, DeniedProperty, Fleet
from tests.peers.live import running_vcenter
from tests.peers.ports import own_port

PASSWORD = "of-the-auditor"
HEALTHY = replace(shapes.HOSTS["2n-2xA100-80-esxi803"], vms=(), cluster="gpu-a")
CLUSTERS = (Cluster("gpu-a"),)
MAINTENANCE = "HOST-002"
WAIVERS = """
[[waiver]]
check = "HOST-002"
host = "esx-02"
reason = "a power supply is on its way"
owner = "k.meyer@example.com"
starts = 2026-03-03
expires = 2026-03-06
"""


def host(number, **changes):
    return replace(HEALTHY, **shapes.at(number), **changes)


BROKEN = {"maintenance": True}
DEAD = {"connection": "notResponding"}
BLIND = {"maintenance": True, "denied": (DeniedProperty("runtime.inMaintenanceMode"),)}
NO_RUN = {"run": False}
NIGHTS = (
    # what is odd of each host: 1 to 3 are of the first vCenter, 4 and 5 of the second
    {},
    {2: BROKEN},
    {2: BROKEN},
    {2: BROKEN, "silent": True},
    {2: BROKEN, 4: BROKEN},
    {2: BROKEN, 3: BROKEN},
    {2: BROKEN},
    {3: BROKEN},
    {5: DEAD},
    {3: BROKEN},
    NO_RUN,
    {3: BLIND, 4: BROKEN},
    {3: BROKEN},
    {},
)
FAILS, NOT_KNOWN = "fails", "not known"
MORNINGS = (
    # exit code, hosts that are GO, NO-GO, UNSURE and not known, what the waiver is, who is in
    # maintenance: what is known now, since which day, and whether it is waived
    (0, (5, 0, 0, 0), "not yet begun", {}),
    (1, (4, 1, 0, 0), "not yet begun", {2: (FAILS, 2, False)}),
    (0, (4, 1, 0, 0), "ends soon", {2: (FAILS, 2, True)}),
    (3, (2, 1, 0, 2), "ends soon", {2: (FAILS, 2, True)}),
    (1, (3, 2, 0, 0), "ends soon", {2: (FAILS, 2, True), 4: (FAILS, 5, False)}),
    (1, (3, 2, 0, 0), "ends soon", {2: (FAILS, 2, True), 3: (FAILS, 6, False)}),
    (1, (4, 1, 0, 0), "expired", {2: (FAILS, 2, False)}),
    (1, (4, 1, 0, 0), "expired", {3: (FAILS, 8, False)}),
    (1, (4, 1, 0, 0), "expired", {}),
    (1, (4, 1, 0, 0), "expired", {3: (FAILS, 10, False)}),
    (None, (0, 0, 0, 5), "", {3: (NOT_KNOWN, 10, False)}),
    (1, (3, 1, 1, 0), "expired", {3: (NOT_KNOWN, 10, False), 4: (FAILS, 12, False)}),
    (1, (4, 1, 0, 0), "expired", {3: (FAILS, 10, False)}),
    (0, (5, 0, 0, 0), "expired", {}),
)
MAILS = (
    # what the subject tells, and which hosts the text names, each by what it became
    ("10 new, 105 not known now, 5 hosts added", {"not there -> GO": (1, 2, 3, 4, 5)}),
    ("1 new, verdict of 1 host", {"GO -> NO-GO": (2,)}),
    ("1 waiver needs somebody", {}),
    ("2 hosts gone", {"GO -> not there": (4, 5)}),
    # of what came back after the silent night only what became another is new
    ("1 new, 2 hosts back", {"not there -> NO-GO": (4,), "not there -> GO": (5,)}),
    ("1 new, 1 mended, verdict of 2 hosts", {"GO -> NO-GO": (3,), "NO-GO -> GO": (4,)}),
    ("1 new, 1 mended, verdict of 1 host, 1 waiver needs somebody", {"NO-GO -> GO": (3,)}),
    ("1 new, 1 mended, verdict of 2 hosts", {"GO -> NO-GO": (3,), "NO-GO -> GO": (2,)}),
    ("1 new, 1 mended, verdict of 2 hosts", {"GO -> NO-GO": (5,), "NO-GO -> GO": (3,)}),
    ("1 new, 1 mended, verdict of 2 hosts", {"GO -> NO-GO": (3,), "NO-GO -> GO": (5,)}),
    None,
    (
        "1 new, 1 not known now, verdict of 2 hosts",
        {"GO -> NO-GO": (4,), "NO-GO -> UNSURE": (3,)},
    ),
    # host 3 failed when it was known last
    ("1 mended, verdict of 2 hosts", {"UNSURE -> NO-GO": (3,), "NO-GO -> GO": (4,)}),
    ("1 mended, verdict of 1 host", {"NO-GO -> GO": (3,)}),
)
BECAME = re.compile(r"^  (\S.* -> [^:]+): (.+(?:\n    .+)*)", re.MULTILINE)
"""A line of verdicts in the text of a mail, with its further lines."""


@dataclass(frozen=True)
class Morning:
    """What is there after a night."""

    code: int
    text: str
    said: str
    run: Run
    past: Past
    mails: tuple[tuple[str, str], ...]
    """Subject and text of what was sent."""


class Lab:
    """Two vCenters that keep their addresses, whatever becomes of their hosts."""

    def __init__(self, stack, folder):
        self._stack = stack
        self._trusted = [folder / f"ca-{number}.pem" for number in range(2)]
        self._ports = [stack.enter_context(own_port()) for _ in range(2)]
        self._running = [None, None]
        self.servers = [None, None]
        self.targets = tuple(f"127.0.0.1:{port}" for port in self._ports)

    def become(self, night):
        """Start anew what is another fleet now; one that is silent does not run."""
        for at, numbers in enumerate(((1, 2, 3), (4, 5))):
            fleet = Fleet(
                tuple(host(number, **night.get(number, {})) for number in numbers), CLUSTERS
            )
            wanted = None if at == 1 and night.get("silent") else fleet
            there = self._running[at]
            if there is not None and there[0] == wanted:
                continue
            if there is not None:
                there[1].close()
                self._running[at] = None
            if wanted is not None:
                stack = self._stack.enter_context(ExitStack())
                self.servers[at] = stack.enter_context(
                    running_vcenter(wanted, password=PASSWORD, port=self._ports[at])
                )
                self._running[at] = (wanted, stack)
                shutil.copy(self.servers[at].ca_file, self._trusted[at])

    def options(self):
        return [
            word
            for one, trusted in zip(self.servers, self._trusted, strict=True)
            for word in (
                "--vcenter", f"{one.user}@{one.host}:{one.port}", "--tls-ca", str(trusted)
            )
        ]  # fmt: skip


@contextmanager
def running_lab(folder):
    with ExitStack() as stack:
        lab = Lab(stack, folder)
        lab.become({})
        yield lab


def day(number):
    return f"2026-03-{number:02}"


@pytest.fixture(scope="module")
def mornings(tmp_path_factory, keep_running):
    """Play all nights, and return what each left behind; None of the one without a run."""
    folder = tmp_path_factory.mktemp("fortnight")
    (folder / "waivers.toml").write_text(WAIVERS)
    lab = keep_running(running_lab(folder))
    post = keep_running(running_mail(folder / "post"))
    (folder / "hostcheck.toml").write_text(post.settings())
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv("HOME", str(folder))
        patched.setenv("COLUMNS", "200")
        return [
            None if night is NO_RUN else played(lab, post, night, number, patched)
            for number, night in enumerate(NIGHTS, 1)
        ]


def played(lab, post, night, number, patched):
    lab.become(night)
    post.box.mails.clear()
    patched.setattr(base, "datetime", clock(datetime(2026, 3, number, 2, tzinfo=UTC)))
    done = CliRunner().invoke(
        main,
        [
            "audit", *lab.options(), "-o", "run.json", "--waivers", "waivers.toml", "--history",
            "history.db", "--mail", "gpu-team@lab.test", "-q",
        ],
        env={"GOVC_PASSWORD": PASSWORD},
    )  # fmt: skip
    past = ask(place.read("history.db"), None, Inquiry(days=14))
    mails = tuple(
        (one["Subject"], one.get_body(("plain",)).get_content().replace("\r\n", "\n"))
        for one in post.box.mails
    )
    run = runfile.read(Path("run.json"))
    return Morning(done.exit_code, done.stdout, done.stderr, run, past, mails)


def clock(at):
    """Return a datetime whose now is a night of the fortnight."""

    class Night(datetime):
        @classmethod
        def now(cls, tz=None):
            return at.astimezone(tz)

    return Night


def in_maintenance(past):
    return {
        int(one.host[4:6]): (one.now.value, int(one.since[8:10]), one.waived)
        for one in past.findings
        if one.check == MAINTENANCE
    }


@pytest.mark.parametrize("number", range(1, 15))
def test_each_morning_says_the_right_thing(mornings, number):
    morning = mornings[number - 1]
    code, verdicts, waiver, told = MORNINGS[number - 1]
    if morning is None:  # the next one tells of it
        trend = next(one for one in mornings[number].past.trend if one.day == day(number))
        assert (trend.runs, trend.go, trend.no_go, trend.unsure, trend.not_known) == (0, *verdicts)
        return
    assert (morning.code, morning.said) == (code, "")
    today = morning.past.trend[-1]
    assert (today.day, today.runs) == (day(number), 1)
    assert (today.go, today.no_go, today.unsure, today.not_known) == verdicts
    assert in_maintenance(morning.past) == told
    since = {
        int(host.host[4:6]): (FAILS, int(one.since[8:10]))
        for host in morning.run.history.hosts
        for one in host.findings
        if one.check == MAINTENANCE
    }
    assert since == {host: one[:2] for host, one in told.items() if one[0] == FAILS}
    assert f"{waiver}: HOST-002 on esx-02" in morning.text
    waived = sum(one[2] for one in told.values())
    assert f"{waived} result{' is' if waived == 1 else 's are'} waived" in morning.text
    ((subject, text),) = morning.mails
    wanted, became = MAILS[number - 1]
    assert subject.endswith(f": {wanted}")
    assert {
        what: tuple(map(int, re.findall(r"esx-0(\d)", hosts)))
        for what, hosts in BECAME.findall(text.partition("\nVERDICTS\n")[2])
    } == became
    assert ("could not be asked" in morning.text) == ("silent" in NIGHTS[number - 1])


def test_the_fortnight_as_a_whole(mornings):
    past = mornings[-1].past
    assert [(one.go, one.no_go, one.unsure, one.not_known) for one in past.trend] == [
        verdicts for _, verdicts, *_ in MORNINGS
    ]
    (one,) = [one for one in past.tallies if one.key == MAINTENANCE]
    assert (one.fails, one.not_known, one.new, one.mended, one.gone) == (0, 0, 6, 6, 0)
    assert (one.mean_hours, one.longest_hours) == ((6 + 1 + 1 + 1 + 1 + 4) * 24 / 6, 6 * 24)
    assert {(one.host, one.check, one.times) for one in past.flapping} == {
        ("esx-03.lab.test", MAINTENANCE, 3)
    }
