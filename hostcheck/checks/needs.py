"""VM: what any VM, with a GPU or without, needs of the host that is to run it."""

from typing import Protocol

from hostcheck.checks.engine import Facts, attempt, check, judge, run, unsure
from hostcheck.checks.subjects import Placement, every_placement
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.requirements import HardwareVersions, HostRelease, Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.words import count

FAULTS = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
)
HARDWARE = FAULTS + "VirtualHardwareVersionNotSupported"
PROCESSORS = FAULTS + "NotEnoughLogicalCpus"
WITHOUT_UPDATES = "6.7.0"
"""A product version that all updates of the release share; their API versions differ."""


@check(
    "VM-014",
    title="The host's release runs virtual hardware of the VM's version",
    severity=Severity.REQUIRED,
    source=HARDWARE,
    each=every_placement,
    why=(
        "Each release of ESXi knows virtual hardware up to a version of its own, and updates "
        "raise it: 6.7 U2, 7.0 U1, 7.0 U2 and 8.0 U2 did. A VM that was upgraded beyond that is "
        "not powered on, and vSphere has no way to lower the version again."
    ),
    symptom=(
        "VirtualHardwareVersionNotSupported: The virtual machine's virtual hardware version is "
        "not supported on the host."
    ),
    fix=(
        "Start the VM on a host whose release runs its hardware, or update this host; a VM that "
        "was upgraded too far is built anew around its disks, with an older compatibility."
    ),
    how=(
        run("vSphere Client (another host)", "{vm} > Migrate > Change compute resource only"),
        run("vSphere Client (update this one)", "{host} > Updates > Image > Remediate"),
    ),
    needs=("maintenance mode", "host reboot"),
)
def host_runs_the_hardware(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm, host = placed.vm, placed.host
    known(vm.devices)
    version, release = known(vm.hardware_version), _release(host, known)
    entry = newest_hardware(host, needs, known)
    observed = f"vmx-{version} on ESXi {release}"
    expected = f"vmx-{entry.hardware_version} or earlier"
    if version in needs.hardware.foreign:
        note = f"vmx-{version} is Workstation's: VMware lists it for no release of ESXi"
        return unsure(observed, expected, note)
    if version > entry.hardware_version and _newer(release, entry, needs.hardware):
        return unsure(observed, expected, "the catalogue does not know so new a release")
    known.rests_on(f"ESXi {entry.release}", verified=entry.verified)
    return judge(ok=version <= entry.hardware_version, observed=observed, expected=expected)


class Released(Protocol):
    """A host, or what is known of its release alone."""

    @property
    def version(self) -> Fact[str]:
        """As the host tells it."""

    @property
    def api_version(self) -> Fact[str]:
        """Of its API, which knows updates that the version leaves out."""


def newest_hardware(host: Released, needs: Requirements, known: Facts) -> HostRelease:
    """Return the catalogue's entry on the host's release, or leave the check."""
    release = _release(host, known)
    entry = needs.hardware.of(release)
    if entry is None:
        known.leave(Unknown(Why.ABSENT, f"no ESXi {release} is listed", "hostcheck catalogue"))
    return entry


def newest_version(host: Released, needs: Requirements) -> int | Unknown:
    """Return the newest virtual hardware that a host runs, outside of a check."""
    return attempt(lambda known: newest_hardware(host, needs, known).hardware_version)


def _release(host: Released, known: Facts) -> str:
    release = known(host.version)
    if release == WITHOUT_UPDATES and not isinstance(host.api_version, Unknown):
        return known(host.api_version)
    return release


def _newer(release: str, entry: HostRelease, listed: HardwareVersions) -> bool:
    """Say whether a release came after the last one that the catalogue lists."""
    return entry is listed.releases[-1] and not release.startswith(entry.release.rpartition(".")[0])


@check(
    "VM-015",
    title="The VM has no more vCPUs than the host has logical processors",
    severity=Severity.REQUIRED,
    source=PROCESSORS,
    each=every_placement,
    why=(
        "Each vCPU of a VM needs a logical processor of its own to run on: a core, or a thread "
        "where hyperthreading is on. A VM with more of them than the host has is not powered on "
        "there, however idle the host is."
    ),
    symptom=(
        "NotEnoughLogicalCpus: The host hardware does not have enough logical CPUs to support the "
        "number of virtual CPUs in the virtual machine. (NotEnoughCpus, without hyperthreading)"
    ),
    fix=(
        "Give the VM fewer vCPUs, in whole virtual sockets, or start it on a larger host; where "
        "hyperthreading is off in the BIOS, turning it on doubles what the host has."
    ),
    how=(
        run("govc", "govc vm.change -vm {vm} -c {vcpus}"),
        run(
            "PowerCLI",
            "Set-VM (Get-VM -Id {vm_id}) -NumCpu {vcpus} -CoresPerSocket {cores} -Confirm:$false",
        ),
    ),
    needs=("VM power off",),
)
def enough_processors(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm, host = placed.vm, placed.host
    known(vm.devices)
    wanted, there = known(vm.vcpu_count), known(host.pu_count)
    cores = 1 if isinstance(vm.cores_per_socket, Unknown) else vm.cores_per_socket.value
    cores = max(1, min(cores, there))
    return judge(
        ok=wanted <= there,
        observed=f"{count(wanted, 'vCPU')} on {count(there, 'logical processor')}",
        expected=f"{there} vCPUs or fewer",
        vcpus=max(1, there // cores) * cores,
        cores=cores,
    )
