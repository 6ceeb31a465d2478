"""No secret anywhere, of what stands beside a run: keyring, mail, webhook, history, proxies, Dask.

The canaries, spellings and places are those of `test_secrets`, and /proc besides: the command line
and environment of every process that a run starts, and of the workers of a cluster.
"""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hostcheck.history import place
from tests.notify import peers
from tests.notify.peers import running_hook, running_mail
from tests.peers.postgresql import running_postgresql
from tests.test_fleet import cluster  # noqa: F401  a fixture
from tests.test_secrets import BMC, CRASH, HOST, ODD, VCENTER, WRITTEN, Lab, spellings

MAIL, HISTORY = (f"canary{ODD}of-the-{name}" for name in ("mail", "history"))
WEBHOOK, PROXY = "canary-of-webhook", "canary-of-proxy"
WRONG = f"canary{ODD}that-is-wrong"
KEYRING = """
import json
from pathlib import Path
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 1
    def get_password(self, service, name):
        assert service == "hostcheck"
        return json.loads(Path(__file__).with_name("kept.secret").read_text()).get(name)
    def set_password(self, service, name, password):
        raise NotImplementedError
"""


class More(Lab):
    """The same lab with a mail server, a webhook and a database, each with its secret."""

    def __init__(self, keep_running, start, folder):
        super().__init__(keep_running, start, folder)
        self.mail = keep_running(running_mail(folder / "mail", auth=True))
        self.hook = keep_running(running_hook(folder / "hook"))
        server = keep_running(running_postgresql())
        self.database = server.database()
        with server.connect() as connection:
            connection.execute(
                "ALTER USER auditor PASSWORD '{}'".format(HISTORY.replace("'", "''"))
            )
        self.secrets |= {
            "HOSTCHECK_MAIL_PASSWORD": MAIL, "HOSTCHECK_WEBHOOK": self.hook.url,
            "HOSTCHECK_HISTORY_PASSWORD": HISTORY,
        }  # fmt: skip
        self.settings = (
            self.mail.settings(user=peers.USER, to=["admins@lab.test"])
            + f'[webhook]\nca = ["{self.hook.ca}"]\n'
            + f'[history]\nurl = "{self.database.url}"\n'
        )

    def environment(self, home, secrets):
        (home / "hostcheck.toml").write_text(self.settings)
        proxies = {f"{name}_proxy": f"http://me:{PROXY}@127.0.0.1:9"
                   for name in ("http", "https", "all")}  # fmt: skip
        return super().environment(home, {**proxies, **secrets})

    def told(self, home, *texts):
        """Return where a secret stands, of this lab and of the one below.

        What a proxy of the environment takes is in that of commands too: `ssh` may need it.
        """
        found = self.leaks(home, *texts, secrets=(MAIL, HISTORY, WEBHOOK, WRONG, PROXY))
        proxies = set(spellings(PROXY))
        return [one for one in found if one[0] != "started" or one[1] not in proxies]


@pytest.fixture(scope="module")
def lab(keep_running, start, tmp_path_factory):
    start.read("hostcheck.history.write", "hostcheck.notify.courier", "psycopg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peers, "PASSWORD", MAIL)
        yield More(keep_running, start, tmp_path_factory.mktemp("secrets"))


def test_secrets_of_what_stands_beside_a_run(lab, tmp_path):
    done = lab.run(tmp_path, *WRITTEN, secrets=lab.secrets)
    assert done.returncode in (0, 1, 3), done.stderr
    assert len(lab.mail.box.mails) == len(lab.hook.posted) == 1
    sent = lab.mail.box.mails[0].as_bytes(), repr(lab.hook.posted[0][1]).encode()
    assert lab.told(tmp_path, done.stdout, done.stderr, *sent) == []
    for words in (("history", "--format", "json"), ("config", "show"), ("report", "run.json")):
        shown = lab.shown(tmp_path, *words, secrets=lab.secrets)
        assert shown.returncode in (0, 1, 3), shown.stderr
        assert lab.told(tmp_path, shown.stdout, shown.stderr) == []


@pytest.mark.parametrize(
    "name", ["HOSTCHECK_MAIL_PASSWORD", "HOSTCHECK_HISTORY_PASSWORD", "HOSTCHECK_WEBHOOK"]
)
def test_secrets_that_are_refused_beside_a_run(lab, tmp_path, name):
    hook = name == "HOSTCHECK_WEBHOOK"
    lab.hook.status = 403 if hook else 200
    done = lab.run(tmp_path, *WRITTEN, secrets=lab.secrets | ({} if hook else {name: WRONG}))
    lab.hook.status = 200
    assert done.returncode == 2, done.stderr
    assert (tmp_path / "run.json").exists()
    assert lab.told(tmp_path, done.stdout, done.stderr) == []


@pytest.mark.parametrize("url", ["https://me:{}@127.0.0.1/x", "postgresql://me:{}@127.0.0.1/x"])
def test_a_secret_in_a_url_is_refused_and_not_repeated(lab, tmp_path, url):
    option = "--webhook" if url.startswith("https") else "--history"
    done = lab.run(tmp_path, *WRITTEN, option, url.format("canary-of-url"), secrets=lab.secrets)
    assert done.returncode == 2
    assert b"canary-of-url" not in done.stdout + done.stderr
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    ("module", "patch"),
    [
        ("hostcheck.notify.mail", "module.Mail._connected"),
        ("hostcheck.notify.webhook", "module.Webhook._connection"),
        ("hostcheck.notify.news", "module.since"),
        ("hostcheck.history.write", "module._Pen.write"),
        ("hostcheck.ways.redfish.session", "module.BmcSession._post"),
    ],
)
def test_secrets_in_a_crash_beside_a_run(lab, tmp_path, module, patch):
    code = CRASH.format(module=module, patch=patch)
    done = lab.run(tmp_path, *WRITTEN, secrets=lab.secrets, code=code)
    assert b"this is the test's crash" in b" ".join((done.stdout + done.stderr).split())
    assert lab.told(tmp_path, done.stdout, done.stderr) == []


# /proc


def seen(pid):
    """Yield command line and environment of a process, and of each that it started."""
    todo = [pid]
    while todo:
        there = Path(f"/proc/{todo.pop()}")
        with suppress(OSError):  # it has ended
            for task in (there / "task").iterdir():
                todo += map(int, (task / "children").read_text().split())
            yield (there / "cmdline").read_bytes() + b"\n" + (there / "environ").read_bytes()


@contextmanager
def watched(pid, told):
    """Look at /proc again and again until the block ends."""
    over = threading.Event()

    def look():
        while not over.wait(0.05):
            told.update(seen(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_secrets_of_a_keyring_are_in_no_process(lab, tmp_path):
    """They come from a backend of a keyring: not even the environment of the program has them."""
    kept = {
        f"{lab.vcenter.user}@{lab.vcenter.host}": VCENTER, "ssh": lab.shells.password, "bmc": BMC,
        f"{peers.USER}@127.0.0.1": MAIL, place.read(lab.database.url).key: HISTORY,
    }  # fmt: skip

    (tmp_path / "canaries.py").write_text(KEYRING)
    (tmp_path / "kept.secret").write_text(json.dumps(kept))
    env = lab.environment(tmp_path, {}) | {
        "PYTHON_KEYRING_BACKEND": "canaries.Keyring", "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    mails, told = len(lab.mail.box.mails), set()
    with subprocess.Popen(
        [sys.executable, "-m", "hostcheck", *lab.words(*WRITTEN)], cwd=tmp_path, env=env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as run, watched(run.pid, told):  # fmt: skip
        said = run.communicate(timeout=120)
    assert run.returncode in (0, 1, 3), said
    assert len(lab.mail.box.mails) == mails + 1
    text = (tmp_path / "run.json").read_bytes()
    assert b'"redfish"' in text
    assert b'"shell"' in text
    assert any(b"relay.py" in one for one in told)
    (tmp_path / "proc.secret").write_bytes(b"".join(told).replace(PROXY.encode(), b""))
    assert lab.told(tmp_path, *said, (tmp_path / "proc.secret").read_bytes()) == []


def test_secrets_of_bmcs_and_shells_on_a_cluster(lab, cluster, tmp_path):  # noqa: F811
    """They travel to the workers, and are in none of their command lines, environments and logs."""
    told = set()
    env = lab.environment(tmp_path, {})
    for name in ("GOVC_PASSWORD", "HOSTCHECK_SSH_PASSWORD", "HOSTCHECK_BMC_PASSWORD"):
        (tmp_path / f"{name}.secret").write_text(f"{lab.secrets[name]}\n")
        (tmp_path / f"{name}.secret").chmod(0o600)
    (tmp_path / "hostcheck.toml").unlink()
    files = ("--password-file", tmp_path / "GOVC_PASSWORD.secret", "--ssh-password-file",
             tmp_path / "HOSTCHECK_SSH_PASSWORD.secret", "--bmc-password-file",
             tmp_path / "HOSTCHECK_BMC_PASSWORD.secret")  # fmt: skip
    with watched(os.getpid(), told):
        done = subprocess.run(
            [sys.executable, "-m", "hostcheck",
             *lab.words(*WRITTEN, "--workers", cluster.url, *files)],
            cwd=tmp_path, env=env, capture_output=True, timeout=240, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert done.returncode in (0, 1, 3), done.stderr
    text = (tmp_path / "run.json").read_bytes()
    assert b'"redfish"' in text
    assert b'"shell"' in text
    assert HOST.name.encode() in text
    # The played vCenter has its password in its environment, and proxies are the user's own.
    processes = [one.replace(PROXY.encode(), b"") for one in told if b"gpusim" not in one]
    for name in (b"dask_worker", b"relay.py", b"--workers"):
        assert any(name in one.partition(b"\n")[0] for one in processes), name
    assert lab.told(tmp_path, done.stdout, done.stderr, *processes) == []
