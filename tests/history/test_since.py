"""`--since` takes a history: the last run of the same hosts, as far as the history knows it."""

import pytest
from click.testing import CliRunner

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.exits import exit_code
from tests.diff.test_silent import MAINTENANCE, WAITING, a_host, nights
from tests.history.conftest import Book
from tests.history.nights import night


class TestSince:
    """`--since` takes a history: a file of SQLite or a URL."""

    def run(self, *words, **env):
        return CliRunner().invoke(main, list(map(str, words)), env=env)

    def written(self, tmp_path, *runs):
        paths = []
        for number, run in enumerate(runs):
            paths.append(tmp_path / f"{number}.json")
            runfile.write(run, paths[-1])
        return paths

    def test_of_either_kind(self, tmp_path, either):
        broken, worse = a_host("esx-2", **MAINTENANCE), a_host("esx-2", **MAINTENANCE, **WAITING)
        runs = nights((broken,), None, (broken,), (worse,), (a_host("esx-2"),))
        env = {"HOSTCHECK_HISTORY_PASSWORD": either.secret} if either.secret else {}
        codes = []
        for number, path in enumerate(self.written(tmp_path, *runs)):
            words = ("report", path, "--since", either.url, "--fail-on", "new", "--strict")
            if number:
                done = self.run(*words, "--history", either.url, **env)
                codes.append(done.exit_code)
                again = self.run(*words, **env)  # it is in the history now
                assert (again.exit_code, again.stderr) == (done.exit_code, done.stderr)
                assert again.stdout.count("esx-2") == done.stdout.count("esx-2") or number
            else:
                self.run("report", path, "--history", either.url, **env)
        assert codes == [3, 0, 1, 0]
        assert "1 mended" in done.stderr or "2 mended" in done.stderr

    def test_a_history_of_other_hosts_too(self, tmp_path):
        """Hosts of other runs of the history are not gone from this one."""
        book = Book(str(tmp_path / "history.db"))
        book.write(
            night(0, a_host("esx-2", "")), night(0, a_host("stranger", ""), hour=1, target="vc-9")
        )
        (path,) = self.written(tmp_path, night(1, a_host("esx-2", "")))
        done = self.run("report", path, "--since", book.url, "--fail-on", "new")
        assert (done.exit_code, "stranger" in done.output) == (0, False)
        assert "Nothing is new, nothing is mended" in done.stderr

    def test_a_history_without_an_earlier_run(self, tmp_path):
        book = Book(str(tmp_path / "history.db"))
        run = night(0, a_host("esx-2", **MAINTENANCE))
        book.write(run)
        (path,) = self.written(tmp_path, run)
        done = self.run("report", path, "--since", book.url, "--fail-on", "new")
        assert done.exit_code == exit_code(run) == 1
        assert "holds no earlier run: everything counts as new" in done.stderr

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("postgresql://u@127.0.0.1:1/h", "127.0.0.1"),
            ("postgresql://u:pw@127.0.0.1/h", "--since: a password in it is visible"),
            ("mysql://db/h", "--since: mysql is not known"),
            ("none.json", "does not exist"),
        ],
    )
    def test_what_is_no_history_is_said_before_anything_is_read(self, tmp_path, given, said):
        (path,) = self.written(tmp_path, night(0, a_host("esx-2")))
        done = self.run("report", path, "--since", given)
        assert (done.exit_code, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert said in line
