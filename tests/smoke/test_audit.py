"""`hostcheck audit --smoke`: which guest proves which GPU, and that it records and replays."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from hostcheck import recording, runfile
from hostcheck.assemble import smoke
from hostcheck.model.fact import Unknown
from hostcheck.reports.run import json as json_report
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.peers import live
from tests.peers.fleet import Guest
from tests.smoke import lab

NAMED = ("shared", "broken", "asleep", "whole", "old", "slice", "direct")
FIRST, SECOND, OLD, SLICES, DIRECT = (f"esx-{number}.lab.test" for number in range(31, 36))


@pytest.fixture(scope="module")
def vcenter(keep_running):
    return keep_running(live.running_vcenter(lab.AUDITED))


@pytest.fixture
def audit(hostcheck, vcenter):
    """Audit with the smoke test: `audit("shared", "whole", "-o", ...)` names guests."""

    def run(*names, more=()):
        guests = [word for name in names for word in ("--smoke-guest", name)]
        return hostcheck(
            "audit", *lab.target(vcenter), "--smoke", *guests, "-q", *more,
            env=lab.secrets(vcenter),
        )  # fmt: skip

    return run


def sparse(run_file):
    """Return {(host, GPU address, check): result} of the SPARSE checks."""
    run = json.loads(json_report.render(runfile.read(run_file)))
    return {
        (report["host"]["name"], one["subject"]["id"], one["check"]): one
        for report in run["hosts"]
        for one in report["results"]
        if one["check"].startswith("SPARSE")
    }


def visits(vcenter):
    return vcenter.stats()["calls"].get("MakeDirectoryInGuest", 0)


def test_every_sparse_gpu_is_proven_or_says_why_not(audit, vcenter, tmp_path):
    before = visits(vcenter)
    done = audit(
        *NAMED, more=["-o", "run.json", "--html", "run.html", "--workers", "4", "--details"]
    )
    assert done.exit_code == 1, done.output
    assert visits(vcenter) - before == 5, "shared, broken, whole, slice, direct"
    assert all(not Path(place).exists() for place in vcenter.stats()["guest_places"])
    found = sparse(tmp_path / "run.json")
    right = {key[:2]: one["status"] for key, one in found.items() if key[2] == "SPARSE-001"}
    fast = {key[:2]: one["status"] for key, one in found.items() if key[2] == "SPARSE-002"}
    assert right[FIRST, lab.FIRST_GPU] == "pass", "right, and slow is no fail"
    assert fast[FIRST, lab.FIRST_GPU] == "notapplicable"
    shared = found[FIRST, lab.FIRST_GPU, "SPARSE-002"]
    assert shared["observed"].startswith("shared with other VMs by time slices: int8 1.04 times")
    assert right[FIRST, lab.SECOND_GPU] == "fail"
    assert "int8: 3 wrong of 65536" in found[FIRST, lab.SECOND_GPU, "SPARSE-001"]["observed"]
    assert right[SECOND, lab.SECOND_GPU] == "pass"
    assert fast[SECOND, lab.SECOND_GPU] == "fail", "a whole GPU has no excuse"
    assert right[OLD, lab.T4] == fast[OLD, lab.T4] == "notapplicable"
    assert right[SLICES, lab.MIG_GPU] == fast[SLICES, lab.MIG_GPU] == "pass"
    assert right[DIRECT, lab.FIRST_GPU] == "pass"
    asleep = found[SECOND, lab.FIRST_GPU, "SPARSE-001"]
    assert asleep["status"] == "unknown"
    assert asleep["unseen"]["detail"] == ("no named guest may run it: asleep is poweredOff")
    other = found[SLICES, lab.OTHER_GPU, "SPARSE-001"]
    assert other["unseen"]["detail"] == "no guest on this GPU was named for the smoke test"
    assert all(one["sources"] for one in found.values() if one["status"] in ("pass", "fail"))
    page = (tmp_path / "run.html").read_text()
    assert "Sparse tensor cores" in page
    assert "1.04 times dense" in page
    assert "<svg viewBox" in page
    assert re.search(r'class="tag fail ">fail</span>', page)
    assert "sparse ████" in done.stdout
    assert "The smoke test ran in the guests that were named, and in no other" in " ".join(
        done.stdout.split()
    )


def test_it_records_and_replays_to_the_same_bytes(audit, hostcheck, tmp_path):
    live_run = audit(*NAMED, more=["--save", "saved", "-o", "live.json", "--html", "live.html"])
    again = hostcheck("audit", "--from", "saved", "-q", "-o", "again.json", "--html", "again.html")
    assert again.exit_code == live_run.exit_code
    assert again.stdout == live_run.stdout
    for kind in ("json", "html"):
        assert (tmp_path / f"live.{kind}").read_bytes() == (tmp_path / f"again.{kind}").read_bytes()
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert Guest().password.encode() not in written
    guest = tmp_path / "saved" / FIRST / "guest"
    assert json.loads(next(guest.iterdir()).read_text())["schema"] == "hostcheck.sparse24/1"


def test_losing_an_answer_never_improves_a_result(audit, tmp_path):
    audit("shared", "broken", more=["--host", "esx-31*", "--save", "saved"])
    recorded = recording.load(tmp_path / "saved" / FIRST)

    def statuses(captures):
        report = report_of(host_of(msgspec.structs.replace(recorded, captures=captures)))
        return {
            (one.check, one.subject.id): one.status.value
            for one in report.results
            if one.check.startswith("SPARSE")
        }

    whole = statuses(recorded.captures)
    assert whole["SPARSE-001", lab.SECOND_GPU] == "fail"
    for key in recorded.captures:
        kept = {other: one for other, one in recorded.captures.items() if other != key}
        for about, status in statuses(kept).items():
            if whole.get(about) not in ("pass", "notapplicable"):
                assert status not in ("pass", "notapplicable"), (key, about)
        if key[0] == "given":
            assert set(statuses(kept).values()) == {"unknown"}


def test_guests_can_be_named_by_a_custom_attribute(hostcheck, vcenter, tmp_path):
    before = visits(vcenter)
    done = hostcheck(
        "record", *lab.target(vcenter), "--smoke", "--smoke-attribute", "smoke", "-q",
        "--save", "saved", env=lab.secrets(vcenter),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert visits(vcenter) - before == 2, "shared and broken say yes, whole says no"
    manifest = json.loads((tmp_path / "saved" / FIRST / "manifest.json").read_text())
    assert {one["asked"] for one in manifest["answers"] if one["wire"] == "guest"} == {"sparse24"}
    wrong = hostcheck(
        "record", *lab.target(vcenter), "--smoke", "--smoke-attribute", "smoek", "-q",
        "--save", "saved", env=lab.secrets(vcenter),
    )  # fmt: skip
    assert wrong.exit_code == 2
    assert wrong.stderr == "hostcheck: no custom attribute is called 'smoek'; there are: smoke\n"
    assert vcenter.stats()["open_sessions"] == 0


def test_without_it_a_run_says_nothing_of_it(hostcheck, vcenter, tmp_path):
    before = visits(vcenter)
    hostcheck("audit", *lab.target(vcenter), "-q", "-o", "run.json", env=lab.secrets(vcenter))
    text = (tmp_path / "run.json").read_text()
    assert "SPARSE" not in text
    assert "smoke" not in text.replace('"smoke-', "")
    assert visits(vcenter) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--smoke"], "--smoke runs in no guest that nobody named: give --smoke-guest VM or"),
     (["--smoke-guest", "shared"], "--smoke-guest and --smoke-attribute name guests for --smoke"),
     (["--smoke", "--smoke-guest", "nobody"], "no VM is called 'nobody'"),
     (["--smoke", "--smoke-guest", "shared", "--from", "x"], "--from replays recordings")],
)  # fmt: skip
def test_mistakes_are_one_line(hostcheck, vcenter, tmp_path, words, told):
    (tmp_path / "x").mkdir()
    done = hostcheck("audit", *lab.target(vcenter), "-q", *words, env=lab.secrets(vcenter))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"hostcheck: {told}")
    assert done.stderr.count("\n") == 1


def test_without_a_guest_password_nothing_runs(hostcheck, vcenter):
    env = lab.secrets(vcenter)
    del env["HOSTCHECK_GUEST_PASSWORD"]
    done = hostcheck("audit", *lab.target(vcenter), "--smoke", "--smoke-guest", "shared", env=env)
    assert done.exit_code == 2
    assert "set HOSTCHECK_GUEST_PASSWORD, give --guest-password-file" in done.stderr


def test_a_wrong_password_is_tried_in_three_guests_and_no_more(hostcheck, new_vcenter, tmp_path):
    fleet = lab.hanging(5)
    server = new_vcenter(fleet)
    names = [word for host in fleet for vm in host.vms for word in ("--smoke-guest", vm.name)]
    env = {**lab.secrets(server), "HOSTCHECK_GUEST_PASSWORD": "wr0ng"}
    words = ["--smoke", *names, "--workers", "1", "-q", "-o", "run.json"]
    hostcheck("audit", *lab.target(server), *words, env=env)
    assert server.stats()["calls"]["MakeDirectoryInGuest"] == 3
    told = [
        one["unseen"]["detail"]
        for (_, gpu, check), one in sparse(tmp_path / "run.json").items()
        if (gpu, check) == (lab.FIRST_GPU, "SPARSE-001")
    ]
    assert told == [
        *["the guest refuses this user name or password"] * 3,
        *["not tried: 3 guests refused this user name or password"] * 2,
    ]


def test_an_unknown_choice_is_an_unknown_and_never_a_visit():
    """A VM whose GPU vSphere does not tell is visited on no GPU."""
    source = RecordedSource(Path(__file__).parents[2] / "fixtures/2n-2xA100-80-esxi803")
    (target,) = source.machines()
    host = host_of(source.collect(target))
    vms = tuple(
        msgspec.structs.replace(vm, gpu_addresses=Unknown("absent", "lost"))
        for vm in host.vms.value
    )
    blind = msgspec.structs.replace(
        host, vms=msgspec.structs.replace(host.vms, value=vms),
        smoke_guests=msgspec.structs.replace(host.vms, value=tuple(vm.id for vm in vms)),
    )  # fmt: skip
    assert smoke.guests_of(host) == ()
    assert smoke.guests_of(blind) == ()


INTERRUPTIBLE = """
import sys
from pathlib import Path
from hostcheck.smoke import build
build.ready = lambda *_: Path({program!r})
from hostcheck.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("workers", [1, 4])
def test_an_interrupt_cleans_up_in_every_guest(new_vcenter, program, tmp_path, workers):
    hanging = lab.hanging(3)
    server = new_vcenter(hanging)
    names = [word for host in hanging for vm in host.vms for word in ("--smoke-guest", vm.name)]
    code = INTERRUPTIBLE.format(program=str(program))
    with subprocess.Popen(
        [sys.executable, "-c", code, "audit", *lab.target(server), "--smoke", *names,
         "--workers", str(workers)],
        env={**lab.secrets(server), "HOME": str(tmp_path)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as process:  # fmt: skip
        limit = time.monotonic() + 120
        wanted = min(workers, 3)
        while time.monotonic() < limit and process.poll() is None:
            if server.stats()["calls"].get("StartProgramInGuest", 0) >= 2 * wanted:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "hostcheck: interrupted" in said
    assert "not undone" not in said
    stats = server.stats()
    assert len(stats["guest_places"]) == wanted
    assert all(not Path(place).exists() for place in stats["guest_places"])
    assert stats["calls"]["TerminateProcessInGuest"] == wanted
    assert stats["open_sessions"] == 0
