"""The fan-out: any executor, a cluster that loses workers, and what may travel to one."""

import ctypes
import multiprocessing
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from difflib import unified_diff
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from benchmarks.replay import line_up
from hostcheck import fleet, runfile
from hostcheck.cli import main
from hostcheck.connect import precedence
from hostcheck.errors import UsageError
from hostcheck.fleet import Workers, beside
from hostcheck.fleet.pool import Processes
from hostcheck.reports.run import json as json_report
from hostcheck.sources.recorded import RecordedSource
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.inventory import InventoryRow
from hostcheck.ways.redfish.opening import Bmcs, Passwords
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.shells import Shells
from hostcheck.ways.shell.way import WAY as SHELL
from tests.fleet.work import die, double
from tests.peers import live, shapes
from tests.peers.fleet import Fleet
from tests.peers.ports import own_port
from tests.peers.redfish import Login, State, running_bmcs
from tests.ways.redfish.machines import rack

SOME = 24
FIXTURES = Path(__file__).parents[1] / "fixtures"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


# Threads

MANY_THREADS = """
import ctypes, sys, threading
from hostcheck import fleet
count = int(sys.argv[1])
together = threading.Barrier(count)
def hold(number):
    held = bytearray(50_000)
    together.wait()
with fleet.threads(count) as workers:
    list(fleet.each(range(count), hold, workers=workers))
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def heaps_of(threads):
    """Return how many heaps a process has whose threads all held something at a time."""
    done = subprocess.run(
        [sys.executable, "-c", MANY_THREADS, str(threads)], capture_output=True, check=True
    )
    return done.stdout.count(b"<heap nr=")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="only glibc has heaps")
def test_many_threads_take_memory_from_few_heaps():
    assert heaps_of(beside.SHARED_BY) > beside.HEAPS
    assert heaps_of(4 * beside.SHARED_BY) == beside.HEAPS


# Any executor


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_standard_executor_does_the_work(kind):
    with kind(2) as pool:
        workers = Workers(2, pool, away=kind is ProcessPoolExecutor)
        assert sorted(fleet.each(range(20), double, workers=workers)) == list(range(0, 40, 2))


def test_a_slow_host_holds_no_other_up():
    others, done = threading.Event(), []

    def work(item):
        if item == 0:
            others.wait(60)
        else:
            done.append(item)
            if len(done) == 7:
                others.set()
        return item

    with fleet.threads(2) as workers:
        assert list(fleet.each(range(8), work, workers=workers))[-1] == 0


def test_no_more_is_taken_in_hand_than_the_workers_can_soon_do():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    with fleet.threads(2) as workers:
        done = fleet.each(items(), double, workers=workers)
        next(done)
        assert len(taken) <= 2 * fleet.AHEAD
        done.close()


def test_an_error_of_the_work_shows_here():
    def work(_item):
        raise ZeroDivisionError

    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
        list(fleet.each([1], work, workers=Workers(2, pool, away=True)))


class Broken(ThreadPoolExecutor):
    """A cluster that loses every second task, and then itself."""

    def __init__(self):
        super().__init__(2)
        self.asked = 0

    def submit(self, work, *given, **named):
        self.asked += 1
        if self.asked > 10:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if self.asked % 2:
            return super().submit(work, *given, **named)
        lost = Future()
        lost.cancel()
        lost.set_running_or_notify_cancel()
        return lost


def test_what_a_cluster_loses_is_done_here():
    with Broken() as pool:
        found = list(fleet.each(range(30), double, workers=Workers(2, pool, away=True)))
    assert sorted(found) == list(range(0, 60, 2))


def test_a_cluster_without_workers_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(fleet, "PATIENCE_SECONDS", 0.01)
    silent = SimpleNamespace(submit=lambda *_: Future())
    workers = Workers(2, silent, away=True, alive=lambda: False)
    assert sorted(fleet.each(range(9), double, workers=workers)) == list(range(0, 18, 2))


def test_a_signal_that_another_thread_took_is_heard_before_the_next_result():
    free, over = threading.Event(), []

    class HeardError(Exception):
        pass

    def hear(*_):
        raise HeardError

    def work(item):
        time.sleep(0.2)  # by then the others wait
        if item == 0:
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        free.wait(60)
        over.append(item)

    before = signal.signal(signal.SIGUSR1, hear)
    try:
        with fleet.threads(2) as workers, pytest.raises(HeardError):
            list(fleet.each(range(2), work, workers=workers))
        assert over == []
    finally:
        free.set()
        signal.signal(signal.SIGUSR1, before)


# What may travel, and where to


@pytest.mark.parametrize(
    ("url", "address"),
    [("dask://127.0.0.1:9000", "tcp://127.0.0.1:9000"), ("dask://localhost", "tcp://localhost:8786"),
     ("dask://[::1]:1", "tcp://[::1]:1"), ("dask://cluster.example", "tls://cluster.example:8786"),
     ("dask+tls://localhost", "tls://localhost:8786"),
     ("dask://10.0.0.1:8786", "tls://10.0.0.1:8786"), ("dask+tcp://cluster:1", "tcp://cluster:1")],
)  # fmt: skip
def test_beyond_this_machine_a_scheduler_is_reached_by_tls(url, address):
    assert fleet.address_of(url) == address


@pytest.mark.parametrize(
    "url", ["tcp://x:1", "dask://", "dask://x:99999", "dask://u@x", "dask://x/y", "dask:x",
            "dask://me:s3cr3t@x:1", "dask://me:s3cr3t@x:99999"],
)  # fmt: skip
def test_an_address_that_is_none_is_one_line_without_a_login(url):
    with pytest.raises(UsageError, match="--workers") as told:
        fleet.address_of(url)
    assert "s3cr3t" not in str(told.value)


def test_the_password_travels_and_is_in_no_words():
    made = Shells(
        Shell("x"), Path("none"), "", 0, (), (), SHELL.allows, iter(["s3cr3t"]).__next__
    )  # fmt: skip
    travelled = pickle.loads(pickle.dumps(made))
    assert travelled.password() == "s3cr3t"
    assert "s3cr3t" not in repr(made) + repr(travelled)


def test_the_password_of_a_bmc_travels_and_is_in_no_words():
    made = Bmcs(
        (InventoryRow("bmc"),),
        "",
        Door("", user="me"),
        {},
        Passwords(partial(str, "s3cr3t"), {"dell": "s3cr3t"}),
        print,
    )
    travelled = pickle.loads(pickle.dumps(made))
    assert travelled.password(made.rows[0]) == "s3cr3t"
    opened = travelled.open(made.rows[0])
    assert "s3cr3t" not in repr(made) + repr(travelled) + repr(opened) + repr(vars(opened))


# Processes of this machine


def test_what_ends_a_process_is_done_once_more_and_takes_no_other_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTCHECK_TEST_MARKER", str(tmp_path / "died"))
    lost = []
    with fleet.processes(2, lambda: lost.append(1)) as workers:
        found = list(fleet.each(range(12), die, workers=workers, killing=lambda item: f"no {item}"))
    assert sorted(map(str, found)) == sorted(["no 3", *(str(2 * n) for n in range(12) if n != 3)])
    assert lost


def test_processes_start_when_there_is_work_and_end_with_the_block():
    with fleet.processes(2) as workers:
        children = workers.executor._spawning.children
        assert children == []
        assert list(fleet.each([1], double, workers=workers)) == [2]
        assert [one.is_alive() for one in children] == [True]
    assert [one.is_alive() for one in children] == [False]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Recordings of small hosts, each of a host of its own."""
    folder = tmp_path_factory.mktemp("many")
    line_up(SOME, folder, [FIXTURES / "1n-nested-esxi803", FIXTURES / "1n-interleaved"])
    return folder


def test_all_cores_write_the_same_bytes(recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(precedence, "cores", lambda: 2)
    told = {}
    for count, many in (("1", SOME), ("2", SOME + 1), ("auto", SOME)):
        monkeypatch.setattr(fleet, "MANY", many)
        run = tmp_path / f"{count}.json"
        done = CliRunner().invoke(
            main, ["audit", "--from", str(recordings), "--workers", count, "-q", "-o", str(run)]
        )
        told[count] = (done.exit_code, done.output.replace(run.name, "RUN"), run.read_bytes())
        assert len(multiprocessing.active_children()) == 0
    assert told["1"] == told["2"] == told["auto"]


def test_a_process_reads_a_recording_as_this_one_does(recordings, tmp_path):
    """What it is handed is little, and can be pickled; also of a recording that is damaged."""
    folder = shutil.copytree(recordings, tmp_path / "some")
    sick, cut, *_ = sorted(folder.iterdir())
    (sick / "manifest.json").write_text("{")
    next(one for one in cut.rglob("HostSystem*")).unlink()
    source = RecordedSource(folder)
    collector = source.collector(source.machines())
    for ref in source.machines():
        handed = pickle.dumps(collector.reader(ref))
        assert len(handed) < 4096
        assert pickle.loads(handed)() == collector.read(ref)


def children_of(process):
    """The processes that a process has started."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return [int(one) for task in tasks for one in (task / "children").read_text().split()]


@contextmanager
def stopped(recordings, folder):
    """An audit whose processes stand still; yields it and them."""
    options = ("--from", recordings, "--workers", "2", "-o", "run.json")
    with start_audit(folder, *options, start_new_session=True, code=WAITING) as run:
        next(line for line in run.stderr if line.startswith("audit: 5/"))
        children = children_of(run)
        assert len(children) >= 2
        for one in children:
            os.kill(one, signal.SIGSTOP)
        (folder / "stopped").touch()
        yield run, children


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupt_reports_what_all_cores_have_judged_and_resume_does_the_rest(
    recordings, tmp_path, by
):
    with stopped(recordings, tmp_path) as (run, _):
        os.killpg(run.pid, by)  # as a terminal does: to all processes
        os.killpg(run.pid, signal.SIGCONT)
        said = run.stderr.read()
    assert run.returncode == 3, said
    assert "Traceback" not in said
    assert "were not asked; the same command with --resume asks the others" in said
    here = ("--from", recordings, "--workers", "1", "-q", "-o")
    with start_audit(tmp_path, *here, "run.json", "--resume") as again:
        assert again.stderr.read() == ""
    with start_audit(tmp_path, *here, "whole.json") as whole:
        assert whole.stderr.read() == ""
    assert again.returncode == whole.returncode
    assert (tmp_path / "run.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_second_interrupt_ends_at_once_and_leaves_no_process(recordings, tmp_path):
    with stopped(recordings, tmp_path) as (run, children):
        while run.poll() is None:
            run.send_signal(signal.SIGTERM)
            time.sleep(0.02)
        for one in children:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)
        assert "ended; nothing more was written" in run.stderr.read()
    assert run.returncode == 3
    until = time.monotonic() + 60
    while any(Path(f"/proc/{one}/exe").exists() for one in children):
        assert time.monotonic() < until, "a process is left"
        time.sleep(0.02)


# A real cluster

SLOW = """
import threading
from hostcheck import app
if app.report_of.__name__ == "report_of":  # Dask loads this twice
    def slowly(host, judge=app.report_of):
        time.sleep(0.1)
        return judge(host)
    app.report_of = slowly
"""


@pytest.fixture(params=["tcp"])
def cluster(request, tmp_path):
    """A scheduler and two workers, each a process: its URL, the workers, the way to its TLS."""
    environment = {}
    if request.param == "tls":
        certificate, key = live._certificate(tmp_path)
        environment["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] = str(certificate)
        for role in ("SCHEDULER", "WORKER", "CLIENT"):
            environment[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = str(certificate)
            environment[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = str(key)
    (tmp_path / "slow.py").write_text(SLOW)
    with ExitStack() as stack:
        port = stack.enter_context(own_port())
        log = stack.enter_context((tmp_path / "log").open("a"))

        def start(module, *arguments):
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *arguments], cwd=tmp_path,
                stdout=subprocess.DEVNULL, stderr=log, env={**os.environ, **environment},
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        scheduler = start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard",
            "--protocol", request.param,
        )  # fmt: skip
        workers = [
            start(
                "dask_worker", f"{request.param}://127.0.0.1:{port}", "--nthreads", "1",
                "--no-nanny", "--no-dashboard", "--preload", str(tmp_path / "slow.py"),
            )
            for _ in range(2)
        ]  # fmt: skip
        # Until both are there: how long that takes is no part of what is tested.
        until = time.monotonic() + 120
        while (tmp_path / "log").read_text().count("Registered to:") < len(workers):
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.05)
        scheme = {"tcp": "dask", "tls": "dask+tls"}[request.param]
        yield SimpleNamespace(
            url=f"{scheme}://127.0.0.1:{port}", workers=workers, folder=tmp_path,
            environment=environment, scheduler=scheduler,
        )  # fmt: skip


IMPATIENT = """
from hostcheck import fleet
fleet.MANY = 24
fleet.PATIENCE_SECONDS = 120
def found(*scheduler, find=fleet._client):
    client = find(*scheduler)
    fleet.PATIENCE_SECONDS = 5  # with a cluster that was there, and is no longer
    return client
fleet._client = found
from hostcheck.cli import main
main()
"""


PATIENT = """
[ssh]
connect_timeout = 300
command_timeout = 300
host_timeout = 3000
"""
"""Beside many other tests a host answers late, and late is unknown: one run of two would say so."""


WAITING = f"""
import sys, time
from pathlib import Path
write = sys.stderr.write
def waiting(text):
    written = write(text)
    while text.startswith("audit: 5/") and not Path("stopped").exists():
        time.sleep(0.02)
    return written
sys.stderr.write = waiting
{IMPATIENT}"""
"""It waits until its processes stand still, so that they have not done all by then."""


def start_audit(folder, *arguments, env=None, start_new_session=False, code=IMPATIENT):
    return subprocess.Popen(
        [sys.executable, "-c", code, "audit", *map(str, arguments)], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **(env or {})}, start_new_session=start_new_session,
    )  # fmt: skip


def test_a_killed_worker_and_then_the_scheduler_lose_nothing(cluster):
    with start_audit(
        cluster.folder, "--from", FIXTURES, "--workers", cluster.url, "-o", "there.json"
    ) as there:
        lines = []
        for line in there.stderr:
            lines.append(line)
            if line.startswith("audit: 5/"):
                cluster.workers[0].send_signal(signal.SIGKILL)
            if line.startswith("audit: 14/"):
                cluster.scheduler.send_signal(signal.SIGKILL)
    with start_audit(cluster.folder, "--from", FIXTURES, "-q", "-o", "here.json") as here:
        assert here.stderr.read() == ""
    assert there.returncode == here.returncode == 1, "".join(lines)
    assert cluster.workers[0].wait() == -signal.SIGKILL
    said = [line for line in lines if not line.startswith("audit: ")]
    assert len(lines) - len(said) == len(list(FIXTURES.iterdir()))
    assert said == [
        "hostcheck: the cluster lost work it was given; what it lost is done in this process\n"
    ]
    assert (cluster.folder / "there.json").read_bytes() == (
        cluster.folder / "here.json"
    ).read_bytes()


@pytest.mark.parametrize("cluster", ["tls"], indirect=True)
def test_live_hosts_are_asked_by_the_workers(cluster, new_vcenter, new_shells, running):
    hosts = Fleet((shapes.HEALTHY.hosts[0], shapes.HOSTS["2n-2xA100-80-ssh-stopped-esxi803"]))
    # None that refuses the password: asked for each vCenter, it might be twice before one took it.
    vcenter, shells = new_vcenter(hosts), new_shells(hosts)
    other = new_vcenter(hosts, password=vcenter.password)  # the same hosts, by the same ids
    bmcs = running(running_bmcs({f"127.0.0.{n}": State(rack()) for n in (2, 3)}))
    rows = [f"{host.name},{at}:{bmcs.port},{bmcs.fingerprint}\n"
            for host, at in zip(hosts.hosts, bmcs.states, strict=True)]  # fmt: skip
    (cluster.folder / "bmc.csv").write_text("host,address,fingerprint\n" + "".join(rows))
    secrets = {
        "GOVC_PASSWORD": vcenter.password, "HOSTCHECK_SSH_PASSWORD": shells.password,
        "HOSTCHECK_BMC_PASSWORD": Login.password,
        "HOME": str(cluster.folder), **cluster.environment,
    }  # fmt: skip
    servers = [("--vcenter", f"{one.host}:{one.port}", "--tls-ca", one.ca_file)
               for one in (vcenter, other)]  # fmt: skip
    target = [
        *servers[0], *servers[1], "--user", vcenter.user, "--ssh", "--ssh-config",
        shells.config_file, "--bmc", "--bmc-inventory", "bmc.csv", "--bmc-user", Login.user, "-q",
    ]  # fmt: skip
    (cluster.folder / "hostcheck.toml").write_text(PATIENT)
    written = []
    for name, workers in (("here", "4"), ("there", cluster.url)):
        with start_audit(
            cluster.folder, *target, "--workers", workers, "-o", f"{name}.json", env=secrets
        ) as run:
            said = run.stderr.read()
        assert run.returncode in (0, 1, 3), said
        assert said == ""
        # As a plain document: what a run file writes once depends on answers of the same second.
        plain = json_report.render(runfile.read(cluster.folder / f"{name}.json"))
        written.append(TIME.sub("T", plain).splitlines())
    assert list(unified_diff(*written, "here", "there", lineterm="", n=0)) == []
    assert '"shell"' in "".join(written[1])
    assert '"redfish"' in "".join(written[1])
    for one in bmcs.states.values():  # by two vCenters, in two runs
        assert (one.logins, one.refused, len(one.sessions)) == (4, 0, 0)
    run = runfile.read(cluster.folder / "there.json")
    assert len({(one.host.name, one.host.target) for one in run.hosts}) == len(run.hosts) == 4
    assert vcenter.stats()["open_sessions"] == other.stats()["open_sessions"] == 0
    for worker in cluster.workers:
        worker.terminate()
        worker.wait()
    log = (cluster.folder / "log").read_text()
    assert vcenter.password not in log
    assert shells.password not in log
    assert Login.password not in log + "".join(written[1])


def test_a_scheduler_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(fleet, "PATIENCE_SECONDS", 0.5)
    with pytest.raises(UsageError, match="no scheduler answers"), fleet.dask("dask://127.0.0.1:9"):
        pass
    with pytest.raises(UsageError, match="no TLS certificates"), fleet.dask("dask://10.255.0.1:9"):
        pass


def test_a_pool_is_made_when_there_is_work_for_it(monkeypatch):
    """Where a system lends no semaphores, a run of few hosts needs none."""

    def lends_none(*_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Processes, "_made", lends_none)
    one = Processes(4)
    one.shutdown()
    with pytest.raises(OSError, match="No space"):
        one.submit(len, [])
