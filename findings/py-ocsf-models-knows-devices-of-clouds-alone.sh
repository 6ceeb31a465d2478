#!/usr/bin/env bash
# py-ocsf-models 0.10.0: a server outside of a cloud is no device; of what is taken, words that the models lack are gone.
#
# Seen with py-ocsf-models 0.10.0, and ocsf-json-schema 1.2.0, which carries the published schema, on Python 3.11. A Compliance Finding about
# a server that is known by its name follows the schema of OCSF 1.8.0, whose device needs a type and one thing to know it by. The models call
# hostname, ip, region and uid of a device required, and of a resource's owner an account, a type and a uid: who audits hypervisors has no
# region and no account to tell. Without both the event is taken; written again it has no `compliance.status` and no `role_id` of a resource,
# and nothing said so.
#
#     published schema: valid
#     models, device {type_id, name}:  hostname, ip, region, uid: Field required
#     models, owner {name}:            account, type_id, uid: Field required
#     models, neither:                 taken; lost: compliance.status, resources.role_id
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" --quiet --disable-pip-version-check install \
	py-ocsf-models==0.10.0 ocsf-json-schema==1.2.0 jsonschema==4.26.0
"$place/venv/bin/python" - <<'PYTHON'
import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from pydantic import ValidationError

SCHEMA = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0")).get_class_schema("compliance_finding")
PLAIN = {
    "class_uid": 2003, "category_uid": 2, "activity_id": 1, "type_uid": 200301, "severity_id": 4,
    "time": 1795979065000, "status_id": 1,
    "metadata": {"version": "1.8.0", "product": {"name": "auditor", "vendor_name": "example"}},
    "finding_info": {"uid": "1", "title": "The link of the GPU is at its full width"},
    "compliance": {"standards": ["example"], "control": "GPU-1", "status_id": 2, "status": "Warning"},
    "resources": [{"name": "GPU 0000:3b:00.0", "uid": "0000:3b:00.0", "type": "gpu", "role_id": 1}],
}
DEVICE = {"device": {"type_id": 1, "type": "Server", "name": "esx-01.example.com"}}
OWNER = {"resources": [{**PLAIN["resources"][0], "owner": {"name": "esx-01.example.com"}}]}


def lost(before, after, path=""):
    if isinstance(before, dict):
        for key, value in before.items():
            yield from lost(value, after[key], f"{path}{key}.") if key in after else [path + key]
    elif isinstance(before, list):
        for one, other in zip(before, after, strict=True):
            yield from lost(one, other, path)


def models(event):
    """Returns what the models miss, or else what they lose."""
    try:
        read = ComplianceFinding.model_validate(event)
    except ValidationError as error:
        return "refused", sorted(str(one["loc"][-1]) for one in error.errors() if one["type"] == "missing")
    return "taken", sorted(lost(event, json.loads(read.model_dump_json(exclude_none=True))))


seen = {}
for name, more in (("device", DEVICE), ("owner", OWNER), ("neither", {})):
    event = PLAIN | more
    against = [one.message for one in Draft202012Validator(SCHEMA).iter_errors(event)]
    seen[name] = (against, *models(event))
    print(name, "-", "schema:", against or "valid", "- models:", *seen[name][1:])
if seen != {
    "device": ([], "refused", ["hostname", "ip", "region", "uid"]),
    "owner": ([], "refused", ["account", "type_id", "uid"]),
    "neither": ([], "taken", ["compliance.status", "resources.role_id"]),
}:
    sys.exit("changed")
PYTHON
