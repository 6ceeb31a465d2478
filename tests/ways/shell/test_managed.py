"""SSH started for a run and stopped again: the API peer opens and closes the port of a real one."""

import errno
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest
from click.testing import CliRunner
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

from hostcheck import asked, recording, runfile
from hostcheck.cli import main
from hostcheck.model.capture import Wire
from hostcheck.parsers.vim_ssh_service import START, STOP
from hostcheck.ways.shell import services
from hostcheck.ways.shell.ledger import Entry, Ledger
from tests.peers import live, shapes
from tests.peers.api import Trouble
from tests.peers.doors import doors_of
from tests.peers.fleet import Fleet, Service
from tests.peers.role import holding

BASE = replace(shapes.HOSTS["2n-2xA100-80-esxi803"], vms=())
OFF = (Service("TSM", False, "off"), Service("TSM-SSH", False, "off"),
       Service("gpuManager", True, "on"))  # fmt: skip
ON = (Service("TSM", False, "off"), Service("TSM-SSH", True, "off"),
      Service("gpuManager", True, "on"))  # fmt: skip
MANAGED = ("--ssh", "--manage-ssh")
METHODS = ("StartService", "StopService")


def host(at=100, services=OFF, **changed):
    return replace(BASE, **shapes.at(at), services=services, **changed)


class Lab:
    """A vCenter, the shells behind their doors, and the command line."""

    def __init__(self, tmp_path, start, new_vcenter, new_shells, hosts, troubles=(), **more):
        self.folder, self._start = tmp_path, start
        self.fleet = Fleet(tuple(hosts), (shapes.CLUSTER,) if not more.get("direct") else (),
                           direct=more.pop("direct", False))  # fmt: skip
        self.shells = new_shells(self.fleet)
        doors = doors_of(self.shells, tmp_path, more.pop("stuck", ()))
        granted = more.pop("granted", None)
        patience = more.pop("patience", 120)

        def rewrite(load):
            doors.rewrite(load)
            if granted is not None:
                holding(granted)(load)

        self.vcenter = new_vcenter(self.fleet, *troubles, rewrite=rewrite, **more)
        (tmp_path / "hostcheck.toml").write_text(
            f'[ssh]\nconfig = "{doors.config_file}"\nconnect_timeout = {patience}\n'
        )
        self.state = tmp_path / "state"
        self.ledger = Ledger(self.state / "hostcheck" / "ssh-started")

    @property
    def env(self):
        return {
            "GOVC_PASSWORD": self.vcenter.password, "HOME": str(self.folder),
            "HOSTCHECK_SSH_PASSWORD": self.shells.password, "XDG_STATE_HOME": str(self.state),
        }  # fmt: skip

    def words(self, command, *more, options=MANAGED):
        server = self.vcenter
        return [
            command, *more, "--vcenter", f"{server.user}@{server.host}:{server.port}",
            "--tls-ca", str(server.ca_file), "--config", str(self.folder / "hostcheck.toml"),
            "--no-packages", "-q", *options,
        ]  # fmt: skip

    def run(self, command="audit", *more, options=MANAGED):
        words = self.words(command, *map(str, more), options=options)
        return CliRunner().invoke(main, words, env=self.env)

    def start(self, command="audit", *more, options=MANAGED):
        words = self.words(command, *map(str, more), options=options)
        return self._start.open(*words, cwd=self.folder, env={**os.environ, **self.env})

    @property
    def calls(self):
        counted = self.vcenter.stats()["calls"]
        return tuple(counted.get(one, 0) for one in METHODS)

    def until(self, calls):
        limit = time.monotonic() + 180
        while self.calls != calls:
            assert time.monotonic() < limit, self.calls
            time.sleep(0.05)

    def services(self):
        """What another client is told of the SSH service, by host."""

        def state(system):
            (one,) = [one for one in system.serviceInfo.service if one.key == "TSM-SSH"]
            return one.running, one.policy

        return self.each(state)

    def each(self, work, *names):
        session = SmartConnect(
            host=self.vcenter.host, port=self.vcenter.port, user=self.vcenter.user,
            pwd=self.vcenter.password, sslContext=self.vcenter.context,
        )  # fmt: skip
        try:
            found = {}
            for name, id_ in self.vcenter.ids.hosts.items():
                if not names or name in names:
                    one = vim.HostSystem(id_, session._stub)
                    found[name] = work(one.configManager.serviceSystem)
            return found
        finally:
            Disconnect(session)

    def open_doors(self):
        """Host names whose SSH port takes connections."""
        found = set()
        for name, address in self.shells.addresses.items():
            with suppress(OSError):
                outside = (address.replace("127.1.", "127.2."), self.shells.port)
                socket.create_connection(outside, 5).close()
                found.add(name)
        return found

    @property
    def entries(self):
        return sorted(self.ledger.folder.glob("*.json")) if self.ledger.folder.exists() else []


@pytest.fixture
def lab(tmp_path, start, new_vcenter, new_shells):
    return lambda *hosts, **more: Lab(tmp_path, start, new_vcenter, new_shells, hosts, **more)


def of(run, name, check="HOST-015"):
    (report,) = [one for one in run.hosts if one.host.name == name]
    return report, [one for one in report.results if one.check == check]


def test_it_is_started_where_it_is_off_and_stopped_again(lab):
    off, on = host(100), host(101, ON)
    here = lab(off, on)
    before = here.services()
    done = here.run("audit", "-o", here.folder / "run.json", "--save", here.folder / "saved")
    assert done.exit_code in (0, 1), done.output
    assert here.calls == (1, 1)
    assert here.services() == before == {off.name: (False, "off"), on.name: (True, "off")}
    assert here.open_doors() == {on.name}
    assert here.entries == []
    assert "not stopped" not in done.stderr
    run = runfile.read(here.folder / "run.json")
    report, (result,) = of(run, off.name)
    assert (result.status.value, result.observed) == ("pass", "started, stopped")
    assert report.host.smi_answers.value is True, "the shell was asked"
    sources = [report.host.sources[at].asked for at in result.sources]
    assert sources == [START.template, STOP.template]
    assert of(run, on.name)[1] == []
    for words in (("--details",), ("--format", "html"), ("--format", "json"), ("--format", "csv")):
        told = CliRunner().invoke(main, ["report", str(here.folder / "run.json"), *words]).output
        assert "started" in told
        when = report.host.ssh_service.stopped.value
        assert (result.observed if "csv" in words else when) in told, words
        assert "Read only: nothing was changed" not in told
    replayed = CliRunner().invoke(
        main, ["audit", "--from", str(here.folder / "saved"), "-o", str(here.folder / "again.json")]
    )
    assert replayed.exit_code == done.exit_code, replayed.output
    assert (here.folder / "again.json").read_bytes() == (here.folder / "run.json").read_bytes()


@pytest.mark.parametrize("command", ["record", "topology", "preflight"])
def test_every_command_that_asks_shells_undoes_it(lab, command):
    one = host(100, vms=(replace(shapes.HOSTS["2n-2xA100-80-esxi803"].vms[0], on=False),))
    here = lab(one)
    more = {"record": ("--save", here.folder / "saved"), "topology": (one.name,),
            "preflight": (one.vms[0].name, "--no-second-opinion")}  # fmt: skip
    done = here.run(command, *more[command])
    assert done.exit_code in (0, 1, 3), done.output
    assert here.calls == (1, 1)
    assert here.services() == {one.name: (False, "off")}
    if command == "record":
        (folder,) = recording.find(here.folder / "saved")
        wires = {key[0] for key in recording.load(folder).captures}
        assert {Wire.SERVICE, Wire.SHELL} <= wires


def test_an_esxi_host_without_a_vcenter_is_no_other(lab):
    here = lab(host(100, cluster=None), direct=True)
    done = here.run("audit", "-o", here.folder / "run.json")
    assert done.exit_code in (0, 1), done.output
    assert here.calls == (1, 1)
    assert [one for one, _ in here.services().values()] == [False]


def test_without_the_option_nothing_is_sent_and_nothing_could_be(lab, log_in):
    here = lab(host(100))
    done = here.run("audit", options=("--ssh",))
    assert done.exit_code == 3, done.output
    session = log_in(here.vcenter)
    for request in (START, STOP):
        with pytest.raises(PermissionError):
            session.fetch(request.of("serviceSystem-1001"))
    with pytest.raises(PermissionError):
        session._session.post('<StartService xmlns="urn:vim25"></StartService>')
    writing = log_in(here.vcenter, writes=services.WRITES)
    for other in ("RestartService", "UpdateServicePolicy", "UninstallService", "PowerOnVM_Task"):
        with pytest.raises(PermissionError):
            writing._session.post(f'<{other} xmlns="urn:vim25"></{other}>')
    with pytest.raises(PermissionError):
        writing.fetch(msgspec.structs.replace(START, call=None).of("serviceSystem-1001"))
    assert here.calls == (0, 0)


def test_the_page_lists_it_apart():
    page = asked.page()
    head = "Start and stop of SSH on a host where it is off (only with --ssh --manage-ssh)"
    section = page.partition(head)[2].partition("\n\n")[0]
    assert START.template in section
    assert STOP.template in section
    assert section.count("Host.Config.NetService") == 2
    assert page.count(START.template) == page.count(STOP.template) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [(("--manage-ssh",), "give both"), (("--no-ssh", "--manage-ssh"), "give both"),
     ((*MANAGED, "--workers", "dask://127.0.0.1:9"), "--workers NUMBER")],
)  # fmt: skip
def test_what_cannot_be_is_one_line(lab, options, told):
    here = lab(host(100))
    done = here.run("audit", options=options)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    assert here.calls == (0, 0)


def test_a_recording_starts_nothing(tmp_path):
    done = CliRunner().invoke(main, ["audit", "--from", str(tmp_path), "--manage-ssh"])
    assert done.exit_code == 2
    assert "--manage-ssh asks live" in done.stderr


def test_strict_lockdown_is_left_alone(lab):
    one = host(100, lockdown="lockdownStrict")
    here = lab(one)
    done = here.run("audit", "-o", here.folder / "run.json")
    assert here.calls == (0, 0)
    assert "lockdown mode is strict" in done.stdout
    assert here.run("audit", options=("--ssh",)).exit_code == done.exit_code


@pytest.mark.sessions_left(0)
def test_an_account_without_the_privilege_is_told_which(lab):
    one = host(100)
    here = lab(one, granted=["System.Anonymous", "System.View", "System.Read"])
    done = here.run("audit")
    assert "could not be started" in done.stdout
    assert "Host.Config.NetService" in done.stdout
    assert here.calls == (1, 0)
    assert here.services() == {one.name: (False, "off")}
    assert here.entries == []


@pytest.mark.sessions_left(0)
def test_what_cannot_be_stopped_is_said_and_stopped_by_the_next_run(lab):
    one = host(100)
    trouble = Trouble("StopService", "no_permission", privilege="Host.Config.NetService", last=1)
    here = lab(one, troubles=(trouble,))
    done = here.run("audit", "-o", here.folder / "run.json")
    (entry,) = here.entries
    assert here.services() == {one.name: (True, "off")}
    assert f"govc host.service -host {one.name} stop TSM-SSH" in done.stderr
    assert str(entry) in done.stderr
    (result,) = of(runfile.read(here.folder / "run.json"), one.name)[1]
    assert result.status.value == "fail"
    assert "NoPermission" in result.observed
    assert "HOST-015" in done.stdout
    text = entry.read_text()
    for secret in (here.vcenter.password, here.shells.password):
        assert secret not in text
    assert entry.stat().st_mode & 0o777 == 0o600
    assert entry.parent.stat().st_mode & 0o777 == 0o700
    told = here.run("audit", options=("--ssh",))
    assert one.name in told.stderr
    assert "killed before it could stop it" in told.stderr
    assert here.entries == [entry], "without the option it is said, and nothing is sent"
    assert here.calls == (1, 1)
    again = here.run("audit")
    assert "by a run that was killed, and stopped at" in again.stderr
    assert here.services() == {one.name: (False, "off")}
    assert here.calls == (2, 3)
    assert here.entries == []


def test_the_printed_command_stops_it(lab):
    one = host(100, ON)
    here = lab(one)
    done = subprocess.run(
        [live.govc(), "host.service", "-host", one.name, "stop", "TSM-SSH"], check=False,
        capture_output=True, text=True, env={
            **os.environ, "GOVC_URL": here.vcenter.url, "GOVC_USERNAME": here.vcenter.user,
            "GOVC_PASSWORD": here.vcenter.password, "GOVC_TLS_CA_CERTS": str(here.vcenter.ca_file),
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert here.services() == {one.name: (False, "off")}
    assert here.open_doors() == set()


def test_a_server_that_does_not_answer_is_unknown_and_stopped(lab):
    one = host(100)
    here = lab(one, stuck=(one.name,), patience=2)
    done = here.run("audit")
    assert done.exit_code == 3, done.output
    assert "SSH was started, and does not answer" in done.stdout
    assert here.calls == (1, 1)
    assert here.services() == {one.name: (False, "off")}


@pytest.mark.sessions_left(0)
@pytest.mark.parametrize("kind", ["drop", "delay"])
def test_a_start_that_is_not_answered_is_undone_all_the_same(lab, kind):
    one = host(100)
    here = lab(one, patience=2, troubles=(Trouble("StartService", kind, 16000),))
    done = here.run("audit", "--timeout", "8", "-o", here.folder / "run.json")
    assert done.exit_code in (0, 1, 3), done.output
    assert here.calls == (1, 1), "a write is sent once"
    assert here.services() == {one.name: (False, "off")}
    assert here.entries == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", ["1", "4"])
def test_an_interrupt_undoes_it_and_says_so(lab, number, workers):
    hosts = host(100, shell_trouble="hang"), host(101, shell_trouble="hang")
    here = lab(*hosts)
    wanted = 1 if workers == "1" else 2
    process = here.start("audit", "-o", here.folder / "run.json", "--workers", workers)
    here.until((wanted, 0))
    process.send_signal(number)
    _, stderr = process.communicate(timeout=180)
    assert process.returncode == 3, stderr
    assert here.calls == (wanted, wanted)
    assert set(here.services().values()) == {(False, "off")}
    assert here.open_doors() == set()
    assert here.entries == []
    run = runfile.read(here.folder / "run.json")
    assert len([one for one in run.notices if one.startswith("SSH was started on ")]) == wanted
    assert here.vcenter.stats()["open_sessions"] == 0


@pytest.mark.parametrize("workers", ["1", "4"])
def test_a_second_interrupt_waits_until_it_is_undone(lab, workers):
    """Two in the same moment are what a terminal and a wrapper send."""
    slow = Trouble("StopService", "delay", 1500)
    here = lab(host(100, shell_trouble="hang"), host(101, shell_trouble="hang"), troubles=(slow,))
    wanted = 1 if workers == "1" else 2
    process = here.start("audit", "-o", here.folder / "run.json", "--workers", workers)
    here.until((wanted, 0))
    process.send_signal(signal.SIGINT)
    time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=180)
    assert process.returncode == 3, stderr
    assert here.calls == (wanted, wanted), stderr
    assert set(here.services().values()) == {(False, "off")}
    assert here.entries == []


@pytest.mark.sessions_left(1)
def test_a_third_interrupt_ends_at_once(lab):
    one = host(100, shell_trouble="hang")
    here = lab(one, troubles=(Trouble("StopService", "delay", 20000),))
    process = here.start("audit", "-o", here.folder / "run.json")
    here.until((1, 0))
    process.send_signal(signal.SIGINT)
    here.until((1, 1))
    process.send_signal(signal.SIGINT)
    assert "is stopped first" in _line_with(process.stderr, "is stopped first")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=180)
    assert (process.returncode, "nothing more was written" in stderr) == (3, True)
    assert len(here.entries) == 1


def _line_with(stream, words):
    return next(line for line in stream if words in line)


def test_a_terminal_that_is_closed_is_an_interrupt(lab):
    here = lab(host(100, shell_trouble="hang"), host(101, ON))
    words = here.words("audit", "-o", here.folder / "run.json")
    words = [str(one) for one in words if one != "-q"]
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(here.env)
        os.execv(sys.executable, [sys.executable, "-m", "hostcheck", *words])
    here.until((1, 0))
    os.close(terminal)
    with suppress(ProcessLookupError):  # as a shell does beside the system
        os.kill(process, signal.SIGHUP)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 3
    assert here.calls == (1, 1)
    assert here.services()["esx-100.lab.test"] == (False, "off")
    assert here.entries == []
    assert "esx-100.lab.test" in runfile.read(here.folder / "run.json").unasked


def test_a_folder_of_notes_that_only_others_may_enter_holds_none_of_ours(lab, monkeypatch):
    here = lab(host(100, ON))
    asked_for = os.stat

    def stat(path, *more, **named):
        if not isinstance(path, int) and str(path).startswith(str(here.state)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return asked_for(path, *more, **named)

    monkeypatch.setattr(os, "stat", stat)
    done = here.run(options=("--ssh",))
    assert "bug" not in done.output
    assert done.exit_code == 0, done.output


@pytest.mark.sessions_left(0)
def test_the_limit_of_a_run_undoes_it(lab):
    here = lab(host(100, shell_trouble="hang"))
    done = here.run("audit", "--limit", "3", "-o", here.folder / "run.json")
    assert done.exit_code == 3, done.output
    assert here.calls[0] == here.calls[1]
    assert set(here.services().values()) == {(False, "off")}


def killed(here, *more):
    """A run that is killed while the shell hangs."""
    process = here.start("audit", *more)
    here.until((1, 0))
    limit = time.monotonic() + 180
    while "Starting session" not in here.shells.log_file.read_text():
        assert time.monotonic() < limit
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=180)


@pytest.mark.sessions_left(1)
def test_the_next_run_undoes_what_a_killed_one_left(lab):
    one, other = host(100, shell_trouble="hang"), host(101, ON)
    here = lab(one, other)
    killed(here)
    (entry,) = here.entries
    assert here.services()[one.name] == (True, "off")
    done = here.run("audit", "--host", other.name)
    assert f"SSH was started on {one.name}" in done.stderr
    assert "by a run that was killed, and stopped at" in done.stderr
    assert here.services() == {one.name: (False, "off"), other.name: (True, "off")}
    assert here.calls == (1, 1)
    assert not entry.exists()


def test_what_was_stopped_meanwhile_is_said(lab):
    one, other = host(100, shell_trouble="hang"), host(101, ON)
    here = lab(one, other)
    killed(here)
    here.each(lambda system: system.Stop("TSM-SSH"), one.name)
    done = here.run("hosts", "--host", other.name)
    assert "somebody else had stopped it" in done.stderr, done.output
    assert here.entries == []


def test_another_vcenter_is_only_told(lab):
    here = lab(host(100, ON))
    here.ledger.folder.mkdir(parents=True)
    begun = "2026-01-01T00:00:00Z"
    gone = Entry("other.example.com", "esx-9", "host-9", "serviceSystem-9", begun, 1)
    here.ledger.note(gone).leave()
    done = here.run("audit")
    assert "esx-9 of other.example.com" in done.stderr
    assert "govc host.service -host esx-9 stop TSM-SSH" in done.stderr
    assert here.calls == (0, 0)
    assert len(here.entries) == 1


@pytest.mark.sessions_left(0)
@pytest.mark.parametrize("fault", ["a file in its place", "read-only", "full"])
def test_where_it_cannot_be_noted_nothing_is_started(lab, fault, monkeypatch):
    here = lab(host(100))
    folder = here.ledger.folder
    if fault == "a file in its place":
        folder.parent.mkdir(parents=True)
        folder.write_text("")
    elif fault == "full":
        monkeypatch.setattr(os, "write", lambda _file, _data: 0)
    else:
        folder.mkdir(parents=True)
        monkeypatch.setattr(os, "fsync", _refuse)
    done = here.run("audit")
    assert done.exit_code == 0, done.output
    assert "was not started, for that could not be noted" in " ".join(done.stdout.split())
    assert here.calls == (0, 0)
    monkeypatch.undo()
    assert here.entries == []


def _refuse(_file):
    raise OSError(30, "Read-only file system")


def test_odd_files_are_named_and_believed_in_nothing(lab):
    one = host(100)
    here = lab(one)
    folder = here.ledger.folder
    folder.mkdir(parents=True)
    (folder / "odd.json").write_text("{")
    (folder / "link.json").symlink_to(folder / "odd.json")
    (folder / "other.json").write_text(json.dumps({"schema": "another"}))
    done = here.run("audit")
    for name in ("odd.json", "link.json", "other.json"):
        assert f"{folder / name}: it cannot be read" in done.stderr
    assert here.calls == (1, 1)


@pytest.mark.sessions_left(0)
def test_two_runs_at_once_leave_each_others_ssh_alone(lab):
    one = host(100, shell_trouble="slow")
    here = lab(one)
    runs = [here.start("audit", "-o", here.folder / f"run{n}.json") for n in range(2)]
    told = [one.communicate(timeout=120) for one in runs]
    assert {one.returncode for one in runs} <= {0, 1}, told
    assert set(here.services().values()) == {(False, "off")}
    assert here.calls[0] == here.calls[1] <= 2
    assert here.entries == []
    for n in range(2):
        report, _ = of(runfile.read(here.folder / f"run{n}.json"), one.name)
        assert report.host.smi_answers.value is True


@pytest.mark.sessions_left(0)
def test_the_last_of_several_runs_stops_it(lab):
    one = host(100)
    here = lab(one)
    ledger = here.ledger
    ledger.folder.mkdir(parents=True)
    here.each(lambda system: system.Start("TSM-SSH"))
    vcenter, host_id = f"{here.vcenter.host}:{here.vcenter.port}", here.vcenter.ids.hosts[one.name]
    entry = Entry(vcenter, one.name, host_id, "serviceSystem-1001", "2026-01-01T00:00:00Z", 4711)
    note = ledger.note(entry)
    done = here.run("audit", "-o", here.folder / "run.json")
    assert here.calls == (1, 0), "another run started it, and uses it"
    (result,) = of(runfile.read(here.folder / "run.json"), one.name)[1]
    assert result.status.value == "unknown"
    assert "process 4711" in result.unseen.detail
    assert "not stopped" not in done.stderr
    note.leave()
    here.run("audit")
    assert here.calls[0] == 2 or here.services() == {one.name: (False, "off")}
    assert here.services() == {one.name: (False, "off")}
    assert here.entries == []


def test_a_host_that_goes_away_is_told(lab):
    one = host(100)
    gone = Trouble("StopService", "drop")
    here = lab(one, troubles=(gone,))
    done = here.run("audit", "-o", here.folder / "run.json")
    assert "not stopped" in done.stderr
    (result,) = of(runfile.read(here.folder / "run.json"), one.name)[1]
    assert result.status.value == "unknown"
    assert len(here.entries) == 1


def test_the_doctor_foresees_it_and_starts_nothing(lab):
    one = host(100)
    here = lab(one, granted=["System.Anonymous", "System.View", "System.Read"])
    done = here.run("doctor")
    assert "Host.Config.NetService" in done.stdout
    assert here.calls == (0, 0)


def test_the_doctor_says_that_a_run_would_start_it(lab):
    here = lab(host(100))
    done = here.run("doctor")
    told = " ".join(done.stdout.split())
    assert "the run starts it (--manage-ssh), which was not tried" in told
    assert "Connection refused" not in told.partition("CHECKS")[2], "the checks are left open"
    assert here.calls == (0, 0)


def test_the_role_has_it_only_where_it_is_wanted():
    for options, there in ((("--ssh",), False), (MANAGED, True)):
        done = CliRunner().invoke(main, ["doctor", "--role", "govc", *options])
        (line,) = [one for one in done.stdout.splitlines() if one.startswith("govc role.create")]
        assert ("Host.Config.NetService" in line) is there, done.output
