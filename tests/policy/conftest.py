"""Policies for the tests, written to a file and read."""

import pytest

from hostcheck.policy.file import read


@pytest.fixture
def policy(tmp_path):
    """Read rules that are written to a file."""

    def made(*rules, name="site.toml", head=""):
        text = "".join(f"\n[[rule]]\n{rule}\n" for rule in rules)
        path = tmp_path / name
        path.write_text(f"{head}\n{text}")
        return read(str(path))

    return made
