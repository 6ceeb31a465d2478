"""The command line: help, mistakes, and what is not imported."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hostcheck import catalog, cli, ways
from hostcheck.cli import main, options
from hostcheck.cli.commands import FILES, SUMMARIES
from hostcheck.model.result import Answer, Severity

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"
FIXTURE = FIXTURES / "2n-2xA100-80-esxi803"
MEMORY = "Physical Memory: 1099511627776 Bytes\nReliable Memory: 0 Bytes\nNUMA Node Count: 2\n"


@pytest.fixture(autouse=True)
def nothing_of_this_user(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in [*os.environ]:
        if name.startswith(("GOVC_", "HOSTCHECK_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def run(*arguments, **options):
    return CliRunner().invoke(main, [*map(str, arguments)], **options)


def process(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "hostcheck", *map(str, arguments)], capture_output=True,
        text=True, timeout=60, check=False, **options,
    )  # fmt: skip


COMMANDS = sorted(main.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_help(command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"{command} [OPTIONS]" in done.output
    assert main.commands[command].get_short_help_str()
    for parameter in main.commands[command].params:
        if isinstance(parameter, click.Option) and parameter.name != "format_":
            assert parameter.help, parameter.name


def test_the_group_lists_all_commands_and_the_version():
    listed = run("--help").output
    assert all(command in listed for command in COMMANDS)
    assert run("-h").output == listed
    told = run("--version").output
    assert re.fullmatch(r"hostcheck, version \S+, catalogue \d{4}-\d\d-\d\d\n", told)
    assert told.split()[-1] == catalog.requirements().edition


@pytest.mark.parametrize("command", ["audit", "preflight", "capacity", "power-on", "record"])
def test_each_section_of_help_has_a_title_for_people(command):
    titles = re.findall(r"^(\S.*):$", run(command, "--help").output, re.MULTILINE)
    assert "Lifecycle manager of vCenter, over REST" in titles
    assert not [one for one in titles if one in ways.with_options()]


@pytest.fixture
def broken(tmp_path):
    """Files of all kinds that are not what they should be."""
    files = {
        "garbage": bytes(range(256)) * 40, "empty": b"", "list.json": b"[]",
        "other.json": b'{"schema": "hostcheck.run/99"}', "no-schema.json": b'{"a": 1}',
        "half.json": b'{"schema": "hostcheck.run/1"}', "deep.json": b"[" * 100_000,
        "half2.json": b'{"schema": "hostcheck.run/2"}',
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "manifest.json").write_bytes(files["garbage"])
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        "bogus", "audit --bogus", "audit --from nowhere", "audit --from empty", "audit",
        "audit --from folder", "audit --from . --vcenter x", "audit --from . --cluster x",
        "audit --from . --ssh", "preflight v --from . --user u",
        "audit --workers 0", "audit --timeout soon", "audit --limit 0", "audit --limit soon",
        "audit --from . --limit -1", "record --save x --limit 2h30m", "audit --limit 1e3",
        "audit --from . --resume", "audit --from . --workers http://x", "audit --config nowhere",
        "audit --config garbage", "audit --vcenter http://vc", "audit --vcenter vc",
        "audit --vcenter vc:99999 --user u", "audit --format pdf", "audit extra",
        "report nowhere", "report garbage", "report empty", "report list.json",
        "report other.json", "report no-schema.json", "report half.json", "report deep.json",
        "report half2.json", "report folder", "report", "record", "record --save x", "preflight",
        "preflight vm",
        "explain", "explain FOO-001", "parse", "parse nonsense empty", "parse nonsense nowhere",
        "parse vmware empty", "topology", "topology x --from .", "checks --format html",
        "capacity", "capacity --profile nvidia_nope-1q --from .", "capacity --from empty",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("broken")
def test_a_mistake_is_one_line_and_exit_code_2(words):
    done = run(*words.split())
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("hostcheck: ")
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("name", ["garbage", "empty", "list.json"])
@pytest.mark.parametrize("question", ["nvidia-smi -q -x", "nvidia-smi", "HostSystem", "lspci -p"])
@pytest.mark.usefixtures("broken")
def test_parse_of_the_wrong_file_is_one_line(name, question):
    done = run("parse", question, name)
    assert done.exit_code in (0, 2), done.output
    if done.exit_code:
        assert done.stderr.count("\n") == 1, done.stderr


LONGER = {
    "vmware -vl": ("vmware -v", "VMware ESXi 8.0.3 build-24022510\nVMware ESXi 8.0 Update 3\n"),
    "vmware -l -v": ("vmware -v", "VMware ESXi 8.0.3 build-24022510\n"),
    "lspci -v": (
        "lspci",
        "0000:42:00.0 3D controller: NVIDIA Corporation GP102GL\n\t Class 0302: 10de:1b38\n",
    ),
    "esxcfg-info -a": ("esxcfg-info", "ResourceGroup: x\n|----HV Support.......3\n"),
    "/sbin/esxcfg-info -a": ("esxcfg-info", "|----HV Support.......3\n"),
}
"""What vm-support and people run, and the request whose parser reads it."""


@pytest.mark.parametrize("question", LONGER)
def test_parse_understands_the_longer_forms_of_a_command(question):
    name, text = LONGER[question]
    done = run("parse", question, "-", input=text)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["request"] == name


@pytest.mark.usefixtures("broken")
def test_a_request_that_is_almost_right_gets_a_hint():
    done = run("parse", "esxcli hardware memori get", "empty")
    assert done.exit_code == 2
    assert "did you mean" in done.stderr
    assert "'esxcli hardware memory get'" in done.stderr


def test_an_unknown_check_is_told_which_there_are():
    assert "did you mean NUMA-001?" in run("explain", "numa-01").stderr
    assert "`hostcheck checks` lists them" in run("explain", "nope").stderr


def test_a_mistake_shows_no_traceback_outside_of_tests_either(broken):
    for words in (["report", "garbage"], ["audit", "--from", "folder"], ["explain", "x"]):
        done = process(*words, cwd=broken)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("broken")
def test_a_place_that_cannot_be_written_is_one_line():
    for option in ("-o", "--html", "--save"):
        done = run("audit", "--from", FIXTURE, "-q", option, "garbage/run")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("option", ["-o", "--html"])
def test_the_report_appears_even_if_the_disk_is_full_in_the_end(option):
    plain = run("audit", "--from", FIXTURE, "-q")
    done = run("audit", "--from", FIXTURE, "-q", option, "/dev/full")
    assert (done.exit_code, done.stdout) == (2, plain.stdout)
    assert done.stderr == "hostcheck: /dev/full: No space left on device; give another file\n"
    assert not list(Path("/dev").glob("*.journal"))


@pytest.mark.parametrize("device", ["/dev/null", "/dev/stdout"])
def test_no_journal_is_kept_beside_a_device(device):
    done = process("audit", "--from", FIXTURE, "-q", "-o", device, "--resume", cwd=".")
    assert done.returncode == 2
    assert "give -o RUN.json" in done.stderr
    assert not list(Path("/dev").glob("*.journal"))


def test_the_report_appears_even_if_a_recording_cannot_be_kept(tmp_path):
    (tmp_path / "kept" / "esx-01.lab.test").mkdir(parents=True)
    (tmp_path / "kept" / "esx-01.lab.test" / "notes.txt").write_text("mine")
    plain = run("audit", "--from", FIXTURE, "-q")
    done = run("audit", "--from", FIXTURE, "-q", "--save", "kept")
    assert done.stdout == plain.stdout
    assert done.exit_code == 2
    assert "is not empty and holds no recording" in done.stderr


def test_parse_reads_standard_input(tmp_path):
    (tmp_path / "memory.txt").write_text(MEMORY)
    given = run("parse", "esxcli hardware memory get", "memory.txt")
    piped = run("parse", "ESXCLI  hardware memory get", "-", input=MEMORY)
    assert given.exit_code == piped.exit_code == 0, given.output + piped.output
    assert given.stdout == piped.stdout
    found = json.loads(piped.stdout)
    assert found["request"] == "esxcli hardware memory get"
    assert found["facts"]["numa_node_count"] == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_made(shell):
    script = subprocess.run(
        [sys.executable, "-c", "from hostcheck.cli import main; main(prog_name='hostcheck')"],
        env={**os.environ, "_HOSTCHECK_COMPLETE": f"{shell}_source"}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert script.returncode == 0, script.stderr
    assert "_HOSTCHECK_COMPLETE" in script.stdout


def test_check_ids_are_completed():
    done = subprocess.run(
        [sys.executable, "-c", "from hostcheck.cli import main; main(prog_name='hostcheck')"],
        env={**os.environ, "_HOSTCHECK_COMPLETE": "bash_complete", "COMP_CWORD": "2",
             "COMP_WORDS": "hostcheck explain num"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "plain,NUMA-001" in done.stdout


def test_requests_of_parse_are_completed():
    done = subprocess.run(
        [sys.executable, "-c", "from hostcheck.cli import main; main(prog_name='hostcheck')"],
        env={**os.environ, "_HOSTCHECK_COMPLETE": "bash_complete", "COMP_CWORD": "2",
             "COMP_WORDS": "hostcheck parse nvidia-smi"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "plain,nvidia-smi -q -x" in done.stdout


def test_help_is_in_sections_everyday_options_first_and_nothing_is_cut():
    listed = run("--help").output
    assert "..." not in listed.replace("[ARGS]...", "")
    assert "\nMore:" not in listed, "a command that no section names"
    assert listed.index("Every day:") < listed.index("  audit") < listed.index("About this tool:")
    told = run("audit", "--help").output
    places = [told.index(f"{one}:\n") for one in ("Which hosts", "The answer", "vCenter or ESXi",
              "ESXi shells, over SSH", "Smoke test in guests", "How it runs")]  # fmt: skip
    assert places == sorted(places)
    assert told.index("--host") < told.index("--tls-ca")


@pytest.mark.parametrize(
    ("words", "told"),
    [("audit esx-01", "hosts are named with --host"), ("audit --json", "give --format json"),
     ("version", "give --version")],
)  # fmt: skip
def test_what_people_write_from_habit_gets_a_hint(words, told):
    done = run(*words.split())
    assert done.exit_code == 2
    assert told in done.stderr


HEAVY = {"pyVmomi", "paramiko", "jinja2", "rich", "cryptography", "msgspec", "hostcheck.app"}


def imported(*arguments, **environment):
    """Run a command in a process of its own; return what it imported."""
    code = (
        "import sys\nfrom hostcheck.cli import main\n"
        f"try: main({[*map(str, arguments)]!r}, prog_name='hostcheck')\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    loaded = set(done.stderr.split())
    assert "hostcheck.cli" in loaded
    return loaded


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    assert not imported(*arguments) & HEAVY


STARTING = {
    "hostcheck.cli", "hostcheck.cli.commands", "hostcheck.cli.console", "hostcheck.cli.front",
    "hostcheck.cli.group", "hostcheck.cli.ring", "hostcheck.cli.sections", "hostcheck.environment",
    "hostcheck.errors", "hostcheck.front", "hostcheck.holding", "hostcheck.near",
    "hostcheck.words",
}  # fmt: skip


def test_the_list_of_commands_reads_none_of_them():
    completing = {
        "_HOSTCHECK_COMPLETE": "bash_complete", "COMP_WORDS": "hostcheck ", "COMP_CWORD": "1",
    }  # fmt: skip
    for loaded in (imported("--help"), imported("--version"), imported(**completing)):
        assert {one for one in loaded if one.startswith("hostcheck.")} <= STARTING


def test_a_command_reads_no_other_one():
    loaded = imported("plan", "--help")
    files = {FILES.get(name, name.replace("-", "_")) for name in SUMMARIES}
    assert {one for one in files if f"hostcheck.cli.{one}" in loaded} == {"plan"}


def test_every_command_is_listed_with_the_first_sentence_of_its_help():
    for file in Path(cli.__file__).parent.glob("[a-z]*.py"):
        import_module(f"hostcheck.cli.{file.stem}")
    read = {name: one.get_short_help_str(limit=1000) for name, one in main.commands._read.items()}
    assert read == SUMMARIES


def test_commands_are_completed_with_what_they_do():
    group = click.Context(main, info_name="hostcheck")
    found = {one.value: one.help for one in main.shell_complete(group, "p")}
    assert found == {name: told for name, told in SUMMARIES.items() if name.startswith("p")}
    assert [one.value for one in main.shell_complete(group, "--v")] == ["--version"]


@pytest.mark.parametrize("command", [["report"], ["report", "--format", "line"], ["diff", "{run}"]])
def test_what_starts_from_a_saved_run_imports_nothing_that_collects(command, tmp_path):
    saved = tmp_path / "run.json"
    assert run("audit", "-q", "--from", FIXTURE, "-o", saved).exit_code == 0
    loaded = imported(command[0], saved, *(one.format(run=saved) for one in command[1:]))
    assert not loaded & {"hostcheck.app", "hostcheck.assemble", "http.client", "sqlalchemy"}
    assert not loaded & {"hostcheck.cli.machines", "hostcheck.connect.given"}
    assert not [one for one in loaded if re.fullmatch(r"hostcheck\.ways\.\w+\.options", one)]


def test_a_replay_imports_neither_pyvmomi_nor_paramiko():
    code = (
        "import sys\nfrom hostcheck.cli import main\n"
        f"try: main(['audit', '-q', '--from', {str(FIXTURE)!r}])\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert not set(done.stderr.split()) & {"pyVmomi", "paramiko", "jinja2", "http.client"}


def test_every_machine_that_is_recorded_is_audited_without_a_crash():
    done = run("audit", "--from", FIXTURES, "--format", "json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    statuses = {one["status"] for host in found["hosts"] for one in host["results"]}
    assert "error" not in statuses
    assert len(done.stderr.splitlines()) == len(found["hosts"])


def test_every_module_runs_as_a_module_too():
    assert process("--version").stdout == run("--version").output


@pytest.mark.parametrize("spelling", ["nvidia_a100d-40c", "grid_a100d-40c", "A100D-40C"])
def test_capacity_counts_one_profile_in_any_spelling(spelling):
    arguments = ("capacity", "--from", FIXTURE, "--profile", spelling)
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("2 more A100D-40C fit now\n")
    counted = json.loads(run(*arguments, "--format", "json").stdout)
    assert counted["totals"] == [{"at_least": False, "free": 2, "profile": "A100D-40C"}]


def test_capacity_of_all_profiles_goes_to_a_file(tmp_path):
    done = run("capacity", "--from", FIXTURE, "-o", tmp_path / "room.txt")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "A100D-40C" in (tmp_path / "room.txt").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [("checks", 0), ("requests", 0), ("capacity -q --from {}", 0), ("audit -q --from {}", 0),
     ("audit -q --from {}/../2n-1xA30-sriov-off-esxi800", 1)],
)  # fmt: skip
def test_a_reader_that_has_gone_changes_no_exit_code(words, code, start, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    words = words.format(FIXTURE).split()
    with start.open(*words, cwd=tmp_path, env=os.environ, stdout=writer) as done:
        os.close(writer)
        assert (*done.communicate(), done.returncode) == ("", "", code)


def test_a_run_file_may_be_replaced_by_its_own_plain_document(tmp_path):
    """The file that is read is mapped: it must not be cut off while it is being written."""
    assert run("audit", "-q", "--from", FIXTURES, "-o", "run.json").exit_code == 1
    plain = run("report", "run.json", "--format", "json").stdout
    done = process("report", "run.json", "--format", "json", "-o", "run.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run.json").read_text() == plain


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--summary --format json", "--summary shapes the text that is printed: leave out"),
        ("--check VM-001 --format junit", "--check shapes the text that is printed"),
        ("--check VM-0001", "no check is called 'VM-0001'; did you mean VM-001?"),
        ("--skip nonsense", "no check is called 'nonsense'; `hostcheck checks` lists"),
        ("--only bad", "'bad' is not one of 'go', 'no-go', 'unsure', 'no-gpu'"),
    ],
)
def test_a_choice_that_cannot_be_shown_is_refused_before_anything_is_asked(given, said):
    done = CliRunner().invoke(main, ["audit", "--from", str(FIXTURES), *given.split()])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_quiet_preflight_prints_the_line_of_its_answer():
    asked = ["preflight", "infer-01", "--from", str(FIXTURES)]
    brief = CliRunner().invoke(main, [*asked, "-q"])
    whole = CliRunner().invoke(main, [*asked, "-q", "--format", "line"])
    assert brief.exit_code == whole.exit_code == 0
    assert brief.stdout.splitlines() == whole.stdout.splitlines()[-1:]
    assert brief.stdout.startswith("preflight verdict=GO ")


def test_the_verdicts_and_severities_of_options_are_those_of_the_model():
    assert list(options.VERDICTS) == [one.value for one in Answer]
    assert list(options.SEVERITIES) == [one.value for one in Severity]
