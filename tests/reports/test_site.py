"""The report of a large fleet: an index and a page per host, small, linked, without network."""

import json
import re
import zipfile
import zlib
from base64 import b64decode
from urllib.parse import unquote

import pytest
from markupsafe import Markup
from msgspec.structs import replace

from hostcheck.errors import UsageError
from hostcheck.model.result import Status
from hostcheck.reports.run import html
from hostcheck.reports.run.html.jinja import macros
from hostcheck.reports.run.html.pages import HostPages
from hostcheck.reports.summary import whole as summary
from hostcheck.reports.topology import svg
from tests.reports import builders as b
from tests.reports.test_html import Document

LIMIT, MANY = 8, 13
FLEET = b.fleet(MANY)


@pytest.fixture(scope="module", autouse=True)
def limit():
    """Let a dozen hosts be a large fleet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "LARGEST_PAGE", LIMIT)
        yield


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def unletter(text):
    return b64decode(text)


def inflated(*parts):
    return zlib.decompress(b"".join(map(unletter, parts)), -zlib.MAX_WBITS)


def filled(text, pieces):
    *texts, markup = text.split("\0\n")
    own = dict(one.split("\x03", 1) for one in texts)
    markup = re.sub(r"\x01(\d+)\n", lambda found: pieces[int(found[1])], markup)
    return re.sub(r"\x02([^;]*);", lambda found: own[found[1]], markup)


def unpacked(folder, page):
    """What the script of a host's page makes of it."""
    shared = json.loads(re.search(r"= (.*);", (folder / "before.js").read_text())[1])
    pieces = inflated(shared["pieces"]).decode().split("\0")
    whole = []
    for part in re.search(r'id="packed">([^<]*)<', page)[1].split(" "):
        name, _, packed = part.partition(":")
        book, length = shared["books"][name]
        text = inflated(book, packed)[length:].decode()
        whole.append(filled(text, pieces))
    return "".join(whole)


@pytest.fixture(scope="module")
def written(limit, tmp_path_factory):  # noqa: ARG001  it orders them
    folder = tmp_path_factory.mktemp("site")
    html.write(FLEET, folder / "report.html")
    return folder


def test_up_to_a_limit_it_is_one_page(tmp_path):
    run = b.run(*FLEET.hosts[:LIMIT])
    html.write(run, tmp_path / "report.html")
    assert files(tmp_path) == {"report.html": html.render(run)}
    assert "".join(html.pieces(run)) == html.render(run)


def test_every_host_has_a_page_with_every_result(written):
    for report in FLEET.hosts[:3] + FLEET.hosts[-3:]:
        name = report.host.name
        page = (written / "report_files" / f"{name}.html").read_text()
        body = Document(f"<div>{unpacked(written / 'report_files', page)}</div>")
        text = " ".join("".join(body.elements[0]["text"]).split())
        for result in report.results:
            assert f"{result.check}@{html.ALONE}" in body.ids
            for words in (result.subject.name, result.observed, result.expected):
                assert " ".join(words.split()) in text
        bare = Document(page)
        assert name in bare.all("h1")[0]["text"][0]
        plain = " ".join("".join(bare.all("main")[0]["text"]).split())
        for result in report.results:
            if result.status in (Status.FAIL, Status.UNKNOWN):
                assert result.check in plain, "what is wrong is there without scripts"


def bodies(run):
    """What one page would say of each host, by its name."""
    named = summary.named(run)
    laid = HostPages(named, named.checks)
    told = macros("_body.html", defs=Markup(svg.DEFS), manuals="checks.html")
    for report in named.hosts:
        yield report.host.name, told.alone(laid.of(report, html.ALONE))


def test_unpacked_it_is_what_one_page_would_say(written):
    for name, body in bodies(FLEET):
        page = (written / "report_files" / f"{name}.html").read_text()
        assert unpacked(written / "report_files", page) == body


def holds_what_was_packed(run, folder):
    """Write the site of a run, and compare what its script makes of each page with the body."""
    html.write(run, folder / "site")
    for name, body in bodies(run):
        files = folder / "site/files"
        assert unpacked(files, (files / f"{name}.html").read_text()) == body


@pytest.mark.parametrize("odd", ["\x02host_1;", "\x01" + "1\n", "\x00", "\x03", "<b>&amp;"])
def test_no_name_is_taken_for_what_the_script_fills_in(odd, tmp_path):
    """Nor does a source that a host has not got take that of another from it."""
    many = []
    for number, report in enumerate(FLEET.hosts):
        results = tuple(
            replace(
                one,
                observed=f"{odd}{one.observed}",
                sources=(*one.sources, 999) if number % 2 else (*one.sources, 0),
                subject=replace(one.subject, name=f"{odd}{number}", kind=f"a;{odd}"),
            )
            for one in report.results
        )
        many.append(replace(report, results=results))
    holds_what_was_packed(b.run(*many), tmp_path)


def test_subjects_of_several_kinds_keep_their_names(tmp_path):
    """A kind may be of several words, as the GPUs and the BIOS settings that a BMC tells of."""
    kinds = ["BIOS setting", "BMC GPU", "other"]
    many = []
    for report in FLEET.hosts:
        results = tuple(
            replace(
                one, subject=replace(one.subject, name=f"name {at}", kind=kinds[at % len(kinds)])
            )
            for at, one in enumerate(report.results)
        )
        many.append(replace(report, results=results))
    holds_what_was_packed(b.run(*many), tmp_path)


def test_a_page_carries_only_what_other_hosts_do_not_say(tmp_path):
    many = [
        replace(report, host=replace(report.host, name=f"{report.host.name}-{turn}"))
        for turn in range(3)
        for report in FLEET.hosts
    ]
    html.write(b.run(*many), tmp_path / "site")
    for report in many:
        folder = tmp_path / "site/files"
        page = (folder / f"{report.host.name}.html").read_text()
        packed = re.search(r'id="packed">([^<]*)<', page)[1]
        whole = unpacked(folder, page)
        assert len(packed) < len(zlib.compress(whole.encode(), 9)) * 3 / 4


def test_the_table_counts_checks_as_its_script_does(written):
    page = (written / "report.html").read_text()
    data = json.loads(re.search(r'id="data">([^<]*)<', page)[1])
    by_script = {
        row[0]: (row[2].count("f"), row[2].count("u") + row[2].count("e")) for row in data["rows"]
    }
    rows = re.findall(
        r"<tr><th scope=.row.>(.*?)</th><td.*?</td><td>(\d+)</td><td>(\d+)</td>", page
    )
    without = {re.sub("<[^>]*>", "", name): (int(f), int(u)) for name, f, u in rows}
    assert without == by_script
    assert any(fails > 1 for fails, _ in without.values())


def test_every_link_leads_to_a_page_and_an_anchor(written):
    folder = written / "report_files"
    anchors = {"checks.html": Document((folder / "checks.html").read_text()).ids}
    pages = {"../report.html": (written / "report.html").read_text()}
    for report in FLEET.hosts[:4]:
        name = f"{report.host.name}.html"
        packed = (folder / name).read_text()
        body = f"<div>{unpacked(folder, packed)}</div>"
        anchors[name] = Document(body).ids
        for text in (packed, body):
            for link in Document(text).all("a"):
                file, _, anchor = unquote(link["attrs"]["href"]).partition("#")
                if file.startswith("https://"):
                    continue
                assert anchor in anchors[file or name] if anchor else file in {*anchors, *pages}
    index = Document(pages["../report.html"])
    for link in index.all("a"):
        file, _, anchor = unquote(link["attrs"].get("href", "")).partition("#")
        if not file:
            assert anchor in index.ids or anchor in {one.id for one in FLEET.checks}
        elif not file.startswith("https://"):
            assert (written / file).is_file()
            name = file.removeprefix("report_files/")
            assert not anchor or anchor in anchors.get(name, [anchor])


def test_the_table_holds_every_host_and_its_squares(written):
    data = json.loads(Document((written / "report.html").read_text()).ids["data"]["text"][0])
    assert [row[0] for row in data["rows"]] == [report.host.name for report in FLEET.hosts]
    for row, report in zip(data["rows"], FLEET.hosts, strict=True):
        assert data["answers"][row[1]] == report.verdict.value
        assert len(row[2]) == len(data["checks"])
        for (check, *_), letter in zip(data["checks"], row[2], strict=True):
            found = {one.status for one in report.results if one.check == check}
            assert (letter == "f") == (Status.FAIL in found)
            assert letter != "p" or not found & {Status.FAIL, Status.UNKNOWN, Status.ERROR}


def test_nothing_is_loaded_from_elsewhere(written):
    own = {"report.css", "report.js", "page.js", "before.js"}
    for name, text in files(written).items():
        if not name.endswith(".html"):
            continue
        assert "default-src 'none'" in text
        for element in Document(text).elements:
            assert element["tag"] not in {"img", "iframe", "object", "embed", "base"}
            for attribute in ("src", "action"):
                assert element["attrs"].get(attribute, "page.js") in own
            if element["tag"] == "link":
                assert element["attrs"]["href"] in own
            assert not any(attribute.startswith("on") for attribute in element["attrs"])


@pytest.mark.parametrize("place", ["site.zip", "site", "old.html"])
def test_the_path_chooses_the_shape_and_the_bytes_are_the_same(place, tmp_path, written):
    for _ in range(2):
        (tmp_path / "old.html").write_text("an older report")
        html.write(FLEET, tmp_path / place)
    if place.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / place) as archive:
            archive.extractall(tmp_path)
        first = (tmp_path / place).read_bytes()
        html.write(FLEET, tmp_path / place)
        assert (tmp_path / place).read_bytes() == first
    if not place.endswith(".html"):
        made = files(tmp_path / "site")
        assert len(made) == len(files(written))
        assert '"files":"files/"' in made["index.html"]
        assert 'href="../index.html"' in made["files/checks.html"]
    else:
        made = files(tmp_path)
        assert made.keys() == {"old.html", *(
            name.replace("report_files", "old_files") for name in files(written)
        )} - {"report.html"}  # fmt: skip


def test_hosts_that_left_leave_no_page_and_what_is_not_ours_stays(tmp_path):
    html.write(FLEET, tmp_path / "report.html")
    fewer = b.run(*FLEET.hosts[2:])
    html.write(fewer, tmp_path / "report.html")
    assert not (tmp_path / "report_files" / f"{FLEET.hosts[0].host.name}.html").exists()
    (tmp_path / "mine_files").mkdir()
    (tmp_path / "mine_files" / "notes").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        html.write(FLEET, tmp_path / "mine.html")
    assert (tmp_path / "mine_files" / "notes").read_text() == "mine"


def test_names_that_make_no_file_names_get_pages_of_their_own(tmp_path):
    odd = ("a/../b", "A_.._B", "checks", "Checks", "<script>alert(1)</script>", "é\u202e", "")
    hosts = [
        replace(report, host=replace(report.host, name=name))
        for name, report in zip(odd, FLEET.hosts, strict=False)
    ]
    html.write(b.run(*hosts, *FLEET.hosts[len(odd) :]), tmp_path / "report.html")
    made = files(tmp_path)
    assert len([name for name in made if name.endswith(".html")]) == MANY + 2
    assert len({name.lower() for name in made}) == len(made)
    index = made["report.html"]
    assert "<script>alert" not in index
    rows = json.loads(Document(index).ids["data"]["text"][0])["rows"]
    for row in rows:
        file = row[11] if len(row) > 11 else f"{row[0]}.html"
        assert f"report_files/{file}" in made
    assert "\u202e" not in index


def test_a_run_without_hosts_has_an_index(tmp_path):
    html.write(b.run(), tmp_path / "none.zip")
    with zipfile.ZipFile(tmp_path / "none.zip") as archive:
        assert "none/index.html" in archive.namelist()


def test_without_pages_the_index_has_no_links_to_any():
    (text,) = html.pieces(FLEET)
    links = [link["attrs"].get("href", "") for link in Document(text).all("a")]
    assert all(link.startswith("#") or link == "" for link in links)
    assert '"files":""' in text


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for place in ("file/report.html", "file/report.zip", "file/folder"):
        with pytest.raises(UsageError, match="give another file"):
            html.write(FLEET, tmp_path / place)
