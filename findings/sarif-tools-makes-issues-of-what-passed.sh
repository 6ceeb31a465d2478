#!/usr/bin/env bash
# sarif-tools 3.0.5: `sarif codeclimate` makes an issue of every result that passed, and the same of one that is not known.
#
# Seen with sarif-tools 3.0.5 on Python 3.11. An audit, other than a linter, writes its passes into SARIF too: a result has a `kind`, pass, open
# (not known yet), notApplicable or fail, and SARIF 2.1.0 wants level none beside all but fail. `sarif codeclimate`, which makes GitLab's Code
# Quality report, reads the level alone: pass, open and notApplicable become issues of severity info, told apart by nothing. An accepted
# result (suppressions) is an issue like any other, and fails `--check error`. A healthy host is so a list of issues in the merge request, in which
# what nobody could find out looks like what is well.
#
#     fail error -> major   accepted error -> major   pass -> info   open -> info   notApplicable -> info
#     sarif --check error summary, all accepted: exit 1
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install sarif-tools==3.0.5
cat >look.py <<'PYTHON'
import json, subprocess, sys

ACCEPTED = {"suppressions": [{"kind": "external", "status": "accepted"}]}
RESULTS = {
    "fail": {"level": "error"}, "accepted": {"level": "error", **ACCEPTED},
    "pass": {"kind": "pass", "level": "none"}, "open": {"kind": "open", "level": "none"},
    "notApplicable": {"kind": "notApplicable", "level": "none"},
}


def write(names):
    where = {"physicalLocation": {"artifactLocation": {"uri": "hosts/esx-01"}, "region": {"startLine": 1}}}
    results = [
        {"ruleId": name, "message": {"text": name}, "locations": [where], **RESULTS[name]} for name in names
    ]
    tool = {"driver": {"name": "auditor", "rules": [{"id": name} for name in names]}}
    with open("run.sarif", "w") as file:
        json.dump({"version": "2.1.0", "runs": [{"tool": tool, "results": results}]}, file)


def sarif(*words):
    return subprocess.run(["venv/bin/sarif", *words], capture_output=True, text=True).returncode


write(RESULTS)
assert sarif("codeclimate", "-o", "issues.json", "run.sarif") == 0
with open("issues.json") as file:
    issues = {one["check_name"]: one["severity"] for one in json.load(file)}
write(["accepted"])
accepted = sarif("--check", "error", "summary", "run.sarif")
write(["pass"])
passed = sarif("--check", "error", "summary", "run.sarif")
print(issues)
print(f"--check error: accepted {accepted}, passed {passed}")
expected = {"fail": "major", "accepted": "major", "pass": "info", "open": "info", "notApplicable": "info"}
if (issues, accepted, passed) != (expected, 1, 0):
    sys.exit("changed")
PYTHON
venv/bin/python look.py
