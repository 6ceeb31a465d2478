"""Private names, read where they stand: in answers, and in hosts that were joined from them."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.recording import Recording
from hostcheck.model.vm import Vm
from hostcheck.redact.answers import FILE, SERIALS
from hostcheck.redact.mask import MEMBER, Mask, is_of_a_maker
from hostcheck.sources.walls import host_of
from hostcheck.syntax.xml import local, root_of

KINDS = {
    "VirtualMachine": "vm", "ClusterComputeResource": "cluster", "ComputeResource": "host",
    "ResourcePool": "pool", "Datastore": "store", "HostSystem": "host",
}  # fmt: skip
"""Of a managed object, what its name is a name of."""
TAGS = {
    "dvsName": "switch", "vswitchName": "switch", "customLabel": "label", "hardwareLabel": "label",
    "vmGroupName": "group", "affineHostGroupName": "group", "antiAffineHostGroupName": "group",
    "networkName": "net", "vm_name": "vm", "portgroupName": "net",
}  # fmt: skip
"""Elements whose text is a name."""
PORT_GROUP = re.compile(r"key-vim\.host\.PortGroup-(.+)")
SHELL_VM = re.compile(r"(?im)^[ \t]*VM Name[ \t]*:[ \t]*(\S(?:.*[^ \t\n])?)[ \t]*$")
SHELL_SERIAL = re.compile(r"(?im)^(?=[^:\n]*\bserial\b)[^:\n]*+:[ \t]*(\S(?:.*[^ \t\n])?)[ \t]*$")


def learn_recording(mask: Mask, recorded: Recording) -> None:
    """Note every private name of one machine's answers."""
    mask.learn_host("host", recorded.ref.name)
    mask.learn_host("vcenter", recorded.ref.vcenter)
    for capture in recorded.captures.values():
        text = capture.text
        learn_words(mask, f"{capture.request.about} {text}")
        if not text.lstrip().startswith("<"):
            for found in SHELL_VM.finditer(text):
                mask.learn("vm", found[1])
            for found in SHELL_SERIAL.finditer(text):
                mask.learn("serial", found[1])
            continue
        kind = KINDS.get(capture.request.template, "")
        root = _root(text)
        for path, told in () if root is None else _texts(root):
            _learn(mask, kind, path, told)
        for network in () if root is None else _networks(root):
            mask.learn("net", network)
    learn_host(mask, host_of(recorded))


def _learn(mask: Mask, kind: str, path: tuple[str, ...], told: str) -> None:
    tag = path[-1]
    group = PORT_GROUP.fullmatch(told)
    file = FILE.fullmatch(told)
    if path[-2:] == ("propSet name", "val") and kind:
        mask.learn(kind, told)
    elif tag in TAGS:
        mask.learn(TAGS[tag], told)
    elif tag in SERIALS:
        mask.learn("serial", told)
    elif group is not None:
        mask.learn("net", group[1])
    elif file is not None:
        mask.learn("store", file[1])
        mask.learn("vm", file[2] or file[3])
        if file[2] and not file[3].casefold().startswith(file[2].casefold()):
            mask.learn("vm", file[3])
    elif tag == "name" and path[-2] in ("rule", "group", "network", "datastore"):
        mask.learn(path[-2], told)


def _root(text: str) -> ET.Element | None:
    try:
        return root_of(text, what="answer")
    except ParseError:
        return None


def _networks(root: ET.Element) -> Iterator[str]:
    """Yield the networks of a VM's adapters, as the adapters tell them."""
    for device in (one for one in root.iter() if local(one) == "device"):
        parts = {local(one): one for one in device}
        if "macAddress" in parts:
            told = [*parts.get("deviceInfo", ()), *parts.get("backing", ())]
            texts = [one.text or "" for one in told if local(one) in ("summary", "deviceName")]
            yield from (one for one in texts if not one.startswith("DVSwitch"))


def _texts(root: ET.Element) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text of an answer, with the elements that it stands in.

    The value of a property stands in `propSet NAME`.
    """
    stack: list[tuple[ET.Element, tuple[str, ...]]] = [(root, (local(root),))]
    while stack:
        element, path = stack.pop()
        if len(element) == 0 and element.text and element.text.strip():
            yield path, element.text.strip()
        name = next((one.text or "" for one in element if local(one) == "name"), "")
        here = f"propSet {name}" if path[-1] == "propSet" else path[-1]
        stack += [(one, (*path[:-1], here, local(one))) for one in element]


def learn_words(mask: Mask, text: str) -> None:
    """Note what looks private anywhere: MAC addresses, and members in the paths of a BMC.

    Systems, chassis and managers may be called by a serial number there.
    """
    mask.learn_macs(text)
    for found in MEMBER.finditer(text.replace("\\/", "/")):
        if not is_of_a_maker(found[1]):
            mask.learn("serial", found[1])


def learn_host(mask: Mask, host: Host) -> None:
    """Note every private name of a host that was joined."""
    mask.learn_host("host", host.name)
    mask.learn_host("vcenter", host.target)
    if isinstance(host.cluster, Known):
        mask.learn("cluster", host.cluster.value)
    if isinstance(host.service_tag, Known):
        mask.learn("serial", host.service_tag.value)
    for gpu in host.gpus.value if isinstance(host.gpus, Known) else ():
        if isinstance(gpu.serial, Known) and gpu.serial.value != "N/A":
            mask.learn("serial", gpu.serial.value)
    for nic in host.nics.value if isinstance(host.nics, Known) else ():
        for switch in nic.switches:
            mask.learn("switch", switch)
    if isinstance(host.vgpu_instances, Known):
        for one in host.vgpu_instances.value:
            mask.learn("vm", one.vm_name)
    for vm in host.vms.value if isinstance(host.vms, Known) else ():
        _learn_vm(mask, vm)


def _learn_vm(mask: Mask, vm: Vm) -> None:
    if vm.name != vm.id:
        mask.learn("vm", vm.name)
    for nic in vm.nics:
        mask.learn("net", nic.network)
    for pool in () if isinstance(vm.pools, Unknown) else vm.pools.value:
        mask.learn("pool", pool.name)
    for store in () if isinstance(vm.datastores, Unknown) else vm.datastores.value:
        mask.learn("store", store.name)
    for rule in () if isinstance(vm.rules, Unknown) else vm.rules.value:
        mask.learn("rule", rule.name)
    for one in vm.passthroughs:
        if isinstance(one.hardware_label, Known):
            mask.learn("label", one.hardware_label.value)
