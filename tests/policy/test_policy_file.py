"""The file of a policy: what is wrong in it is named, and what holds says where it comes from."""

import json

import jsonschema
import pytest
from click.testing import CliRunner

from hostcheck.checks.engine import all_checks
from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.model.result import Severity
from hostcheck.policy.file import names, read
from hostcheck.policy.settle import settings
from tests.diff.test_diff import SCHEMAS
from tests.policy.rules import off, weighing


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('check = "NUMA-01"\nselected = false', "line 4: [[rule]] 1 check: no check is called 'NUMA-01'; did you mean NUMA-001"),  # noqa: E501
        ('check = "NUM-*"\nselected = false', "did you mean NUMA-*"),
        ("check = []\nselected = false", "[[rule]] 1 check: it names no check"),
        ("selected = false", "[[rule]] 1 needs check"),
        ('check = "NUMA-001"', "changes nothing: give selected, severity or expect"),
        ('check = "NUMA-001"\nseverity = "recomended"', "line 5: [[rule]] 1 severity: 'recomended' is no severity; did you mean recommended?"),  # noqa: E501
        ('check = "NUMA-001"\nseverty = "required"', "did you mean severity?"),
        ('check = "NUMA-001"\nselected = "no"', "[[rule]] 1 selected: give"),
        ('check = "NUMA-001"\ncluster = ""\nselected = false', "'*' is every cluster"),
        ('check = "NUMA-001"\nexpect = { node_per_package = 2 }', "NUMA-001 has no expectation 'node_per_package'; did you mean nodes_per_package?"),  # noqa: E501
        ('check = "GPU-003"\nexpect = { width = 8 }', "it has none; those that have: DRV-010,"),
        ('check = "NUMA-001"\nexpect = { nodes_per_package = [] }', "the list must not be empty"),
        ('check = "NUMA-001"\nexpect = { nodes_per_package = 0 }', "line 5: [[rule]] 1 expect: nodes_per_package: give a whole number from 1 to 64"),  # noqa: E501
        ('check = "NUMA-001"\nexpect = { nodes_per_package = 1.5 }', "give a whole number"),
        ('check = "NUMA-001"\nexpect = { nodes_per_package = true }', "give a whole number"),
        ('check = "LOC-001"\nexpect = { together = "socket" }', "give 'node' or 'package'"),
        ('check = "SPARSE-002"\nexpect = { least_speedup = "x" }', "give a number from 0.5 to 2"),
        ('check = "HOST-*"\nselected = false\nreason = "r"', "HOST-001, HOST-002, HOST-013 decide a power-on"),  # noqa: E501
        ('check = "HOST-002"\nselected = false', "HOST-002 decides a power-on: give a reason"),
        ('check = "MEM-001"\nseverity = "informational"\nreason = " "', "line 5: [[rule]] 1 severity: MEM-001 decides a power-on"),  # noqa: E501
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(policy, tmp_path, rule, says):
    with pytest.raises(UsageError) as raised:
        policy(rule)
    message = str(raised.value)
    assert says in message
    assert message.startswith(f"{tmp_path}/site.toml")
    assert "docs/policy.md" in message


class TestExtending:
    def test_a_profile_and_then_a_file(self, policy, tmp_path):
        policy(weighing("NUMA-001", "required"), name="ground.toml",
               head='extends = "vgpu-vdi"')  # fmt: skip
        by = policy(weighing("LOC-001", "recommended"), head='extends = "ground.toml"')
        assert by.extends == ("vgpu-vdi", "ground")
        told = {one.check: one for one in settings(by, "").settings}
        assert told["VGPU-005"].severity.where.startswith("profile vgpu-vdi, line ")
        assert told["NUMA-001"].severity.where == f"{tmp_path}/ground.toml, line 3"
        assert (told["LOC-001"].severity.value, told["LOC-001"].severity.where) == (
            Severity.RECOMMENDED, f"{tmp_path}/site.toml, line 3",
        )  # fmt: skip
        assert told["GPU-003"].severity.where == "built-in default"

    @pytest.mark.parametrize(
        ("head", "says"),
        [
            ('extends = "vgpu-vdy"', "line 1: extends: vgpu-vdy: no such file, and no policy profile is called so; did you mean vgpu-vdi?"),  # noqa: E501
            ('extends = "nothing.toml"', "line 1: extends: "),
            ('extends = "site.toml"', "it extends itself: site.toml -> site.toml"),
            ('extend = "x"', "did you mean extends?"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_extended(self, policy, head, says):
        with pytest.raises(UsageError) as raised:
            policy(head=head)
        assert says in str(raised.value)

    def test_the_hash_is_of_what_it_says(self, policy):
        one = policy(off("HOST-002"))
        moved = policy(off("HOST-002"), name="other.toml", head="\n\n# moved")
        assert one.sha256 == moved.sha256
        assert one.sha256 != policy(off("HOST-002", reason="another")).sha256
        assert one.sha256 != policy(off("HOST-001")).sha256


class TestCommands:
    def test_every_profile_is_listed_and_changes_something(self):
        done = CliRunner().invoke(main, ["policy", "list"])
        assert names() == ("hpc-snc-allowed", "passthrough-ml", "vgpu-inference", "vgpu-vdi")
        for name in names():
            assert name in done.output
            changed = [one for one in settings(read(name), "").settings if one.changed]
            assert changed, name
            for one in changed:
                same = (one.selected.value, one.severity.value) == (True, one.default)
                assert not same or one.expect, (name, one.check)

    def test_show_says_what_says_so(self, policy, tmp_path):
        policy(weighing("NUMA-001", "required", 'cluster = "hpc-*"'), head='extends = "vgpu-vdi"')
        file = str(tmp_path / "site.toml")

        def shown(*words):
            return "".join(CliRunner().invoke(main, ["policy", "show", *words]).output.split())

        def has(text, *words):
            return all("".join(one.split()) in text for one in words)

        assert has(
            shown(file), "LOC-001 informational, not recommended [profile vgpu-vdi, line 3]",
            "GPU-003 recommended [built-in default]",
            "NUMA-001 informational, not recommended [profile vgpu-vdi",
        )  # fmt: skip
        assert has(
            shown(file, "--cluster", "hpc-1"),
            f"NUMA-001 required, not recommended [{file}, line 3]", "a part is on its way",
            "nodes_per_package = 1 [built-in default]", "SPARSE-002 off",
        )  # fmt: skip
        assert not has(shown(file, "--changed"), "GPU-003")
        assert has(shown(), "no policy: every check as it is by itself")

    def test_formats(self):
        done = CliRunner().invoke(main, ["policy", "show", "vgpu-vdi", "--format", "json"])
        document = json.loads(done.output)
        jsonschema.validate(document, json.loads((SCHEMAS / "policy-1.json").read_text()))
        assert len(document["settings"]) == len(all_checks())
        listed = json.loads(CliRunner().invoke(main, ["policy", "list", "--format", "json"]).output)
        assert [one["name"] for one in listed] == list(names())

    @pytest.mark.parametrize(
        "words", [["policy", "show", "vgpu-vdy"], ["audit", "--from", ".", "--policy", "vgpu-vdy"]]
    )
    def test_no_such_profile(self, words):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 2
        assert (
            "vgpu-vdy: no such file, and no policy profile is called so; did you mean vgpu-vdi?"
            in (done.stderr)
        )
