"""DRV, HOST: whether somebody still mends what runs: the vGPU release, the line of ESXi."""

from datetime import date, timedelta

from hostcheck.checks.engine import Facts, check, judge, not_applicable, unsure
from hostcheck.checks.expectation import Expectation
from hostcheck.checks.packages import NO_PACKAGE, host_driver
from hostcheck.checks.subjects import every_host_with_gpu
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.lifecycle import Cell, Mark, line_of, minors_of, over, said
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.model.window import vgpu_release_of
from hostcheck.words import count

LIFE = "https://docs.nvidia.com/vgpu/index.html"
LINES = "https://endoflife.date/esxi"
DAY = len("2026-11-28")
LEFT = Expectation("days_of_support", 0, "days of support that must be left", most=3650)


@check(
    "DRV-010",
    title="NVIDIA supports the vGPU release of the host's driver on the day that the host answered",
    severity=Severity.RECOMMENDED,
    source=LIFE,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    expects=(LEFT,),
    why=(
        "A release gets no more security fixes once its support has ended: a production branch "
        "has one year, a long-term branch (LTSB) three."
    ),
    fix="Go to a release that is supported, hosts before guests.",
    needs=("maintenance mode", "host reboot"),
)
def release_is_supported(host: Host, needs: Requirements, known: Facts) -> Verdict:
    version = host_driver(host, known)
    if not version:
        if not known.certainly(host.smi_answers, value=False):
            known(host.driver_version)
        return not_applicable(NO_PACKAGE)
    release = vgpu_release_of(version, needs.releases)
    day = _answered_on(host, known)
    observed, expected = f"driver {version}", "a vGPU release that NVIDIA supports"
    if release is None or not release.release:
        return unsure(observed, expected, "no vGPU release of the catalogue has this branch")
    named = said(minors_of(version, release.minors)) or f"vGPU {release.release}"
    kind = f", {release.kind.value}" if release.kind.value else ""
    left = known.expected(LEFT)
    return _until(f"{named}{kind}, {observed}", expected, release.ends, day, left)


@check(
    "HOST-014",
    title="The line of ESXi has general support on the day that the host answered",
    severity=Severity.RECOMMENDED,
    source=LINES,
    each=every_host_with_gpu,
    expects=(LEFT,),
    why=(
        "After the end of general support a line of ESXi gets no more patches by rule, and new "
        "vGPU releases are not made for it."
    ),
    fix=(
        "Upgrade to a line that is supported; the vGPU package is another one for each line, so "
        "both go into one image."
    ),
    needs=("maintenance mode", "host reboot"),
)
def esxi_is_supported(host: Host, needs: Requirements, known: Facts) -> Verdict:
    version = known(host.version)
    line = next((one for one in needs.esxi if one.line == line_of(version)), None)
    day = _answered_on(host, known)
    observed, expected = f"ESXi {version}", "a line with general support"
    if line is None:
        return unsure(observed, expected, "the catalogue does not know this line")
    return _until(observed, expected, line.general, day, known.expected(LEFT))


def _answered_on(host: Host, known: Facts) -> str:
    """Return the day on which what was opened was read: a replay judges by the same day."""
    times = {host.sources[at].taken_at[:DAY] for at in known.sources}
    times.discard("")
    if not times:
        known.leave(Unknown(Why.ABSENT, "when the host answered is not known"))
    return max(times)


def _until(observed: str, expected: str, ends: Cell, day: str, left: int) -> Verdict:
    last = (date.fromisoformat(day) + timedelta(days=left)).isoformat()
    if left:
        expected += f", for {count(left, 'more day')}"
    if ends.mark is Mark.UNKNOWN:
        return unsure(observed, expected, "nobody could read when its support ends")
    if ends.mark is not Mark.READ and over(ends.value, last):
        when = "have ended" if over(ends.value, day) else "end"
        return unsure(observed, expected, f"its support is believed to {when}: {ends.value}")
    word = "ended" if over(ends.value, day) else "ends"
    believed = "" if ends.mark is Mark.READ else "it is believed that "
    note = f"{believed}support {word} {ends.value}"
    return judge(ok=not over(ends.value, last), observed=observed, expected=expected, note=note)
