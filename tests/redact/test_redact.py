"""Nothing private is left, everything says the same: recordings, run files, live answers."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from hostcheck import recording, runfile
from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.redact import proof, redact
from hostcheck.redact.answers import masked
from hostcheck.redact.mask import Mask
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
HEALTHY = FIXTURES / "2n-2xA100-80-esxi803"
CANARIES = {
    "esx-01.lab.test": "kanarienvogel7.prod.acme-bank.example.org",
    "vcenter.lab.test": "vc.acme-bank.example.org",
    "gpu-cluster-01": "Zürich Tier 1 &amp; DR",
    "train-01-a": "Payroll (old) %2f v2",
    "train-01-b": "efi",
    "infer-01": "vm-7",
    "web-01": "gpu",
    "vm-net-b": "VLAN 4711 &lt;secret&gt;",
    "vsan0": "Tresor-DS",
    "AB12CD3": "SN-CANARY-1",
    "1320322014840": "SN-CANARY-2",
    "4c4c4544-0059-3410-804b-6573782d3031": "deadbeef-cafe-4bad-a555-c0ffee000001",
    "02:00:00:00:00:01": "3c:ec:ef:ca:4a:41",
}
"""What the recording says, and what is put in its place: a customer's names, some of them words."""
SEEN = ("10.13.37.42", "fd00:dead:beef::42", "j.doe@acme-bank.example.org", "ACME\\jdoe")
"""What an error message gives away."""
HIDDEN = (
    "kanarienvogel7", "acme-bank", "Zürich Tier", "Payroll", "4711", "tresor-ds", "sn-canary",
    "deadbeef-cafe", "3c:ec:ef", "10.13.37.42", "beef::42", "j.doe", "jdoe",
)  # fmt: skip


def told(text: str, *, plain: bool = False) -> str:
    for old, new in CANARIES.items():
        text = text.replace(old, new.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
                            if plain else new)  # fmt: skip
    return text


@pytest.fixture
def customer(tmp_path: Path) -> Path:
    """The healthy machine as a customer would record it."""
    one = recording.load(HEALTHY)
    captures = {}
    for key, capture in one.captures.items():
        xml = capture.text.lstrip().startswith("<")
        captures[key] = structs.replace(capture, text=told(capture.text, plain=not xml))
    last = next(key for key, capture in captures.items() if "vgpu -s -v" in capture.request.text)
    detail = f"{SEEN[0]} and [{SEEN[1]}]: {SEEN[2]} ({SEEN[3]}) on {CANARIES['esx-01.lab.test']}"
    captures[last] = structs.replace(
        captures[last], text="", stderr=detail, failure=Unknown(Why.DENIED, detail, "nvidia-smi")
    )
    ref = structs.replace(one.ref, name=told(one.ref.name), vcenter=told(one.ref.vcenter))
    recording.save(structs.replace(one, ref=ref, captures=captures), tmp_path / "rec" / "one")
    return tmp_path / "rec"


def everything_in(folder: Path) -> str:
    return "\n".join(
        f"{file}\n{file.read_text(encoding='utf-8', errors='replace')}"
        for file in sorted(folder.rglob("*")) if file.is_file()
    ).casefold()  # fmt: skip


def judged(folder: Path):
    source = RecordedSource(folder)
    reports = [report_of(host_of(source.collect(ref))) for ref in source.machines()]
    return [
        (report.verdict, sorted((one.check, one.status.value) for one in report.results))
        for report in reports
    ]


def test_no_canary_is_left_and_the_verdicts_are_the_same(customer, tmp_path):
    for hidden in HIDDEN:
        assert hidden.casefold() in everything_in(customer), hidden
    redact(customer, tmp_path / "out", tmp_path / "map.json")
    left = everything_in(tmp_path / "out").replace(str(tmp_path).casefold(), "")
    assert [hidden for hidden in HIDDEN if hidden.casefold() in left] == []
    assert judged(tmp_path / "out") == judged(customer)


def test_the_same_word_has_the_same_stand_in_and_the_map_tells_which(customer, tmp_path):
    kept = tmp_path / "map.json"
    redact(customer, tmp_path / "out", kept)
    pairs = json.loads(kept.read_text(encoding="utf-8"))
    assert pairs["vm"]["Payroll (old) %2f v2"].startswith("guest-")
    assert pairs["host"] == {CANARIES["esx-01.lab.test"]: "esx-0001.example"}
    told = everything_in(tmp_path / "out")
    assert told.count(pairs["vm"]["Payroll (old) %2f v2"]) > 1
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_names_that_are_words_are_replaced_where_names_stand(customer, tmp_path):
    redact(customer, tmp_path / "out", tmp_path / "map.json")
    (ref,) = RecordedSource(tmp_path / "out").machines()
    names = {vm.name for vm in RecordedSource(tmp_path / "out").vms()}
    assert all(one.startswith("guest-") for one in names), names
    host = host_of(RecordedSource(tmp_path / "out").collect(ref))
    assert {vm.firmware.value for vm in host.vms.value} == {"efi"}


def test_a_second_redaction_agrees_with_the_first(customer, tmp_path):
    kept = tmp_path / "map.json"
    redact(customer, tmp_path / "out", kept)
    first = everything_in(tmp_path / "out").replace(str(tmp_path / "out"), "")
    redact(customer, tmp_path / "again", kept)
    assert everything_in(tmp_path / "again").replace(str(tmp_path / "again"), "") == first


@pytest.mark.parametrize("name", sorted(one.name for one in FIXTURES.iterdir()))
def test_every_machine_says_the_same(name, tmp_path):
    redact(FIXTURES / name, tmp_path / "out", tmp_path / "map.json")
    assert judged(tmp_path / "out") == judged(FIXTURES / name)
    assert "lab.test" not in everything_in(tmp_path / "out")


def test_a_run_file_says_the_same_and_holds_no_name(customer, tmp_path):
    for words in (["audit"], ["preflight", "vm-7"]):
        run = tmp_path / f"{words[0]}.json"
        CliRunner().invoke(main, [*words, "--from", str(customer), "-q", "-o", str(run)])
        out = tmp_path / words[0]
        redact(run, out, tmp_path / "map.json")
        left = everything_in(out).replace(str(tmp_path).casefold(), "")
        assert [hidden for hidden in HIDDEN if hidden.casefold() in left] == []
        before, after = runfile.read(run), runfile.read(out / "run.json")
        proof.same_results(before, after)
        assert after.hosts[0].host.name == "esx-0001.example"
        assert after.target == "vcenter-01.example"
    assert after.preflight.vm.startswith("guest-")
    versions = {host.host.api_version.value for host in after.hosts}
    assert versions == {"8.0.3.0"}


def test_what_is_not_private_stays():
    mask = Mask()
    mask.learn("vm", "infer")
    mask.seal()
    for kept in (
        "Nvidia:2@grid_a100d-80c%NVLink", "Driver Version: 550.54.16.01", "0000:4a:00.0",
        "vm-infer2", "inferno", "<apiVersion>8.0.3.0</apiVersion>",
        "12:30:59", "2026-11-29T10:00:00Z", "<version>1.2.3.4</version>",
    ):  # fmt: skip
        assert masked(kept, mask) == kept
    assert masked("on infer, INFER and my_infer.", mask).count("guest-00001") == 3


def test_one_uuid_and_one_mac_have_one_stand_in_however_they_are_written(tmp_path):
    mask = Mask()
    mask.seal()
    uuid, plain = "4c4c4544-0059-3410-804b-6573782d3031", "4c4c454400593410804b6573782d3031"
    spaced = "4c 4c 45 44 00 59 34 10-80 4b 65 73 78 2d 30 31"
    stand_in = "00000000-0000-4000-8000-000000000001"
    assert masked(f"{plain.upper()} {uuid} {plain}.", mask) == (
        f"{stand_in.replace('-', '')} {stand_in} {stand_in.replace('-', '')}."
    )
    assert masked(spaced, mask) == "00 00 00 00 00 00 40 00-80 00 00 00 00 00 00 01"
    macs = "02-00-00-00-0A-01 0200.0000.0a01 02:00:00:00:0a:01"
    assert masked(macs, mask) == "0e-5e-00-00-00-01 0e5e.0000.0001 0e:5e:00:00:00:01"
    assert {kind: len(pairs) for kind, pairs in mask.map.items()} == {"uuid": 1, "mac": 1}
    for left in (plain, plain.upper(), "02-00-00-00-0A-01", "0200.0000.0A01"):
        (tmp_path / "one.txt").write_text(f"x {left}", encoding="utf-8")
        with pytest.raises(UsageError, match="would still hold a"):
            proof.nothing_left(tmp_path, mask)


def test_a_mac_without_its_marks_and_a_uuid_in_another_order_are_the_same(tmp_path):
    """Twelve digits are an address where the same stand elsewhere with marks; other twelve stay."""
    mask = Mask()
    mask.learn_macs("vmnic0 3C:EC:EF:CA:4A:41 up")
    mask.seal()
    uuid, swapped = "4c4c4544-0059-3410-804b-6573782d3031", "44454C4C-5900-1034-804B-6573782D3031"
    told = masked(f"3cecefca4a41 3CECEFCA4A41 132032201484 3cecefca4a42 {uuid} {swapped}", mask)
    assert told == (
        "0e5e00000001 0e5e00000001 132032201484 3cecefca4a42 00000000-0000-4000-8000-000000000001 "
        "00000000-0000-0040-8000-000000000001"
    )
    assert {kind: len(pairs) for kind, pairs in mask.map.items()} == {"uuid": 1, "mac": 1}
    for left in ("3CECEFCA4A41", swapped, swapped.replace("-", "").lower()):
        (tmp_path / "one.txt").write_text(f"x {left}", encoding="utf-8")
        with pytest.raises(UsageError, match="would still hold a"):
            proof.nothing_left(tmp_path, mask)


def test_a_mac_without_its_marks_is_looked_for_in_all_answers(tmp_path):
    one = recording.load(HEALTHY)
    captures = dict(one.captures)
    key = next(each for each in captures if each[1] == "nvidia-smi -q -x")
    text = captures[key].text.replace("</nvidia_smi_log>", "<x>020000000001</x></nvidia_smi_log>")
    assert text != captures[key].text
    captures[key] = structs.replace(captures[key], text=text)
    recording.save(structs.replace(one, captures=captures), tmp_path / "rec")
    redact(tmp_path / "rec", tmp_path / "out", tmp_path / "map.json")
    assert "020000000001" not in everything_in(tmp_path / "out")


def test_what_a_bmc_calls_a_system_after_its_serial_number_is_private(tmp_path):
    given, kept = FIXTURES / "2n-1xA30-bmc-cisco-none-shown-esxi800", tmp_path / "map.json"
    redact(given, tmp_path / "out", kept)
    stand_in = json.loads(kept.read_text(encoding="utf-8"))["serial"]["WZP00000AAA"]
    left = everything_in(tmp_path / "out")
    assert "wzp00000aaa" not in left
    assert f"redfish_v1_systems_{stand_in}_bios.json".casefold() in left
    assert "/redfish/v1/managers/cimc" in left
    assert judged(tmp_path / "out") == judged(given)
    run = tmp_path / "run.json"
    CliRunner().invoke(main, ["audit", "--from", str(given), "-q", "-o", str(run)])
    redact(run, tmp_path / "told", tmp_path / "other.json")
    assert "wzp00000aaa" not in everything_in(tmp_path / "told")


@pytest.mark.parametrize(
    ("member", "private"),
    [
        ("Self", False), ("1", False), ("System.Embedded.1", False), ("iDRAC.Embedded.1", False),
        ("BMC", False), ("HGX_Chassis_0", False), ("Enclosure.Internal.0-1", False),
        ("437XR1138R2", True), ("30313233", True), ("acme-erp", True),
    ],
)  # fmt: skip
def test_a_member_of_a_redfish_collection(member, private):
    mask = Mask()
    mask.seal()
    path = f"/redfish/v1/Systems/{member}/Bios"
    assert (masked(path, mask) == "/redfish/v1/Systems/SERIAL0001/Bios") is private
    assert (masked(path, mask) == path) is not private


def test_answers_of_a_bmc_are_json():
    mask = Mask()
    mask.seal()
    told = json.loads(
        masked('{"SerialNumber": "CZ123", "HostName": "", "Model": "R750", "n": [1, true]}', mask)
    )
    assert told == {"SerialNumber": "SERIAL0001", "HostName": "", "Model": "R750", "n": [1, True]}
    assert masked('{"cut', mask) == '{"cut'


# --- what would be wrong is not given away --------------------------------------------------------


def test_a_verdict_that_changes_leaves_nothing(customer, tmp_path, monkeypatch):
    monkeypatch.setattr(Mask, "serial", lambda _, __: "")
    monkeypatch.setattr(Mask, "text", lambda _, text, **__: text.replace("sharedDirect", "basic"))
    with pytest.raises(UsageError, match=r"GFX-001.* would say something else of"):
        redact(customer, tmp_path / "out", tmp_path / "map.json")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "map.json").exists()


def test_a_word_that_is_left_leaves_nothing(customer, tmp_path, monkeypatch):
    monkeypatch.setattr("hostcheck.redact.masked", lambda text, _: text)
    with pytest.raises(UsageError, match="would still hold a"):
        redact(customer, tmp_path / "out", tmp_path / "map.json")
    assert not (tmp_path / "out").exists()


def run(*words):
    return CliRunner().invoke(main, ["redact", *map(str, words)])


def test_the_command_says_where_what_is(customer, tmp_path):
    done = run(customer, "-o", tmp_path / "out")
    assert done.exit_code == 0
    assert f"{tmp_path / 'out'}: 1 host; replaced: " in done.output
    assert (tmp_path / "out.map.json").is_file()
    assert "acme" not in done.output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--map", "out/map.json"), "keep it out of"),
        (("--map", "rec/one/manifest.json"), "not a map of a redaction"),
    ],
)
def test_mistakes(customer, tmp_path, monkeypatch, words, problem):
    monkeypatch.chdir(tmp_path)
    done = run(customer, "-o", "out", *words)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert problem in done.output
    done = run(customer, "-o", customer)
    assert (done.exit_code, "is not empty" in done.output) == (2, True)


def test_an_output_that_is_a_file_or_lies_in_the_input_touches_nothing(customer, tmp_path):
    saved = tmp_path / "run.json"
    CliRunner().invoke(main, ["audit", "--from", str(customer), "-q", "-o", str(saved)])
    (tmp_path / "file.txt").write_text("mine", encoding="utf-8")
    before = everything_in(tmp_path)
    for given, out in (
        (saved, tmp_path / "file.txt"), (saved, "/dev/null"), (saved, saved),
        (saved, saved / "out"), (saved, tmp_path / "new.json"),
        (customer, customer / "one" / "out"), (customer, customer / "new"),
    ):  # fmt: skip
        done = run(given, "-o", out, "--map", tmp_path / "new.map.json")
        assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert everything_in(tmp_path) == before


def test_what_is_redacted_already_is_sent_as_it_is(customer, tmp_path):
    saved = tmp_path / "run.json"
    CliRunner().invoke(main, ["audit", "--from", str(customer), "-q", "-o", str(saved)])
    for given, made, again in ((customer, "out", ""), (saved, "told", "run.json")):
        assert run(given, "-o", tmp_path / made).exit_code == 0
        done = run(tmp_path / made / again, "-o", tmp_path / "twice")
        assert (done.exit_code, done.output.count("\n")) == (2, 1)
        assert f"is redacted already ({tmp_path / made / 'about.txt'} says so)" in done.output
        assert not (tmp_path / "twice").exists()


def test_a_file_that_is_called_as_a_vm_was_and_guestinfo_are_not_kept(tmp_path):
    one = recording.load(HEALTHY)
    captures = dict(one.captures)
    (key,) = (each for each in captures if each[1:] == ("VirtualMachine", "vm-10001"))
    put = "<key>guestinfo.{}</key><value>hunter &lt;2&gt;<!-- hunter --></value></OptionValue>"
    text = captures[key].text.replace("train-01-a/train-01-a-0.vmdk", "guest/acme-erp-0.vmdk")
    text = text.replace("</OptionValue>", f"</OptionValue><OptionValue>{put.format('x')}", 1)
    captures[key] = structs.replace(captures[key], text=text)
    recording.save(structs.replace(one, captures=captures), tmp_path / "rec")
    assert {"acme-erp", "hunter"} <= {
        word for word in ("acme-erp", "hunter") if word in everything_in(tmp_path / "rec")
    }
    redact(tmp_path / "rec", tmp_path / "out", tmp_path / "map.json")
    left = everything_in(tmp_path / "out")
    assert [word for word in ("acme", "hunter", "] guest/") if word in left] == []
    assert "<key>guestinfo.x</key><value></value>" in left
    assert "<key>svga.present</key>" in left
    assert judged(tmp_path / "out") == judged(tmp_path / "rec")
    mask = Mask()
    mask.seal()
    told = masked('{"a": {"key": "guestinfo.x", "value": "y"}, "guestinfo.z": "y", "b": "c"}', mask)
    assert json.loads(told) == {
        "a": {"key": "guestinfo.x", "value": ""}, "guestinfo.z": "", "b": "c",
    }  # fmt: skip


def test_what_is_counted_is_of_this_run_and_not_of_the_map(customer, tmp_path):
    alone = redact(HEALTHY, tmp_path / "alone", tmp_path / "alone.json").replaced
    redact(customer, tmp_path / "other", tmp_path / "map.json")
    assert redact(HEALTHY, tmp_path / "out", tmp_path / "map.json").replaced == alone
    assert alone["host"] == 1


def test_answers_that_were_asked_live(vcenter, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVC_PASSWORD", vcenter.password)
    given = ["--vcenter", f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user]
    given += ["--tls-ca", str(vcenter.ca_file), "--host", "esx-0[189]*", "--esxcli", "-q"]
    done = CliRunner().invoke(main, ["record", *given, "--save", str(tmp_path / "rec")])
    assert done.exit_code == 0, done.output
    redact(tmp_path / "rec", tmp_path / "out", tmp_path / "map.json")
    assert judged(tmp_path / "out") == judged(tmp_path / "rec")
    left = everything_in(tmp_path / "out")
    assert [one for one in ("lab.test", "train-01", "gpu-cluster", "ab12cd3") if one in left] == []
