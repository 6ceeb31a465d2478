"""HOST-015: what a run changed on a host is undone."""

from msgspec import UNSET

from hostcheck.checks.engine import Facts, Subjects, check, judge, run, subjects
from hostcheck.checks.subjects import every_host
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import About, Phase, Severity, Verdict

API = (
    "https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/"
    "vim.host.ServiceSystem.html"
)
STOPPED = "stopped"
REFUSED = (Why.DENIED, Why.ABSENT)
"""Reasons that say that it was not done; others leave open whether it was."""


@subjects("Host whose SSH a run started", About.HOST)
def every_started(host: Host) -> Subjects[Host]:
    return [] if host.ssh_service is UNSET else every_host(host)


@check(
    "HOST-015",
    title="SSH that was started for the run is stopped again",
    severity=Severity.RECOMMENDED,
    source=API,
    each=every_started,
    phase=Phase.END,
    why=(
        "With --manage-ssh a run starts SSH where it is off and stops it in the end. A hardened "
        "host is not to be left with an open shell."
    ),
    fix="Stop SSH on the host; the next run with --manage-ssh does it too.",
    how=(
        run("govc", "govc host.service -host {host} stop TSM-SSH"),
        run("vSphere Client", "{host} > Configure > System > Services > SSH > Stop"),
    ),
    opt_in=True,
)
def stopped_again(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    if host.ssh_service is UNSET:
        known.leave(Unknown(Why.NOT_ASKED, "SSH was not started for the run", "hostcheck"))
    started, stopped = host.ssh_service.started, host.ssh_service.stopped
    if isinstance(stopped, Unknown) and stopped.why in REFUSED:
        unsure = isinstance(started, Unknown)
        begun = "perhaps started" if unsure else f"started{_beside(known(started))}"
        return judge(ok=False, observed=f"{begun}, not stopped: {stopped.detail}", expected=STOPPED)
    observed = f"started{_beside(known(started))}, stopped{_beside(known(stopped))}"
    return judge(ok=True, observed=observed, expected=STOPPED)


def _beside(told: str) -> str:
    """Return the words beside a time: the time itself is another one each night."""
    return "".join(told.partition(" (")[1:])
