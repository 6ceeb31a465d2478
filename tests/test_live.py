"""The whole program against live peers: same bytes live and replayed, and no secret anywhere."""

import hashlib
import os
import re
import signal
import ssl
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import product

import msgspec
import pytest
from click.testing import CliRunner

from hostcheck import runfile
from hostcheck.cli import main
from tests.peers import live, shapes
from tests.peers.api import Trouble
from tests.peers.fleet import CANARY, Fleet
from tests.peers.live import Shells, Vcenter

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SOON = 45
KINDS = (
    "2n-2xA100-80-esxi803",
    "2n-8xH100-mig-mixed-esxi803",
    "2n-1xA100-40-driver-missing-esxi801",
    "2n-2xA100-80-ssh-denied-esxi803",
    "2n-2xA100-80-readonly-holes-esxi803",
    "2n-2xA100-80-ssh-stopped-esxi803",
)
HEALTHY, DENIED, STOPPED = "esx-01.lab.test", "esx-14.lab.test", "esx-24.lab.test"


@dataclass(frozen=True)
class Lab:
    """A vCenter and its shells, and how the program is pointed at them."""

    vcenter: Vcenter
    shells: Shells

    @property
    def target(self):
        return ["--vcenter", f"{self.vcenter.host}:{self.vcenter.port}", "--user",
                self.vcenter.user, "--tls-ca", str(self.vcenter.ca_file)]  # fmt: skip

    @property
    def ssh(self):
        return ["--ssh", "--ssh-config", str(self.shells.config_file)]

    @property
    def everything(self):
        return [*self.target, *self.ssh, "--esxcli"]

    @property
    def secrets(self):
        return {
            "GOVC_PASSWORD": self.vcenter.password,
            "HOSTCHECK_SSH_PASSWORD": self.shells.password,
        }


@pytest.fixture(scope="module")
def lab(keep_running):
    fleet = Fleet(tuple(shapes.HOSTS[kind] for kind in KINDS), (shapes.CLUSTER,))
    return Lab(keep_running(live.running_vcenter(fleet)), keep_running(live.running_shells(fleet)))


@pytest.fixture
def hostcheck(tmp_path, start):
    """Run the program in an empty directory, with nothing of this user's in its environment."""

    def environment(given):
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        return {"PATH": os.environ["PATH"], "HOME": str(home), **given}

    def run(*arguments, env=None, **given):
        return start(*arguments, cwd=tmp_path, env=environment(env or {}), **given)

    def begin(*arguments, env, **given):
        return start.open(*arguments, cwd=tmp_path, env=environment(env), **given)

    run.begin = begin
    return run


def same_but_for_times(first, second):
    return TIME.sub("T", first.read_text()) == TIME.sub("T", second.read_text())


def statuses(run_file):
    """Return {host: {(check, subject): status}}."""
    return {
        report.host.name: {
            (one.check, one.subject.kind, one.subject.name): one.status for one in report.results
        }
        for report in runfile.read(run_file).hosts
    }


# The same bytes


def test_live_recorded_and_replayed_runs_are_the_same_bytes(lab, hostcheck, tmp_path):
    first = hostcheck(
        "audit", *lab.everything, "--save", "saved", "-o", "live.json", "--html", "live.html",
        env=lab.secrets,
    )  # fmt: skip
    assert first.returncode == 1, first.stderr
    again = hostcheck("audit", "--from", "saved", "-o", "again.json", "--html", "again.html")
    assert again.returncode == 1, again.stderr
    assert (tmp_path / "live.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    assert (tmp_path / "live.html").read_bytes() == (tmp_path / "again.html").read_bytes()
    assert first.stdout == again.stdout

    here = tmp_path / "here.json"
    result = CliRunner().invoke(
        main, ["audit", "--from", str(tmp_path / "saved"), "-o", str(here), "--quiet"]
    )
    assert result.exit_code == 1, result.output
    assert here.read_bytes() == (tmp_path / "live.json").read_bytes()

    plain = hostcheck("report", "live.json", "--format", "json").stdout
    (tmp_path / "plain.json").write_text(plain)
    assert hostcheck("report", "plain.json", "--format", "json").stdout == plain

    resaved = hostcheck("audit", "--from", "saved", "--save", "resaved", "--format", "json", "-q")
    assert resaved.returncode == 1, resaved.stderr
    assert resaved.stdout == plain
    one, other = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("saved", "resaved")
    )
    assert one == other


def test_two_live_runs_differ_in_times_only_however_many_workers(lab, hostcheck, tmp_path):
    for workers in (1, 8):
        done = hostcheck(
            "audit", *lab.everything, "--workers", workers, "-o", f"{workers}.json", "-q",
            env=lab.secrets,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
    assert same_but_for_times(tmp_path / "1.json", tmp_path / "8.json")
    recorded = hostcheck("record", *lab.everything, "--save", "saved", env=lab.secrets)
    assert recorded.returncode == 0, recorded.stderr
    assert len(recorded.stdout.splitlines()) == len(KINDS)
    hostcheck("audit", "--from", "saved", "-o", "replayed.json", "-q")
    assert same_but_for_times(tmp_path / "1.json", tmp_path / "replayed.json")


# What is asked


@pytest.mark.parametrize(
    ("filters", "hosts"),
    [(["--host", "esx-01*"], 1), (["--host", "ESX-0[12]*", "--host", "esx-10*"], 3),
     (["--cluster", "gpu-*", "--host", "esx-1*"], 8), (["--cluster", "esx-10*"], 1)],
)  # fmt: skip
def test_filters_apply_before_anything_is_collected(vcenter, hostcheck, tmp_path, filters, hosts):
    before = vcenter.stats()
    done = hostcheck(
        "record", "--vcenter", vcenter.url, "--user", vcenter.user, "--tls-ca", vcenter.ca_file,
        "--save", "saved", *filters, env={"GOVC_PASSWORD": vcenter.password},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    after = vcenter.stats()
    assert len(list((tmp_path / "saved").iterdir())) == hosts
    asked = [stats["calls"].get("fetchSoftwarePackages", 0) for stats in (before, after)]
    assert asked[1] - asked[0] == hosts
    assert after["open_sessions"] == 0


def test_a_filter_that_matches_nothing_is_one_line(lab, hostcheck):
    for option in ("--host", "--cluster"):
        done = hostcheck("audit", *lab.target, option, "nope*", env=lab.secrets)
        assert done.returncode == 2
        assert re.fullmatch(r"hostcheck: no (host|cluster) matches 'nope\*'; .*\n", done.stderr)
    assert lab.vcenter.stats()["open_sessions"] == 0


def test_a_preflight_and_a_topology_are_the_same_live_and_replayed(lab, hostcheck):
    hostcheck("record", *lab.target, "--save", "recorded", "-q", env=lab.secrets)
    for words, kept, saved in (
        (["preflight", "train-01-a"], "saved", ["--save", "saved"]),
        (["topology", HEALTHY], "recorded", []),
    ):
        words += ["--format", "json", "-q"]
        first = hostcheck(*words, *lab.target, *saved, env=lab.secrets)
        again = hostcheck(*words, "--from", kept)
        assert first.stdout
        assert first.stderr == ""
        assert first.returncode == again.returncode
        assert TIME.sub("T", first.stdout) == TIME.sub("T", again.stdout)
    assert lab.vcenter.stats()["open_sessions"] == 0


# Options, variables, files


def test_the_variables_of_govc_are_understood(lab, hostcheck, tmp_path):
    server = lab.vcenter
    only = ["record", "--host", "esx-01*", "-q"]
    env = {"GOVC_URL": server.url, "GOVC_USERNAME": server.user, "GOVC_PASSWORD": server.password}
    done = hostcheck(*only, "--save", "a", env={**env, "GOVC_TLS_CA_CERTS": str(server.ca_file)})
    assert done.returncode == 0, done.stderr
    known = tmp_path / "known"
    der = ssl.PEM_cert_to_DER_cert(server.ca_file.read_text())
    digest = hashlib.sha1(der).hexdigest().upper()
    pairs = ":".join(digest[i : i + 2] for i in range(0, 40, 2))
    known.write_text(f"other:443 AB:CD\n{server.host}:{server.port} {pairs}\n")
    done = hostcheck(*only, "--save", "b", env={**env, "GOVC_TLS_KNOWN_HOSTS": str(known)})
    assert done.returncode == 0, done.stderr
    in_url = (
        f"https://{server.user.replace('@', '%40')}:{server.password}@{server.host}:{server.port}"
    )
    done = hostcheck(
        *only, "--save", "c", env={"GOVC_URL": in_url, "GOVC_TLS_CA_CERTS": str(server.ca_file)}
    )
    assert done.returncode == 0, done.stderr
    assert server.password not in done.stdout + done.stderr
    insecure = {**env, "GOVC_INSECURE": "1"}
    done = hostcheck("record", "--save", "d", env=insecure)
    assert done.returncode == 2
    assert "GOVC_INSECURE is ignored: certificates are always verified; trust a CA" in done.stderr
    assert "--tls-ca FILE" in done.stderr


@pytest.mark.parametrize(
    "url",
    ["https://u:s3cr3t@vc.test", "u:s3cr3t@vc.test:443", "https://u:a/s3cr3t@vc.test",
     "https://u:p:s3cr3t@vc.test:port", "https://u:s3cr3t@[vc", "https://u:s3cr3t://x@vc:1x"],
)  # fmt: skip
def test_a_password_in_an_url_option_is_refused_and_not_repeated(hostcheck, url):
    done = hostcheck("audit", "--vcenter", url)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "s3cr3t" not in done.stdout + done.stderr


def test_settings_come_from_a_file_and_passwords_from_another(lab, hostcheck, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(lab.vcenter.password + "\nsecond line\n")
    shell_secret = tmp_path / "shell-secret"
    shell_secret.write_text(lab.shells.password + "\r\n")
    (tmp_path / "hostcheck.toml").write_text(
        f"""
        [vcenter]
        url = "{lab.vcenter.url}"
        user = "{lab.vcenter.user}"
        tls_ca = ["{lab.vcenter.ca_file}"]
        [ssh]
        enabled = true
        config = "{lab.shells.config_file}"
        [audit]
        hosts = ["{HEALTHY}"]
        """
    )
    done = hostcheck(
        "audit", "--password-file", secret, "--ssh-password-file", shell_secret, "-o", "run.json"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(statuses(tmp_path / "run.json")) == [HEALTHY]


def test_without_a_password_the_ways_to_give_one_are_named(lab, hostcheck):
    done = hostcheck("audit", *lab.target)
    assert done.returncode == 2
    assert "GOVC_PASSWORD, give --password-file, or keep it in the keyring" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_password_file_of_garbage_is_one_line(lab, hostcheck, tmp_path):
    (tmp_path / "secret").write_bytes(b"\xff\xfe\0")
    done = hostcheck("audit", *lab.target, "--password-file", "secret")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


# Secrets


def written(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_secret_is_ever_written(lab, hostcheck, tmp_path):
    secrets = [lab.vcenter.password, lab.shells.password, CANARY]
    runs = [
        hostcheck(
            "audit", *lab.everything, "--save", "saved", "-o", "run.json", "--html", "run.html",
            env=lab.secrets,
        ),
        hostcheck("topology", HEALTHY, *lab.everything, "--format", "json", env=lab.secrets),
        hostcheck("audit", *lab.target[:-2], env=lab.secrets),
        hostcheck("audit", *lab.target, "--tls-thumbprint", "00" * 32, env=lab.secrets),
        hostcheck("audit", *lab.target, "--user", "nobody", env=lab.secrets),
    ]  # fmt: skip
    assert [run.returncode for run in runs[-3:]] == [2, 2, 2]
    for secret in secrets:
        assert all(secret not in run.stdout + run.stderr for run in runs)
        assert all(secret.encode() not in data for data in written(tmp_path).values())


CRASH = """
import sys
import {module} as module
def crash(*given, **named):
    raise RuntimeError("this is the test's crash")
{patch} = crash
from hostcheck import runfile
from hostcheck.cli import main
sys.argv = ["hostcheck", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(
    ("module", "patch"),
    [("hostcheck.app", "module.report_of"), ("hostcheck.recording", "module.save"),
     ("hostcheck.ways.vsphere.exchange", "module.Exchange.post"),
     ("hostcheck.ways.shell.transport", "module.SshTransport._connect")],
)  # fmt: skip
def test_a_crash_shows_no_secret_and_is_no_verdict(lab, hostcheck, tmp_path, module, patch):
    done = hostcheck(
        "audit", *lab.everything, "--save", "saved", "--host", HEALTHY, env=lab.secrets,
        code=CRASH.format(module=module, patch=patch),
    )  # fmt: skip
    assert done.returncode == 3, "a crash is neither a pass nor a fail"
    walled = patch.startswith("module.SshTransport")  # one host, not the run
    assert "this is the test's crash" in " ".join((done.stdout if walled else done.stderr).split())
    assert ("please report" in done.stderr) is not walled
    for secret in (lab.vcenter.password, lab.shells.password):
        assert secret not in done.stdout + done.stderr
        assert all(secret.encode() not in data for data in written(tmp_path).values())


# Verdicts


def test_exit_codes(lab, hostcheck):
    audit = ["audit", "-q"]
    healthy = hostcheck(*audit, *lab.everything, "--host", "esx-01*", env=lab.secrets)
    assert healthy.returncode == 0, healthy.stdout
    no_driver = hostcheck(*audit, *lab.everything, "--host", "esx-13*", env=lab.secrets)
    assert no_driver.returncode == 1
    unseen = hostcheck(*audit, *lab.target, "--host", "esx-15*", env=lab.secrets)
    assert unseen.returncode == 3
    assert hostcheck(*audit, "--vcenter", "").returncode == 2


@pytest.mark.parametrize("command", ["audit", "capacity"])
def test_a_vcenter_that_shows_no_host_is_not_known(command, lab, new_vcenter, hostcheck):
    own = Lab(new_vcenter(Fleet((), api="8.0.3.0")), lab.shells)
    done = hostcheck(command, "-q", *own.target, env=own.secrets)
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stdout


def test_strict_lets_recommended_checks_decide(new_vcenter, new_shells, hostcheck):
    host = replace(shapes.HEALTHY.hosts[0], esxcli_nodes=4)
    own = Lab(new_vcenter(Fleet((host,))), new_shells(Fleet((host,))))
    codes = [
        hostcheck("audit", "-q", *own.everything, *strict, env=own.secrets).returncode
        for strict in ([], ["--strict"])
    ]
    plain, strict = codes
    assert strict != 0
    assert plain in (0, strict)


def test_stdout_is_the_report_and_stderr_the_progress(lab, hostcheck):
    loud = hostcheck("audit", *lab.target, "--format", "json", env=lab.secrets)
    quiet = hostcheck("audit", *lab.target, "--format", "json", "--quiet", env=lab.secrets)
    assert quiet.stderr == ""
    assert TIME.sub("T", loud.stdout) == TIME.sub("T", quiet.stdout)
    assert msgspec.json.decode(loud.stdout)["hosts"]
    lines = loud.stderr.splitlines()
    assert lines[0].startswith(f"audit: 1/{len(KINDS)} esx-")  # whichever is done first
    assert len(lines) == len(KINDS)


def test_what_no_shell_told_is_unknown_and_never_a_fail(lab, hostcheck, tmp_path):
    hostcheck("audit", "-q", *lab.target, *lab.ssh, "-o", "run.json", env=lab.secrets)
    by_host = statuses(tmp_path / "run.json")

    def by_check(host):
        found = {}
        for (check, _, _), status in by_host[host].items():
            found.setdefault(check, set()).add(status)
        return found

    seen = by_check(HEALTHY)
    for host in (DENIED, STOPPED):
        unseen = by_check(host)
        for check, values in unseen.items():
            assert values <= seen[check] | {"unknown", "notapplicable"}, (host, check)
            assert "fail" not in values - seen[check]
        assert unseen["ECC-002"] == {"unknown"}, host
        assert "unknown" not in seen["ECC-002"]


def test_a_reader_that_leaves_early_does_not_change_the_verdict(lab, hostcheck):
    with hostcheck.begin("audit", "-q", *lab.target, env=lab.secrets) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 1
    assert said == ""


# Interrupts


def interrupted(hostcheck, arguments, secrets, ready, by=signal.SIGINT):
    """Start the program, send the signal when `ready`, and return its exit code and words."""
    with hostcheck.begin(*arguments, env=secrets) as process:
        limit = time.monotonic() + 120
        while not ready() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.1)
        time.sleep(0.5)
        assert process.poll() is None, process.stderr.read()
        began = time.monotonic()
        process.send_signal(by)
        try:
            _, said = process.communicate(timeout=2 * SOON)
        finally:
            process.kill()
        return process.returncode, said, time.monotonic() - began


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_hanging_shells_within_seconds(
    new_vcenter, new_shells, hostcheck, workers, by
):
    healthy = shapes.HEALTHY.hosts[0]
    hosts = tuple(
        replace(healthy, **shapes.at(number), shell_trouble="hang", vms=())
        for number in range(1, 7)
    )
    own = Lab(new_vcenter(Fleet(hosts)), new_shells(Fleet(hosts)))
    code, said, seconds = interrupted(
        hostcheck,
        ["audit", *own.target, *own.ssh, "--workers", str(workers), "--command-timeout", "300"],
        own.secrets,
        lambda: own.shells.log_file.read_text().count("Starting session") >= workers, by,
    )  # fmt: skip
    assert code == 3
    assert said == (
        "\nhostcheck: interrupted: 0 hosts are in the report, 6 were not asked; "
        "without -o, no --resume\n"
    )
    assert seconds < SOON
    assert own.vcenter.stats()["open_sessions"] == 0


def test_a_limit_ends_hanging_shells(new_vcenter, new_shells, hostcheck, tmp_path):
    """Four runs beside each other: they wait, and do nothing."""
    healthy, hanging = shapes.HEALTHY.hosts[0], {"shell_trouble": "hang", "vms": ()}
    fleet = Fleet(tuple(replace(healthy, **shapes.at(n), **hanging) for n in range(1, 7)))
    own = Lab(new_vcenter(fleet), new_shells(fleet))
    (tmp_path / "limit.toml").write_text('[audit]\nlimit = "10s"\n')
    names = ", ".join(host.name for host in fleet.hosts)
    began = time.monotonic()
    target = (*own.target, *own.ssh, "--command-timeout", "300", "--config", "limit.toml", "-q")
    runs = {}
    with ExitStack() as stack:
        for command, workers in product(("audit", "record"), (1, 4)):
            saving = ("--save", f"saved-{workers}") if command == "record" else ()
            words = (command, *target, "--workers", workers, *saving)
            run = hostcheck.begin(*words, env=own.secrets)
            runs[command, workers] = stack.enter_context(run)
        for (command, workers), run in runs.items():
            told, said = run.communicate(timeout=2 * SOON)
            assert run.returncode == 3, (command, workers)
            assert "\nhostcheck: the run's limit of 10 s was over: " in said, (command, workers)
            if command == "record":
                assert said.endswith(f"6 hosts were not asked: {names}\n"), workers
            else:
                assert "0 hosts are in the report, 6 were not asked" in said, workers
                assert names in " ".join(told.split()), workers
    assert time.monotonic() - began < SOON
    assert own.vcenter.stats()["open_sessions"] == 0


@pytest.mark.parametrize("command", ["audit", "record"])
def test_a_limit_ends_a_listing(new_vcenter, new_shells, hostcheck, command):
    slow = Trouble("RetrievePropertiesEx", "delay", 120_000)
    own = Lab(new_vcenter(shapes.HEALTHY, slow), new_shells(shapes.HEALTHY))
    saving = ["--save", "saved"] if command == "record" else []
    done = hostcheck(command, *own.target, "--limit", "3s", "-q", *saving, env=own.secrets)
    assert done.returncode == 3
    assert done.stderr == (
        "hostcheck: the run's limit of 3 s was over before the hosts were listed: none was asked\n"
    )
    assert own.vcenter.stats()["open_sessions"] == 0


def test_an_interrupt_ends_a_silent_vcenter_within_seconds(new_vcenter, hostcheck):
    server = new_vcenter(
        shapes.HEALTHY,
        Trouble("RetrievePropertiesEx", "delay", 60000, first=1),
        Trouble("DestroyPropertyCollector", "delay", 60000),
    )
    code, said, seconds = interrupted(
        hostcheck,
        ["audit", "--vcenter", server.url, "--user", server.user, "--tls-ca", str(server.ca_file)],
        {"GOVC_PASSWORD": server.password},
        lambda: server.stats()["calls"].get("RetrievePropertiesEx") == 1,
    )  # fmt: skip
    assert (code, said) == (3, "\nhostcheck: interrupted\n")
    assert seconds < SOON
    assert server.stats()["open_sessions"] == 0


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_hosts_that_were_done_are_not_asked_again(by, new_vcenter, new_shells, hostcheck, tmp_path):
    healthy = shapes.HEALTHY.hosts[0]
    fleet = Fleet(tuple(replace(healthy, **shapes.at(number), vms=()) for number in range(1, 9)))
    own = Lab(new_vcenter(fleet), new_shells(fleet))
    audit = ["audit", *own.target, *own.ssh, "--workers", "2", "-o"]
    journal = tmp_path / "run.json.journal"

    with hostcheck.begin(*audit, "run.json", env=own.secrets, stdout=subprocess.DEVNULL) as process:
        for line in process.stderr:
            if line.startswith("audit: 3/"):
                process.send_signal(by)
                break
        _, said = process.communicate(timeout=2 * SOON)
    done = journal.read_bytes().count(b"\n") - 1
    assert 3 <= done < 8
    assert own.secrets["HOSTCHECK_SSH_PASSWORD"].encode() not in journal.read_bytes()
    if by is signal.SIGINT:
        assert process.returncode == 3
        assert f"{done} hosts are in the report, {8 - done} were not asked" in said
        assert len(runfile.read(tmp_path / "run.json").unasked) == 8 - done

    # vCenter ends by itself, when it has been idle, what nobody could log out of any more.
    assert own.vcenter.stats()["open_sessions"] == (1 if by is signal.SIGKILL else 0)

    def sessions():
        return len(re.findall("Accepted ", own.shells.log_file.read_text()))

    before = sessions()
    resumed = hostcheck(*audit, "run.json", "--resume", env=own.secrets)
    assert resumed.returncode == 0, resumed.stderr
    assert sessions() - before == 8 - done
    assert not journal.exists()
    fresh = hostcheck(*audit, "fresh.json", env=own.secrets)
    assert fresh.returncode == 0, fresh.stderr
    run, other = (runfile.read(tmp_path / name) for name in ("run.json", "fresh.json"))
    for report, again in zip(run.hosts, other.hosts, strict=True):
        assert runfile_text(report) == runfile_text(again)


def runfile_text(report):
    return TIME.sub("T", runfile.pack(report).decode())


# --- vCenter's own count --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "left", "words"),
    [
        ("9.0.0.0", (("grid_a100d-40c", 2),), "2      vCenter's own count\n"),
        ("9.0.0.0", (("grid_a100d-40c", 9),), "9      vCenter's own count: they disagree\n"),
        ("9.0.0.0", (), ""),
        ("8.0.3.0", (("grid_a100d-40c", 2),), ""),
    ],
)
def test_capacity_stands_beside_vcenters_own_count(new_vcenter, hostcheck, api, left, words):
    host = replace(shapes.HEALTHY.hosts[0], left=left)
    server = new_vcenter(Fleet((host,), (shapes.CLUSTER,), api=api))
    done = hostcheck(
        "capacity", "--vcenter", f"{server.host}:{server.port}", "--user", server.user,
        "--tls-ca", str(server.ca_file), "-q", "--profile", "grid_a100d-40c",
        env={"GOVC_PASSWORD": server.password},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
    assert ("vCenter's own count" in done.stdout) is bool(words)
    asked = server.stats()["calls"].get("DirectPathProfileManagerQueryCapacity", 0)
    assert asked == (1 if api.startswith("9") else 0)
