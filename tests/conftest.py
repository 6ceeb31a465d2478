"""Options and fixtures of the whole suite, and the live peers that tests share.

A peer that this machine cannot run skips its tests, and fails them in CI.
"""

import gc
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from hostcheck import ways
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere.transport import VsphereTransport
from tests import skipped, starting
from tests.peers import live, shapes
from tests.peers.live import Missing, Shells, Vcenter


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite golden files and generated docs"
    )


settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
"""How long examples take says what else the machine does, and fails no test."""

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30


def pytest_configure() -> None:
    """Keep temporary files in memory, where there is room: peers write tens of thousands.

    TMPDIR, where it is set, is obeyed; the workers inherit it. Programs are to hear interrupts,
    also where a script starts the tests in the background, which ignores them.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "TMPDIR" not in os.environ and hasattr(os, "ST_NOEXEC") and MEMORY.is_mount():
        shared = os.statvfs(MEMORY)
        if shared.f_bavail * shared.f_frsize > ROOM and not shared.f_flag & os.ST_NOEXEC:
            folder = MEMORY / f"tests-{os.getuid()}.hostcheck"
            folder.mkdir(mode=0o755, exist_ok=True)
            if folder.stat().st_uid == os.getuid():
                os.environ["TMPDIR"] = str(folder)
                tempfile.tempdir = None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage while tests are collected: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


LONGEST_FIRST = (
    "test_losing_information.py", "shell/test_managed.py", "vsphere/test_transport.py",
    "test_live.py", "shell/test_logins.py", "reports/test_browser.py", "torture/test_short.py",
    "benchmarks/test_benchmarks.py", "rest/test_zones.py", "test_schedule.py",
    "program/test_program.py", "program/test_mutants.py", "test_secrets_elsewhere.py",
    "tests/test_fleet.py", "program/test_kernels.py", "test_fixes.py", "test_matrix.py",
    "test_walls.py", "shell/test_transport.py", "test_journal.py", "test_doctor.py",
    "test_power_on.py", "preflight/test_agreement.py", "parsers/test_any_answer.py",
    "tests/test_docs.py", "peers/test_peers.py", "test_vcenters.py", "history/test_history.py",
    "test_faults_shell.py", "benchmarks/test_aims.py", "tests/test_recipes.py",
    "program/test_build.py", "release/test_release.py", "cli/test_console.py", "cli/test_closed.py",
    "connect/test_trusting.py", "tests/test_faults.py", "tests/test_bmc_live.py",
)  # fmt: skip
"""Files of ten seconds and more, of work or of waiting: that overlaps with the work of others. Each
stays with one worker, and all end together only if these do not come last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        found = (at for at, name in enumerate(LONGEST_FIRST) if path.endswith(f"/{name}"))
        return next(found, len(LONGEST_FIRST))

    items.sort(key=place)


def _reasons(config: pytest.Config) -> list[str]:
    """Why tests were skipped, once a test; of what was run so far, in the process that tells it."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    skips = terminal.stats.get("skipped", ()) if terminal is not None else ()
    return [str(one.longrepr[2]) for one in skips if isinstance(one.longrepr, tuple)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing is skipped silently."""
    if os.environ.get("CI") and skipped.unexplained(_reasons(session.config)):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in one line what to install to run how many more tests."""
    reasons = _reasons(config)
    if told := skipped.line(reasons):
        terminalreporter.write_line(told, yellow=True)
    for one in skipped.unexplained(reasons) if os.environ.get("CI") else ():
        terminalreporter.write_line(f"CI skips no test for this: {one}", red=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run two workers a core: tests wait for peers, and for limits."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) * 2


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update"))


def _started(stack: ExitStack, peer: Any) -> Any:
    try:
        return stack.enter_context(peer)
    except Missing as reason:
        if os.environ.get("CI"):
            pytest.fail(f"a missing peer fails CI: {reason}")
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def keep_running() -> Iterator[Callable[[Any], Any]]:
    """Start a peer that runs until all tests are over, as in `keep_running(running_vcenter(f))`."""
    with ExitStack() as stack:
        yield lambda peer: _started(stack, peer)


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Callable[[Any], Any]]:
    """Start a peer that runs until this test is over."""
    started: list[Any] = []
    with ExitStack() as stack:
        yield lambda peer: started.append(_started(stack, peer)) or started[-1]
        if leaves := request.node.get_closest_marker("sessions_left"):
            servers = [one for one in started if isinstance(one, Vcenter)]
            assert [one.stats()["open_sessions"] for one in servers] == [leaves.args[0]] * len(
                servers
            )


@pytest.fixture(autouse=True)
def _left(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same of the one that tests share, looked at before a test and when all is closed."""
    leaves = request.node.get_closest_marker("sessions_left")
    shared = {"vcenter", "vsphere"} & set(request.fixturenames) if leaves else set()
    servers = [request.getfixturevalue(one) for one in sorted(shared)]
    before = [one.stats()["open_sessions"] for one in servers]
    yield
    after = [one.stats()["open_sessions"] for one in servers]
    assert not servers or after == [one + leaves.args[0] for one in before]


@pytest.fixture(scope="session")
def start(keep_running: Callable[[Any], Any]) -> starting.Starter:
    """Run the program in a process of its own: `start("audit", cwd=folder, env={...})`."""
    starter: starting.Starter = keep_running(starting.starting())
    return starter


@pytest.fixture(scope="session")
def vcenter(keep_running: Callable[[Any], Any]) -> Vcenter:
    """One vCenter with every named host, for tests that break nothing."""
    server: Vcenter = keep_running(live.running_vcenter(shapes.everything()))
    return server


@pytest.fixture(scope="session")
def shells(keep_running: Callable[[Any], Any]) -> Shells:
    """The shells of every named host."""
    server: Shells = keep_running(live.running_shells(shapes.everything()))
    return server


@pytest.fixture
def new_vcenter(running: Callable[[Any], Any]) -> Callable[..., Vcenter]:
    """Start a vCenter of one's own: `new_vcenter(fleet, *troubles, **options)`."""
    return lambda *given, **options: running(live.running_vcenter(*given, **options))


@pytest.fixture
def new_shells(running: Callable[[Any], Any]) -> Callable[..., Shells]:
    """Start shells of one's own: `new_shells(fleet, **options)`."""
    return lambda *given, **options: running(live.running_shells(*given, **options))


@pytest.fixture
def log_in() -> Iterator[Callable[..., VsphereTransport]]:
    """Log in to a vCenter: `log_in(vcenter, **endpoint)`. The session ends with the test."""
    with ExitStack() as stack:

        def log_in(server: Vcenter, **given: Any) -> VsphereTransport:
            password = given.pop("password", server.password)
            requests = given.pop("requests", ways.requests())
            writes = given.pop("writes", frozenset())
            wanted = {
                "host": server.host, "user": server.user, "port": server.port, "timeout": 20,
                "ca_files": (str(server.ca_file),), **given,
            }  # fmt: skip
            session = VsphereTransport(Endpoint(**wanted), lambda: password, requests, writes)
            stack.callback(session.close)
            return session

        yield log_in
