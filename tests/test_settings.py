"""hostcheck.toml: read once, with the ranges of the options, and what is wrong in it is found."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import pytest
from click.testing import CliRunner, Result
from msgspec import Meta

from hostcheck import settings
from hostcheck.cli import main
from hostcheck.syntax import toml
from tests.private_data import FIXTURES

FILES = """
[vcenter]
tls_ca = ["ca.pem", "/etc/site.pem", "~/own.pem"]
[[vcenters]]
url = "vc-2"
tls_ca = ["second.pem"]
[ssh]
config = "ssh_config"
known_hosts = ["keys"]
key_files = ["id"]
[bmc]
inventory = "bmc.csv"
ca = ["bmc.pem"]
fingerprints = "pins"
[audit]
waivers = "waivers.toml"
policy = "site.toml"
[mail]
ca = ["mail.pem"]
[webhook]
ca = ["hook.pem"]
[history]
url = "history.db"
"""
MARK = re.compile(r"^# (\w+ = )", re.MULTILINE)
PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [*os.environ]:
        if name.startswith(("GOVC_", "HOSTCHECK_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[vcenter]\npassword = "s3cr3t"', "2: [vcenter] has no setting password, and none for"),
        ('[vcenter]\nurl = "https://u:s3cr3t@x"', "2: [vcenter] url: settings hold no password"),
        ('[vcenter]\nurl = "ftp://x"', "2: [vcenter] url: ftp://x: give a host name or"),
        ('# c\n[vcenter]\nurll = "x"', "3: [vcenter] has no setting urll; did you mean url?"),
        ("[nonsense]", "1: there is no [nonsense]; there are vcenter, vcenters, audit"),
        ("[vcentre]", "1: there is no [vcentre]; did you mean vcenter?"),
        ("vcenter.urll = 'x'", "1: [vcenter] has no setting urll"),
        ("[vcenter]\ntimeout = 0", "2: [vcenter] timeout: give a number of at least 1 "),
        ("[vcenter]\ntls_thumbprint = 'ab'", "2: [vcenter] tls_thumbprint: a thumbprint is 64 hex"),
        ("[ssh]\n\nport = 99999", "3: [ssh] port: give a whole number of at most 65535 "),
        ("[ssh]\nport = 'many'", "2: [ssh] port: give a whole number, not text in quotes"),
        ("[ssh]\nworkers = 0", "2: [ssh] workers: give a whole number of at least 1 "),
        ("[audit]\nhosts = 'esx-01'", "2: [audit] hosts: give a list, not text in quotes"),
        ("[audit]\nlimit = 'soon'", "2: [audit] limit: 'soon' is no time"),
        ("[audit]\nlimit = -5", "2: [audit] limit: '-5.0' is no time"),
        ("[audit]\nlimit = true", "2: [audit] limit: give a number or text in quotes, not true"),
        ("[smoke]\nlimit = 4", "2: [smoke] limit: give a whole number of at least 5 "),
        ("[[vcenters]]\nuser = 'u'", "1: [[vcenters]] 1 needs url"),
        ("[[vcenters]]\nurl = 'a'\n[[vcenters]]\nurl = 'a'", "4: [[vcenters]] 2 url: a is named 2"),
        ("[[vcenters]]\nurl = 'a'\ntimeout = 9999", "3: [[vcenters]] 1 timeout: give a number of"),
        (
            "[vcenter]\ntls_thumbprint = 'ab'\n[[vcenters]]\nurl = 'b'",
            "2: [vcenter] tls_thumbprint: it is of one server",
        ),
        ("[[vcenters]]\nurl = 'b'\npassword = 's3cr3t'", "3: [[vcenters]] 1 has no setting pass"),
        ("[[vcenters]]\nurl = 'u:s3cr3t@b'", "2: [[vcenters]] 1 url: settings hold no password"),
        ("[vcenter]\nurl = 'a'\n[[vcenters]]\nurl = 'b'", "2: [vcenter] url: it and [[vcenters]]"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_key(text: str, told: str, here: Path) -> None:
    (here / "hostcheck.toml").write_text(text)
    done = run("audit", "--vcenter", "127.0.0.1:1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"hostcheck: hostcheck.toml, line {told}")
    assert done.stderr.endswith(" (docs/settings.md)\n")
    assert "s3cr3t" not in done.stderr


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"[ssh\n", "not TOML: "), (b"\xff", "not in UTF-8"), (b"\x00", "not TOML: ")],
)
def test_what_is_no_toml_is_one_line(data: bytes, told: str, here: Path) -> None:
    (here / "hostcheck.toml").write_bytes(data)
    done = run("audit", "--vcenter", "127.0.0.1:1")
    assert done.exit_code == 2
    assert done.stderr.startswith("hostcheck: hostcheck.toml: not TOML: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_as_notepad_saves_it_is_read(here: Path) -> None:
    (here / "hostcheck.toml").write_bytes(b"\xef\xbb\xbf[vcenter]\r\ntimeout = 30\r\n")
    assert "timeout = 30  # hostcheck.toml, line 2\n" in run("config", "show").stdout


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (["top"], 1), (["vcenter"], 2), (["vcenter", "url"], 3), (["vcenter", "user"], 4),
        (["vcenters", 0, "url"], 6), (["vcenters", 1, "url"], 9), (["vcenters", 1], 7),
        (["ssh", "port"], 11), (["ssh", "gone"], 10), (["gone"], 0), ([], 0),
    ],
)  # fmt: skip
def test_a_key_is_found_on_its_line(steps: list[toml.Step], line: int) -> None:
    text = (
        "top = 1\n[vcenter] # here\nurl = 'x'\n\"user\" = 3\n[[vcenters]]\nurl = 'a'\n"
        "[[ vcenters ]]\nuser = 'url'\nurl = 3\n[ssh]\nport = 99\n"
    )
    assert toml.line_of(text, steps) == line


def test_the_file_is_read_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "hostcheck.toml").write_text("[preflight]\nsecond_opinion = false\n")
    read = []
    monkeypatch.setattr(settings, "read", lambda path: read.append(path) or settings.kind()())
    run("preflight", "nobody", "--from", str(FIXTURES / "2n-2xA100-80-esxi803"))
    assert read == [Path("hostcheck.toml")]


def _told() -> list[tuple[str, str, Meta]]:
    """All settings before which an option goes."""
    found = []
    for name, kind in get_type_hints(settings.kind()).items():
        if not hasattr(kind, "__struct_fields__"):
            continue  # [[vcenters]]: no option is of one of several
        for key, hint in get_type_hints(kind, include_extras=True).items():
            (about,) = get_args(hint)[1:]
            if about.extra["option"]:
                found.append((name, key, about))
    return found


def _parameters() -> dict[str, list[click.Parameter]]:
    """All options, by field; those of `smoke`, whose limit is another one, apart."""
    found: dict[str, list[click.Parameter]] = {}
    for name, command in main.commands.items():
        for one in command.params:
            place = f"smoke {one.name}" if name == "smoke" else str(one.name)
            found.setdefault(place, []).append(one)
    return found


@pytest.mark.parametrize(("section", "key", "about"), _told())
def test_a_setting_has_the_range_of_its_option(section: str, key: str, about: Meta) -> None:
    option = (about.extra or {})["option"]
    here = f"smoke {option}" if (section, key) == ("smoke", "limit") else option
    for one in _parameters()[here]:
        most: Any = getattr(one.type, "max", getattr(one.type, "most", None))
        least: Any = getattr(one.type, "min", 1 if hasattr(one.type, "most") else None)
        assert (least, most) == (about.ge, about.le), one


def test_the_page_tells_every_setting_with_its_default() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (whole, several, spec) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    found = tomllib.loads(whole)
    empty = json.loads(json.dumps({
        name: {key: getattr(getattr(settings.kind()(), name), key) for key in one}
        for name, one in found.items()
    }))  # fmt: skip
    examples = {
        "vcenter": ("url", "user", "tls_ca"),
        "audit": ("packages", "limit", "waivers", "policy"),
        "mail": ("server", "sender", "to"),
    }
    examples["history"] = ("url", "keep")
    for name, one in found.items():
        kind = get_type_hints(settings.kind())[name]
        assert set(one) == set(kind.__struct_fields__), name
        told = {key: value for key, value in one.items() if key not in examples.get(name, ())}
        assert told == {key: empty[name][key] for key in told}
    assert set(found) == set(get_type_hints(settings.kind())) - {"vcenters"}
    assert "vcenters" in tomllib.loads(several)
    assert "profile" in tomllib.loads(spec)


def test_config_show_names_what_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "other.toml").write_text(
        "[vcenter]\nurl = 'file.test'\nuser = 'f'\ntimeout = 30\n[ssh]\nport = 2222\n"
    )
    monkeypatch.setenv("GOVC_URL", "https://someone:s3cr3t@env.test:8443/sdk")
    monkeypatch.setenv("GOVC_PASSWORD", "s3cr3t")
    monkeypatch.setenv("GOVC_TLS_CA_CERTS", "/a.pem:/b.pem")
    done = run("config", "show", "--config", "other.toml", "--ssh-user", "me", "--cluster", "a*")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    for line in (
        'url = "env.test:8443"  # GOVC_URL',
        'user = "someone"  # GOVC_URL',
        'tls_ca = ["/a.pem", "/b.pem"]  # GOVC_TLS_CA_CERTS',
        "timeout = 30  # other.toml, line 4",
        'user = "me"  # --ssh-user',
        "port = 2222  # other.toml, line 6; ssh_config goes before it",
        'clusters = ["a*"]  # --cluster',
        "task_timeout = 60  # default",
        "# the password of vSphere: GOVC_PASSWORD",
        "# the password of SSH: a file, the keyring or a prompt",
    ):
        assert line in lines
    assert "s3cr3t" not in done.output
    tomllib.loads(done.stdout)


def test_config_show_lists_each_of_several(here: Path) -> None:
    (here / "hostcheck.toml").write_text(
        "[[vcenters]]\nurl = 'a'\n[[vcenters]]\nurl = 'b'\nuser = 'u'\n"
    )
    told = run("config", "show").stdout
    assert '[[vcenters]]\nurl = "b"  # hostcheck.toml, line 4\nuser = "u"  # hostcheck' in told


def test_a_file_of_waivers_stands_beside_the_settings(tmp_path, monkeypatch):
    there = tmp_path / "etc"
    there.mkdir()
    (there / "hostcheck.toml").write_text('[audit]\nwaivers = "waivers.toml"\n')
    monkeypatch.chdir(tmp_path)
    assert settings.read(there / "hostcheck.toml").audit.waivers == str(there / "waivers.toml")
    (there / "hostcheck.toml").write_text('[audit]\nwaivers = "/srv/waivers.toml"\n')
    assert settings.read(there / "hostcheck.toml").audit.waivers == "/srv/waivers.toml"


def test_relative_files_lie_beside_the_settings(here: Path) -> None:
    """All of them, from whatever folder the command is run."""
    folder = here / "etc"
    folder.mkdir()
    (folder / "hostcheck.toml").write_text(FILES)
    told = {str(path) for _, path in settings.files_of(settings.read(folder / "hostcheck.toml"))}
    names = {one for line in FILES.splitlines() for one in re.findall(r'"([^"]+)"', line)}
    away = {"/etc/site.pem", "~/own.pem", "vc-2"}
    assert told == {
        *(str(folder / one) for one in names - away), "/etc/site.pem", str(here / "own.pem"),
    }  # fmt: skip


def test_every_setting_that_names_files_is_known_to_be_one() -> None:
    """A new setting whose words name a file is relative to the settings too."""
    found = {
        f"{name}.{setting}"
        for name, section in get_type_hints(settings.kind()).items()
        for setting in getattr(section, "__struct_fields__", ())
        if re.search(r"(^|_)(ca|file|files|config|hosts|inventory|fingerprints|waivers)$", setting)
    } - {"audit.hosts"}
    blank = settings.kind()()
    marked = {
        f"{name}.{setting}"
        for name in blank.__struct_fields__
        if not isinstance(getattr(blank, name), tuple)
        for setting in settings._of_files(type(getattr(blank, name)))
    }
    assert marked == found


@pytest.mark.parametrize(
    "setting",
    ['[audit]\nwaivers = "{}"', '[audit]\npolicy = "{}"', '[history]\nurl = "{}"',
     '[history]\nurl = "sqlite:///{}"', '[vcenter]\ntls_ca = ["{}"]', '[webhook]\nca = ["{}"]'],
)  # fmt: skip
@pytest.mark.parametrize("option", [("-o", "{}"), ("--html", "{}"), ("--output", "junit={}")])
def test_no_output_is_written_over_what_the_settings_name(
    here: Path, setting: str, option: tuple[str, str]
) -> None:
    """Whether it is there, or is a history that is yet to be made."""
    (here / "hostcheck.toml").write_text(setting.format("kept.db"))
    if "history" not in setting:
        (here / "kept.db").write_text("[[waiver]]" if "waivers" in setting else "")
    words = ("audit", "--from", str(FIXTURES / "2n-2xA100-80-esxi803"), "-q", "-o", "run.json")
    given = [one.format("kept.db") for one in option]
    done = run(*(words[:-2] if given[0] == "-o" else words), *given)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert "kept.db is" in line
    assert "of the settings: give another file" in line
    assert not (here / "run.json").exists()


def test_no_output_is_written_over_the_settings_or_a_history_that_is_given(here: Path) -> None:
    (here / "hostcheck.toml").write_text("")
    words = ("audit", "--from", str(FIXTURES / "2n-2xA100-80-esxi803"), "-q")
    done = run(*words, "-o", "hostcheck.toml")
    assert "holds the settings of this very command" in done.stderr
    for url in ("new.db", "sqlite:///new.db"):
        done = run(*words, "-o", "new.db", "--history", url)
        assert (done.exit_code, "read by this very command" in done.stderr) == (2, True)
        assert not (here / "new.db").exists()


# --- config init ----------------------------------------------------------------------------------


def test_a_new_settings_file_sets_nothing_and_never_replaces_one(here: Path) -> None:
    assert run("config", "init").exit_code == 0
    file = here / "hostcheck.toml"
    text = file.read_text(encoding="utf-8")
    unset = run("config", "show").output
    assert "hostcheck.toml, line" not in unset
    file.write_text("# mine\n", encoding="utf-8")
    again = run("config", "init")
    assert (again.exit_code, "is there, and stays as it is" in again.output) == (2, True)
    assert file.read_text(encoding="utf-8") == "# mine\n"
    assert "No such file" in run("config", "init", "gone/x.toml").output
    assert "--ssh-user" in text
    assert "password =" not in text
    file.write_text(MARK.sub(r"\1", text), encoding="utf-8")
    whole = run("config", "show")
    assert whole.exit_code == 0, whole.output
    told = [one for one in whole.output.splitlines() if " = " in one]
    assert len(told) == len(MARK.findall(text))
    assert {"hostcheck.toml, line" in one for one in told} == {True}
