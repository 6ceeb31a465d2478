"""The command line of a history: what is broken costs no run, and is said in one line."""

import csv
import io
import json
import shutil
import socket
import sqlite3
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import hostcheck
from hostcheck import runfile
from hostcheck.cli import main, remembering
from hostcheck.history import store, tables
from tests.history.nights import CHECK, RECORDED, judged, moment, night

SCHEMA = Path(hostcheck.__file__).parent / "schema" / "history-1.json"
SECRET = "s3cr3t-of-history"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def run(*words, **env):
    return CliRunner().invoke(main, [*map(str, words)], env=env)


def audit(*words, **env):
    return run("audit", "--from", RECORDED, "-q", *words, **env)


def nights():
    """Four nights on disk; esx-1 fails on the last two."""
    files = []
    for day, mode in enumerate(("well", "well", "fail", "fail")):
        files.append(Path(f"{day}.json"))
        runfile.write(night(day, judged("esx-1", mode), judged("esx-2")), files[-1])
    return files


def written():
    for file in nights():
        done = run("report", file, "--history", "history.db")
        assert (done.exit_code, done.stderr) == (0, "")
    return file


def test_an_audit_is_remembered_and_its_run_file_says_since_when(here):
    code = audit("-o", "run.json").exit_code
    first = audit("--history", "history.db", "-o", "run.json")
    assert (first.exit_code, first.stderr) == (code, "")
    told = runfile.read(here / "run.json").history
    assert (told.place, told.runs, told.fault) == ("history.db", 1, "")
    assert {one.since for host in told.hosts for one in host.findings} == {told.begins}
    again = audit("--history", "sqlite:///history.db", "-o", "run.json")
    assert again.exit_code == code
    assert runfile.read(here / "run.json").history.runs == 1


def test_the_answer_in_each_format():
    written()
    done = run("history", "--history", "history.db")
    assert done.exit_code == 0
    text = done.stdout
    assert "2026-03-01 to 2026-03-04: 4 runs, 2 hosts" in text
    assert "2026-03-04  1   1" in text
    assert f"2026-03-03            1     {CHECK}  esx-1" in text
    assert text == run("history", "show", "--history", "history.db").stdout
    document = json.loads(run("history", "--history", "history.db", "--format", "json").stdout)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    (one,) = [each for each in document["findings"] if each["check"] == CHECK]
    assert (one["host"], one["since"], one["days"]) == ("esx-1", moment(2), 1)
    table = list(
        csv.DictReader(
            io.StringIO(run("history", "--history", "history.db", "--format", "csv").stdout)
        )
    )
    assert [row["no_go"] for row in table if row["what"] == "day"] == ["0", "0", "1", "1"]
    (row,) = [row for row in table if row["what"] == "tally" and row["check"] == CHECK]
    assert (row["fails"], row["new"], row["since"]) == ("1", "1", moment(2))
    narrow = run("history", "--history", "history.db", "--host", "esx-2", "--check", CHECK)
    assert "OLDEST" not in narrow.stdout


def test_every_report_says_since_when_a_finding_is_known():
    for file in nights():
        done = run("report", file, "--history", "history.db", "--details")
    assert "✕ HOST-002 required" in done.stdout
    assert "Known since 2026-03-03, for 1 day." in done.stdout
    assert "Known since 2026-03-01 or before." in done.stdout
    first = run("report", "2.json", "--history", "history.db", "--details")
    assert "Seen for the first time." in first.stdout
    assert run("report", "3.json", "--details").stdout.count("nown since") == 0
    page = run("report", "3.json", "--history", "history.db", "--format", "html").stdout
    assert page.count('<p class="soft">Known since 2026-03-03, for 1 day.</p>') == 1
    plain = run("report", "3.json", "--history", "history.db", "--format", "json")
    (one, other) = json.loads(plain.stdout)["history"]["hosts"]
    assert [each["since"] for each in one["findings"] if each["check"] == CHECK] == [moment(2)]
    assert CHECK not in {each["check"] for each in other["findings"]}


def test_a_run_is_redacted_without_its_history(here):
    file = written()
    (here / "run.json").write_text(
        run("report", file, "--history", "history.db", "--format", "json").stdout
    )
    assert run("redact", "run.json", "-o", "out", "--map", "map.json").exit_code == 0
    assert runfile.read(here / "out" / "run.json").history is None


def test_settings_name_the_history_and_how_long_it_is_kept(here):
    (here / "hostcheck.toml").write_text('[history]\nurl = "kept.db"\nkeep = "30d"\n')
    assert audit().stderr == ""
    assert (here / "kept.db").exists()
    told = run("history")
    assert "1 run, 1 host" in told.stdout
    shown = run("config", "show").stdout
    assert 'url = "kept.db"' in shown
    assert "# the password of the history: a file, the keyring or a prompt" in shown
    assert run("history", "prune", "--keep", "400").stdout.startswith("forgotten: 0 runs")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('url = "postgresql://me:pw@db.test/h"', "url of [history]: a password in it is visible"),
        ('url = "mysql://db.test/h"', "url of [history]: mysql is not known"),
        ('keep = "4 weeks"', "line 2: [history] keep: '4 weeks' is no number of days"),
    ],
)
def test_a_wrong_setting_is_named(here, text, said):
    (here / "hostcheck.toml").write_text(f"[history]\n{text}\n")
    done = audit("-o", "run.json")
    assert done.exit_code == 2
    assert said in done.stderr
    assert "me:pw" not in done.stderr
    assert not (here / "run.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--history", f"postgresql://me:{SECRET}@db.test/h"), "a password in it is visible"),
        (("--history", "postgresql://db.test"), "it names no database"),
        (("--history", "postgresql://db.test:x/h"), "its port is no number"),
        (("--history", "postgresql://db.test/h?password=x"), "password is not taken"),
        (("--history", "postgresql://db.test/h?sslmode=require"), "does not verify db.test"),
        (("--history", "oracle://db.test/h"), "oracle is not known"),
        (("--history", ":memory:"), "a history is kept"),
        (("--history", "sqlite://h.db"), "write sqlite:///FILE"),
        (("--history-password-file", RECORDED / "expected.json"), "give --history too"),
        (
            ("--history", "h.db", "--history-password-file", RECORDED / "expected.json"),
            "a file of SQLite has no password",
        ),
    ],
)
def test_what_cannot_be_a_history_is_said_before_anybody_is_asked(here, words, said):
    done = audit(*words, "-o", "run.json")
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert said in line
    assert f"me:{SECRET}" not in line
    assert not (here / "run.json").exists()


def test_a_server_elsewhere_is_verified():
    from hostcheck.history import place  # noqa: PLC0415

    assert place.read("postgresql://db.test/h").tls["sslmode"] == "verify-full"
    given = place.read("postgresql://db.test/h?sslrootcert=/site.pem").tls
    assert given == {"sslmode": "verify-full", "sslrootcert": "/site.pem"}
    assert place.read("postgresql://localhost/h").tls == {}


def test_without_the_extra_one_line_says_what_to_install(here, monkeypatch):
    monkeypatch.setattr(remembering, "find_spec", lambda name: None if name == "alembic" else 1)
    done = audit("--history", "history.db", "-o", "run.json")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert "a history needs alembic: pip install alembic==" in line
    assert not (here / "run.json").exists()


def not_a_database(here, _monkeypatch):
    (here / "history.db").write_text("no database, but some words that are longer than a page")
    return "it is no SQLite database"


def foreign(here, _monkeypatch):
    with sqlite3.connect(here / "history.db") as file:
        file.execute("CREATE TABLE orders (id)")
    return "it is a database of something else (orders)"


def damaged(here, _monkeypatch):
    written()
    data = bytearray((here / "history.db").read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    (here / "history.db").write_bytes(data)
    return "malformed"


def locked(here, monkeypatch):
    written()
    monkeypatch.setattr(store, "LOCK_SECONDS", 0.1)
    other = sqlite3.connect(here / "history.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(locked, "held_by", other, raising=False)  # else it goes with the garbage
    return "somebody else has been writing it"


def folder(here, _monkeypatch):
    (here / "history.db").mkdir()
    return "unable to open database file"


def later(here, _monkeypatch):
    written()
    with sqlite3.connect(here / "history.db") as file:
        file.execute(f"UPDATE {tables.VERSION} SET version_num = '9999'")
    return "update hostcheck"


def broken(_here, monkeypatch):
    from hostcheck.history import write  # noqa: PLC0415

    monkeypatch.setattr(write, "Story", None)
    return "AttributeError"


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.parametrize("fault", [not_a_database, foreign, damaged, locked, folder, later, broken])
def test_a_fault_costs_no_run(here, monkeypatch, fault):
    """The run file and both reports are there, one line says why, and the exit code tells."""
    wanted = audit("-o", "wanted.json", "--html", "wanted.html")
    said = fault(here, monkeypatch)
    done = audit("--history", "history.db", "-o", "run.json", "--html", "report.html")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("hostcheck: the run is not in the history: history.db: ")
    assert said in line
    assert done.stdout.splitlines()[0] == wanted.stdout.splitlines()[0]
    assert "</html>" in (here / "report.html").read_text()
    told = runfile.read(here / "run.json")
    assert said in told.history.fault
    assert "The run is not in the history" in done.stdout
    assert told.history.hosts == ()
    assert not (here / "run.json.journal").exists()


def test_a_foreign_database_is_given_no_tables(here):
    said = foreign(here, None)
    with sqlite3.connect(here / "history.db") as file:
        file.execute("CREATE VIEW open_orders AS SELECT id FROM orders")
    data = (here / "history.db").read_bytes()
    assert said in audit("--history", "history.db").stderr
    for words in (("history",), ("history", "prune", "--keep", "3d")):
        done = run(*words, "--history", "history.db")
        assert (done.exit_code, said in done.stderr) == (2, True)
    assert (here / "history.db").read_bytes() == data


def test_an_empty_file_is_a_new_history(here):
    (here / "history.db").touch()
    assert audit("--history", "history.db").stderr == ""
    assert "1 run, 1 host" in run("history", "--history", "history.db").stdout


def test_a_server_that_is_away_or_refuses_costs_no_run(here, postgresql):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = f"postgresql://auditor@127.0.0.1:{nobody.getsockname()[1]}/h"
        done = audit("--history", away, "-o", "run.json")
    assert done.exit_code == 2
    assert "Connection refused" in done.stderr
    database = postgresql.database()
    env = {"HOSTCHECK_HISTORY_PASSWORD": SECRET}
    wrong = audit("--history", database.url, "-o", "run.json", **env)
    assert wrong.exit_code == 2
    (line,) = wrong.stderr.splitlines()
    assert "password authentication failed" in line
    assert SECRET not in line + (here / "run.json").read_text()
    assert runfile.read(here / "run.json").history.place == database.url


def test_the_password_comes_from_the_environment_or_a_file(here, postgresql):
    database = postgresql.database()
    done = audit("--history", database.url, HOSTCHECK_HISTORY_PASSWORD=database.password)
    assert done.stderr == ""
    (here / "secret").write_text(f"{database.password}\n")
    told = run("history", "--history", database.url, "--history-password-file", "secret")
    assert "1 run, 1 host" in told.stdout
    without = run("history", "--history", database.url)
    assert without.exit_code == 2
    assert "no password supplied" in without.stderr


def test_a_writer_of_postgresql_does_not_wait_for_ever(here, postgresql, monkeypatch):
    database = postgresql.database()
    env = {"HOSTCHECK_HISTORY_PASSWORD": database.password}
    assert audit("--history", database.url, **env).stderr == ""
    monkeypatch.setattr(store, "LOCK_SECONDS", 1)
    with postgresql.connect(database.name) as other:
        other.execute(f"SELECT pg_advisory_lock({store.LOCK})")
        done = audit("--history", database.url, "-o", "run.json", **env)
    assert done.exit_code == 2
    assert "somebody else has been writing it for 1 s" in done.stderr
    assert (here / "run.json").exists()


def test_a_night_without_answers_is_not_in_it_and_no_fault(here):
    last = written()
    silent = night(4, judged("esx-1"))
    runfile.write(runfile.msgspec.structs.replace(silent, last_answer_at=""), here / "none.json")
    done = run("report", "none.json", "--history", "history.db")
    assert done.exit_code == 0
    assert "no host answered" in done.stderr
    assert "4 runs" in run("history", "--history", "history.db").stdout
    shutil.copy(last, "again.json")
    assert run("report", "again.json", "--history", "history.db").exit_code == 0


def test_a_run_that_is_judged_anew_is_no_second_run(here):
    file = written()
    site = here / "site.toml"
    site.write_text(f'[[rule]]\ncheck = "{CHECK}"\nselected = false\nreason = "not here"\n')
    before = run("history", "--history", "history.db").stdout
    done = run("report", file, "--policy", site, "--history", "history.db")
    assert done.exit_code == 0
    (line,) = done.stderr.splitlines()
    assert "history.db holds the answers of this run as they were judged first" in line
    assert run("history", "--history", "history.db").stdout == before


def test_what_was_left_out_is_said():
    files = nights()
    for file in (files[3], files[0]):
        done = run("report", file, "--history", "history.db")
    assert done.exit_code == 0
    assert done.stderr == "hostcheck: history.db knows younger answers of 2 hosts: left out\n"


def test_there_is_no_history_yet(here):
    for words in (("history",), ("history", "prune", "--keep", "3d")):
        done = run(*words)
        assert (done.exit_code, "which history?" in done.stderr) == (2, True)
        done = run(*words, "--history", "none.db")
        assert (done.exit_code, "there is no history" in done.stderr) == (2, True)
    assert not (here / "none.db").exists()


def test_an_interrupt_while_it_is_written_costs_no_run(here, monkeypatch):
    from hostcheck.history import write  # noqa: PLC0415

    def interrupted(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(write._Pen, "write", interrupted)
    done = audit("--history", "history.db", "-o", "run.json")
    assert done.exit_code == 2
    assert "interrupted before the run was written" in done.stderr
    assert len(runfile.read(here / "run.json").hosts) == 1
