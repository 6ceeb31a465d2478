#!/usr/bin/env bash
# PyYAML 6.0.4 and ruamel.yaml 0.19.1: some PCI addresses, and some device ids, are numbers, and each reader has its own.
#
# Seen with PyYAML 6.0.4 (so in an inventory of ansible-core 2.19.14, too) and ruamel.yaml 0.19.1 on Python 3.11. In YAML 1.1 digits
# with colons are base 60. A PCI address without a letter, each part behind the first below 60, is such a number: 0000:41:00.0 is read as
# 2460.0, and so is 41:00.0. 0000:3b:00.0 has a letter, 0000:81:00.0 a part above 59: they stay what they are. So of the GPUs of one host some
# are strings and some floats. YAML 1.2 has no base 60, but takes 1e30 for a float, the device id of a Quadro RTX 8000; 1.1 wants a full stop
# in one. An id of digits, 2235, is a decimal number for both, and with a zero before it octal for the first. Only quotes are read alike.
#
#     0000:41:00.0   PyYAML 2460.0            ruamel.yaml '0000:41:00.0'
#     0000:81:00.0   PyYAML '0000:81:00.0'    ruamel.yaml '0000:81:00.0'
#     1e30           PyYAML '1e30'            ruamel.yaml 1e+30
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install PyYAML==6.0.4 ruamel.yaml==0.19.1 ansible-core==2.19.14
cat >inventory.yml <<'YAML'
all:
  hosts:
    esx-01:
      passthrough: [0000:17:00.0, 0000:3b:00.0, 0000:41:00.0, 0000:81:00.0]
YAML
cat >look.py <<'PYTHON'
import json, sys

import yaml
from ruamel.yaml import YAML

EXPECTED = {
    "0000:17:00.0": (1020.0, "0000:17:00.0"),
    "0000:3b:00.0": ("0000:3b:00.0", "0000:3b:00.0"),
    "0000:41:00.0": (2460.0, "0000:41:00.0"),
    "0000:81:00.0": ("0000:81:00.0", "0000:81:00.0"),
    "41:00.0": (2460.0, "41:00.0"),
    "81:00.0": (4860.0, "81:00.0"),
    "1e30": ("1e30", 1e30),
    "1eb8": ("1eb8", "1eb8"),
    "2235": (2235, 2235),
    "0123": (83, 123),
}
seen = {name: (yaml.safe_load(name), YAML(typ="safe").load(name)) for name in EXPECTED}
for name, (old, new) in seen.items():
    print(f"{name:<14} PyYAML {old!r:<17} ruamel.yaml {new!r}")
told = json.load(sys.stdin)["passthrough"]
print("ansible-inventory", told)
if seen != EXPECTED or told != [1020.0, "0000:3b:00.0", 2460.0, "0000:81:00.0"]:
    sys.exit("changed")
PYTHON
ANSIBLE_HOME=$place venv/bin/ansible-inventory -i inventory.yml --host esx-01 | venv/bin/python look.py
