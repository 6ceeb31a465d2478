"""The report of a fleet too large for one page: an index, and a page per host beside it.

    report.html            the index: verdict, steps, and a table of all hosts
    report_files/          what it leads to
        esx-01.html        one host
        checks.html        what the checks mean
        report.css ...     what the pages share

A path that ends in `.zip` gets the same in one archive, a folder gets `index.html` and `files/`.
"""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from urllib.parse import quote

from hostcheck import files, runfile
from hostcheck.errors import UsageError
from hostcheck.files import directory_name
from hostcheck.model.run import HostReport, Run
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.run.html import fleet, index, pack, pages
from hostcheck.reports.run.html.shapes import ALONE, Requests, Row
from hostcheck.reports.run.html.whole import render
from hostcheck.reports.summary import whole as summary

SHARED = "report.css"
"""A folder without this file is not ours to replace."""
FILES = (".html", ".htm", ".zip")
OLDEST = (1980, 1, 1, 0, 0, 0)
"""The same run is the same archive."""

Put = Callable[[str, str], None]
"""Takes the name of a file, relative to the index, and its text."""


def write(run: Run, path: Path) -> None:
    """Write the HTML report in the shape that its size and the path ask for.

    Raises UsageError when that cannot be done.
    """
    try:
        if path.suffix.lower() == ".zip":
            path.parent.mkdir(parents=True, exist_ok=True)
            _zip(run, path)
        elif _is_folder(path):
            path.mkdir(parents=True, exist_ok=True)
            _folder(run, path / "index.html", "files")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            if len(run.hosts) > summary.LARGEST_PAGE:
                _folder(run, path, f"{path.stem}_files")
            else:
                files.write(path, [render(run).encode()])
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another file") from None


def refuse_unwritable(path: Path) -> None:
    """Raise UsageError for a place where no report can be written, or that is no place of one."""
    if _is_folder(path):
        files.refuse_unwritable(path / "index.html")
        _refuse_strange(path / "files")
    elif path.suffix.lower() in FILES or (path.exists() and not path.is_file()):
        files.refuse_unwritable(path)
    else:
        raise UsageError(f"{path}: an HTML report is FILE.html, FILE.zip or a folder; name it so")


def _is_folder(path: Path) -> bool:
    return path.is_dir() or not (path.suffix or path.exists())


def _refuse_strange(place: Path) -> None:
    if place.exists() and not (place / SHARED).is_file():
        raise UsageError(f"{place} holds something else; give another place for the report")


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield one document: the whole report, or of a large fleet the index without other pages."""
    if len(run.hosts) > summary.LARGEST_PAGE:
        yield _files(run, "", "", None)
    else:
        yield render(run)


def _zip(run: Run, path: Path) -> None:
    fresh = path.with_name(path.name + files.UNFINISHED)
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, text: str) -> None:
            member = zipfile.ZipInfo(f"{path.stem}/{name}", OLDEST)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, text)

        put("index.html", _files(run, "files/", "../index.html", put))
    fresh.replace(path)


def _folder(run: Run, lead: Path, name: str) -> None:
    """Write the pages beside, and put them in the place of those of an earlier run when whole."""
    place = lead.with_name(name)
    fresh = lead.with_name(name + files.UNFINISHED)
    _refuse_strange(place)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()

    def put(file: str, text: str) -> None:
        (fresh / file.removeprefix(f"{name}/")).write_text(text, encoding="utf-8")

    text = _files(run, f"{name}/", f"../{quote(lead.name)}", put)
    if place.exists():
        shutil.rmtree(place)
    fresh.rename(place)
    files.write(lead, [text.encode()])


def single(run: Run) -> str:
    """Return a large fleet as one document: its index, and every host packed below it."""
    digest = runfile.digest(run)
    run = summary.named(run)
    rows: list[Row] = []
    bodies: list[str] = []
    requests, keys, laid = Requests(), pages.Keys(), pages.HostPages(run, run.checks)
    packer = pack.Packer(run, "", laid)

    def lay(report: HostReport) -> None:
        key = keys.of(report.host.name)
        page = replace(laid.of(report, ALONE), key=key)
        bodies.append(packer.folded(page, len(bodies)))
        href = f"#{quote(f'host@{key}', safe='@:~')}"
        rows.append(fleet.row_of(report, page, run.checks, href))
        requests.add(report.host)

    told = summary.of_whole(run, lay)
    return index.index(
        run, told, rows, requests, "", index.PackedPage(bodies, packer.shared), digest
    )


def _files(run: Run, folder: str, home: str, put: Put | None) -> str:
    """Put every file but the index, which is returned. The hosts are walked over once."""
    digest = runfile.digest(run)
    run = summary.named(run)
    if put is not None:
        for name, text in index.shared_files().items():
            put(folder + name, text)
        put(f"{folder}checks.html", index.checks_page(run, home))
    rows: list[Row] = []
    requests, names, laid = Requests(), _Names(), pages.HostPages(run, run.checks)
    packer = pack.Packer(run, home, laid)

    def lay(report: HostReport) -> None:
        page = laid.of(report, ALONE)
        href = ""
        if put is not None:
            file = folder + names.of(report.host.name)
            put(file, packer.page(page))
            href = quote(file)
        rows.append(fleet.row_of(report, page, run.checks, href))
        requests.add(report.host)

    told = summary.of_whole(run, lay)
    if put is not None:
        put(f"{folder}before.js", packer.before())
    return index.index(run, told, rows, requests, folder, digest=digest)


class _Names:
    """File names of hosts: safe, and different where case does not count."""

    def __init__(self) -> None:
        self._taken = {"checks"}

    def of(self, host: str) -> str:
        name = directory_name(host)
        free = (one for one in chain([name], (f"{name}~{n}" for n in count(2))))
        chosen = next(one for one in free if one.lower() not in self._taken)
        self._taken.add(chosen.lower())
        return f"{chosen}.html"
