"""docs/formats.md: what each format is for, and the beginning of one, of a recorded host."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

from hostcheck.model.run import Run
from hostcheck.reports import pieces
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
SCHEMAS = Path(__file__).parents[1] / "hostcheck" / "schema"
MACHINE = "2n-1xA30-sriov-off-esxi800"
WIDTH = 160

HEAD = """# Formats

`--format NAME` of `audit`, `preflight` and `report` prints one. `--output NAME=PATH`, as often
as you like, writes several in one run, and all places are tried before anybody is asked:

```
hostcheck audit -o run.json --output html=run.html --output junit=run.xml --output sarif=run.sarif
hostcheck report run.json --output markdown=run.md --output csv=run.csv
```

`-o PATH` without a name keeps the run; `hostcheck report RUN` renders a saved run again, in any
of them. What is not known is a pass in none of them, and what is waived is in all of them, with
who answers for it. Names of hosts and VMs are escaped for each reader and cut where it has a
limit. Files appear when they are whole. [Why
so](decisions/0052-each-format-is-checked-by-its-reader.md).

# A run
"""
TOPOLOGY = """
# One host: topology

`hostcheck topology HOST --format NAME`, beside text, svg and json:

## hwloc-xml

For hwloc 2: `lstopo -i host.xml` draws it, `hwloc-info -i host.xml` counts it, `hwloc-calc -i
host.xml -I numa pci=0000:4a:00.0` says where a device is. Cores are not known of ESXi, so
processors (PU) stand below packages and nodes; of one package several nodes are groups. A
device whose NUMA node is not known is below the whole machine. VMs are Misc objects below their
GPU. A link's speed is that of now, which is lower while a GPU idles. A host whose nodes are not
known is refused: hwloc cannot show it.

````
{hwloc}
````

## nccl-xml

For NCCL in a guest with whole GPUs, `NCCL_TOPO_FILE`: there the guest itself sees neither NUMA
nodes nor switches. Each `busid` is the host's; the guest's stands beside the same UUID in
`nvidia-smi --query-gpu=uuid,pci.bus_id --format=csv` of the guest, and is put there. Of network
adapters the guest's address has to be known too. A device whose node is not known is left out,
and said to be. A bridge has no speed, for vSphere tells none: NCCL takes 8 GT/s, as it does where
a guest cannot read one. The parser inside NCCL 2.32.3 (its wheel from PyPI, called by address on a
machine without a GPU) reads these files, and with what NCCL itself adds at run time (the guest's
processor, a rank for each GPU) builds the machine of eight GPUs from them; a communicator over them
needs GPUs, and was not made.

````
{nccl}
````

## dot

For Graphviz: `hostcheck topology HOST --format dot | dot -Tsvg -o host.svg`.

````
{dot}
````

# JSON of other commands

Each document has a JSON Schema (draft 2020-12) in `hostcheck/schema`; a number counts
changes that a reader has to follow. New fields are added without one: read what you know.
{schemas}.
"""
FORMATS = {
    "text": ("For people, in a terminal: [README](../README.md)."),
    "html": ("For people: one page to forward, or an index with a page for each host."),
    "html-single": ("The same as one file, however many hosts: FILE.html."),
    "brief": ("For whoever decides and mends nothing: a run on one sheet of paper, as a page."),
    "json": (
        "The run itself: `hostcheck/schema/run-1.json` describes it. `-o` keeps the same in "
        "fewer bytes (`run-2.json`)."
    ),
    "line": ("One line a verdict, for a shell: [pipelines](pipelines.md)."),
    "junit": (
        "For build servers. A suite for each host, a case for each result. It is red where "
        "the verdict is: a failure is a required fail, an error something required that is "
        "not known. What does not decide is skipped, with its words."
    ),
    "csv": (
        "For spreadsheets and databases: RFC 4180, UTF-8, a row for each result, passes too. "
        "No cell is a formula. New columns come last. `decides` says whether the verdict on "
        "the host rests on the result."
    ),
    "markdown": (
        "For a merge request, a ticket, a chat: the answer, the hosts, what to do, at most "
        "60,000 characters. `gh pr comment --body-file run.md`."
    ),
    "prometheus": (
        "For the textfile collector of node_exporter: `hostcheck report run.json --format "
        "prometheus -o /var/lib/node_exporter/hostcheck.prom`. Names, labels and HELP stay as "
        "they are; no family goes. Of several runs give each a file of its own. An alert on a "
        'host that is no GO: `hostcheck_host_verdict{verdict="GO"} == 0`; on a job that died: '
        "`time() - hostcheck_run_last_answer_timestamp_seconds > 86400`."
    ),
    "sarif": (
        "SARIF 2.1.0 for code scanning and its viewers: `gh` or the action `upload-sarif` "
        "takes it. It lists what fails and what is not known, the gravest first, at most 25,000; "
        "what is not known is of kind `open`, what is waived is suppressed. Fingerprints do not "
        "depend on what was observed, so a finding stays the same alert."
    ),
    "ocsf": (
        "OCSF 1.8.0 Compliance Findings (class 2003) for a security lake or SIEM: a JSON "
        "array with an event on each line, passes too. `compliance.status_id` is 1 pass, 2 "
        "not known, 3 fail, 99 does not apply. `jq -c '.[]'` makes lines of it."
    ),
}
LINES = {
    "csv": 3, "junit": 12, "line": 2, "markdown": 14, "prometheus": 16, "sarif": 5, "ocsf": 2,
}  # fmt: skip


def run() -> Run:
    """Return the run of the machine that the examples are of."""
    source = RecordedSource(FIXTURES / MACHINE)
    reports = [report_of(host_of(source.collect(one))) for one in source.machines()]
    return run_of(source.about.target, reports)


def page() -> str:
    """Return the page."""
    made = run()
    told = {
        name: _cut("".join(pieces("topology", f"{name}{end}", made.hosts[0])).splitlines(), 14)
        for name, end in (("hwloc", "-xml"), ("nccl", "-xml"), ("dot", ""))
    }
    schemas = ", ".join(f"`{one.name}`" for one in sorted(SCHEMAS.glob("*.json")))
    return "".join(_page(made)) + TOPOLOGY.format(**told, schemas=schemas)


def _page(made: Run) -> Iterator[str]:
    yield HEAD
    for name, words in FORMATS.items():
        yield f"\n## {name}\n\n{fill(words, 130, break_on_hyphens=False)}\n"
        if name not in LINES:
            continue
        lines = "".join(pieces("run", name, made)).splitlines()
        yield f"\n````\n{_cut(lines, LINES[name])}\n````\n"


def _cut(lines: list[str], most: int) -> str:
    shown = [one if len(one) <= WIDTH else f"{one[:WIDTH].rstrip()} ..." for one in lines[:most]]
    return "\n".join([*shown, "..."])
