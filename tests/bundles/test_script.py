"""The script asks a host there what is asked over SSH: the same questions, the same bytes, the same
facts. It runs in the BusyBox that ESXi has, against the played shell."""

import os
import re
import shutil
import subprocess
import tarfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from hostcheck import recording
from hostcheck.assemble import gpu_addresses, system_of
from hostcheck.assemble.book import Book
from hostcheck.bundles import script
from hostcheck.cli import main
from hostcheck.model.capture import Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.shell import order
from hostcheck.ways.shell.transport import Shell, SshTransport
from hostcheck.ways.shell.way import WAY
from tests.peers import live, shapes, sshd
from tests.peers.fleet import Fleet

ROOT = Path(__file__).parents[2]
KINDS = (
    "2n-2xA100-80-esxi803",
    "2n-8xH100-mig-mixed-esxi803",
    "2n-1xA100-40-driver-missing-esxi801",
)


@pytest.fixture(scope="session")
def ash():
    """The shell of ESXi: BusyBox's."""
    found = shutil.which("busybox")
    if found is None:
        missing = "no BusyBox: install busybox"
        if os.environ.get("CI"):
            pytest.fail(f"a missing peer fails CI: {missing}")
        pytest.skip(missing)
    return [found, "ash"]


@pytest.fixture
def host_at(tmp_path):
    """Lay out the tools of a host and return the environment in which a shell finds them."""

    def lay_out(shape, **answers):
        work = tmp_path / "host"
        sshd._record(shape, work / "replay" / shape.address)
        shutil.copyfile(sshd.SCRIPT, work / "esx_shell.sh")
        (work / "esx_shell.sh").chmod(0o755)
        sshd._lay_out_tools(Fleet((shape,)), work)
        for name, text in answers.items():
            tool = work / "tools" / name
            tool.unlink(missing_ok=True)
            tool.write_text(f"#!/bin/sh\n{text}\n")
            tool.chmod(0o755)
        path = f"{work / 'tools'}:{os.environ['PATH']}"
        return {"PATH": path, "ESX_HOST": str(work / "replay" / shape.address)}

    return lay_out


def patient(limit=600):
    """The script with a limit that no busy machine reaches."""
    return script.script().replace(f"limit={script.LIMIT_SECONDS}", f"limit={limit}")


@pytest.fixture
def asked(tmp_path):
    """Run the script somewhere and return what it said, and the recording as one file."""

    def run(shell, env, name="esx-01.lab.test", text=None):
        file = tmp_path / "ask.sh"
        file.write_text(patient() if text is None else text)
        place = tmp_path / "asked"
        place.mkdir(exist_ok=True)
        done = subprocess.run(
            [*shell, str(file), name, str(place)], env=env, cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        packed = sorted(place.glob("*/*.tgz"))
        return done, (packed[-1] if packed else None)

    return run


def heard(captures):
    """What was said, without the times that are no part of it."""
    return {
        key: (one.text if one.failure is None else "", one.stderr, one.exit_status, one.failure)
        for key, one in captures.items()
    }


def over_ssh(shells, shape):
    """Ask a host over a real connection, as for a recording without the API."""
    reach = Shell(
        address=shells.addresses[shape.name], user=shells.user, port=shells.port,
        host_key_name=f"[{shape.name}]:{shells.port}", known_hosts=(str(shells.known_hosts_file),),
        key_files=(str(shells.key_file),), command_timeout=60, host_timeout=600,
    )  # fmt: skip
    with closing(SshTransport(reach, WAY.allows)) as transport:
        told = RecorderTransport({Wire.SHELL: transport})
        told.fetch(order.HOST_REQUESTS[5])
        host = system_of(Book(told.captures)).value
        order.ask(told, gpu_addresses(host))
    return Recording(HostRef(shape.name, "", ""), told.captures)


@pytest.fixture(scope="module")
def shells(keep_running):
    return keep_running(live.running_shells(Fleet(tuple(shapes.HOSTS[kind] for kind in KINDS))))


@pytest.mark.parametrize("kind", KINDS)
def test_it_hears_what_is_heard_over_ssh_byte_for_byte(kind, ash, host_at, asked, shells):
    shape = shapes.HOSTS[kind]
    done, packed = asked(ash, host_at(shape), shape.name)
    assert (done.returncode, done.stderr) == (0, "")
    source = RecordedSource(packed)
    (ref,) = source.machines()
    offline, ssh = source.collect(ref), over_ssh(shells, shape)
    mine, theirs = heard(offline.captures), heard(ssh.captures)
    assert {key: mine[key] for key in theirs} == theirs
    assert all(key[1].startswith("nvidia-smi") for key in set(mine) - set(theirs))
    first, second = host_of(offline), host_of(ssh)
    without_times = {"sources": (), "not_read": ()}
    assert msgspec.structs.replace(first, **without_times) == msgspec.structs.replace(
        second, **without_times
    )
    assert len(first.gpus.value) == len(shape.gpus)


def test_it_says_what_it_wrote_and_the_digest_of_it(ash, host_at, asked, tmp_path):
    done, packed = asked(ash, host_at(shapes.HOSTS[KINDS[0]]))
    folder = packed.parent
    digest = subprocess.run(
        ["sha256sum", str(packed)], capture_output=True, text=True, check=True
    ).stdout.split()[0]
    assert done.stdout.splitlines()[0] == f"writing to {folder}"
    assert done.stdout.splitlines()[-2:] == [f"recording {packed}", f"SHA-256   {digest}"]
    assert {one.name for one in folder.iterdir()} == {"esx-01.lab.test", "esx-01.lab.test.tgz"}
    assert {one.name for one in tmp_path.iterdir()} == {"ask.sh", "asked", "host"}
    assert {one.name for one in (folder / "esx-01.lab.test").iterdir()} == {
        "manifest.json", "shell",
    }  # fmt: skip
    with tarfile.open(packed) as archive:
        files = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}
    assert files == {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file() and one != packed
    }
    assert heard(recording.load(folder / "esx-01.lab.test").captures) == heard(
        RecordedSource(packed).read(RecordedSource(packed).machines()[0]).captures
    )


def test_a_command_that_hangs_ends_at_its_limit_and_the_others_are_asked(ash, host_at, asked):
    env = host_at(shapes.HOSTS[KINDS[0]], vsish="echo half; exec sleep 6000")
    done, packed = asked(ash, env, text=patient(limit=1))
    assert done.returncode == 0
    captures = recording.load(packed.parent / "esx-01.lab.test").captures
    for request in order.HOST_REQUESTS:
        failure = captures[request.key].failure
        if request.text.startswith("vsish"):
            assert failure == Unknown(Why.TIMEOUT, "no end within 1 s, stopped", request.text)
    assert not [one for one in captures.values() if "half" in one.text and one.failure is None]


def test_a_flood_is_cut_and_not_believed(ash, host_at, asked):
    flood = (
        "while :; do echo 0000000000000000000000000000000000000000000000000000000000000000; done"
    )
    text = patient().replace(f"most={script.LIMIT_BLOCKS}", "most=64")
    env = host_at(shapes.HOSTS[KINDS[0]], vsish=flood)
    _, packed = asked(ash, env, text=text)
    source = RecordedSource(packed)
    captures = source.collect(source.machines()[0]).captures
    cut = [one for key, one in captures.items() if key[1].startswith("vsish")]
    assert cut
    assert all(one.exit_status > 128 and len(one.text) <= 64 * 512 for one in cut)


EVIL = ("$(touch {mark})", "`touch {mark}`", "0000:4a:00.0;touch {mark}", "a[$(touch {mark})]")


@pytest.mark.parametrize("words", EVIL)
def test_nothing_that_a_host_says_is_run(ash, host_at, asked, tmp_path, words):
    said = words.format(mark=tmp_path / "mark")
    listing = tmp_path / "listing"
    listing.write_text(
        f"x\n   Address: {said}\n   Vendor ID: 0x10de\n   Device Class: 0x0302\n"
        f"   Address: 0000:4a:00.0\n   Vendor ID: {said}\n   Device Class: {said}\n"
    )
    env = host_at(shapes.HOSTS[KINDS[0]], esxcli=f"cat {listing}; cat {listing} >&2")
    done, packed = asked(ash, env)
    assert done.returncode == 0
    assert not (tmp_path / "mark").exists()
    source = RecordedSource(packed)
    captures = source.collect(source.machines()[0]).captures
    assert not [key for key in captures if "pciConfigHeader" in key[1]]
    assert said in captures["shell", "esxcli hardware pci list", ""].stderr


@pytest.mark.parametrize(
    "name", ["../x", "a b", "-rf", ".", "a/b", "a$(id)", "a\nb", '"', "a;b", "*", "ö"]
)
def test_a_name_that_is_none_is_one_line(ash, host_at, asked, name):
    done, packed = asked(ash, host_at(shapes.HOSTS[KINDS[0]]), name)
    assert (done.returncode, packed, done.stdout) == (2, None, "")
    assert "is no name of a host" in done.stderr


def test_a_folder_that_cannot_be_written_is_one_line(ash, tmp_path):
    file = tmp_path / "ask.sh"
    file.write_text(script.script())
    done = subprocess.run(
        [*ash, str(file), "esx-01", str(tmp_path / "none")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert re.fullmatch(r"hostcheck: the folder .* cannot be made; .*\n", done.stderr)


def test_every_command_is_a_listed_one_and_every_listed_one_is_there():
    text = script.script()
    asks = re.findall(
        r"""^\s*(?:grep .* \|\| )?ask (?:'"|"\\")(.*?)(?:"'|\\"") (.*)$""", text, re.MULTILINE
    )
    plain = {re.sub(r"\$(\w+)", r"{\1}", question) for question, _ in asks}
    assert plain == {one.template for one in order.REQUESTS}
    for question, words in asks:
        assert words.replace('"', "") == question


def test_it_is_plain_posix_for_a_shell_that_has_nothing_else(ash):
    text = script.script()
    for bashism in ("[[", "\nfunction ", "local ", "${!", "<(", ">(", "&>", "==", "$'", "declare"):
        assert bashism not in text, bashism
    for shell in (ash, ["sh"]):
        done = subprocess.run(
            [*shell, "-n"], input=text, text=True, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_gpu_elsewhere_is_asked_about_when_the_graphics_list_names_it(
    ash, host_at, asked, tmp_path
):
    listing = tmp_path / "listing"
    kind = "   Vendor ID: 0x10de\n   Device ID: 0x20b5\n   Device Class: 0x0302\n"
    listing.write_text(
        "".join(f"{one}\n   Address: {one}\n{kind}" for one in ("0000:e1:01.0", "0000:e2:01.4"))
    )
    graphics = "echo 0000:e1:01.0; echo '   Graphics Type: Basic'"
    tool = f'case "$*" in graphics*device*) {graphics} ;; *pci*) cat {listing} ;; esac'
    _, packed = asked(ash, host_at(shapes.HOSTS[KINDS[0]], esxcli=tool))
    source = RecordedSource(packed)
    captures = source.collect(source.machines()[0]).captures
    assert [key[1] for key in captures if "pciConfigHeader" in key[1]] == [
        "vsish -e get /hardware/pci/seg/0/bus/225/slot/1/func/0/pciConfigHeader"
    ]


def test_the_digest_of_the_script_is_said_beside_it():
    done = CliRunner().invoke(main, ["requests", "--as-script"])
    assert done.stdout == script.script()
    assert done.stderr == f"hostcheck: SHA-256 {sha256(done.stdout.encode()).hexdigest()}\n"
