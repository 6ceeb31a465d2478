"""The README's example runs, and its commands and codes exist."""

import re
from pathlib import Path

import pytest

from hostcheck import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

pytest_plugins = ["pytester"]


def test_the_example_of_the_pytest_plugin_runs(pytester: pytest.Pytester) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    pytester.makepyfile(example)
    (pytester.path / "fixtures").symlink_to(ROOT / "fixtures")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_every_command_is_named() -> None:
    for name in cli.main.commands:
        assert re.search(rf"`(hostcheck )?{name}\b", README), name


def test_links_lead_to_files_of_the_repository() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
