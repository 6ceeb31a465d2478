"""Exceptions as a checklist of STIG Viewer 3 (CKLB): one asset a VM, in one file each.

hostcheck approves nothing: a rule stays `open`, with what was found and who answers for it, for the
reviewer to close. Source: what STIG Manager's parser (1.6.7) takes of a CKLB.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from hostcheck.errors import UsageError
from hostcheck.model.run import Run
from hostcheck.model.truce import Control, ExceptedVm, Truce
from hostcheck.reports import PAPER, Screen, words

_VM_ID = re.compile(r"-(vm-\d+)\.cklb$")
"""The end of a file's name: the id of its VM."""


def pieces(made: Truce, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the checklist of the only VM. Raises UsageError where there are several, or none."""
    listed = list(_listed(made))
    if len(listed) != 1:
        raise UsageError(
            f"a checklist is of one VM and {len(listed)} need one: give -o FOLDER, or --vm NAME"
        )
    yield _document(*listed[0], made)


def write(made: Truce, folder: Path) -> None:
    """Write a checklist for each VM into a folder. Raises UsageError where that cannot be done."""
    from hostcheck import files  # noqa: PLC0415  not needed to name the formats

    for vm, control in _listed(made):
        files.write(folder / _name(vm), [_document(vm, control, made).encode()])


def stale(made: Truce, run: Run, folder: Path) -> list[Path]:
    """Return the checklists of an earlier run in a folder, of VMs that are not among these.

    What did not come from a run of the same vCenters stays out of it.
    """
    fresh = {_name(vm) for vm, _ in _listed(made)}
    targets = {run.target, *(one.name for one in run.targets), *(one.target for one in made.vms)}
    found = []
    for file in sorted(folder.glob("*.cklb")):
        vm_id = _VM_ID.search(file.name)
        if file.name in fresh or vm_id is None:
            continue
        if _id_in(file) in {_mark(target, vm_id[1], "checklist") for target in targets}:
            found.append(file)
    return found


def _id_in(file: Path) -> str:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(told.get("id", "")) if isinstance(told, dict) else ""


def _name(vm: ExceptedVm) -> str:
    from hostcheck import files  # noqa: PLC0415  as above

    return f"{files.directory_name(vm.vm)}-{files.directory_name(vm.vm_id)}.cklb"


def _mark(target: str, vm_id: str, what: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"hostcheck:{target}:{vm_id}:{what}"))


def refuse_unwritable(folder: Path) -> None:
    """Raise UsageError where `write` could not write there."""
    from hostcheck import files  # noqa: PLC0415  as above

    files.refuse_unwritable_folder(folder)


def _listed(made: Truce) -> Iterator[tuple[ExceptedVm, Control]]:
    controls = {one.id: one for one in made.controls}
    for vm in made.vms:
        if vm.control and controls[vm.control].stig_id:
            yield vm, controls[vm.control]


def _document(vm: ExceptedVm, control: Control, made: Truce) -> str:
    def mark(what: str) -> str:
        return _mark(vm.target, vm.vm_id, what)

    name = words.one_line(vm.vm)
    found = f"{', '.join(vm.devices)} on {vm.host} ({vm.target})"
    who = f"answered for by {made.owner} until {made.expires}" if made.owner else "nobody yet"
    comments = f"The VM needs the GPU that this control finds. {who}. {made.ticket}".strip()
    checklist = {
        "title": name, "id": mark("checklist"), "cklb_version": "1.0", "active": False, "mode": 1,
        "has_path": False,
        "target_data": {
            "target_type": "Computing", "host_name": name, "ip_address": "", "mac_address": "",
            "fqdn": "", "comments": "", "role": "None", "is_web_database": False,
            "technology_area": "", "web_db_site": "", "web_db_instance": "",
        },
        "stigs": [{
            "stig_name": control.stig_id, "display_name": control.stig_id,
            "stig_id": control.stig_id, "release_info": "", "uuid": mark("stig"), "size": 1,
            "rules": [{
                "uuid": mark("rule"), "stig_uuid": mark("stig"), "group_id": control.group,
                "rule_id": control.rule.removesuffix("_rule"), "rule_id_src": control.rule,
                "group_id_src": control.group, "rule_version": control.id,
                "rule_title": control.title, "severity": control.severity, "status": "open",
                "finding_details": words.one_line(found), "comments": words.one_line(comments),
                "overrides": {},
            }],
        }],
    }  # fmt: skip
    return json.dumps(checklist, indent=1, ensure_ascii=False) + "\n"
