"""Plans: the worked examples, and a fleet of every generation and release, played step by step."""

import pytest
from msgspec.structs import replace

from hostcheck.errors import UsageError
from hostcheck.model.fact import Why
from hostcheck.model.lifecycle import Mark
from hostcheck.model.plan import Feasible, Work
from hostcheck.planner.table import ReleaseTable
from hostcheck.planner.targets import esxi, targets
from hostcheck.planner.way import way
from tests.checks.synthetic import NEEDS, known, unknown
from tests.planner.fleet import DAY, SOURCES, fails, machine, option, planned, play

TABLE = ReleaseTable(NEEDS, SOURCES, DAY)


def pair(**changes):
    return [machine(number, **changes) for number in (1, 2)]


# --- worked examples ------------------------------------------------------------------------------


def test_pascal_stops_at_a_release_that_is_dead():
    """ESXi 7.0 U3, vGPU 16.9, P40: 16 is its last release, and out of support."""
    plan = planned(*pair(model="p40", version="7.0.3"))
    for target in ("19.5", "20.1"):
        one = option(plan, target)
        assert one.feasible is Feasible.BLOCKED
        assert one.steps == ()
        (stop,) = one.stops
        assert stop.what.startswith(
            f"vGPU {target[:2]} drives NVIDIA Tesla P40 no more: vGPU 16 is"
        )
        assert "vGPU 16 itself is out of support since 2026-07" in stop.fix
        assert stop.hosts == ("esx-1.example.com", "esx-2.example.com")
        assert stop.ground.mark is Mark.QUOTED
    stay = option(plan, "stay")
    assert "vGPU 16: support ended 2026-07 [V]" in stay.supported
    assert "ESXi 7.0: support ended 2025-10-02 [V]" in stay.supported


def test_one_long_term_branch_to_the_next_is_one_round_and_touches_no_guest_first():
    """ESXi 8.0 U3e, vGPU 16.9, A40, guests of 16: U3k and 19.5 in one round."""
    plan = planned(*pair())
    one = option(plan, "19.5")
    assert (one.feasible, one.path) == (Feasible.POSSIBLE, ("16", "19.5"))
    assert [step.phase for step in one.steps] == [
        Work.IMAGE, Work.HOSTS, Work.AUDIT, Work.GUESTS, Work.HARDWARE,
    ]  # fmt: skip
    hosts = one.steps[1]
    assert (hosts.driver, hosts.esxi, hosts.esxi_name, hosts.build) == (
        "580.159.01", "8.0.3", "8.0 U3k", 25595708,
    )  # fmt: skip
    cost = one.cost
    assert (cost.rounds, cost.evacuations, cost.reboots, cost.guest_restarts) == (1, 2, 2, 2)
    assert (cost.moves, cost.power_offs, cost.at_least) == (2, 0, False)
    assert one.saves == "1 of 3 rounds: one release after another would take 3"


def test_guests_of_16_do_not_come_along_to_20():
    one = option(planned(*pair()), "20.1")
    assert (one.feasible, one.path) == (Feasible.POSSIBLE, ("16", "19.5", "20.1"))
    assert [step.phase for step in one.steps] == [
        Work.IMAGE, Work.HOSTS, Work.AUDIT, Work.GUESTS, Work.HOSTS, Work.AUDIT,
        Work.GUESTS, Work.HARDWARE,
    ]  # fmt: skip
    between = one.steps[3]
    assert (between.release, between.guest_restarts) == (19, 2)
    assert "vGPU 20 does not take guests of 16" in between.why
    assert (one.cost.rounds, one.cost.reboots, one.cost.guest_restarts) == (2, 4, 4)


def test_17_goes_by_18_because_19_strands_its_guests():
    one = option(planned(*pair(driver="550.163.02", guest="550.163.01")), "19.5")
    assert one.path == ("17", "18.6", "19.5")
    assert any("vGPU 18 is passed through only: support ended 2026-03" in it for it in one.notes)
    assert [step.release for step in one.steps if step.phase is Work.GUESTS] == [18, 19]


def test_13_on_7_0_gets_esxi_8_and_a_later_branch_in_one_step():
    """13 was never made for 8.0: both change in one image."""
    one = option(planned(*pair(driver="470.256.02", guest="470.256.02", version="7.0.3")), "19.5")
    assert one.path == ("13", "16.14", "19.5")
    first, second = (step for step in one.steps if step.phase is Work.HOSTS)
    assert (first.driver, first.esxi, first.build) == ("535.309.01", "8.0.3", 25595708)
    assert (second.driver, second.esxi) == ("580.159.01", "")
    assert one.steps[0].phase is Work.LICENCE
    assert [step.phase for step in one.steps].index(Work.VCENTER) == 2
    assert any("believed" in note for note in one.notes)


def test_the_ladder_to_21_is_unknown_where_nobody_could_read():
    one = option(planned(*pair()), "21")
    assert (one.feasible, one.path) == (Feasible.UNKNOWN, ("16", "19.5", "21"))
    decides = [asked for asked in one.questions if asked.decides]
    assert {asked.told_by for asked in decides} == {NEEDS.releases[-1].notes}
    assert "support until 2029-09, believed [I]" in one.supported


def test_u2f_is_a_later_build_than_u3g_and_not_enough_for_20():
    build = "25626445"
    plan = planned(*pair(driver="580.159.01", guest="580.159.03", version="8.0.2", build=build),
                   esx="8.0u2f")  # fmt: skip
    one = option(plan, "20.1")
    assert one.feasible is Feasible.BLOCKED
    assert "ESXi 8.0.2 is too old: vGPU 20 wants ESXi 8.0 U3 P06 (build 24859861)" in (
        one.stops[0].what
    )
    free = option(planned(*pair(driver="580.159.01", guest="580.159.03", version="8.0.3")), "20.1")
    assert [step.build for step in free.steps if step.phase is Work.HOSTS] == [25595708]


def test_volta_ends_at_19():
    plan = planned(*pair(model="v100-pcie-32", driver="535.230.02"))
    assert option(plan, "19.5").feasible is Feasible.POSSIBLE
    (stop,) = option(plan, "20.1").stops
    assert "vGPU 19 is its last" in stop.what
    assert "or stay on vGPU 19" in stop.fix


# --- what stops, and what is not known ------------------------------------------------------------


def test_a_dead_target_is_refused():
    one = option(planned(*pair(), to=["18"]), "18.6")
    assert one.feasible is Feasible.BLOCKED
    assert one.stops[0].what == "vGPU 18 is out of support: support ended 2026-03 [V]"
    assert option(planned(*pair(), to=["18"], day="2026-03-31"), "18.6").steps


def test_hosts_of_a_later_release_do_not_go_back():
    plan = planned(machine(1), machine(2, driver="595.71.03", guest="580.159.03",
                                       build="25595708"), to=["19"])  # fmt: skip
    (stop,) = option(plan, "19.5").stops
    assert stop.hosts == ("esx-2.example.com",)
    assert "later release than vGPU 19" in stop.what


def test_a_host_that_does_not_tell_its_driver_leaves_it_open():
    lost = unknown(Why.DENIED, "no permission")
    plan = planned(machine(1), machine(2, driver_version=lost, driver_packages=lost))
    one = option(plan, "19.5")
    assert one.feasible is Feasible.UNKNOWN
    (asked,) = (it for it in one.questions if it.decides)
    assert asked.hosts == ("esx-2.example.com",)
    assert "no permission" in asked.what


@pytest.mark.parametrize("driver", ["590.44", "610.20", "733.1", "odd"])
def test_a_driver_of_no_vgpu_release_leaves_it_open(driver):
    one = option(planned(machine(1), machine(2, driver=driver), to=["21"]), "21")
    asked = [it for it in one.questions if it.hosts == ("esx-2.example.com",) and it.decides]
    assert any(f"driver {driver} is of no vGPU release" in it.what for it in asked)
    assert one.feasible is Feasible.UNKNOWN or one.stops


def test_gpus_that_nobody_could_read_leave_it_open():
    plan = planned(machine(1), replace(machine(2), gpus=unknown(Why.UNREACHABLE)))
    one = option(plan, "19.5")
    assert one.feasible is Feasible.UNKNOWN
    assert any(it.decides and "which GPUs" in it.what for it in one.questions)


@pytest.mark.parametrize(("version", "build"), [("next", "1"), ("8.0.3", "beta"), ("", "")])
def test_an_odd_esxi_is_asked_for(version, build):
    hosts = [replace(one, version=known(version), build=known(build)) for one in pair()]
    one = option(planned(*hosts), "20.1")
    assert one.feasible is Feasible.UNKNOWN
    assert any(it.decides and "ESXi is new enough" in it.what for it in one.questions)


def test_guests_that_do_not_tell_count_as_the_oldest_that_the_host_takes():
    """On a host of 19 they may be of 16: 20 does not take them."""
    lost = unknown(Why.NOT_ASKED, "SSH is off")
    hosts = pair(driver="580.159.01", guest="580.159.03", vgpu_instances=lost)
    one = option(planned(*hosts), "20.1")
    assert one.path == ("19", "20.1")
    assert [(step.release, step.guest_restarts) for step in one.steps
            if step.phase is Work.GUESTS] == [(19, 2), (20, 2)]  # fmt: skip
    assert one.cost.at_least
    assert any(it.what.startswith("guest drivers of 2 running VMs") for it in one.questions)


def test_whole_devices_and_profiles_that_do_not_migrate_are_powered_off():
    (one,) = machine(1).vgpu_abilities.value
    still = (replace(one, migrate=False),)
    plan = planned(machine(1, vgpu_abilities=still), machine(2))
    cost = option(plan, "19.5").cost
    assert (cost.moves, cost.power_offs) == (1, 1)
    lost = planned(machine(1, hot_migration=unknown()), machine(2))
    assert option(lost, "19.5").cost.at_least


def test_a_later_line_may_be_supported_for_less_long():
    one = option(planned(*pair(), to=["19"], esx="9.0"), "19.5")
    assert one.feasible is Feasible.UNKNOWN  # nobody could read what 19 wants of 9.0
    assert any("9.0 ends 2027-09-17, before that of 8.0 (2027-10-11)" in it for it in one.notes)


def test_esxi_alone_is_a_round_too():
    """The driver is there already: the hosts lack the fixes of 8.0 U3k."""
    one = option(planned(*pair(driver="580.159.01", guest="580.159.03")), "19.5")
    (step,) = (it for it in one.steps if it.phase is Work.HOSTS)
    assert (step.driver, step.build) == ("580.159.01", 25595708)
    assert (one.path, one.cost.reboots, one.cost.guest_restarts) == (("19", "19.5"), 2, 0)


def test_esxi_9_0_has_no_package_before_18_3():
    eight = option(planned(*pair(), to=["16"], esx="9.0", day="2026-07-01"), "16.14")
    assert eight.feasible is Feasible.BLOCKED
    (stop,) = eight.stops
    assert "no package of vGPU 16.14 for ESXi 9.0: packages for 9.0 begin with vGPU 18.3" in (
        stop.what
    )
    assert stop.ground.mark is Mark.INFERRED


def test_esxi_moves_in_the_first_round_that_has_a_package_for_it():
    hosts = pair(driver="470.256.02", guest="470.256.02", version="7.0.3")
    one = option(planned(*hosts, to=["19"], esx="9.0"), "19.5")
    assert [step.esxi for step in one.steps if step.phase is Work.HOSTS] == ["", "9.0.2"]


def test_from_9_1_on_no_live_patch_is_taken():
    one = option(planned(*pair(), to=["19"], esx="9.1"), "19.5")
    assert any("takes no live patch" in note for note in one.notes)
    assert not any("live patch" in note for note in option(planned(*pair()), "19.5").notes)


def test_two_lines_in_one_step_is_asked_of_broadcom():
    one = option(planned(*pair(version="7.0.3"), to=["19"], esx="9.1"), "19.5")
    assert any(it.what == "whether ESXi 7.0 goes to 9.1 in one step" for it in one.questions)


def test_hosts_that_are_there_have_nothing_to_do():
    one = option(planned(*pair(driver="580.159.01", guest="580.159.03", build="25595708")), "19.5")
    assert (one.feasible, one.steps, one.cost.rounds) == (Feasible.POSSIBLE, (), 0)
    assert one.notes == ("nothing to do: the hosts are there already",)


def test_a_newer_minor_is_a_round_too():
    one = option(planned(*pair(driver="580.65.05", guest="580.65.06", build="25595708")), "19.5")
    assert (one.path, one.cost.reboots) == (("19", "19.5"), 2)


def test_clusters_and_hosts_without_gpus():
    bare = machine(3, gpus=0, busy=0)
    plan = planned(machine(1, cluster="a"), machine(2, cluster="b"), machine(4, cluster="b"), bare)
    assert [(one.name, sum(len(it.hosts) for it in one.alike), one.without_gpu)
            for one in plan.clusters] == [("a", 1, 0), ("b", 2, 0)]  # fmt: skip


def test_the_table_warns_when_it_is_old():
    def warned(day):
        return [one for one in planned(*pair(), day=day).warnings if "months old" in one]

    assert warned("2027-05-27") == []
    assert warned("2027-05-28")[0].startswith("the table of releases is of 2026-11-28, 6 months")


# --- N+1 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("busy", "gpus", "feasible"),
    [(1, 2, Feasible.POSSIBLE), (2, 2, Feasible.BLOCKED), (0, 2, Feasible.POSSIBLE)],
)
def test_emptying(busy, gpus, feasible):
    plan = planned(*pair(busy=busy, gpus=gpus))
    assert plan.clusters[0].emptying.feasible is feasible


def test_a_full_cluster_powers_off_what_finds_no_room():
    plan = planned(*pair(busy=2))
    empty = plan.clusters[0].emptying
    assert empty.cannot == (
        "esx-1.example.com: 2 A40-48Q run, the others take 0",
        "esx-2.example.com: 2 A40-48Q run, the others take 0",
    )
    cost = option(plan, "19.5").cost
    assert (cost.moves, cost.power_offs) == (0, 4)


def test_room_that_is_not_known_is_neither():
    plan = planned(machine(1), machine(2, busy=0, profiles_offered=unknown()))
    assert plan.clusters[0].emptying.feasible is Feasible.UNKNOWN


# --- targets --------------------------------------------------------------------------------------


def test_targets_by_default_are_those_that_are_supported():
    assert [one.name for one in targets((), TABLE)] == ["19.5", "20.1", "21"]
    later = ReleaseTable(NEEDS, SOURCES, "2028-01-01")
    assert [one.name for one in targets((), later)] == ["19.5", "21"]


@pytest.mark.parametrize(
    ("word", "name"),
    [("19", "19.5"), ("19.2", "19.2"), ("vGPU 20", "20.1"), ("21", "21")],
)
def test_targets_that_are_named(word, name):
    assert [one.name for one in targets((word,), TABLE)] == [name]


@pytest.mark.parametrize("word", ["7", "nineteen", "19.6", "16.99", "", "19.5.1"])
def test_targets_that_are_not_there(word):
    with pytest.raises(UsageError, match="--to"):
        targets((word,), TABLE)


@pytest.mark.parametrize(
    ("word", "build"),
    [("8.0u3k", 25595708), ("8.0 U3g", 24859861), ("8.0", 25595708), ("9.1", 25557999),
     ("9.0.2.0100", 25595025), ("ESXi 8.0b", 21203435), ("25626445", 25626445),
     ("9.2", 25690016)],
)  # fmt: skip
def test_builds_by_any_of_their_names(word, build):
    assert esxi(word, TABLE).build == build


@pytest.mark.parametrize("word", ["8.0u9z", "10.0", "eight"])
def test_builds_that_are_not_there(word):
    with pytest.raises(UsageError, match="--esx"):
        esxi(word, TABLE)


# --- ways -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "guests", "goal", "path"),
    [
        (16, {16}, 19, [19]), (13, {13}, 19, [16, 19]), (16, {16}, 20, [19, 20]),
        (17, {17}, 19, [18, 19]), (17, set(), 19, [19]), (18, {17}, 20, [19, 20]),
        (16, {15, 16}, 19, [19]), (19, {16}, 20, [20]), (16, {16}, 21, [19, 21]),
        (14, {14}, 19, [15, 16, 19]), (19, {19}, 21, [21]),
    ],
)  # fmt: skip
def test_the_fewest_rounds(low, guests, goal, path):
    assert [one.release for one in way(low, frozenset(guests), goal, TABLE)] == path


# --- played ---------------------------------------------------------------------------------------

MODELS = ["m10", "p40", "v100-pcie-32", "t4", "a40", "a100-pcie-80", "l40s", "h100-pcie-80",
          "rtx-pro-6000-bse"]  # fmt: skip
MINORS = [
    (one, minor) for one in TABLE.releases for minor in (one.minors[:1] + one.minors[-1:])
    if minor.host and one.release >= 13
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_each_plan_is_played_and_nothing_new_fails(model):
    """After each step the audit of the changed hosts shows no fail that was not there before."""
    played = 0
    for release, minor in MINORS:
        guest = minor.linux or f"{minor.host.split('.')[0]}.999"
        version = "7.0.3" if release.release < 15 else "8.0.3"
        hosts = pair(model=model, driver=minor.host, guest=guest, version=version)
        before = fails(hosts)
        for one in planned(*hosts).clusters[0].options:
            assert bool(one.steps) <= (one.feasible is not Feasible.BLOCKED)
            now = hosts
            for step in one.steps:
                now = play(now, step)
                new = fails(now) - before
                assert new == set(), (model, minor.name, one.target, step.number)
                played += 1
            if one.steps and one.feasible is Feasible.POSSIBLE:
                assert {host.driver_version.value for host in now} == {
                    targets((one.target,), TABLE)[0].minor.host
                }
    assert played > (10 if model not in ("m10", "p40") else -1)


def test_a_plan_without_its_guest_step_would_be_noticed():
    hosts = pair()
    now = hosts
    for step in option(planned(*hosts), "20.1").steps:
        if step.phase is not Work.GUESTS:
            now = play(now, step)
    assert {check for check, _ in fails(now) - fails(hosts)} == {"DRV-006"}


def test_a_plan_without_its_patch_would_be_noticed():
    hosts = pair(driver="580.159.01", guest="580.159.03")
    (step,) = (it for it in option(planned(*hosts), "20.1").steps if it.phase is Work.HOSTS)
    new = fails(play(hosts, replace(step, esxi=""))) - fails(hosts)
    assert {check for check, _ in new} == {"DRV-008"}


def test_what_lies_behind_is_blocked_and_nothing_is_said_to_be_done():
    one = option(planned(machine(), to=["12"]), "12")
    assert one.feasible is Feasible.BLOCKED
    assert one.notes == ()
    assert all(question.told_by for question in one.questions)
