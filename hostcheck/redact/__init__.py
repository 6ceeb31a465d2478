"""Recordings and run files that can be shown to strangers: nothing private in them, same verdicts.

Names, addresses, serial numbers, UUIDs and users are replaced by stand-ins (`mask`), which are
learnt where they stand (`names`) and replaced wherever they are met (`answers`). What was written
is judged again and searched again (`proof`) before anybody gets it.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hostcheck import __version__, files, runfile
from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Known
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.model.run import HostReport, Run
from hostcheck.model.unreadable import UNREADABLE
from hostcheck.recording import Shelf
from hostcheck.redact import names, proof
from hostcheck.redact.answers import masked, values
from hostcheck.redact.mask import Mask
from hostcheck.sources.recorded import RecordedSource
from hostcheck.words import count

ABOUT = "about.txt"
DONE = "Redacted by hostcheck"
RUN = "run.json"
OF_A_RUN = ("checks", "schema", "tool_version", "catalogue_edition", "hosts")
"""What of a run is the same for everybody, or is replaced host by host."""
WHO_ASKED = ("asked_with", "logins")
"""What of a host tells of those who asked it: left out."""


class Redacted(NamedTuple):
    """What was done: how many hosts, how many of each kind were replaced, who was left out."""

    hosts: int
    replaced: dict[str, int]
    left: tuple[str, ...]


def redact(given: Path, out: Path, map_file: Path) -> Redacted:
    """Write what is given, recordings or a run file, into a new folder without what is private.

    The stand-ins are kept in the map, which stays with the user; one that is there already is used
    again. Raises UsageError for what cannot be read or written, and where the result would say
    something else or still hold something private: then nothing is left in the folder.
    """
    _place(given, out)
    if map_file.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"{map_file}: the map tells what was replaced; keep it out of {out}")
    mask = Mask(_known(map_file))
    is_run = given.is_file() and given.suffix == ".json"
    done = _run(given, out, mask) if is_run else _recordings(given, out, mask)
    _write_map(map_file, mask)
    return done


def _place(given: Path, out: Path) -> None:
    """Raise UsageError where nothing new can be written, or it would lie in what is given."""
    if out.suffix == ".json":
        raise UsageError(f"{out}: what is redacted is a folder; give a name without .json")
    about = (given if given.is_dir() else given.parent) / ABOUT
    if about.is_file() and about.read_bytes().startswith(DONE.encode()):
        raise UsageError(f"{given} is redacted already ({about} says so): send it as it is")
    if os.path.lexists(out) and not out.is_dir():
        raise UsageError(f"{out} is no folder; give a new one")
    try:
        if out.exists() and any(out.iterdir()):
            raise UsageError(f"{out} is not empty; give another folder")
        if out.resolve().is_relative_to(given.resolve()):
            raise UsageError(f"{out} lies in {given}, which is given; give a folder elsewhere")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}; give another folder") from None


def _recordings(given: Path, out: Path, mask: Mask) -> Redacted:
    source = RecordedSource(given)
    refs = source.machines()
    held = [source.read(ref) for ref in refs if ref.id or ref.vcenter]
    left = tuple(ref.name for ref in refs if not (ref.id or ref.vcenter))
    for one in held:
        names.learn_recording(mask, one)
    mask.seal()
    shelf = Shelf(out)
    for one in held:
        shelf.add(recording_of(one, mask))
    shelf.close()
    _about(out, mask)
    with proof.or_nothing(out):
        proof.same_verdicts(source, RecordedSource(out), mask)
        proof.nothing_left(out, mask)
    return Redacted(len(held), _counts(mask), left)


def recording_of(one: Recording, mask: Mask) -> Recording:
    """Return a machine's answers with everything private replaced."""
    ref = one.ref
    made = HostRef(
        mask.name(ref.name), mask.name(ref.vcenter), ref.id, ref.cluster_kind, ref.cluster_id,
        ref.vm_ids, ref.pool_ids,
    )  # fmt: skip
    captures = [_capture(capture, mask) for capture in one.captures.values()]
    return Recording(made, {capture.request.key: capture for capture in captures})


def _capture(one: Capture, mask: Mask) -> Capture:
    asked = one.request
    request = Request(asked.wire, asked.text, "", subject=mask.text(asked.about))
    failure = one.failure
    if failure is not None:
        failure = msgspec.structs.replace(
            failure, detail=mask.text(failure.detail), asked=mask.text(failure.asked)
        )
    return msgspec.structs.replace(
        one, request=request, text=masked(one.text, mask), stderr=masked(one.stderr, mask),
        failure=failure,
    )  # fmt: skip


def _run(given: Path, out: Path, mask: Mask) -> Redacted:
    # What a history said names a database, and like an earlier run only tells what this does not.
    run = msgspec.structs.replace(runfile.read(given), history=None, last_known=())
    for report in run.hosts:
        names.learn_host(mask, report.host)
        names.learn_words(mask, msgspec.json.encode(report).decode())
    for told in _targets(run):
        mask.learn_host("vcenter", told)
    for name in (*run.unasked, *(run.preflight.in_maintenance if run.preflight else ())):
        mask.learn_host("host", name.partition(" (")[0])
    if run.preflight is not None and run.preflight.vm_id:
        mask.learn("vm", run.preflight.vm)
    mask.seal()
    made = run_of(run, mask)
    with proof.or_nothing(out):
        runfile.write(made, out / RUN)
        _about(out, mask)
        proof.same_results(run, runfile.read(out / RUN))
        proof.nothing_left(out, mask)
    return Redacted(len(run.hosts), _counts(mask), ())


def run_of(run: Run, mask: Mask) -> Run:
    """Return a run with everything private replaced."""
    told = {
        name: getattr(run, name) for name in run.__struct_fields__ if name not in OF_A_RUN
    }  # fmt: skip
    plain = values(msgspec.to_builtins(told), mask)
    if run.preflight is not None:
        plain["preflight"]["vm"] = mask.name(run.preflight.vm)
    target = ", ".join(mask.name(one) for one in _targets(run))
    fields = {
        name: msgspec.convert(plain[name], one.type)
        for name, one in {one.name: one for one in msgspec.structs.fields(Run)}.items()
        if name in plain
    }
    hosts = runfile.packed(_reports(run.hosts, mask))
    return msgspec.structs.replace(run, **{**fields, "target": target, "hosts": hosts})


def _reports(reports: Iterable[HostReport], mask: Mask) -> Iterable[HostReport]:
    for report in reports:
        plain: Any = values(msgspec.to_builtins(report), mask)
        vms = report.host.vms
        names_by_id = {vm.id: vm.name for vm in vms.value} if isinstance(vms, Known) else {}
        for key in ("name", "target"):
            plain["host"][key] = mask.name(getattr(report.host, key))
        for key in WHO_ASKED:
            plain["host"][key] = ()
        for told in plain["host"]["vms"].get("value", ()):
            told["name"] = mask.name(names_by_id[told["id"]])
        yield msgspec.convert(plain, HostReport)


def _targets(run: Run) -> list[str]:
    return [one for one in run.target.split(", ") if one]


def _counts(mask: Mask) -> dict[str, int]:
    return {kind: len(pairs) for kind, pairs in sorted(mask.replaced.items())}


def _about(out: Path, mask: Mask) -> None:
    counted = "".join(f"  {kind}: {number}\n" for kind, number in _counts(mask).items())
    told = (
        f"{DONE} {__version__}. What stands here for something else:\n{counted}"
        "Managed object ids, PCI addresses, versions, times, models and sizes are as they were.\n"
    )
    files.write(out / ABOUT, [told.encode()])


def _known(map_file: Path) -> dict[str, dict[str, str]]:
    if not map_file.exists():
        return {}
    try:
        return msgspec.json.decode(map_file.read_bytes(), type=dict[str, dict[str, str]])
    except (OSError, *UNREADABLE) as error:
        raise UsageError(f"{map_file}: not a map of a redaction ({error})") from None


def _write_map(map_file: Path, mask: Mask) -> None:
    """Write the map for its owner alone. Raises UsageError where that cannot be done."""
    text = json.dumps(mask.map, ensure_ascii=False, indent=1, sort_keys=True)
    try:
        map_file.parent.mkdir(parents=True, exist_ok=True)
        place = os.open(map_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(place, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise UsageError(f"{map_file}: {error.strerror}; give another file with --map") from None


def in_words(done: Redacted) -> str:
    """Say what was replaced, in one line."""
    kinds = ", ".join(count(number, kind) for kind, number in done.replaced.items())
    left = f" Left out, for it cannot be read: {', '.join(done.left)}." if done.left else ""
    return f"{count(done.hosts, 'host')}; replaced: {kinds or 'nothing'}.{left}"
