"""People are told what changed and nothing else, over real servers; nothing is lost with them."""

import json
import os
import re
import shutil
import socket
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.notify import mail, webhook
from tests.notify.peers import PASSWORD, USER, WRONG, Hook, MailServer, running_hook, running_mail
from tests.peers.ports import own_port
from tests.private_data import FIXTURES

MACHINE = "2n-2xA100-80-esxi803"
SCHEMA = Path(mail.__file__).parents[1] / "schema" / "notice-1.json"
TO = ("--mail", "admins@lab.test")
WAIVER = """[[waiver]]
check = "HOST-002"
host = "*"
reason = "moved this week"
owner = "k.meyer@example.com"
expires = {}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [*os.environ]:
        if name.startswith(("GOVC_", "HOSTCHECK_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(FIXTURES / MACHINE, tmp_path / "well" / MACHINE)
    shutil.copytree(FIXTURES / MACHINE, tmp_path / "ill" / MACHINE)
    (host,) = (tmp_path / "ill" / MACHINE / "api").glob("HostSystem*.xml")
    text = host.read_text()
    changed = re.sub(r"(inMaintenanceMode</name><val[^>]*>)false", r"\1true", text)
    assert changed != text
    host.write_text(changed)
    return tmp_path


@pytest.fixture(scope="module")
def server(keep_running, tmp_path_factory) -> MailServer:
    return keep_running(running_mail(tmp_path_factory.mktemp("mail")))


@pytest.fixture
def post(server: MailServer, here: Path) -> MailServer:
    server.box.mails.clear()
    server.box.secure.clear()
    (here / "hostcheck.toml").write_text(server.settings())
    return server


@pytest.fixture
def hook(running, here: Path) -> Hook:
    return running(running_hook(here / "hook"))


def run(*words: str, **env: str) -> Result:
    return CliRunner().invoke(main, words, env=env)


def night(state: str, *words: str, **env: str) -> Result:
    return run("audit", "--from", state, "-o", "run.json", "--summary", "-q", *words, **env)


def test_only_what_changed_is_mailed_as_text_and_html(post: MailServer):
    first = night("well", *TO)
    assert (first.exit_code, first.stderr) == (0, "")
    assert len(post.box.mails) == 1
    assert "there is no earlier run to compare with" in post.box.mails[0].as_string()
    assert night("well", *TO).exit_code == 0
    assert len(post.box.mails) == 1
    broken = night("ill", *TO)
    assert broken.exit_code == 1
    told = post.box.mails[1]
    assert post.box.secure == [True, True]
    assert told["Subject"].startswith("hostcheck: ")
    assert "1 new" in told["Subject"]
    assert (told["To"], told["From"]) == ("admins@lab.test", "hostcheck@lab.test")
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["Date"]
    assert told["Message-ID"].endswith("@lab.test>")
    text, page = told.iter_parts()
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    for part in (text, page):
        assert "HOST-002" in part.get_content()
    assert "in maintenance mode; expected not in maintenance mode; was pass" in text.get_content()
    assert page.get_content().lower().startswith("<!doctype html>")
    assert "http" not in re.sub(r'http-equiv="[^"]*"', "", page.get_content())
    night("ill", *TO)
    assert len(post.box.mails) == 2
    night("well", *TO)
    assert "1 mended" in post.box.mails[2]["Subject"]


def test_without_quiet_it_says_what_it_did(post: MailServer):
    words = ("audit", "--from", "well", "-o", "run.json", "--summary", *TO)
    where = f"the mail server 127.0.0.1:{post.port}"
    assert f"hostcheck: told {where}\n" in run(*words).stderr
    assert "nothing changed since the last run: nobody is told" in run(*words).stderr


def test_settings_tell_of_runs_that_are_kept_and_no_other(post: MailServer, here: Path):
    with (here / "hostcheck.toml").open("a") as file:
        file.write('to = ["admins@lab.test", "more@lab.test"]\n')
    run("audit", "--from", "ill", "--summary", "-q")
    run("audit", "--from", "ill", "--summary", "-q", "-o", "/dev/null")
    assert post.box.mails == []
    night("ill")
    assert [one["To"] for one in post.box.mails] == ["admins@lab.test, more@lab.test"]
    told = run("report", "run.json", "--since", "run.json")
    assert told.exit_code == 0
    assert len(post.box.mails) == 1


def test_report_mails_two_saved_runs(post: MailServer):
    run("audit", "--from", "well", "-o", "well.json", "-q")
    run("audit", "--from", "ill", "-o", "ill.json", "-q")
    told = run("report", "ill.json", "--since", "well.json", *TO)
    assert (told.exit_code, len(post.box.mails)) == (0, 1)
    lacks = run("report", "ill.json", *TO)
    assert (lacks.exit_code, lacks.stdout) == (2, "")
    assert "give -o RUN.json" in lacks.stderr


def test_a_login_and_tls_from_the_start(running, here: Path):
    for tls in ("starttls", "tls"):
        server = running(running_mail(here / tls, tls, auth=True))
        (here / "hostcheck.toml").write_text(server.settings(tls, user=USER))
        done = night("well", *TO, HOSTCHECK_MAIL_PASSWORD=PASSWORD)
        assert (done.exit_code, done.stderr, len(server.box.mails)) == (0, "", 1), tls
        assert server.box.secure == [True]
        Path("run.json").unlink()
        wrong = night("well", *TO, HOSTCHECK_MAIL_PASSWORD="canary")
        assert wrong.exit_code == 2
        assert re.search(r"^hostcheck: the mail server 127\.0\.0\.1:\d+ answers 535 ", wrong.stderr)
        assert "canary" not in wrong.output
        assert Path("run.json").exists()
        Path("run.json").unlink()
        nobody = night("well", *TO)
        assert nobody.exit_code == 2
        assert "set HOSTCHECK_MAIL_PASSWORD" in nobody.stderr
        assert not Path("run.json").exists(), "found before anything is asked"


def test_a_relay_without_tls_is_taken_where_it_is_named_so(running, here: Path):
    server = running(running_mail(here / "plain", "none"))
    (here / "hostcheck.toml").write_text(server.settings("none"))
    assert night("well", *TO).exit_code == 0
    assert server.box.secure == [False]
    (here / "hostcheck.toml").write_text(server.settings("starttls"))
    refused = night("ill", *TO)
    assert refused.exit_code == 2
    assert "offers no STARTTLS: nothing is sent in clear" in refused.stderr
    assert len(server.box.mails) == 1


def test_a_certificate_of_nobody_is_not_trusted(post: MailServer, here: Path):
    (here / "hostcheck.toml").write_text(post.settings(ca=[]))
    done = night("well", *TO)
    assert done.exit_code == 2
    assert "its certificate is not trusted (self-signed certificate" in done.stderr
    assert post.box.mails == []


def _mute(running) -> int:
    """A port where somebody listens and says nothing."""
    silent = running(socket.create_server(("127.0.0.1", 0)))
    return int(silent.getsockname()[1])


def test_a_broken_mail_server_loses_no_run(post: MailServer, running, here: Path):
    nobody = running(own_port())
    for port, why in (
        (nobody, "Connection refused"),
        (_mute(running), "did not take it within 1 s|timed out"),
    ):
        (here / "hostcheck.toml").write_text(post.settings(port=port, timeout=1))
        done = night("ill", *TO)
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert re.fullmatch(
            rf"hostcheck: the mail server 127\.0\.0\.1:{port}.*({why}).*; the run is written, and "
            "this message is lost", line,
        ), line  # fmt: skip
        assert "NO-GO" in done.stdout
        assert json.loads(Path("run.json").read_text())["schema"]
        assert not Path("run.json.journal").exists()
        Path("run.json").unlink()


def test_who_is_refused_is_named_and_the_others_have_it(post: MailServer):
    done = night("well", *TO, "--mail", WRONG)
    assert done.exit_code == 2
    assert f"refuses {WRONG} (550 5.1.1 no such user here); the others have it" in done.stderr
    assert len(post.box.mails) == 1


@pytest.mark.parametrize(
    ("settings", "words", "told"),
    [
        ("", TO, "mail needs server in [mail] of hostcheck.toml"),
        ('[mail]\nserver = "x"', TO, "mail needs sender in [mail]"),
        ('[mail]\nserver = "x"\nsender = "a@b.c"', ("--mail", "a b@c"), "'a b@c' is no mail addr"),
        ('[mail]\nserver = "x"\nsender = "a"', TO, "'a' is no mail address"),
        ('[mail]\nserver = "x"\nsender = "a@b.c"\nuser = "u"\ntls = "none"', TO, "in clear"),
        ('[mail]\nserver = "x"\nsender = "a@b.c"\nca = ["/none"]', TO, "[mail] ca /none: No such"),
        ('[mail]\npassword = "x"', (), "[mail] has no setting password"),
        ('[mail]\ntls = "off"', (), "[mail] tls"),
        ("", ("--webhook", "ftp://x"), "--webhook: give an https:// URL"),
        ("", ("--webhook", "https://u:canary@x/"), "a URL with a user or password is not taken"),
        ("", ("--webhook", "http://lab.test/canary"), "http:// is taken of this machine"),
        ('[webhook]\nurl = "canary"', (), "[webhook] url: give an https:// URL"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_asked(settings, words, told, here: Path):
    (here / "hostcheck.toml").write_text(settings)
    done = night("well", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "canary" not in done.stderr
    assert not Path("run.json").exists()


@pytest.mark.parametrize(
    "text", ["", "a", "a@", "@b", "a@b\nBcc: c@d", "a@b, c@d", "A <a@b>", "ä@b", "a@b;c", "a..b@c"]
)
def test_no_mail_address(text):
    with pytest.raises(UsageError):
        mail.address(text)


def test_an_earlier_file_that_is_no_run_costs_the_comparison_and_no_run(post: MailServer):
    Path("run.json").write_text("{}")
    done = night("well", *TO)
    assert (done.exit_code, len(post.box.mails)) == (0, 1)
    assert "it is replaced, and all of the new run counts as new" in done.stderr
    Path("old.json").write_text("{}")
    assert night("well", *TO, "--since", "old.json").exit_code == 2


# Waivers.


def test_what_is_waived_is_no_news_and_the_end_of_a_waiver_is(post: MailServer, here: Path):
    night("well", *TO)
    post.box.mails.clear()
    waivers = here / "waivers.toml"
    waivers.write_text(WAIVER.format("2099-01-01"))
    assert night("ill", *TO, "--waivers", "waivers.toml").exit_code == 0
    assert post.box.mails == []
    waivers.write_text(WAIVER.format("2020-01-01"))
    assert night("ill", *TO, "--waivers", "waivers.toml").exit_code == 1
    (told,) = post.box.mails
    assert "1 waiver needs somebody" in told["Subject"]
    assert "waiver expired: HOST-002 on *" in " ".join(
        told.get_body(("plain",)).get_content().split()
    )
    night("ill", *TO, "--waivers", "waivers.toml")
    assert len(post.box.mails) == 1


# The webhook.


def webhook_settings(hook: Hook, **more: object) -> str:
    held = {"ca": [str(hook.ca)], "timeout": 5, **more}
    return "[webhook]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in held.items())


def test_the_webhook_takes_json_that_follows_its_schema(hook: Hook, here: Path):
    (here / "hostcheck.toml").write_text(webhook_settings(hook))
    night("well", "--webhook", hook.url)
    done = night("ill", HOSTCHECK_WEBHOOK=hook.url)
    assert (done.exit_code, done.stderr) == (1, "")
    assert night("ill", "--webhook", hook.url).exit_code == 1
    assert len(hook.posted) == 2
    path, told = hook.posted[1]
    assert path == "/services/canary-of-webhook?x=1"
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(told)
    assert (told["exit_code"], told["counts"]["new"]) == (1, 1)
    assert told["difference"]["changes"][0]["check"] == "HOST-002"


def test_slack_and_teams_take_text_alone(hook: Hook, here: Path):
    (here / "hostcheck.toml").write_text(webhook_settings(hook, form="text", url=hook.url))
    night("ill")
    ((_, told),) = hook.posted
    assert told.keys() == {"text"}
    assert "HOST-002" in told["text"]


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_webhook_that_does_not_take_it_is_said_once_and_without_its_path(hook, here, status):
    (here / "hostcheck.toml").write_text(webhook_settings(hook))
    hook.status = status
    done = night("ill", "--webhook", hook.url)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert f"the webhook at 127.0.0.1:{hook.port} answers {status} " in line
    assert "canary" not in done.output
    assert len(hook.posted) == 1, "no retries, and no redirects"
    assert Path("run.json").exists()


def test_a_webhook_that_hangs_has_a_limit(hook: Hook, here: Path):
    (here / "hostcheck.toml").write_text(webhook_settings(hook, timeout=1))
    hook.slow.clear()
    done = night("ill", "--webhook", hook.url)
    assert done.exit_code == 2
    assert "within 1 s" in done.stderr or "timed out" in done.stderr
    assert Path("run.json").exists()


def test_a_long_text_is_cut_at_a_line(monkeypatch):
    monkeypatch.setattr(webhook, "pieces", lambda *_: ("line\n" for _ in range(10_000)))
    notice = type("N", (), {"text": "x", "difference": None})()
    told = json.loads(webhook.body_for(notice, webhook.TEXT))["text"]
    assert len(told) <= webhook.LONGEST_TEXT + 40
    assert told.endswith("line\n… hostcheck diff tells the rest")


def test_config_show_tells_neither_password_nor_path(here: Path):
    (here / "hostcheck.toml").write_text('[webhook]\nurl = "https://hooks.lab.test/canary"\n')
    told = run("config", "show", HOSTCHECK_MAIL_PASSWORD="canary").stdout
    assert 'url = "hooks.lab.test"' in told
    assert "# the password of the mail server: HOSTCHECK_MAIL_PASSWORD" in told
    assert "canary" not in told
