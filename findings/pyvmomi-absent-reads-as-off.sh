#!/usr/bin/env bash
# pyVmomi 9.1.1.0: what an answer does not hold reads as False, 0 or '', but a long or an enum as None.
#
# Seen with pyvmomi 9.1.1.0 on Python 3.11, no server needed. An object of which the server told only the id
# is read without an error. Fields that the API calls required and that are numbers, booleans or strings get a
# value: `sriovEnabled` is False and `numVirtualFunction` 0, exactly as on a host where SR-IOV is off; the UUID of a
# system is ''. Required enumerations, `powerState` among them, are None in the same object. An element with xsi:nil is not
# None either but such an object. Whoever reads through pyVmomi cannot tell "not told" from "off".
#
#     HostSriovInfo with an id alone: sriovEnabled False, numVirtualFunction 0, hardwareLabel None
#     VirtualMachineRuntimeInfo without any field: numMksConnections 0, powerState None
#     xsi:nil HostGraphicsInfo: memorySizeInKB 0, graphicsType ''
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" --quiet --disable-pip-version-check install pyvmomi==9.1.1.0
"$place/venv/bin/python" - <<'PYTHON'
import sys
from pyVmomi import SoapAdapter, vim

SPACES = 'xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def read(type_, kind, inside="", nil=""):
    text = f'<val {SPACES} xsi:type="{type_}"{nil}>{inside}</val>'
    return SoapAdapter.Deserialize(text.encode(), kind)


function = read("HostSriovInfo", vim.host.SriovInfo, "<id>0000:18:00.0</id>")
machine = read("VirtualMachineRuntimeInfo", vim.vm.RuntimeInfo)
graphics = read("HostGraphicsInfo", vim.host.GraphicsInfo, nil=' xsi:nil="true"')
seen = {
    "sriovEnabled": function.sriovEnabled,
    "sriovCapable": function.sriovCapable,
    "passthruEnabled": function.passthruEnabled,
    "numVirtualFunction": function.numVirtualFunction,
    "hardwareLabel": function.hardwareLabel,
    "numMksConnections": machine.numMksConnections,
    "powerState": machine.powerState,
    "uuid": vim.host.SystemInfo().uuid,
    "memorySizeInKB": graphics.memorySizeInKB,
    "graphicsType": graphics.graphicsType,
}
for name, value in seen.items():
    print(f"{name:<20} {value!r}")
expected = [False, False, False, 0, None, 0, None, "", 0, ""]
if [repr(value) for value in seen.values()] != [repr(value) for value in expected]:
    sys.exit(f"changed: {list(seen.values())}, was {expected}")
PYTHON
