"""`hostcheck profiles`: what hosts offer, what the catalogue and the drivers know."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import cli
from hostcheck.catalog import requirements
from hostcheck.cli.profiles import profile_names
from hostcheck.profiles import Spelling, every_name, profiles
from hostcheck.reports import formats, pieces
from tests.checks.synthetic import a_gpu, a_host, known, unknown

FIXTURES = Path(__file__).parents[1] / "fixtures"
NEEDS = requirements()


def told(*hosts):
    return profiles(hosts, NEEDS)


def row(found, name):
    (one,) = (row for row in found.rows if row.name == name)
    return one


def test_what_is_offered_and_what_is_only_known():
    host = a_host(gpus=[a_gpu(model="a40")], profiles_offered=("nvidia_a40-8q",))
    found = told(host)
    one = row(found, "nvidia_a40-8q")
    assert (one.series, one.framebuffer_mib, one.max_per_gpu) == ("Q", 8192, 6)
    assert one.offered_by == (host.name,)
    assert row(found, "nvidia_a40-48c").offered_by == ()
    assert {one.known_by for one in found.rows} == {"catalogue"}
    assert found.untold == ()


def test_vsphere_spells_it():
    host = a_host(gpus=[a_gpu()], profiles_offered=("grid_a100d-40c",))
    assert row(told(host), "grid_a100d-40c").offered_by == (host.name,)


def test_a_type_that_only_the_host_knows():
    gpu = a_gpu(model="a40", profiles_supported=("NVIDIA A40-5Q",))
    one = row(told(a_host(gpus=[gpu], profiles_offered=("nvidia_a40-5q",))), "nvidia_a40-5q")
    assert (one.known_by, one.max_per_gpu, len(one.offered_by)) == ("host", 0, 1)


def test_what_is_not_known_is_said():
    strange = a_gpu(0, model="a40", catalogue_key=unknown(detail="10de:3ff0 is not in it"))
    found = told(a_host(gpus=[strange], profiles_offered=("nvidia_nb40-8q",)))
    words = " ".join(why for _, why in found.untold)
    assert "10de:3ff0" in words
    assert "nvidia_nb40-8q is offered" in words
    assert "offers is not known" in told(a_host(profiles_offered=unknown())).untold[0][1]


def test_names_cannot_act_on_a_terminal():
    host = a_host(gpus=[a_gpu(model="a40")], profiles_offered=known(("nvidia_a40-\x1b[2J8q",)))
    for format_ in formats("profiles"):
        assert "\x1b" not in "".join(pieces("profiles", format_, told(host)))


@pytest.mark.parametrize("format_", ["text", "json"])
def test_the_command(format_):
    folder = FIXTURES / "2n-1xL40S-amd-nps1-esxi802"
    done = CliRunner().invoke(
        cli.main, ["profiles", "--from", str(folder), "-q", "--format", format_]
    )
    assert done.exit_code == 0
    assert "nvidia_l40s-24q" in done.stdout
    if format_ == "json":
        rows = json.loads(done.stdout)["rows"]
        assert any(one["offered_by"] for one in rows)


def test_every_name_is_one_that_its_gpu_serves():
    for name in every_name(NEEDS):
        assert any(model.serves(name) and model.profile(name) for model in NEEDS.models.values())


def test_completion():
    assert "nvidia_l40s-24q" in profile_names(None, None, "nvidia_l40s-2")
    assert profile_names(None, None, "nvidia_nope") == []


def spelling(name, *hosts, **how):
    found = Spelling(name, NEEDS, **how)
    for host in hosts:
        found.see(host)
    return found


L40S = a_host(profiles_offered=("nvidia_l40s-24q", "nvidia_l40s-48q"))


@pytest.mark.parametrize(
    "name", ["nvidia_l40s-24", "nvidia_l40-s24q", "l40s-24q", "nvidia_l40s_24q"]
)
def test_a_misspelt_profile_is_told_the_nearest(name):
    words = spelling(name, L40S).wrong
    assert "did you mean nvidia_l40s-24q" in words
    assert "nvidia_l40s-48q" in words


@pytest.mark.parametrize("name", ["nvidia_l40s-24q", "NVIDIA_L40S-24Q", "grid_a100d-40c"])
def test_a_profile_that_exists_is_none(name):
    assert (spelling(name, L40S).wrong, spelling(name, L40S).doubt) == ("", "")


def test_what_a_host_offers_is_never_misspelt():
    found = spelling("nvidia_nb40-8q", a_host(profiles_offered=("nvidia_nb40-8q",)))
    assert (found.wrong, found.doubt) == ("", "")


def test_where_a_host_does_not_tell_nothing_is_held_against_a_name():
    silent = a_host(profiles_offered=unknown())
    found = spelling("nvidia_l40s-25q", L40S, silent)
    assert found.wrong == ""
    assert "did you mean nvidia_l40s-2" in found.doubt
    assert "1 host does not tell" in found.doubt
    nowhere = spelling("nvidia_nb40-8q", a_host(profiles_offered=()))
    assert nowhere.wrong == ""
    assert nowhere.doubt.startswith("No host offers a profile now")


def test_a_short_name_is_one_where_nothing_is_given_to_vsphere():
    assert spelling("L40S-24Q", L40S).wrong
    assert not spelling("L40S-24Q", L40S, short=True).wrong
    newer = a_host(profiles_offered=("nvidia_nb40-8q",))
    assert not spelling("NB40-8Q", newer, short=True).wrong
    assert spelling("NB40-9Q", newer, short=True).wrong


def test_what_is_offered_of_the_board_that_was_meant_is_shown():
    both = a_host(profiles_offered=("grid_a100d-40c", "nvidia_l40s-24q"))
    words = spelling("nvidia_l40s-25q", both).wrong
    assert words.endswith("Offered: nvidia_l40s-24q.")


def test_a_misspelt_profile_ends_a_count():
    told = ["capacity", "--from", str(FIXTURES / "2n-1xL40S-amd-nps1-esxi802"), "-q", "--profile"]
    done = CliRunner().invoke(cli.main, [*told, "nvidia_l40s-25q"])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "did you mean" in done.output


def test_a_misspelt_profile_ends_a_preflight():
    folder = FIXTURES / "2n-1xL40S-amd-nps1-esxi802"
    told = ["preflight", "--from", str(folder), "-q", "--profile", "nvidia_l40s-25q"]
    done = CliRunner().invoke(cli.main, told)
    assert done.exit_code == 2
    assert "did you mean nvidia_l40s-" in done.output
