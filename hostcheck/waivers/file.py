"""The file of waivers.

[[waiver]]
check = "NUMA-001"
host = "esx-1*"
reason = "SNC stays on until the spring: the HPC jobs need it"
owner = "k.meyer@example.com"
expires = 2027-03-31
"""

from datetime import date
from pathlib import Path

from msgspec import Struct

from hostcheck.checks.engine import all_checks
from hostcheck.errors import UsageError
from hostcheck.model.result import Status
from hostcheck.model.waiver import WAIVABLE, Waiver
from hostcheck.near import near
from hostcheck.syntax import toml

PAGE = "docs/waivers.md"
NEEDED = ("host", "reason", "owner", "vcenter", "cluster", "subject")
"""What must not be empty."""
PATTERNS = {
    "host": "host", "vcenter": "vCenter", "cluster": "cluster, and host without one",
    "subject": "subject",
}  # fmt: skip


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    check: str
    host: str
    reason: str
    owner: str
    expires: date
    vcenter: str = "*"
    cluster: str = "*"
    subject: str = "*"
    status: tuple[str, ...] = (Status.FAIL.value,)
    starts: date | None = None
    ticket: str = ""
    approver: str = ""
    evidence: str = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    waiver: tuple[_Entry, ...] = ()


def read(path: Path) -> tuple[Waiver, ...]:
    """Read a file of waivers.

    Raises UsageError, which names file, line and key, for what is no waiver: an unknown check or
    key, no reason, no owner, no end.
    """
    found, file = toml.read(path, _File, PAGE)
    return tuple(_waiver(file, number, one) for number, one in enumerate(found.waiver))


def _waiver(file: toml.File, number: int, one: _Entry) -> Waiver:
    def wrong(key: str, told: str) -> UsageError:
        return file.wrong(["waiver", number, key], f"[[waiver]] {number + 1} {key}: {told}")

    ids = [each.id for each in all_checks()]
    if one.check not in ids:
        found = near(one.check, ids)
        hint = f"; did you mean {', '.join(found)}?" if found else "; see hostcheck checks"
        raise wrong("check", f"no check is called {one.check!r}{hint}")
    for key in NEEDED:
        if not getattr(one, key).strip():
            every = f"; '*' is every {PATTERNS[key]}" if key in PATTERNS else ""
            raise wrong(key, f"it must not be empty{every}")
    if not one.status:
        raise wrong("status", "it must not be empty; without it a waiver is of a fail")
    for status in one.status:
        if status not in WAIVABLE:
            words = ", ".join(each.value for each in WAIVABLE)
            raise wrong("status", f"{status!r} cannot be waived; give {words}")
    if one.starts and one.starts > one.expires:
        raise wrong("starts", "it begins after it ends")
    return Waiver(
        check=one.check, reason=one.reason, owner=one.owner, expires=one.expires.isoformat(),
        host=one.host, vcenter=one.vcenter, cluster=one.cluster, subject=one.subject,
        status=tuple(map(Status, one.status)), starts=one.starts.isoformat() if one.starts else "",
        ticket=one.ticket, approver=one.approver, evidence=one.evidence,
        line=toml.line_of(file.text, ["waiver", number]),
    )  # fmt: skip
