"""What counts where several say something, without a command line."""

import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hostcheck import secrets, settings
from hostcheck.connect import precedence, sessions
from hostcheck.connect.given import Machines, Smoking, Vsphere
from hostcheck.errors import UsageError
from hostcheck.front import Front


def front(*, somebody=True, asked=None, **environment):
    def ask(prompt):
        if asked is not None:
            asked.append(prompt)
        return "typed"

    return Front(environment, ask, lambda _: None, somebody=somebody)


def told(**sections):
    return msgspec.convert(sections, settings.kind())


def names(servers):
    return [one.name for one in servers]


@pytest.mark.parametrize(
    ("given", "environment", "file", "expected"),
    [
        (("a",), {"GOVC_URL": "b"}, {"vcenter": {"url": "c"}}, ["a"]),
        ((), {"GOVC_URL": "b"}, {"vcenter": {"url": "c"}}, ["b"]),
        ((), {"GOVC_URL": "b"}, {"vcenters": [{"url": "c"}, {"url": "d"}]}, ["b"]),
        ((), {}, {"vcenter": {"url": "c"}}, ["c"]),
        ((), {}, {"vcenters": [{"url": "c"}, {"url": "d"}]}, ["c", "d"]),
        (("a", "e"), {}, {"vcenters": [{"url": "c"}]}, ["a", "e"]),
    ],
)  # fmt: skip
def test_where_to_connect(given, environment, file, expected):
    found = precedence.servers_of(Vsphere(vcenter=given), told(**file), front(**environment))
    assert names(found) == expected


def test_nowhere_to_connect_says_all_ways_to_say_it():
    with pytest.raises(UsageError, match=r"--vcenter HOST \(or GOVC_URL, or url in"):
        precedence.servers_of(Vsphere(), told(), front())


@pytest.mark.parametrize(
    ("given", "environment", "file", "expected"),
    [
        ({"user": "o", "vcenter": ("u@a",)}, {"GOVC_USERNAME": "e"}, {"user": "f"}, "o"),
        ({"vcenter": ("u@a",)}, {"GOVC_USERNAME": "e"}, {"user": "f"}, "u"),
        ({"vcenter": ("a",)}, {"GOVC_USERNAME": "e"}, {"user": "f"}, "e"),
        ({}, {"GOVC_URL": "u@a", "GOVC_USERNAME": "e"}, {"user": "f"}, "e"),
        ({}, {"GOVC_URL": "u@a"}, {"user": "f"}, "u"),
        ({}, {"GOVC_URL": "a"}, {"user": "f"}, "f"),
    ],
)  # fmt: skip
def test_whose_login_it_is(given, environment, file, expected):
    asked, there = Vsphere(**given), front(**environment)
    found = told(vcenter=file)
    (server,) = precedence.servers_of(asked, found, there)
    assert precedence.user_of(server, asked, found, there, servers=1) == expected


def test_an_entry_of_several_counts_more_than_the_environment():
    found = told(vcenters=[{"url": "a", "user": "entry"}, {"url": "b"}], vcenter={"user": "all"})
    there = front(GOVC_USERNAME="e")
    asked = Vsphere()
    first, second = precedence.servers_of(asked, found, there)
    assert precedence.user_of(first, asked, found, there, servers=2) == "entry"
    assert precedence.user_of(second, asked, found, there, servers=2) == "all"


def test_no_user_names_the_server_where_there_are_several():
    found = told(vcenters=[{"url": "a"}, {"url": "b"}])
    server = precedence.servers_of(Vsphere(), found, front())[1]
    with pytest.raises(UsageError, match="no user for b: give --user"):
        precedence.user_of(server, Vsphere(), found, front(), servers=2)


def test_a_thumbprint_comes_from_the_option_the_file_or_the_known_hosts(tmp_path):
    known = tmp_path / "known"
    known.write_text("a:443 KNOWN\n")
    there = front(GOVC_TLS_KNOWN_HOSTS=str(known))
    server = settings.server_of("a")

    def found(given, file, front=there):
        return precedence.thumbprint_of(server, given, told(vcenter=file), front, servers=1)

    assert found(Vsphere(tls_thumbprint="O"), {"tls_thumbprint": "F"}) == "O"
    assert found(Vsphere(), {"tls_thumbprint": "F"}) == "F"
    assert found(Vsphere(), {}) == "KNOWN"
    assert found(Vsphere(), {}, front()) == ""


def test_a_file_of_known_hosts_that_is_not_read_is_told_in_one_line(tmp_path):
    known = tmp_path / "known"
    known.write_text("a:443 KNOWN\n")
    gone = tmp_path / "gone"
    names = os.pathsep.join(map(str, (tmp_path, known, gone)))
    said = []
    there = replace(front(GOVC_TLS_KNOWN_HOSTS=names), tell=said.append)
    server = settings.server_of("a")
    assert precedence.thumbprint_of(server, Vsphere(), told(), there, servers=1) == "KNOWN"
    with pytest.raises(UsageError, match="no user"):
        sessions.opened(Vsphere(vcenter=("a",)), told(), there)
    unread = f"{tmp_path} (Is a directory), {gone} (No such file or directory)"
    assert said == [f"GOVC_TLS_KNOWN_HOSTS pins nothing by {unread}: give a file"]
    said.clear()
    with pytest.raises(UsageError, match="no user"):
        sessions.opened(Vsphere(vcenter=("a",), tls_thumbprint="ab" * 32), told(), there)
    assert said == []


def test_no_password_beside_the_user_of_a_guest():
    with pytest.raises(UsageError, match="HOSTCHECK_GUEST_USER: the name of a user has no"):
        precedence.guest_user_of("", told(), front(HOSTCHECK_GUEST_USER="me:canary"))


def test_authorities_come_from_one_place_only():
    there = front(GOVC_TLS_CA_CERTS="e1:e2")
    own = settings.VcenterSettings(tls_ca=("f",))
    given = Vsphere(tls_ca=(Path("o"),))
    assert precedence.authorities_of(given, own, there) == ("o",)
    assert precedence.authorities_of(Vsphere(), own, there) == ("f",)
    assert precedence.authorities_of(Vsphere(), settings.VcenterSettings(), there) == ("e1", "e2")
    assert precedence.authorities_of(Vsphere(), settings.VcenterSettings(), front()) == ()


@pytest.mark.parametrize(
    ("option", "setting", "expected"),
    [(None, True, True), (False, True, False), (True, False, True), (None, False, False)],
)
def test_an_option_that_says_no_counts_too(option, setting, expected):
    assert precedence.first(option, setting) is expected


def test_workers_are_as_the_option_says_else_as_the_file():
    file = told(ssh={"workers": 7})
    assert precedence.workers_of(Machines(workers="dask://h"), file) == "dask://h"
    assert precedence.workers_of(Machines(), file) == 7


def test_guests_are_named_by_somebody_or_not_visited():
    file = told(smoke={"guests": ["g"], "attribute": "gpu"})
    assert precedence.guests_of(Smoking(), file) is None
    assert precedence.guests_of(Smoking(smoke=True), file) == (("g",), "gpu")
    named = Smoking(smoke=True, smoke_guests=("o",), smoke_attribute="mine")
    assert precedence.guests_of(named, file) == (("o",), "mine")
    with pytest.raises(UsageError, match="nobody named"):
        precedence.guests_of(Smoking(smoke=True), told())
    with pytest.raises(UsageError, match="name guests for --smoke"):
        precedence.guests_of(Smoking(smoke_guests=("o",)), file)


def test_the_guest_user_is_asked_of_option_environment_and_file():
    file, there = told(smoke={"user": "f"}), front(HOSTCHECK_GUEST_USER="e")
    assert precedence.guest_user_of("o", file, there) == "o"
    assert precedence.guest_user_of("", file, there) == "e"
    assert precedence.guest_user_of("", file, front()) == "f"
    with pytest.raises(UsageError, match="HOSTCHECK_GUEST_USER"):
        precedence.guest_user_of("", told(), front())


# Passwords


def place(file=None):
    return secrets.SecretPlace("me@vc", "GOVC_PASSWORD", "--password-file", file)


@pytest.fixture
def keyring(monkeypatch):
    kept = {}
    monkeypatch.setattr(secrets, "from_keyring", lambda name: kept.get(name, ""))
    return kept


def test_a_password_is_in_the_file_the_environment_the_keyring_or_typed(tmp_path, keyring):
    file = tmp_path / "password"
    file.write_text("filed\r\nnot this\n")
    keyring["me@vc"] = "kept"
    assert secrets.password_of(place(file), "P", front(), "known")() == "filed"
    assert secrets.password_of(place(), "P", front(), "known")() == "known"
    assert secrets.password_of(place(), "P", front())() == "kept"
    keyring.clear()
    assert secrets.password_of(place(), "P", front())() == "typed"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_password_file_that_everybody_can_read_is_told_once(tmp_path, mode):
    file = tmp_path / "password"
    file.write_text("filed\n")
    file.chmod(mode)
    said = []
    get = secrets.password_of(place(file), "P", replace(front(), tell=said.append))
    assert get() == get() == "filed"
    told = f"{file} can be read by every user of this machine: chmod 600 {file}"
    assert said == [told] * (mode == 0o644)


@pytest.mark.usefixtures("keyring")
def test_a_password_is_asked_for_once_and_late():
    asked = []
    get = secrets.password_of(place(), "Password of me", front(asked=asked))
    assert asked == []
    assert get() == get() == "typed"
    assert asked == ["Password of me"]


@pytest.mark.usefixtures("keyring")
def test_where_nobody_is_every_other_way_is_named():
    with pytest.raises(UsageError, match="set GOVC_PASSWORD, give --password-file, or keep it in"):
        secrets.password_of(place(), "P", front(somebody=False))()


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="cannot be read as a line of text"):
        secrets.password_of(place(tmp_path / "none"), "P", front())()


def test_without_an_ssh_password_only_keys_are_tried(keyring):
    ssh = secrets.SecretPlace("ssh", "HOSTCHECK_SSH_PASSWORD", "--ssh-password-file", None)
    assert secrets.password_or_none(ssh, "SSH password", front(), ask=False) is None
    keyring["ssh"] = "kept"
    kept = secrets.password_or_none(ssh, "SSH password", front(), ask=False)
    assert kept is not None
    assert kept() == "kept"
    there = front(HOSTCHECK_SSH_PASSWORD="set")
    assert secrets.password_or_none(ssh, "SSH password", there, ask=False)() == "set"
    assert secrets.password_or_none(ssh, "SSH password", there, ask=True)() == "typed"


def test_a_mark_that_windows_puts_before_a_text_is_no_letter_of_a_password(tmp_path):
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbfcorrect horse\r\n")
    assert secrets.first_line(tmp_path / "secret") == "correct horse"
