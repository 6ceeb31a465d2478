#!/usr/bin/env bash
# napalm-vmware 0.3.0: get_interfaces tells an MTU of 1500 for every uplink of a distributed switch, whatever it is.
#
# Seen with napalm-vmware 0.3.0 on pyVmomi's own data objects. The MTU of a vmnic is that of the standard switch (config.network.vswitch)
# that it is an uplink of; config.network.proxySwitch, by which a host tells of its distributed switches, is not among the
# properties that the driver asks for. An uplink that no standard switch has is 1500, and so is one where vSphere refused to tell the
# switches. GPU hosts have jumbo frames for vMotion and storage on distributed switches as a rule: there each of them reads as
# misconfigured, and a host with 1500 among hosts with 9000 reads like all others. Only 9000 can be believed.
#
#     vmnic0, of vSwitch0 with 9000: 9000
#     vmnic1, of a distributed switch with 9000: 1500
#     vmnic2, of no switch: 1500
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install napalm-vmware==0.3.0
cat >look.py <<'PYTHON'
import sys

from napalm_vmware import paths
from napalm_vmware._plain import to_plain
from napalm_vmware.parse.interfaces import host_interfaces
from pyVmomi import vim


def key(name):
    return f"key-vim.host.PhysicalNic-{name}"


def nic(name):
    return vim.host.PhysicalNic(
        key=key(name), device=name, pci="0000:17:00.0", driver="nmlx5_core",
        mac="00:00:5e:00:53:01", spec=vim.host.PhysicalNic.Specification(),
        linkSpeed=vim.host.PhysicalNic.LinkSpeedDuplex(speedMb=25000, duplex=True),
    )


network = vim.host.NetworkInfo(
    pnic=[nic(name) for name in ("vmnic0", "vmnic1", "vmnic2")],
    vswitch=[vim.host.VirtualSwitch(
        name="vSwitch0", key="key-vim.host.VirtualSwitch-vSwitch0", numPorts=128,
        numPortsAvailable=64, mtu=9000, pnic=[key("vmnic0")],
        spec=vim.host.VirtualSwitch.Specification(numPorts=128),
    )],
    proxySwitch=[vim.host.HostProxySwitch(
        dvsUuid="50 2b 6f 1c 3e 5a 4d 77-9b 0a 8c 51 2f 6e 90 1d", dvsName="DSwitch",
        key="DvsPortset-0", numPorts=128, numPortsAvailable=64, mtu=9000, pnic=[key("vmnic1")],
        spec=vim.host.HostProxySwitch.Specification(),
    )],
)
host = {
    f"config.network.{name}": to_plain(getattr(network, name))
    for name in ("pnic", "vswitch", "proxySwitch", "vnic")
}
seen = {name: one["mtu"] for name, one in host_interfaces(host).items()}
print(seen)
del host["config.network.vswitch"]  # as where it was refused
untold = {name: one["mtu"] for name, one in host_interfaces(host).items()}
print("where no switch is told:", untold)
with open(paths.__file__) as file:
    asked = "config.network.proxySwitch" in file.read()
print("asks for config.network.proxySwitch:", asked)
if seen != {"vmnic0": 9000, "vmnic1": 1500, "vmnic2": 1500} or asked or set(untold.values()) != {1500}:
    sys.exit("changed")
PYTHON
venv/bin/python look.py
