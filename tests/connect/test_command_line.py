"""What of the command line is kept with the answers."""

from dataclasses import fields
from pathlib import Path

import pytest

from hostcheck import ways
from hostcheck.connect import command_line
from hostcheck.connect.given import Machines, Smoking
from hostcheck.ways.options import OPTION

CANARY = "canary-of-a-secret"


def every_field():
    """Return {name: of a way} of everything that may be given to a run."""
    plain = {one.name: one.metadata.get(OPTION) for of in (Machines, Smoking) for one in fields(of)}
    theirs = {
        one.name: one.metadata[OPTION]
        for way in ways.with_options().values()
        for one in fields(way.Given)
    }
    return plain | theirs


def test_somebody_decided_of_each_option_whether_it_is_told():
    assert set(every_field()) == command_line.TOLD | command_line.UNTOLD
    assert not command_line.TOLD & command_line.UNTOLD


def test_no_option_that_is_told_is_about_a_secret():
    for name in command_line.TOLD:
        assert not any(word in name for word in ("password", "secret", "token", "phrase")), name


def test_options_are_told_as_they_are_typed():
    shell = ways.with_options()["shell"].Given(
        ssh=True, ssh_user="root", ssh_key=(Path("/home/someone/.ssh/id_ed25519"),),
        ssh_agent=False, ssh_port=2222, ssh_password_file=Path(CANARY), ask_ssh_password=True,
    )  # fmt: skip
    given = Machines(
        vcenter=("vc.example.com",), user="auditor@vsphere.local", password_file=Path(CANARY),
        tls_ca=(Path("/home/someone/ca.pem"),), hosts=("esx-0*", "esx-1*"), timeout=30.0,
        packages=False, quiet=True, workers=8, ways={"shell": shell},
    )  # fmt: skip
    assert command_line.told(given, Smoking(smoke=True, smoke_guests=("a",))) == (
        "--user", "auditor@vsphere.local", "--tls-ca", "ca.pem",
        "--timeout", "30", "--no-packages", "--ssh-port", "2222", "--ssh-key", "id_ed25519",
        "--no-ssh-agent", "--ssh", "--ssh-user", "root", "--smoke", "--smoke-guest", "a",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "cut"),
    [
        (f"https://root:{CANARY}@vc.example.com", "https://***@vc.example.com"),
        (f"root:{CANARY}@vc", "***@vc"), (f"https://a:{CANARY}/?#@vc", "https://***"),
        (f"https://vc/?token={CANARY}", "https://vc/***"),
    ],
)  # fmt: skip
def test_the_secrets_of_a_url_are_cut(url, cut):
    bmc = ways.with_options()["redfish"].Given(bmc=True, bmc_pattern=url)
    given = Machines(vcenter=(url,), hosts=(url,), ways={"redfish": bmc})
    guests = (f"x://u:{CANARY}@y", f"u:{CANARY}@y", "u@y", "u:v")
    words = command_line.told(given, Smoking(smoke=True, smoke_guests=guests))
    named = ("x://***@y", "***@y", "u@y", "u:v")
    assert words[:3] == ("--bmc", "--bmc-pattern", cut)
    assert words[3:] == ("--smoke", *(word for one in named for word in ("--smoke-guest", one)))
