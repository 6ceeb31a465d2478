# mypy: disable-error-code="no-untyped-call"
"""A fleet as the load directory of the API simulator: one ObjectContent XML per managed object.

Every value is built from pyVmomi's own data classes, so a misspelt field fails here and not on the
wire, and is written in the version of the host that holds it, so an old host has no new fields.
`testbed.json` beside the objects holds what objects cannot say.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pyVmomi import SoapAdapter, VmomiSupport, vim

from tests.peers import esxcli
from tests.peers.devices import Function, functions, may_be_passed
from tests.peers.fleet import (
    CANARY,
    NVIDIA,
    Cluster,
    Fleet,
    HostShape,
    Objection,
    Switch,
    Vm,
    gib_of,
    refusals,
    startable_profiles,
    type_of,
)

STATED = "STATED-THUMBPRINT"
"""Stands for the thumbprint in files that are kept."""
KEPT = 64
"""Files of larger fleets are not kept in memory."""
BOOT = datetime(2026, 8, 1, 6, 30, tzinfo=UTC)
GREEN = vim.ManagedEntity.Status.green
_HEAD = (
    '<ObjectContent xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
)
_REFERENCES = (
    ('type="ManagedObject"', 'type="ManagedObjectReference"'),
    ('type="ArrayOfManagedObject"', 'type="ArrayOfManagedObjectReference"'),
    ("<ManagedObject ", "<ManagedObjectReference "),
    ("</ManagedObject>", "</ManagedObjectReference>"),
)
"""What pyVmomi calls a reference inside a value, and what it is called on the wire."""


@dataclass(frozen=True)
class Trouble:
    """A way in which the server misbehaves.

    `method` as on the wire (`RetrievePropertiesEx`, `fetchSoftwarePackages`), "*" is any. `kind`:
    no_permission, not_authenticated (the session is really ended), busy (503), drop, truncate
    (after `amount` bytes), delay (`amount` milliseconds), hold
    (the task that the method starts ends after `amount` milliseconds, with 0 never, and not before
    clients waited `first` times). `first` and `last` count the calls of
    this method, from 1; 0 leaves that end open. `host` narrows it to that host's objects.
    """

    method: str
    kind: str
    amount: int = 0
    first: int = 0
    last: int = 0
    privilege: str = "System.Read"
    host: str = ""


@dataclass
class Ids:
    """Managed object ids by name, for tests that look inside."""

    hosts: dict[str, str] = field(default_factory=dict)
    vms: dict[str, str] = field(default_factory=dict)
    """By (unique) VM name."""
    clusters: dict[str, str] = field(default_factory=dict)


def write(
    fleet: Fleet, directory: Path, troubles: Sequence[Trouble] = (), thumbprint: str = ""
) -> Ids:
    """Write the fleet into the empty `directory` and return the ids that it got.

    `thumbprint` is the one that vCenter states for the certificates of the hosts.
    """
    made = _made if len(fleet.hosts) <= KEPT else _made.__wrapped__
    files, ids = made(fleet, tuple(troubles), STATED if thumbprint else "")
    for name, text in files.items():
        (directory / name).write_text(text.replace(STATED, thumbprint))
    return Ids(dict(ids.hosts), dict(ids.vms), dict(ids.clusters))


@lru_cache(maxsize=16)
def _made(
    fleet: Fleet, troubles: tuple[Trouble, ...], thumbprint: str
) -> tuple[dict[str, str], Ids]:
    """Make the files by name: tests start the same fleet again and again."""
    writer = _Writer(fleet, thumbprint)
    writer.everything()
    bed = {
        "version": max((host.version for host in fleet.hosts), default="8.0.3"),
        "options": {"vgpu.hotmigrate.enabled": fleet.hot_migrate},
        "too_new": too_new(fleet.api_version),
        "denied": writer.denied,
        "packages": {
            writer.ids.hosts[host.name]: [_package(vib) for vib in esxcli.vibs(host)]
            for host in fleet
        },
        "esxcli": {writer.ids.hosts[host.name]: esxcli.answers(host) for host in fleet},
        "guests": {
            writer.ids.vms[vm.name]: {**asdict(vm.guest), "family": ""}
            for host in fleet
            for vm in host.vms
            if vm.guest is not None
        },
        "direct": fleet.direct,
        "objections": writer.objections(),
        "offers": {writer.ids.hosts[host.name]: _offer(host) for host in fleet},
        "images": {
            writer.ids.clusters[one.name]: {
                "status": "NON_COMPLIANT",
                "impact": "REBOOT_REQUIRED",
                "commit": "2",
                "scan_time": "2026-11-27T09:00:00.000Z",
                "hosts": {
                    writer.ids.hosts[name]: {"status": status, "impact": impact}
                    for name, status, impact in one.image
                },
            }
            for one in fleet.clusters
            if one.image
        },
        "supervisors": _supervisors(fleet, writer.ids.clusters),
        "rules": [*writer.refusals(), *(writer.rule(trouble) for trouble in troubles)],
    }
    return {**writer.files, "testbed.json": json.dumps(bed)}, writer.ids


def _supervisors(fleet: Fleet, ids: Mapping[str, str]) -> dict[str, object]:
    """What v2 of vCenter's API tells of namespaces, and the zones of each Supervisor, by path."""
    if not fleet.supervisors:
        return {}
    root = "/api/vcenter/namespaces/instances/v2"
    told: dict[str, object] = {
        root: [
            {"supervisor": one.name, "namespace": space.name, "config_status": "RUNNING"}
            for one in fleet.supervisors
            for space in one.spaces
        ]
    }
    for one in fleet.supervisors:
        told[f"/api/vcenter/namespace-management/supervisors/{one.name}/topology"] = [
            {"zone": zone, "clusters": [ids[name] for name in names]} for zone, names in one.zones
        ]
        for space in one.spaces:
            told[f"{root}/{space.name}"] = {
                "supervisor": one.name,
                "config_status": "RUNNING",
                "storage_specs": [],
                "vm_service_spec": {"content_libraries": [], "vm_classes": list(space.classes)},
                **({} if space.zones is None else {"zones": [
                    {"zone": zone.removeprefix("-"), "type": "WORKLOAD",
                     "marked_for_removal": zone.startswith("-")}
                    for zone in space.zones
                ]}),
            }  # fmt: skip
    return told


def _offer(host: HostShape) -> dict[str, object]:
    """What the host can give a VM."""
    offered = {}
    for gpu in host.gpus:
        for name in (*gpu.model.time_sliced, *gpu.model.mig):
            offered[gpu.model.profile(name)] = {
                "name": gpu.model.profile(name), "gib": gib_of(name),
                "device": gpu.model.device << 16 | NVIDIA,
                "sharing": "mig" if name in gpu.model.mig else "timeSliced",
                "class": "compute" if name.endswith("C") else "quadro",
            }  # fmt: skip
    whole = {gpu.model.device: gpu.model.raw_name for gpu in host.gpus
             if gpu.graphics_active == "direct"}  # fmt: skip
    return {
        "profiles": [offered[name] for name in host.offered()],
        "dynamic": [{"name": name, "label": "", "vendor": NVIDIA, "device": device}
                    for device, name in whole.items()],
        "groups": [{"name": name, "devices": ["nvidiaVgpu"]} for name in host.device_groups],
        "max_vgpus": host.most_vgpus,
        "left": dict(host.left),
    }  # fmt: skip


def _package(vib: Any) -> dict[str, str]:
    words = asdict(vib)
    del words["installed"]
    return {**words, "acceptance": words["acceptance"].replace("VMwareC", "vmware_c").lower()}


@cache
def version_of(api: str) -> str:
    """pyVmomi's name of an API version: vim.version.v8_0_3_0 for 8.0.3.0."""
    names = {number: name for name, number in VmomiSupport.versionIdMap.items() if "vim." in name}
    return str(names[api])


@cache
def too_new(api: str) -> list[str]:
    """`DataType.property` of all that the version does not know, for the objects we serve."""
    version = version_of(api)
    found: list[str] = []
    todo: list[Any] = [vim.HostSystem, vim.VirtualMachine, vim.ClusterComputeResource]
    done = set()
    while todo:
        kind = todo.pop()
        if kind in done or not hasattr(kind, "_GetPropertyList"):
            continue
        done.add(kind)
        for item in kind._GetPropertyList(True):
            if not VmomiSupport.IsChildVersion(version, item.version):  # type: ignore[attr-defined]
                found.append(f"{_declared_by(kind, item.name)}.{item.name}")
            inner = getattr(item.type, "Item", item.type)
            if isinstance(inner, type) and issubclass(inner, VmomiSupport.DataObject):
                todo.append(inner)
    return sorted(set(found))


def _declared_by(kind: Any, name: str) -> str:
    """Wire name of the class in the ancestry that brings the property itself."""
    owner = kind
    for base in kind.__mro__:
        listed = base._GetPropertyList(True) if hasattr(base, "_wsdlName") else ()
        if any(item.name == name for item in listed):
            owner = base
    return str(owner._wsdlName)


def _value(value: Any, version: str) -> str:
    """The `<val>` element of a property."""
    if isinstance(value, VmomiSupport.ManagedObject):
        kind = f'xsi:type="ManagedObjectReference" type="{value._wsdlName}"'
        return f"<val {kind}>{value._moId}</val>"
    if isinstance(value, str | int):
        return _short(value, version)
    return _serialized(value, version)


@lru_cache(maxsize=None, typed=True)
def _short(value: str | int, version: str) -> str:
    """Return that of a word or a number; True is not 1."""
    return _serialized(value, version)


def _serialized(value: Any, version: str) -> str:
    info = VmomiSupport.Object(name="val", type=object, version=version, flags=0)
    text = SoapAdapter.Serialize(value, info, version)
    xml = text.decode() if isinstance(text, bytes) else text
    start, _, rest = xml.partition(">")
    # The namespaces stand on the root element; of the attributes only the type matters here.
    kind = start[start.index("xsi:type=") :].split(" ")[0].rstrip("/")
    xml = f"<val {kind}>{rest}"
    for ours, wire in _REFERENCES:
        xml = xml.replace(ours, wire)
    return xml


def signed(number: int, bits: int = 16) -> int:
    """The number as the API sends it: 0x8086 becomes -32634."""
    return number - (1 << bits) if number >> (bits - 1) else number


def _references(objects: Sequence[Any]) -> Any:
    return VmomiSupport.GetVmodlType("ManagedObject[]")(objects)


def _array(kind: str, items: Sequence[Any]) -> Any:
    return VmomiSupport.GetVmodlType(f"{kind}[]")(items)


class _Writer:
    """Hands out ids first, then writes the objects that refer to them."""

    def __init__(self, fleet: Fleet, thumbprint: str) -> None:
        self.fleet = fleet
        self.thumbprint = thumbprint
        self.version = version_of(fleet.api_version)
        self.ids = Ids()
        self.denied: list[dict[str, str]] = []
        self.files: dict[str, str] = {}
        self.root = vim.Folder("group-d1")
        self.datacenter = vim.Datacenter("datacenter-2")
        self.folders = {
            name: vim.Folder(f"group-{name[0]}{number}")
            for number, name in enumerate(("vm", "host", "datastore", "network"), start=3)
        }
        stores = {name for host in fleet for name in host.datastores}
        stores |= {name for host in fleet for vm in host.vms for name in vm.datastores}
        self.datastores = {
            name: vim.Datastore(f"datastore-{10 + at}")
            for at, name in enumerate(sorted(stores, key=lambda name: (name != "vsan0", name)))
        }
        names = sorted({group for host in fleet for group in (*host.networks, *host.gone_networks)})
        self.networks = {name: vim.Network(f"network-{11 + at}") for at, name in enumerate(names)}
        for at, host in enumerate(fleet):
            self.ids.hosts[host.name] = f"host-{1001 + at}"
            for vm in host.vms:
                self.ids.vms[vm.name] = f"vm-{10001 + len(self.ids.vms)}"
        for at, cluster in enumerate(fleet.clusters):
            self.ids.clusters[cluster.name] = f"domain-c{101 + at}"

    # What refers to what

    def host(self, host: HostShape) -> Any:
        return vim.HostSystem(self.ids.hosts[host.name])

    def vm(self, vm: Vm) -> Any:
        return vim.VirtualMachine(self.ids.vms[vm.name])

    def compute(self, host: HostShape) -> Any:
        if host.cluster is None:
            return vim.ComputeResource(f"domain-s{self._number(host)}")
        return vim.ClusterComputeResource(self.ids.clusters[host.cluster])

    def pool(self, compute: Any) -> Any:
        return vim.ResourcePool(f"resgroup-{compute._moId.split('-')[1]}")

    def own_pool(self, vm: Vm) -> Any:
        return vim.ResourcePool(f"resgroup-{self.ids.vms[vm.name]}")

    def browser(self, compute: Any) -> Any:
        return vim.EnvironmentBrowser(f"envbrowser-{compute._moId.split('-')[1]}")

    def _number(self, host: HostShape) -> str:
        return self.ids.hosts[host.name].split("-")[1]

    def manager(self, kind: str, host: HostShape) -> Any:
        types = {
            "imageConfigManager": vim.host.ImageConfigManager,
            "graphicsManager": vim.host.GraphicsManager,
            "serviceSystem": vim.host.ServiceSystem,
            "pciPassthruSystem": vim.host.PciPassthruSystem,
        }
        return types[kind](f"{kind}-{self._number(host)}")

    # Rules and refusals

    def rule(self, trouble: Trouble) -> dict[str, object]:
        objects = {"fetchSoftwarePackages": "imageConfigManager-{}",
                   "ExecuteSoap": "managedMethodExecuter-host-{}",
                   "StartService": "serviceSystem-{}",
                   "StopService": "serviceSystem-{}"}  # fmt: skip
        target = ""
        if trouble.host:
            number = self.ids.hosts[trouble.host].split("-")[1]
            target = objects.get(trouble.method, "host-{}").format(number)
        return {
            "method": trouble.method, "object": target, "kind": trouble.kind,
            "privilege": trouble.privilege, "amount": trouble.amount,
            "from": trouble.first, "until": trouble.last,
        }  # fmt: skip

    def objections(self) -> list[dict[str, object]]:
        """What follows from the shapes of a VM's host and its neighbours, and what is added."""
        startable = {host.name: startable_profiles(host) for host in self.fleet}
        found = [
            self.objection(Objection(vm.name, text, host.name, kind, before=not self.fleet.agrees))
            for home in self.fleet
            for vm in home.vms
            if not vm.on and (vm.profiles or vm.passed)
            for host in self.fleet
            if host.cluster == home.cluster and (host.cluster or host is home)
            for kind, text in refusals(vm, startable[host.name])
        ]
        return [*(self.objection(one) for one in self.fleet.objections), *found]

    def objection(self, one: Objection) -> dict[str, object]:
        return {
            "vm": self.ids.vms.get(one.vm, one.vm), "kind": one.kind, "text": one.text,
            "host": self.ids.hosts[one.host] if one.host else "", "warning": one.warning,
            "before": one.before, "at_start": one.at_start and not one.warning,
        }  # fmt: skip

    def refusals(self) -> list[dict[str, object]]:
        privilege = {"fetchSoftwarePackages": "Host.Config.Image"}
        return [
            self.rule(Trouble(method, "no_permission", host=host.name,
                              privilege=privilege.get(method, "Host.Config.Settings")))
            for host in self.fleet
            for method in host.denied_methods
        ]  # fmt: skip

    # Writing

    def put(self, object_: Any, properties: Mapping[str, Any], version: str = "") -> None:
        version = version or self.version
        body = "".join(
            f"<propSet><name>{name}</name>{_value(value, version)}</propSet>"
            for name, value in properties.items()
            if value is not None
        )
        name = f"{len(self.files):06d}-{object_._wsdlName}-{object_._moId}.xml"
        self.files[name] = (
            f'{_HEAD}<obj type="{object_._wsdlName}">{object_._moId}</obj>{body}</ObjectContent>'
        )

    def entity(self, name: str, parent: Any, **more: Any) -> dict[str, Any]:
        return {
            "name": name, "parent": parent, "overallStatus": GREEN, "configStatus": GREEN,
            "effectiveRole": _array("int", [-1]), **more,
        }  # fmt: skip

    def everything(self) -> None:
        self._frame()
        for cluster in self.fleet.clusters:
            self._cluster(
                vim.ClusterComputeResource(self.ids.clusters[cluster.name]),
                cluster.name,
                [host for host in self.fleet if host.cluster == cluster.name],
                cluster,
            )
        for host in self.fleet:
            if host.cluster is None:
                self._cluster(self.compute(host), host.name, [host])
            self._host(host)
            for vm in host.vms:
                self._vm(host, vm)

    def _frame(self) -> None:
        """Folders, datacenter, datastore, networks."""
        vms = [self.vm(vm) for host in self.fleet for vm in host.vms]
        hosts = [self.host(host) for host in self.fleet]
        computes = list(dict.fromkeys(self.compute(host)._moId for host in self.fleet))
        by_id = {self.compute(host)._moId: self.compute(host) for host in self.fleet}
        unused = [vim.ClusterComputeResource(moid) for moid in self.ids.clusters.values()
                  if moid not in by_id]  # fmt: skip
        kids = {
            "vm": (vms, "VirtualMachine"),
            "host": ([*(by_id[moid] for moid in computes), *unused], "ComputeResource"),
            "datastore": (list(self.datastores.values()), "Datastore"),
            "network": (list(self.networks.values()), "Network"),
        }
        self.put(self.root, self.entity(
            "Datacenters", None, childEntity=_references([self.datacenter]),
            childType=_array("string", ["Folder", "Datacenter"]),
        ))  # fmt: skip
        self.put(self.datacenter, self.entity(
            "lab", self.root, datastore=_references(list(self.datastores.values())),
            network=_references(list(self.networks.values())),
            **{f"{name}Folder": folder for name, folder in self.folders.items()},
        ))  # fmt: skip
        for name, folder in self.folders.items():
            children, kind = kids[name]
            self.put(folder, self.entity(
                name, self.datacenter, childEntity=_references(children),
                childType=_array("string", ["Folder", kind]),
            ))  # fmt: skip
        for name, network in self.networks.items():
            self.put(network, self.entity(
                name, self.folders["network"], host=_references(hosts), vm=_references(vms),
                summary=vim.Network.Summary(
                    network=network, name=name, accessible=True, ipPoolName=""
                ),
            ))  # fmt: skip
        for name, store in self.datastores.items():
            url = f"ds:///vmfs/volumes/{name}/"
            self.put(store, self.entity(
                name, self.folders["datastore"], vm=_references(vms),
                info=vim.host.VmfsDatastoreInfo(
                    name=name, url=url, freeSpace=1 << 50, maxFileSize=1 << 44
                ),
                summary=vim.Datastore.Summary(
                    datastore=store, name=name, url=url, capacity=1 << 51,
                    freeSpace=1 << 50, accessible=True, type="VMFS", multipleHostAccess=True,
                ),
                capability=vim.Datastore.Capability(
                    directoryHierarchySupported=True, rawDiskMappingsSupported=True,
                    perFileThinProvisioningSupported=True,
                ),
            ))  # fmt: skip

    def _cluster(
        self, compute: Any, name: str, hosts: Sequence[HostShape], cluster: Cluster | None = None
    ) -> None:
        """A cluster, or with None the compute resource of a standalone host."""
        threads = sum(host.packages * host.pus_per_package for host in hosts)
        able = [host for host in hosts if host.connection == "connected" and not host.maintenance]
        sizes: dict[str, Any] = {
            "totalCpu": sum(host.mhz for host in hosts),
            "totalMemory": sum(host.memory for host in hosts),
            "numCpuCores": VmomiSupport.short(min(threads // 2, 32767)),
            "numCpuThreads": VmomiSupport.short(min(threads, 32767)),
            "effectiveCpu": sum(host.mhz_for_vms for host in able),
            "effectiveMemory": sum(host.for_vms for host in able) >> 20,
            "numHosts": len(hosts), "numEffectiveHosts": len(able),
            "overallStatus": "green",
        }  # fmt: skip
        config: dict[str, Any] = {}
        if cluster is None:
            summary = vim.ComputeResource.Summary(**sizes)
            config["configurationEx"] = vim.ComputeResource.ConfigInfo(
                vmSwapPlacement="vmDirectory"
            )
        else:
            summary = vim.ClusterComputeResource.Summary(
                **sizes, currentFailoverLevel=0, numVmotions=0
            )
            settings = {
                "dasConfig": vim.cluster.DasConfigInfo(enabled=True),
                "drsConfig": vim.cluster.DrsConfigInfo(
                    enabled=bool(cluster.drs), vmotionRate=3,
                    defaultVmBehavior=cluster.drs or "fullyAutomated",
                    option=[vim.option.OptionValue(key=key, value=value)
                            for key, value in cluster.drs_options],
                ),
            }  # fmt: skip
            rules, groups = self._rules(cluster)
            config["configuration"] = vim.cluster.ConfigInfo(**settings)
            config["configurationEx"] = vim.cluster.ConfigInfoEx(
                vmSwapPlacement="vmDirectory", rule=rules, group=groups, **settings
            )
        pool = self.pool(compute)
        self.put(compute, self.entity(
            name, self.folders["host"], host=_references([self.host(host) for host in hosts]),
            resourcePool=pool, environmentBrowser=self.browser(compute), summary=summary,
            datastore=_references(list(self.datastores.values())),
            network=_references(list(self.networks.values())), **config,
        ))  # fmt: skip
        share = _allocation(0)
        held = sum(vm.reservation_mb << 20 for host in able for vm in host.vms if vm.on)
        free = sum(host.for_vms for host in able)
        left = cluster.unreserved if cluster else None
        cpu = sum(vm.cpu_reservation_mhz for host in able for vm in host.vms if vm.on)
        cpu_free = max(sum(host.mhz_for_vms for host in able) - cpu, 0)
        if cluster and cluster.unreserved_mhz is not None:
            cpu_free = cluster.unreserved_mhz
        vms = [self.vm(vm) for host in hosts for vm in host.vms if not vm.template]
        self.put(pool, self.entity(
            "Resources", compute, owner=compute, vm=_references(vms),
            resourcePool=_references(
                [self.own_pool(vm) for host in hosts for vm in host.vms if vm.pool]
            ),
            config=vim.ResourceConfigSpec(cpuAllocation=share, memoryAllocation=share),
            runtime=vim.ResourcePool.RuntimeInfo(
                memory=_usage(held, max(free - held, 0) if left is None else left),
                cpu=_usage(cpu, cpu_free), overallStatus="green",
            ),
        ))  # fmt: skip
        for vm in (vm for host in hosts for vm in host.vms if vm.pool):
            self.put(self.own_pool(vm), self.entity(
                vm.pool, pool, owner=compute, vm=_references([self.vm(vm)]),
                config=vim.ResourceConfigSpec(cpuAllocation=share, memoryAllocation=share),
                runtime=vim.ResourcePool.RuntimeInfo(
                    memory=_usage(0, 0), cpu=_usage(0, 0), overallStatus="green"
                ),
            ))  # fmt: skip
        self.put(self.browser(compute), {})

    def _rules(self, cluster: Cluster) -> tuple[list[Any], list[Any]]:
        """The rules of a cluster and the groups that those about hosts name."""
        rules: list[Any] = []
        groups: list[Any] = []
        for key, rule in enumerate(cluster.rules, start=1):
            common = {
                "key": key, "name": rule.name, "enabled": rule.enabled, "userCreated": True,
                "mandatory": rule.mandatory,
            }  # fmt: skip
            vms = [vim.VirtualMachine(self.ids.vms[name]) for name in rule.vms]
            if not rule.hosts:
                specs = vim.cluster.AntiAffinityRuleSpec, vim.cluster.AffinityRuleSpec
                rules.append(specs[0 if rule.apart else 1](vm=vms, **common))
                continue
            mine, theirs = f"{rule.name} VMs", f"{rule.name} hosts"
            hosts = [vim.HostSystem(self.ids.hosts[name]) for name in rule.hosts]
            groups.append(vim.cluster.VmGroup(name=mine, vm=vms))
            groups.append(vim.cluster.HostGroup(name=theirs, host=hosts))
            where = "antiAffineHostGroupName" if rule.apart else "affineHostGroupName"
            rules.append(vim.cluster.VmHostRuleInfo(vmGroupName=mine, **{where: theirs}, **common))
        return rules, groups

    def _deny(self, host: HostShape) -> None:
        for item in host.denied:
            kind, moid = "HostSystem", self.ids.hosts[host.name]
            if item.vm:
                kind, moid = "VirtualMachine", self.ids.vms[item.vm]
            self.denied.append(
                {"type": kind, "object": moid, "path": item.path, "privilege": item.privilege}
            )

    def _host(self, host: HostShape) -> None:
        self._deny(host)
        me, version = self.host(host), version_of(host.api_version)
        devices = functions(host)
        hardware, config = _hardware(host, devices), _config(self, host, devices)
        runtime = vim.host.RuntimeInfo(
            connectionState=host.connection, powerState="poweredOn" if host.connection ==
            "connected" else "unknown", inMaintenanceMode=host.maintenance,
            bootTime=datetime.fromisoformat(host.boot_time), standbyMode="none",
        )  # fmt: skip
        summary = vim.host.Summary(
            host=me, runtime=runtime, overallStatus="green", rebootRequired=host.reboot_required,
            hardware=vim.host.Summary.HardwareSummary(
                vendor=host.vendor, model=host.model, uuid=hardware.systemInfo.uuid,
                memorySize=host.memory, cpuModel=host.cpu, cpuMhz=host.hz // 1_000_000,
                numCpuPkgs=VmomiSupport.short(host.packages),
                numCpuCores=hardware.cpuInfo.numCpuCores,
                numCpuThreads=hardware.cpuInfo.numCpuThreads, numNics=len(host.nics), numHBAs=2,
            ),
            config=vim.host.Summary.ConfigSummary(
                name=host.name, port=443, product=config.product, vmotionEnabled=True,
                sslThumbprint=self.thumbprint or None,
            ),
            quickStats=vim.host.Summary.QuickStats(),
        )  # fmt: skip
        managers = ("imageConfigManager", "graphicsManager", "serviceSystem", "pciPassthruSystem")
        self.put(me, self.entity(
            host.name, self.compute(host), vm=_references([self.vm(vm) for vm in host.vms]),
            datastore=_references([self.datastores[name] for name in host.datastores]),
            network=_references([self.networks[name] for name in host.networks]),
            hardware=hardware, config=config, runtime=runtime, summary=summary,
            configManager=vim.host.ConfigManager(
                **{name: self.manager(name, host) for name in managers}
            ),
        ), version)  # fmt: skip
        self.put(self.manager("serviceSystem", host), {"serviceInfo": config.service}, version)
        self.put(self.manager("graphicsManager", host), {
            "graphicsInfo": _array("vim.host.GraphicsInfo", list(config.graphicsInfo)),
            "graphicsConfig": config.graphicsConfig,
            "sharedPassthruGpuTypes": _array("string", list(config.sharedPassthruGpuTypes)),
        }, version)  # fmt: skip
        self.put(self.manager("pciPassthruSystem", host), {
            "pciPassthruInfo": _array("vim.host.PciPassthruInfo", list(config.pciPassthruInfo)),
        }, version)  # fmt: skip

    def _vm(self, host: HostShape, vm: Vm) -> None:
        me, compute = self.vm(vm), self.compute(host)
        number = int(self.ids.vms[vm.name].split("-")[1])
        uuid = f"42000000-0000-4000-8000-{number:012x}"
        path = f"[{(*vm.datastores, 'vsan0')[0]}] {vm.name}/{vm.name}.vmx"
        state = "poweredOn" if vm.on else "poweredOff"
        runtime = vim.vm.RuntimeInfo(
            host=self.host(host), connectionState=vm.connection, powerState=state,
            offlineFeatureRequirement=[
                vim.vm.FeatureRequirement(key=name, featureName=name, value=value)
                for name, value in vm.features
            ],
            faultToleranceState="notConfigured", toolsInstallerMounted=False, numMksConnections=0,
            recordReplayState="inactive", onlineStandby=False, consolidationNeeded=False,
            bootTime=BOOT if vm.on else None,
        )  # fmt: skip
        tools = vm.on and (vm.guest is None or vm.guest.tools)
        self.put(me, self.entity(
            vm.name, self.folders["vm"], runtime=runtime, **_custom(vm),
            config=_vm_config(self, host, vm, uuid, path),
            resourcePool=None if vm.template else self.own_pool(vm) if vm.pool
            else self.pool(compute),
            datastore=_references([self.datastores[name] for name in vm.datastores]),
            network=_references([self.networks[name] for name in vm.nics if name in self.networks]),
            environmentBrowser=self.browser(compute),
            layout=vim.vm.FileLayout(), layoutEx=vim.vm.FileLayoutEx(timestamp=BOOT),
            storage=vim.vm.StorageInfo(timestamp=BOOT),
            guest=vim.vm.GuestInfo(
                toolsStatus="toolsOk" if tools else "toolsNotRunning", hostName=vm.name,
                toolsRunningStatus="guestToolsRunning" if tools else "guestToolsNotRunning",
                guestState="running" if vm.on else "notRunning",
                guestFamily=vm.guest.family if vm.guest is not None else None,
            ),
            summary=vim.vm.Summary(
                vm=me, runtime=runtime, overallStatus="green",
                config=vim.vm.Summary.ConfigSummary(
                    name=vm.name, template=vm.template, vmPathName=path, memorySizeMB=vm.memory_mb,
                    numCpu=vm.vcpus, uuid=uuid, instanceUuid=uuid, guestId="ubuntu64Guest",
                ),
                quickStats=vim.vm.Summary.QuickStats(guestHeartbeatStatus=GREEN),
            ),
        ), version_of(host.api_version))  # fmt: skip


def _custom(vm: Vm) -> dict[str, Any]:
    """The custom attributes of a VM: which ones there are, and its values."""
    if not vm.attributes:
        return {}
    fields = [
        vim.CustomFieldsManager.FieldDef(key=101 + at, name=name, type=str)
        for at, (name, _) in enumerate(vm.attributes)
    ]
    values = [
        vim.CustomFieldsManager.StringValue(key=101 + at, value=value)
        for at, (_, value) in enumerate(vm.attributes)
    ]
    kind = "vim.CustomFieldsManager"
    return {
        "availableField": _array(f"{kind}.FieldDef", fields),
        "customValue": _array(f"{kind}.Value", values),
    }


def _hardware(host: HostShape, devices: Sequence[Function]) -> Any:
    short, byte = VmomiSupport.short, VmomiSupport.byte
    listed = host.pci_nodes_filled and not host.nested
    uuid_tail = int.from_bytes(host.name.encode()[:6], "big")
    nodes = [
        vim.host.NumaNode(
            typeId=byte(node), cpuID=[short(pu) for pu in reversed(host.pus_of_node(node))],
            memorySize=host.node_memory, memoryRangeBegin=0, memoryRangeLength=host.node_memory,
            pciId=[item.address for item in devices if item.node == node] if listed else [],
        )
        for node in range(host.node_count)
    ]  # fmt: skip
    packages = [
        vim.host.CpuPackage(
            index=short(index), vendor=host.cpu_vendor, hz=host.hz, busHz=100_000_000,
            description=host.cpu,
            threadId=[short(index * host.pus_per_package + pu)
                      for pu in range(host.pus_per_package)],
        )
        for index in range(host.packages)
    ]  # fmt: skip
    firmware = "UEFI" if host.release >= (8, 0, 2) else None
    return vim.host.HardwareInfo(
        systemInfo=vim.host.SystemInfo(
            vendor=host.vendor, model=host.model, serialNumber=host.serial,
            uuid=f"4c4c4544-0059-3410-804b-{uuid_tail:012x}",
        ),
        biosInfo=vim.host.BIOSInfo(
            biosVersion=host.bios, vendor=host.vendor, firmwareType=firmware,
            releaseDate=datetime.fromisoformat(host.bios_date).replace(tzinfo=UTC),
        ),
        cpuInfo=vim.host.CpuInfo(
            numCpuPackages=short(host.packages), numCpuCores=short(host.packages * host.cores),
            numCpuThreads=short(host.packages * host.pus_per_package), hz=host.hz,
        ),
        cpuPkg=packages, memorySize=host.memory, **_tiers(host),
        numaInfo=vim.host.NumaInfo(type="NUMA", numNodes=host.node_count, numaNode=nodes),
        pciDevice=[_pci_device(item) for item in devices], smcPresent=False,
    )  # fmt: skip


def _tiers(host: HostShape) -> dict[str, object]:
    """Memory tiers, as releases that know them tell."""
    if host.release < (7, 0, 3):
        return {}
    sizes = {"DRAM": host.memory - host.nvme_tier, "NVMe": host.nvme_tier}
    return {
        "memoryTieringType": "softwareTiering" if host.nvme_tier else "noTiering",
        "memoryTierInfo": [
            vim.host.MemoryTierInfo(name=kind, type=kind, flags=["memoryTier"], size=size)
            for kind, size in sizes.items()
            if size
        ],
    }


def _pci_device(item: Function) -> Any:
    byte = VmomiSupport.byte
    return vim.host.PciDevice(
        id=item.address, classId=signed(item.device_class), bus=byte(signed(item.bus, 8)),
        slot=byte(item.slot), function=byte(item.number), vendorId=signed(item.vendor),
        subVendorId=signed(item.subvendor), vendorName=item.vendor_name,
        deviceId=signed(item.device), subDeviceId=signed(item.subdevice), deviceName=item.name,
        deviceClassName=item.class_name, parentBridge=item.parent or None,
    )  # fmt: skip


def _config(writer: _Writer, host: HostShape, devices: Sequence[Function]) -> Any:
    major, minor, update = host.release
    return vim.host.ConfigInfo(
        host=writer.host(host),
        product=vim.AboutInfo(
            name="VMware ESXi", fullName=f"VMware ESXi {host.version} build-{host.build}",
            vendor="VMware, Inc.", version=host.version, build=host.build, localeVersion="INTL",
            localeBuild="000", osType="vmnix-x86", productLineId="embeddedEsx",
            apiType="HostAgent", apiVersion=host.api_version,
            patchLevel=f"{update}.{minor}" if major >= 7 else None,
        ),
        ipmi=vim.host.IpmiInfo(bmcIpAddress=host.bmc_address, login=CANARY, password=CANARY)
        if host.bmc_address else None,
        graphicsInfo=_graphics(writer, host, devices),
        graphicsConfig=vim.host.GraphicsConfig(
            hostDefaultGraphicsType=host.graphics_default,
            sharedPassthruAssignmentPolicy=host.assignment_policy,
            deviceType=[
                vim.host.GraphicsConfig.DeviceType(
                    deviceId=gpu.address, graphicsType=gpu.graphics_configured,
                    vgpuMode=gpu.vgpu_mode if gpu.vgpu_mode in {"sameSize", "mixedSize"} else None,
                )
                for gpu in host.gpus
            ],
        ),
        sharedPassthruGpuTypes=list(host.offered()),
        sharedGpuCapabilities=[
            vim.host.SharedGpuCapabilities(
                vgpu=name, diskSnapshotSupported=True, memorySnapshotSupported=name not in
                host.unable, suspendSupported=name not in host.unable,
                migrateSupported=name not in host.unable,
            )
            for name in host.offered()
        ] if host.release >= (6, 7, 0) else [],
        pciPassthruInfo=[_passthrough(host, item) for item in devices],
        network=_network(host),
        service=vim.host.ServiceInfo(service=[
            vim.host.Service(
                key=item.key, label=item.key, required=False, uninstallable=False,
                running=item.running, ruleset=[], policy=item.policy,
            )
            for item in host.services
        ]),
        lockdownMode=host.lockdown,
        option=[vim.option.OptionValue(key="VMkernel.Boot.useNUMAInfo", value=True)],
        hyperThread=vim.host.CpuSchedulerSystem.HyperThreadScheduleInfo(
            available=host.threads > 1, active=host.threads > 1, config=True
        ),
        featureCapability=[
            vim.host.FeatureCapability(key=name, featureName=name, value=value)
            for name, value in host.features
        ],
    )  # fmt: skip


def _graphics(writer: _Writer, host: HostShape, devices: Sequence[Function]) -> list[Any]:
    """Onboard graphics are listed too, as on real hosts."""
    listed = []
    gpus = {gpu.address: gpu for gpu in host.gpus}
    for item in devices:
        if item.device_class not in {0x0300, 0x0302} or item.physical or host.nested:
            continue
        gpu = gpus.get(item.address)
        kind, memory, vms, mode = "basic", 0, [], None
        if gpu is not None:
            kind = host.active_graphics(gpu)
            vms = [vm for vm, _ in host.on_gpu(gpu)]
            vms += [vm for vm in host.vms if vm.on
                    for device in vm.passed if device.address == gpu.address]  # fmt: skip
            if host.manager_runs and kind != "direct" and not gpu.lost:
                memory = gpu.model.mib_gib * 1024 * 1024
                mode = "multiInstanceGpu" if gpu.in_mig else gpu.vgpu_mode
        listed.append(vim.host.GraphicsInfo(
            deviceName=item.name, vendorName=item.vendor_name, pciId=item.address,
            graphicsType=kind, vgpuMode=mode, memorySizeInKB=memory,
            vm=[writer.vm(vm) for vm in dict.fromkeys(vms)],
        ))  # fmt: skip
    return listed


def _passthrough(host: HostShape, item: Function) -> Any:
    gpus = {gpu.address: gpu for gpu in host.gpus}
    gpu = gpus.get(item.address)
    direct = gpu is not None and gpu.graphics_active == "direct"
    common = {
        "id": item.address,
        "dependentDevice": "" if host.nested else item.address,
        "passthruEnabled": direct,
        "passthruCapable": may_be_passed(host, item),
        "passthruActive": direct,
        "hardwareLabel": (gpu.label or None) if gpu and host.release >= (7, 0, 2) else None,
    }
    if gpu is not None and gpu.model.virtual_functions and gpu.sriov:
        made = host.vf_count(gpu)
        return vim.host.SriovInfo(
            **common, sriovEnabled=made > 0, sriovCapable=True, sriovActive=made > 0,
            numVirtualFunctionRequested=made, numVirtualFunction=made,
            maxVirtualFunctionSupported=gpu.model.virtual_functions,
        )  # fmt: skip
    if item.module in {"nmlx5_core", "ixgben", "i40en"} and not item.physical:
        return vim.host.SriovInfo(
            **common, sriovEnabled=False, sriovCapable=True, sriovActive=False,
            numVirtualFunctionRequested=0, numVirtualFunction=0, maxVirtualFunctionSupported=64,
        )  # fmt: skip
    return vim.host.PciPassthruInfo(**common)


def _network(host: HostShape) -> Any:
    def key(name: str) -> str:
        return f"key-vim.host.PhysicalNic-{name}"

    newer = host.release >= (8, 0, 0)
    pnics = [
        vim.host.PhysicalNic(
            key=key(nic.name), device=nic.name, pci=nic.address, driver=nic.driver,
            driverVersion="4.23.0.66" if newer else None,
            firmwareVersion="22.36.1010" if newer else None,
            linkSpeed=vim.host.PhysicalNic.LinkSpeedDuplex(speedMb=nic.speed, duplex=True)
            if nic.speed else None,
            validLinkSpecification=[], spec=vim.host.PhysicalNic.Specification(),
            wakeOnLanSupported=False, mac=f"02:00:00:00:00:{index:02x}",
        )
        for index, nic in enumerate(host.nics)
    ]  # fmt: skip
    standard = [switch for switch in host.switches if not switch.uuid]
    return vim.host.NetworkInfo(
        pnic=pnics,
        vswitch=[
            vim.host.VirtualSwitch(
                name=switch.name, key=f"key-vim.host.VirtualSwitch-{switch.name}", numPorts=5632,
                numPortsAvailable=5600, mtu=1500, pnic=[key(name) for name in switch.uplinks],
                portgroup=[f"key-vim.host.PortGroup-{name}" for name in switch.portgroups],
                spec=vim.host.VirtualSwitch.Specification(
                    numPorts=128, bridge=vim.host.VirtualSwitch.BondBridge(
                        nicDevice=list(switch.uplinks)
                    ) if switch.uplinks else None,
                ),
            )
            for switch in standard
        ],
        portgroup=[
            vim.host.PortGroup(
                key=f"key-vim.host.PortGroup-{name}", port=[],
                vswitch=f"key-vim.host.VirtualSwitch-{switch.name}",
                computedPolicy=vim.host.NetworkPolicy(),
                spec=vim.host.PortGroup.Specification(
                    name=name, vlanId=0, vswitchName=switch.name, policy=vim.host.NetworkPolicy()
                ),
            )
            for switch in standard
            for name in switch.portgroups
        ],
        proxySwitch=[
            vim.host.HostProxySwitch(
                dvsUuid=switch.uuid, dvsName=switch.name, numPorts=2048, numPortsAvailable=2000,
                key=f"key-vim.host.HostProxySwitch-{switch.uuid}", mtu=9000,
                pnic=[key(name) for name in switch.uplinks],
                spec=vim.host.HostProxySwitch.Specification(
                    backing=vim.dvs.HostMember.PnicBacking(pnicSpec=[
                        vim.dvs.HostMember.PnicSpec(pnicDevice=name) for name in switch.uplinks
                    ]),
                ),
            )
            for switch in host.switches
            if switch.uuid
        ],
    )  # fmt: skip


def _usage(held: int, free: int) -> Any:
    return vim.ResourcePool.ResourceUsage(
        reservationUsed=held, reservationUsedForVm=held, unreservedForPool=free,
        unreservedForVm=free, overallUsage=held, maxUsage=held + free,
    )  # fmt: skip


def _allocation(reservation: int) -> Any:
    return vim.ResourceAllocationInfo(
        reservation=reservation, limit=-1, expandableReservation=False,
        shares=vim.SharesInfo(level="normal", shares=1000),
    )  # fmt: skip


def _vm_config(writer: _Writer, host: HostShape, vm: Vm, uuid: str, path: str) -> Any:
    options = {
        **dict(vm.options),
        "guestinfo.vmtools.versionString": "12.3.5",
        "guestinfo.bootstrap.token": CANARY,
        "guestinfo.userdata": f"#cloud-config password={CANARY}",
        "svga.present": "TRUE",
        "nvram": f"{vm.name}.nvram",
    }
    newer = host.release >= (8, 0, 0)
    return vim.vm.ConfigInfo(
        changeVersion="1", modified=BOOT, name=vm.name, guestFullName="Ubuntu Linux (64-bit)",
        version=f"vmx-{vm.hardware}", uuid=uuid, instanceUuid=uuid, template=vm.template,
        guestId="ubuntu64Guest", alternateGuestName="", firmware=vm.firmware,
        files=vim.vm.FileInfo(vmPathName=path, logDirectory=path.rpartition("/")[0]),
        flags=vim.vm.FlagInfo(vvtdEnabled=vm.viommu, vbsEnabled=vm.vbs)
        if host.release >= (6, 7, 0) else vim.vm.FlagInfo(),
        initialOverhead=vim.vm.ConfigInfo.OverheadInfo(
            initialMemoryReservation=(256 + vm.memory_mb // 128) << 20,
            initialSwapReservation=1 << 30,
        ),
        sevEnabled=vm.sev if host.release >= (7, 0, 1) else None,
        sevSnpEnabled=False if host.release >= (9, 0, 0) else None,
        tdxEnabled=vm.tdx if host.release >= (9, 0, 0) else None,
        defaultPowerOps=vim.vm.DefaultPowerOpInfo(),
        hardware=vim.vm.VirtualHardware(
            numCPU=vm.vcpus, numCoresPerSocket=vm.cores_per_socket, memoryMB=vm.memory_mb,
            autoCoresPerSocket=False if newer else None, device=_vm_devices(writer, host, vm),
            simultaneousThreads=vm.threads_per_core if newer else None,
        ),
        cpuAllocation=_allocation(vm.cpu_reservation_mhz),
        memoryAllocation=_allocation(vm.reservation_mb),
        memoryReservationLockedToMax=vm.locked, cpuHotAddEnabled=vm.cpu_hot_add,
        memoryHotAddEnabled=vm.memory_hot_add,
        latencySensitivity=vim.LatencySensitivity(level=vm.latency),
        extraConfig=[vim.option.OptionValue(key=key, value=value)
                     for key, value in options.items()],
        numaInfo=vim.vm.VirtualNumaInfo(
            coresPerNumaNode=vm.cores_per_node or None, autoCoresPerNumaNode=not vm.cores_per_node,
            vnumaOnCpuHotaddExposed=False,
        ) if newer else None,
        deviceGroups=vim.vm.VirtualDeviceGroups(deviceGroup=[
            vim.vm.VirtualDeviceGroups.VendorDeviceGroup(
                groupInstanceKey=index, deviceGroupName=name
            )
            for index, name in enumerate(vm.device_groups, start=1)
        ]) if vm.device_groups else None,
    )  # fmt: skip


def _vm_devices(writer: _Writer, host: HostShape, vm: Vm) -> list[Any]:
    kinds = vim.vm.device
    devices: list[Any] = [
        kinds.VirtualPCIController(key=100, busNumber=0, deviceInfo=_label("PCI controller 0")),
        kinds.ParaVirtualSCSIController(
            key=1000, busNumber=0, sharedBus="noSharing", deviceInfo=_label("SCSI controller 0")
        ),
        kinds.VirtualVideoCard(key=500, videoRamSizeInKB=16384, deviceInfo=_label("Video card ")),
    ]
    for index, name in enumerate(vm.datastores):
        devices.append(kinds.VirtualDisk(
            key=2000 + index, controllerKey=1000, unitNumber=index, capacityInKB=100 << 20,
            deviceInfo=_label(f"Hard disk {index + 1}"),
            backing=kinds.VirtualDisk.FlatVer2BackingInfo(
                fileName=f"[{name}] {vm.name}/{vm.name}-{index}.vmdk", diskMode="persistent",
                datastore=writer.datastores[name], thinProvisioned=True,
            ),
        ))  # fmt: skip
    for index, name in enumerate(vm.nics):
        devices.append(
            kinds.VirtualVmxnet3(
                key=4000 + index, controllerKey=100, unitNumber=7 + index,
                deviceInfo=_label(f"Network adapter {index + 1}", name),
                backing=_nic_backing(writer, host.switches, name),
                connectable=_connected(vm), macAddress=f"00:50:56:00:00:{index:02x}",
            )
        )  # fmt: skip
    at = 0
    for profile in vm.profiles:
        gib = next(
            (
                gib_of(type_of(gpu, profile))
                for gpu in host.gpus
                if profile.startswith(f"{gpu.model.prefix}_{gpu.model.family.lower()}-")
            ),
            0,
        )
        # A migration figure came with 8.0; older releases leave it out.
        devices.append(_pci_passthrough(at, kinds.VirtualPCIPassthrough.VmiopBackingInfo(
            vgpu=profile, migrateSupported=True if host.release >= (7, 0, 2) else None,
            vgpuMigrateDataSizeMB=gib * 1024 if host.release >= (8, 0, 0) else None,
        ), grouped=bool(vm.device_groups)))  # fmt: skip
        at += 1
    backing: Any
    for item in vm.passed:
        if item.kind == "static":
            backing = kinds.VirtualPCIPassthrough.DeviceBackingInfo(
                id=item.address, deviceId=f"0x{item.device:x}", systemId="5f0d7b8e-0000-0000",
                vendorId=VmomiSupport.short(signed(item.vendor)), deviceName="",
            )  # fmt: skip
        else:
            backing = kinds.VirtualPCIPassthrough.DynamicBackingInfo(
                deviceName="", customLabel=item.label,
                assignedId=item.address if vm.on and item.address else None,
                allowedDevice=[kinds.VirtualPCIPassthrough.AllowedDevice(
                    vendorId=item.vendor, deviceId=item.device
                )],
            )  # fmt: skip
        devices.append(_pci_passthrough(at, backing))
        at += 1
    return devices


def _label(label: str, summary: str = "") -> Any:
    return vim.Description(label=label, summary=summary or label)


def _connected(vm: Vm) -> Any:
    return vim.vm.device.VirtualDevice.ConnectInfo(
        startConnected=True, allowGuestControl=True, connected=vm.on
    )


def _pci_passthrough(index: int, backing: Any, *, grouped: bool = False) -> Any:
    group = vim.vm.device.VirtualDevice.DeviceGroupInfo(groupInstanceKey=1, sequenceId=index)
    return vim.vm.device.VirtualPCIPassthrough(
        key=13000 + index, controllerKey=100, unitNumber=20 + index, backing=backing,
        deviceInfo=_label(f"PCI device {index}"), deviceGroupInfo=group if grouped else None,
    )  # fmt: skip


def _nic_backing(writer: _Writer, switches: Sequence[Switch], name: str) -> Any:
    """By name on a standard switch, by switch and key on a distributed one."""
    for switch in switches:
        if switch.uuid and name in switch.portgroups:
            return vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(
                port=vim.dvs.PortConnection(
                    switchUuid=switch.uuid, portgroupKey=f"dvportgroup-{name}", portKey="1"
                )
            )
    return vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(
        deviceName=name, network=writer.networks.get(name)
    )
