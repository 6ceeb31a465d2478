"""A VM to be: what is given of it, and the host as it would be with it."""

from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from hostcheck import catalog
from hostcheck.checks.needs import Released, newest_version
from hostcheck.model.capture import Origin, Wire
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.vm import TO_BE, Vm, VmVgpu
from hostcheck.syntax import toml

T = TypeVar("T")

MIB = 1024 * 1024
GIVEN_ID = "given"
"""Stands for the managed object id of a VM that does not exist yet."""


USUAL = 20
"""The virtual hardware of ESXi 8.0, which later releases run too."""


class VmSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A VM that does not exist yet. `memory_mb` is all reserved unless `reserved_mb` says less.

    `overhead_mb` is what ESXi needs beside that; a like VM tells it (config.initialOverhead). Its
    latency sensitivity is normal or high; no CPU is reserved unless `cpu_reserved_mhz` says so.
    Its `hardware_version` is 20, or the newest that an older host runs, unless it says another.
    `mmio_gib` is its 64-bit MMIO space: enough for any one GPU unless it says less; 0 is off.
    """

    profile: str
    count: Annotated[int, Meta(ge=1, le=16)] = 1
    vcpus: Annotated[int, Meta(ge=1, le=960)] = 1
    memory_mb: Annotated[int, Meta(ge=1)] = 4096
    reserved_mb: int = -1
    firmware: str = "efi"
    hardware_version: int = 0
    overhead_mb: int = 0
    cpu_reserved_mhz: int = 0
    latency: str = "normal"
    mmio_gib: int = 1024
    name: str = TO_BE

    def told(self) -> dict[str, str]:
        """Return what vCenter needs to know of it, as words."""
        ours = ("name", "mmio_gib")
        words = {one: str(getattr(self, one)) for one in self.__struct_fields__ if one not in ours}
        return words | {"reserved_mb": str(max(self.reserved_mb, -1))}

    def fitted(self, host: Released) -> "VmSpec":
        """Return it with the virtual hardware that it would be given on a host."""
        if self.hardware_version:
            return self
        newest = newest_version(host, catalog.requirements())
        version = USUAL if isinstance(newest, Unknown) else min(USUAL, newest)
        return msgspec.structs.replace(self, hardware_version=version)

    def _options(self) -> dict[str, str]:
        if not self.mmio_gib:
            return {}
        size = str(self.mmio_gib)
        return {"pciPassthru.use64bitMMIO": "TRUE", "pciPassthru.64bitMMIOSizeGB": size}

    def vm(self, source: int) -> Vm:
        """Return the VM, its facts told by the given source."""

        def known(value: T) -> Known[T]:
            return Known(value, (source,))

        unasked = Unknown(Why.NOT_ASKED, "the VM does not exist yet", "the given VM")
        reserved = self.memory_mb if self.reserved_mb < 0 else self.reserved_mb
        return Vm(
            name=self.name,
            id=GIVEN_ID,
            host_id=known(GIVEN_ID),
            power_state=known("poweredOff"),
            hardware_version=known(self.hardware_version),
            firmware=known(self.firmware),
            vcpu_count=known(self.vcpus),
            cores_per_socket=unasked,
            memory_bytes=known(self.memory_mb * MIB),
            memory_reserved_bytes=known(reserved * MIB),
            memory_locked_to_max=known(self.reserved_mb < 0),
            memory_overhead_bytes=known(self.overhead_mb * MIB),
            pools=known(()),
            cpu_hot_add=known(False),
            memory_hot_add=known(False),
            vnuma_with_hot_add=unasked,
            viommu=known(False),
            vbs=known(False),
            sev=known(False),
            sev_snp=known(False),
            tdx=known(False),
            latency_sensitivity=known(self.latency),
            cores_per_numa_node=unasked,
            options=known(self._options()),
            devices=known(self.count),
            vgpus=tuple(
                VmVgpu(f"PCI device {index}", known(self.profile)) for index in range(self.count)
            ),
            passthroughs=(),
            device_groups=known(()),
            nics=(),
            gpu_addresses=unasked,
            cpu_reserved_mhz=known(self.cpu_reserved_mhz),
            threads_per_core=known(1),
            connection_state=known("connected"),
            datastores=known(()),
            networks=known(()),
            rules=known(()),
            cpu_features=known({}),
        )


def read_spec(path: Path) -> VmSpec:
    """Read a VM to be from a TOML file. Raises UsageError that names the file and the field."""
    return toml.read(path, VmSpec, "docs/settings.md")[0]


def hosting(host: Host, spec: VmSpec) -> Host:
    """Return the host with the VM to be on it, where its VMs are known at all."""
    if isinstance(host.vms, Unknown):
        return host
    told = Origin(Wire.GIVEN, f"{spec.count} x {spec.profile}", GIVEN_ID, "")
    vm = spec.fitted(host).vm(len(host.sources))
    vms = Known((*host.vms.value, vm), host.vms.sources)
    return msgspec.structs.replace(host, sources=(*host.sources, told), vms=vms)
