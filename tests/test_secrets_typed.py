"""No secret that was typed where none belongs: beside a user's name, or in a URL.

It is refused or left out, and in no case repeated.
"""

import json
import re
from pathlib import Path
from types import NoneType

import click
import pytest
from click.testing import CliRunner

from hostcheck.cli import main
from hostcheck.cli.commands import SUMMARIES
from hostcheck.cli.given import UserType
from hostcheck.urls import logins_in, without_secrets
from tests.test_secrets import WRITTEN, lab, spellings  # noqa: F401  a fixture

CANARY = "canary-that-was-typed"
RECORDED = Path(__file__).parent.parent / "fixtures" / "1n-1xT4-esxi703"
LIVE = ("audit", "--vcenter", "vc.invalid", "--user", "me")
BMC = ("bmc", "127.0.0.1:9")
USERS = (
    ("audit", "--vcenter", "vc.invalid", "--user", f"me:{CANARY}"),
    ("audit", "--vcenter", f"me%3A{CANARY}@vc.invalid"),
    ("doctor", "--role", "govc", "--user", f"me:{CANARY}"),
    (*LIVE, "--ssh", "--ssh-user", f"me:{CANARY}"),
    (*LIVE, "--ssh-user", f"me:{CANARY}"),
    (*LIVE, "--bmc-user", f"me:{CANARY}"),
    (*LIVE, "--guest-user", f"me:{CANARY}"),
    (*BMC, "--bmc-user", f"me:{CANARY}"),
    ("smoke", "--ssh", f"me:{CANARY}@guest.invalid"),
    ("history", "--history", f"postgresql://me%3A{CANARY}@db.invalid/fleet"),
)
URLS = (
    ("audit", "--vcenter", f"me:{CANARY}@vc.invalid"),
    ("audit", "--vcenter", f"https://vc.invalid:x/sdk?token={CANARY}"),
    ("audit", "--vcenter", f"http://vc.invalid/{CANARY}"),
    (*LIVE, "--bmc", "--bmc-pattern", f"https://me:{CANARY}@{{host}}"),
    (*LIVE, "--bmc", "--bmc-pattern", f"https://{{host}}/?token={CANARY}"),
    (*LIVE, "--bmc", "--bmc-pattern", f"https://{{host}}/#{CANARY}"),
    (*LIVE, "--bmc", "--bmc-pattern", f"https://bmc/{CANARY}"),
    (*LIVE, "--bmc", "--bmc-pattern", f"me:{CANARY}@bmc"),
    (*LIVE, "--workers", f"dask://me:{CANARY}@127.0.0.1:9"),
    (*LIVE, "--workers", f"dask://:{CANARY}@127.0.0.1:9"),
    (*LIVE, "--workers", f"dask://127.0.0.1:9?token={CANARY}"),
    (*LIVE, "--workers", f"dask://127.0.0.1:x/?token={CANARY}"),
    (*LIVE, "--webhook", f"https://me:{CANARY}@hook.invalid"),
    (*LIVE, "--webhook", f"ftp://hook.invalid/{CANARY}"),
    (*LIVE, "--mail", f"me:{CANARY}@mail.invalid"),
    (*LIVE, "--history", f"postgresql://me:{CANARY}@db.invalid/fleet"),
    (*LIVE, "--history", f"postgresql://db.invalid/fleet?password={CANARY}"),
    (*LIVE, "--history", f"me:{CANARY}@db.invalid/fleet"),
    (*LIVE, "--since", f"postgresql://me:{CANARY}@db.invalid/fleet"),
    ("bmc", f"https://me:{CANARY}@bmc.invalid", "--bmc-user", "me"),
    ("bmc", f"https://bmc.invalid/?token={CANARY}", "--bmc-user", "me"),
    ("trust", f"https://bmc.invalid/?token={CANARY}"),
    ("trust", f"me:{CANARY}@bmc.invalid"),
    ("trust", "--ssh-host", f"me:{CANARY}@guest.invalid"),
    ("trust", "--ssh-host", f"ssh://guest.invalid/{CANARY}"),
    ("trust", "--ssh-host", f"me:{CANARY}"),
)
TAKE_URLS = {
    "--vcenter", "--bmc-pattern", "--workers", "--webhook", "--mail", "--history", "--since",
}  # fmt: skip
"""Options whose value may be a URL or an address; each is tried above."""


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("GOVC_URL", "GOVC_USERNAME", "GOVC_TLS_KNOWN_HOSTS"):
        monkeypatch.delenv(name, raising=False)


def refused(tmp_path, *words, **env):
    """Run, and return what is said: one line that repeats nothing; nothing is written."""
    secrets = {"HOME": str(tmp_path), "GOVC_PASSWORD": "p", "HOSTCHECK_BMC_PASSWORD": "p"}
    done = CliRunner().invoke(main, [*words], env={**secrets, **env})
    assert done.exit_code == 2, done.output
    assert done.output.count("\n") == 1, done.output
    assert CANARY not in done.output
    assert not [one for one in tmp_path.rglob("*") if one.name.startswith("run")]
    return done.output


def written(words):
    return (*words, "-o", "run.json") if words[0] == "audit" else words


@pytest.mark.parametrize("words", USERS, ids=" ".join)
def test_a_password_beside_a_user_is_refused(tmp_path, words):
    said = refused(tmp_path, *written(words))
    assert "the name of a user has no ':'" in said
    assert "keyring" in said


@pytest.mark.parametrize("words", URLS, ids=" ".join)
def test_a_secret_in_a_url_or_an_address_is_refused(tmp_path, words):
    refused(tmp_path, *written(words))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("GOVC_USERNAME", ("audit", "--vcenter", "vc.invalid", "-o", "run.json")),
        ("GOVC_USERNAME", ("doctor", "--role", "govc")),
    ],
)
def test_a_password_beside_a_user_in_the_environment(tmp_path, name, words):
    assert name in refused(tmp_path, *words, **{name: f"me:{CANARY}"})


@pytest.mark.parametrize("section", ["vcenter", "ssh", "bmc", "smoke", "mail", "vcenters"])
def test_a_password_beside_a_user_in_the_settings(tmp_path, section):
    head = '[[vcenters]]\nurl = "vc.invalid"' if section == "vcenters" else f"[{section}]"
    (tmp_path / "hostcheck.toml").write_text(f'{head}\nuser = "me:{CANARY}"\n')
    said = refused(tmp_path, "audit", "-o", "run.json")
    assert "hostcheck.toml, line " in said
    assert f"{section}" in said


@pytest.mark.parametrize("name", ["bmcs.csv", "bmcs.toml"])
def test_a_password_beside_a_user_in_an_inventory(tmp_path, name):
    (tmp_path / name).write_text(
        f"address,user\nbmc.invalid,me:{CANARY}\n" if name.endswith("csv")
        else f'[[bmc]]\naddress = "bmc.invalid"\nuser = "me:{CANARY}"\n'
    )  # fmt: skip
    assert name in refused(tmp_path, "bmc", name)


def test_a_mail_server_is_the_name_of_a_host(tmp_path):
    (tmp_path / "hostcheck.toml").write_text(
        f'[mail]\nserver = "me:{CANARY}@mail.invalid"\nsender = "a@b.invalid"\n'
    )
    refused(tmp_path, *LIVE, "--mail", "me@mail.invalid")


@pytest.mark.parametrize("user", ["LAB\\auditor", "auditor@vsphere.local", "lab.test/auditor", ""])
def test_names_of_users_are_taken(user):
    assert UserType().convert(user, None, None) == user


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("vc.test", "vc.test"),
        ("https://vc.test:8443/", "https://vc.test:8443"),
        ("https://vc.test/sdk", "https://vc.test/***"),
        (f"https://me:{CANARY}@vc.test/sdk", "https://***@vc.test/***"),
        (f"me:p@ss@{CANARY}@vc.test", "***@vc.test"),
        (f"https://me:{CANARY}?/#@vc.test", "https://***"),
        (f"https://vc.test/?token={CANARY}", "https://vc.test/***"),
        (f"https://vc.test?token=a@{CANARY}", "https://***"),
        (f"vc.test#{CANARY}", "vc.test/***"),
        ("{short}-bmc.lab.test:443", "{short}-bmc.lab.test:443"),
    ],
)
def test_what_is_repeated_of_a_url(url, shown):
    assert without_secrets(url) == shown


def every_option():
    for name in SUMMARIES:
        stack = [main.commands[name]]
        while stack:
            command = stack.pop()
            stack += command.commands.values() if isinstance(command, click.Group) else ()
            yield from ((name, one) for one in command.params if isinstance(one, click.Option))


def test_no_option_of_a_user_or_a_url_is_left_out():
    users, urls = set(), set()
    for _, one in every_option():
        word = one.opts[0]
        if word.endswith("user"):
            users.add(word)
            assert isinstance(one.type, UserType), word
        if re.search(r"URL|://|ADDRESS|HISTORY", one.metavar or "") or word.endswith("-pattern"):
            urls.add(word)
    assert users == {"--user", "--ssh-user", "--bmc-user", "--guest-user"}
    assert urls | {"--history"} == TAKE_URLS
    tried = {word for words in (*USERS, *URLS) for word in words if word.startswith("--")}
    assert users | TAKE_URLS <= tried


def typed_everywhere(name):
    """Yield command lines with a login in each place of a command where a word may stand."""
    login = f"me:{CANARY}@host.invalid"
    stack = [((name,), main.commands[name])]
    while stack:
        words, command = stack.pop()
        if isinstance(command, click.Group):
            stack += [((*words, one), below) for one, below in command.commands.items()]
        there = {word for one in command.params for word in one.opts}
        more = ("--from", str(RECORDED)) if "--from" in there else ()
        for one in command.params:
            if isinstance(one, click.Option) and not one.is_flag:
                yield (*words, *(() if "--from" in one.opts else more), one.opts[-1], login)
        yield (*words, login, *more)
        yield (*words, *[login] * 4)
        yield (*words, f"--{login}")


@pytest.mark.parametrize("name", [*SUMMARIES, ""])
def test_no_message_repeats_a_login_wherever_it_was_typed(tmp_path, name):
    lines = [*typed_everywhere(name)] if name else [(f"me:{CANARY}@host.invalid",)]
    for words in lines:
        done = CliRunner().invoke(main, words, env={"HOME": str(tmp_path)})
        assert isinstance(done.exception, (SystemExit, NoneType)), words
        assert "this is a bug" not in done.output, words
        assert CANARY not in done.output, words


@pytest.mark.parametrize(
    ("words", "said", "repeated"),
    [
        ((f"root:{CANARY}@h",), f"no host matches 'root:{CANARY}@h'", "no host matches '***@h'"),
        ((f"--host=a:b={CANARY}@h",), f"no a:b={CANARY}@h", "no ***@h"),
        ((f"a:'{CANARY}\\@h",), repr(f"a:'{CANARY}\\@h"), '"***@h"'),
        ((f'a:\u00e4"{CANARY}@h',), rf"a:\u00e4\"{CANARY}@h", "***@h"),
        ((f"a:{CANARY.upper()}@h",), f"no a:{CANARY}@h", "no ***@h"),
        ((f"a:{CANARY}@h", f"a:{CANARY}"), f"a:{CANARY}@h/x", "***@h/x"),
        ((f"https://a:{CANARY}@h",), f"https://a:{CANARY}@h", "https://***@h"),
        (("postgresql://a@h:1/f", "[fe80::1]:2", "a@b"), "a@h:1 [fe80::1]:2", None),
    ],
)
def test_what_is_repeated_of_a_login(words, said, repeated):
    found = logins_in(words)
    assert (found.sub("***@", said) if found else None) == repeated


def test_a_crash_repeats_no_login(monkeypatch):
    def crash(*_args, **_more):
        raise RuntimeError(f"me:{CANARY}@host.invalid")

    monkeypatch.setattr("hostcheck.listing.hosts", crash)
    words = ("hosts", "--from", str(RECORDED), "-o", f"me:{CANARY}@host.invalid")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 3
    assert "RuntimeError: ***@host.invalid" in done.output
    assert CANARY not in done.output


def test_what_is_not_used_is_not_told_either(lab, tmp_path):  # noqa: F811
    """A pattern that no BMC is asked by is looked at by nobody, and stands in the seal."""
    pattern = f"https://me:{CANARY}@{{host}}/?token={CANARY}"
    words = ("--no-bmc", "--bmc-pattern", pattern, *WRITTEN)
    done = lab.run(tmp_path, *words, secrets=lab.secrets)
    assert done.returncode in (0, 1, 3), done.stderr
    assert "--bmc-pattern" in json.dumps(json.loads((tmp_path / "run.json").read_text()))
    for file in (one for one in Path(tmp_path).rglob("*") if one.is_file()):
        held = file.read_bytes()
        assert not [kind for kind, spelt in spellings(CANARY).items() if spelt in held], file
    assert CANARY.encode() not in done.stdout + done.stderr
