"""Five everyday jobs, as they go at a terminal: the page of them is what was printed now."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from hostcheck.cli import main
from tests.mistakes import Site

CLEAR = {"PATH": os.defpath, "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
"""The environment of the job in another process: whoever runs the tests may have set anything."""
LINES = 24
"""What a transcript shows of a long answer."""
HEAD = """\
# Five everyday jobs

Generated; `pytest --update` rewrites it: every line was printed by the tool, against a live vCenter
API with 24 hosts. A job needs nothing but this; the password comes from a prompt, a file or the
keyring where `GOVC_PASSWORD` is not set.

```
export GOVC_URL=vc.test GOVC_USERNAME=auditor@vsphere.local GOVC_TLS_CA_CERTS=vc.test.pem
```
"""
UNIT_TEST = """\
def test_the_host_takes_a_vgpu(hostcheck_machine):
    machine = hostcheck_machine("case/esx-01.lab.test")
    assert machine.verdict == "GO"
    assert machine.status("NUMA-001") == {"pass"}
"""


class Step(NamedTuple):
    """A command, the exit code that it ends with, and what is said after it."""

    typed: str
    code: int
    after: str = ""


class Job(NamedTuple):
    """One job, step by step."""

    title: str
    before: str
    steps: tuple[Step, ...]


JOBS = (
    Job("One VM, before it is powered on", "GO, NO-GO or UNSURE, on which host, and why.", (
        Step("hostcheck preflight -q infer-01", 0,
             "`-q` prints one line; without it the answer, what decides, and what mends it. With\n"
             "`--ssh` the ESXi shells are asked too: some things only nvidia-smi knows."),
        Step("hostcheck preflight -q vdi-10-b", 1,
             "The exit code is a gate: `hostcheck preflight VM -q && govc vm.power -on VM`, or\n"
             "`hostcheck power-on VM`, which compares what happens with the answer."),
    )),
    Job("A cluster, before a maintenance window",
        "What is wrong now, what an upgrade would take, and what the window changed.", (
        Step("hostcheck audit -q --cluster gpu-cluster-01 -o before.json --only NO-GO", 1),
        Step("hostcheck plan before.json --day 2026-11-29 --to 19 --format csv -o steps.csv", 1,
             "`steps.csv` has the steps in order, or why there are none; `--format html` is a\n"
             "page for a change board."),
        Step("hostcheck audit -q --cluster gpu-cluster-01 -o after.json --summary", 1),
        Step("hostcheck diff before.json after.json", 0),
    )),
    Job("An audit every night",
        "A line for cron: it ends in time, and goes on where an earlier one was cut short.", (
        Step("hostcheck audit -q --resume --limit 2h -o run.json --html report.html --summary", 1),
        Step("hostcheck report run.json --format line -o run.txt", 0,
             "`run.txt` has one line a verdict, for scripts; `--format junit` is for a pipeline."),
    )),
    Job("A bug report to the vendor",
        "A recording is a folder that anyone can read: it replays anywhere and holds no\n"
        "credential.", (
        Step("hostcheck record -q --host esx-01 --save case", 0),
        Step("hostcheck redact case -o share", 0),
        Step("hostcheck audit -q --from share --summary", 0,
             "Whoever gets `share` sees what you saw, under other names; `share.map.json` says\n"
             "what stands for what, and stays with you."),
    )),
    Job("A unit test of a host",
        "The package brings a pytest plugin; the recording above is the machine.\n\n"
        f"```python\n{UNIT_TEST}```", (Step("pytest -q test_host.py", 0),)),
)  # fmt: skip


def _run(step: Step, site: Site) -> tuple[int, str]:
    words = shlex.split(step.typed)
    if words[0] == "pytest":
        Path("test_host.py").write_text(UNIT_TEST, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", *words, "-p", "no:cacheprovider"], capture_output=True,
            text=True, check=False, timeout=120, env=CLEAR | {"HOME": os.environ["HOME"]},
        )  # fmt: skip
        return done.returncode, re.sub(r" in [0-9.]+s", "", done.stdout)
    env = {name: value.format(**site.words) for name, value in LIVE.items()}
    told = CliRunner().invoke(main, words[1:], env=env)
    return told.exit_code, told.output


LIVE = {"GOVC_URL": "{vc}", "GOVC_USERNAME": "{user}", "GOVC_PASSWORD": "{password}",
        "GOVC_TLS_CA_CERTS": "{ca}"}  # fmt: skip


def page(site: Site) -> str:
    """Return the page; every answer is printed now."""
    parts = [HEAD]
    for job in JOBS:
        parts.append(f"\n## {job.title}\n\n{job.before}\n")
        for step in job.steps:
            code, told = _run(step, site)
            assert code == step.code, f"{step.typed}: exit code {code}: {told}"
            lines = site.shown(told).strip().splitlines()
            left = len(lines) - LINES
            shown = lines[:LINES] + ([f"... ({left} more lines)"] if left > 0 else [])
            text = "\n".join(one.rstrip() for one in (f"$ {step.typed}", *shown, f"# exit {code}"))
            text = re.sub(r"\(\d+ days? old\)", "(N days old)", text)
            text = re.sub(r"DAY \d\d:\d\d:\d\d \+00:00", "DAY", text)
            parts.append(f"\n```\n{text}\n```\n")
            parts += [f"\n{step.after}\n"] if step.after else []
    return "".join(parts)
