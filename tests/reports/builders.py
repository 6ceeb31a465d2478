"""Runs for the tests of the reports, built from a few words. No two calls differ."""

from msgspec.structs import replace

from hostcheck.model.capture import Origin, Wire
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import (
    GraphicsType,
    Mode,
    NumaNode,
    Package,
    Passthrough,
    PcieLink,
    Service,
    Software,
    Sriov,
    Testimony,
    VgpuInstance,
)
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.model.result import (
    Answer,
    Command,
    Manual,
    Result,
    Severity,
    Status,
    Subject,
    Unseen,
    verdict_of,
)
from hostcheck.model.run import SCHEMA, Candidate, HostReport, Preflight, Run
from hostcheck.model.vm import VmNic, VmPassthrough, VmVgpu
from tests.checks.synthetic import a_gpu, a_host, a_nic, a_vm

GIB = 1024**3
DENIED = Unknown(
    Why.DENIED,
    "NoPermission: permission to perform this operation was denied",
    "config.service",
    "Host.Config.NetService",
)
NOT_ASKED = Unknown(Why.NOT_ASKED, "SSH is off", "nvidia-smi -q -x")

SOURCES = (
    Origin(Wire.PROPERTIES, "hardware.cpuPkg", "host-12", "2026-11-21T08:01:22Z"),
    Origin(Wire.PROPERTIES, "config.graphicsInfo", "host-12", "2026-11-21T08:01:22.514Z"),
    Origin(Wire.SHELL, "nvidia-smi -q -x", "", "2026-11-21T09:01:25+01:00"),
    Origin(Wire.ESXCLI, "hardware pci list", "host-12", "2026-11-21T08:01:24Z"),
    Origin(Wire.METHOD, "HostSystem.QueryHostConnectionInfo", "host-12", "2026-11-21T08:01:26Z"),
)

REQ, REC, INF = Severity.REQUIRED, Severity.RECOMMENDED, Severity.INFORMATIONAL

CHECKS = (
    ("NUMA-001", "One NUMA node per package", "NUMA", REC, "host",
     "Sub-NUMA clustering halves the node a VM must fit into; its GPU may sit in the other half.",
     "", "Turn sub-NUMA clustering (SNC, NPS) off in the BIOS.",
     (("BIOS", "Sub-NUMA Clustering = Disabled"),), ("maintenance mode", "host reboot")),
    ("NUMA-002", "The GPU and its VM share a NUMA node", "NUMA", REC, "placement",
     "Each copy between the VM's memory and a GPU on another node crosses the processor link.",
     "", "Pin the VM to the node of its GPU.",
     (("PowerCLI", "Get-VM '{vm}' | New-AdvancedSetting -Name numa.nodeAffinity -Value 0"),),
     ("VM power off",)),
    ("NUMA-003", "The GPU's NUMA node is known", "NUMA", INF, "gpu",
     "Placement cannot be judged when the firmware does not say where the GPU sits.", "",
     "Update the BIOS, which must describe the proximity of PCIe root ports.", (), ()),
    ("GFX-001", "The host graphics type is Shared Direct", "Graphics", REQ, "gpu",
     "vGPU needs the Shared Direct type, and the active type only changes at a reboot.",
     ("The amount of graphics resource available in the parent resource pool is insufficient "
     "for the operation."),
     "Set the graphics type of the GPU to Shared Direct and reboot the host.",
     (("esxcli", "esxcli graphics host set --default-type SharedPassthru"),
      ("vSphere Client", "Host > Configure > Hardware > Graphics > Edit > Shared Direct")),
     ("maintenance mode", "host reboot")),
    ("GFX-002", "The assignment policy fits the plan", "Graphics", REC, "host",
     "The consolidation policy keeps GPUs free for other profile sizes.", "",
     "Choose consolidation.", (("esxcli", ("esxcli graphics host set "
     "--shared-passthru-assignment-type=Consolidation")),), ()),
    ("DRV-001", "The vGPU manager is installed", "Driver", REQ, "host",
     "Without the host driver no profile is offered.",
     "No host is compatible with the virtual machine.", "Install the NVIDIA vGPU manager VIB.",
     (("esxcli", "esxcli software vib install -d /vmfs/volumes/datastore1/NVD-VGPU-800.zip"),),
     ("maintenance mode", "host reboot")),
    ("DRV-002", "The vGPU manager reaches the GPU", "Driver", REQ, "gpu",
     "A GPU that nvidia-smi does not list has fallen off the bus or belongs to another driver.",
     "Failed to initialize NVML: Unknown Error", "Reseat the GPU or give it back to the host.",
     (), ("host reboot",)),
    ("ECC-001", "ECC is as planned and not pending", "ECC", REC, "gpu",
     "A pending switch takes effect at the next reset and changes the framebuffer on GDDR boards.",
     "", "Finish the switch: reset the GPU.", (("shell", "nvidia-smi --gpu-reset -i {gpu}"),),
     ("maintenance mode",)),
    ("ECC-002", "No row remap or page retirement is pending", "ECC", REQ, "gpu",
     "A GPU with failed remapping must be replaced.", "",
     "Reset the GPU; replace it when remapping has failed.", (), ("maintenance mode",)),
    ("SRV-001", "SR-IOV is on for the GPU", "SR-IOV", REQ, "gpu",
     "Ampere and newer GPUs hand out vGPUs as SR-IOV virtual functions.",
     "Module 'DevicePowerOn' power on failed. Could not initialize plugin 'libnvidia-vgx.so'",
     "Enable SR-IOV in the BIOS.", (("BIOS", "SR-IOV Global Enable = Enabled"),),
     ("maintenance mode", "host reboot")),
    ("VM-001", "All guest memory is reserved", "VM", REQ, "vm",
     "vSphere does not start a VM with a PCI device whose memory could be swapped.",
     "Invalid memory setting: memory reservation (sched.mem.min) should be equal to memsize.",
     "Tick 'Reserve all guest memory (All locked)'.",
     (("PowerCLI", ("Get-VM '{vm}' | Get-VMResourceConfiguration | "
       "Set-VMResourceConfiguration -MemReservationGB 64")),), ("VM power off",)),
    ("VM-002", "CPU and memory hot add are off", "VM", REC, "vm",
     "Hot add hides the virtual NUMA nodes from the guest.", "", "Turn hot add off.", (),
     ("VM power off",)),
    ("HST-001", "No reboot is pending", "Host", REC, "host",
     "What was installed takes effect at the reboot.", "", "Reboot the host.",
     (("PowerCLI", "Restart-VMHost {host}"),), ("maintenance mode", "host reboot")),
    ("HST-002", "The host is connected and not in maintenance mode", "Host", REQ, "host",
     "A host in maintenance mode starts no VM.", "", "Leave maintenance mode.", (), ()),
    ("HST-003", "SSH is off", "Host", INF, "host", "Hardening guides want it off.", "",
     "Stop the service.", (("esxcli", "vim-cmd hostsvc/disable_ssh"),), ()),
    ("AGR-001", "The sources agree", "Agreement", INF, "agreement",
     "Two sources that contradict one another are a stale cache or a fault.", "",
     "Refresh the graphics information of the host.", (), ()),
)  # fmt: skip


def manuals():
    return tuple(
        Manual(
            key, title, family, severity, subject, why, symptom, fix,
            tuple(Command(tool, text) for tool, text in commands), (), needs,
            f"https://example.com/checks/{key}",
        )
        for key, title, family, severity, subject, why, symptom, fix, commands, needs in CHECKS
    )  # fmt: skip


def pci(text):
    return PciAddress(text)


def gpu(index=0, node=0, *, port=None, **changes):
    """One A100 of `index` on its own root port."""
    bus = 0x17 + 0x0D * index
    address = pci(f"0000:{bus:02x}:00.0")
    root = pci(port or f"0000:{bus - 1:02x}:02.0")
    made = a_gpu(
        0,
        node,
        address=address,
        pci_id=PciId(0x10DE, 0x20B5, 0x10DE, 0x1533),
        bridges=(root,),
        numa_node=Known(node, (3,)),
        graphics_active=Known(GraphicsType.SHARED_DIRECT, (1,)),
        graphics_configured=Known(GraphicsType.SHARED_DIRECT, (1,)),
        vgpu_mode=Known("sameSize", (1,)),
        graphics_memory_bytes=Known(80 * GIB, (1,)),
        vm_ids=Known((), (1,)),
        sriov=Known(Sriov(True, True, True, 20, 20), (1,)),
        passthrough=Known(Passthrough(True, False, False), (1,)),
        smi_seen=Known(True, (2,)),
        uuid=Known(f"GPU-{index:08d}", (2,)),
        ecc_current=Known(Mode.ENABLED, (2,)),
        ecc_pending=Known(Mode.ENABLED, (2,)),
        mig_current=Known(Mode.DISABLED, (2,)),
        mig_pending=Known(Mode.DISABLED, (2,)),
        framebuffer_bytes=Known(80 * GIB, (2,)),
        framebuffer_used_bytes=Known((index % 5) * 20 * GIB, (2,)),
        bar1_bytes=Known(128 * GIB, (2,)),
        link=Known(PcieLink(1, 4, 16, 16), (2,)),
        pages_retire_pending=Unknown(Why.ABSENT, "N/A", "nvidia-smi -q -x"),
        profiles_supported=Known(("A100D-20C", "A100D-40C", "A100D-80C")),
        profile_limits=Known(()),
        profiles_creatable=Known(("A100D-20C",)),
    )
    return replace(made, **changes)


def nic(index=0, node=0, **changes):
    bus = 0x13 + 0x40 * index
    made = a_nic(
        index,
        node,
        name=f"vmnic{index}",
        address=pci(f"0000:{bus:02x}:00.{index % 2}"),
        link_up=Known(index != 3, (0,)),
        bridges=(pci(f"0000:{bus - 1:02x}:00.0"),),
        numa_node=Known(node, (3,)),
        switches=("dvs-prod",),
    )
    return replace(made, **changes)


def vm(index=0, gpus=(), **changes):
    on = bool(gpus)
    made = a_vm(
        index,
        name=f"ml-train-{index:02d}",
        id=f"vm-{100 + index}",
        host_id=Known("host-12", (0,)),
        power_state=Known("poweredOn" if on else "poweredOff", (0,)),
        vcpu_count=Known(16),
        cores_per_socket=Known(16),
        memory_bytes=Known(128 * GIB),
        memory_reserved_bytes=Known(128 * GIB),
        pools=Known(()),
        sev_snp=NOT_ASKED,
        tdx=NOT_ASKED,
        options=Known({"pciPassthru.use64bitMMIO": "TRUE"}),
        devices=Known(14),
        vgpus=(VmVgpu("PCI device 0", Known("grid_a100d-20c", (0,))),),
        nics=(VmNic("Network adapter 1", "prod-100", Known(("vmnic0", "vmnic1"))),),
        gpu_addresses=Known(tuple(gpus), (1,)),
    )
    return replace(made, **changes)


def packages_and_nodes(packages, per_package, *, vendor="intel"):
    count, width = packages * per_package, 64 // per_package
    nodes = tuple(
        NumaNode(
            n, Known(512 * GIB // per_package, (0,)), tuple(range(n * width, (n + 1) * width)),
            (n // per_package,),
        )
        for n in range(count)
    )  # fmt: skip
    boxes = tuple(
        Package(
            p, vendor, "Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz",
            tuple(range(p * 64, (p + 1) * 64)),
            tuple(range(p * per_package, (p + 1) * per_package)),
        )
        for p in range(packages)
    )  # fmt: skip
    return boxes, nodes


def host(name="esx01.lab.example", *, gpus=2, packages=2, per_package=1, nics=2, vms=3, **changes):
    """A host with its devices spread evenly over its nodes."""
    boxes, nodes = packages_and_nodes(packages, per_package)
    cards = tuple(gpu(i, i * len(nodes) // max(gpus, 1)) for i in range(gpus))
    guests = tuple(
        vm(i, (cards[i % gpus].address,) if gpus and i % 4 != 2 else ()) for i in range(vms)
    )
    cards = tuple(
        replace(card, vm_ids=Known(tuple(g.id for g in guests if card.address in
                                         g.gpu_addresses.value), (1,)))
        for card in cards
    )  # fmt: skip
    made = replace(
        a_host(),

        name=name,
        id="host-12",
        cluster=Known("gpu-prod"),
        sources=SOURCES,
        boot_time=Known("2026-11-03T04:12:09Z", (0,)),
        firmware_type=Known("efi", (0,)),
        build=Known("24585383", (0,)),
        lockdown_mode=Known("lockdownNormal", (0,)),
        services=Known((Service("TSM-SSH", True, "off"), Service("TSM", False, "off")), (0,)),
        memory_bytes=Known(1024 * GIB, (0,)),
        memory_hypervisor_bytes=NOT_ASKED,
        package_count=Known(packages, (0,)),
        core_count=Known(32 * packages, (0,)),
        pu_count=Known(64 * packages, (0,)),
        packages=Known(boxes, (0,)),
        numa_node_count=Known(len(nodes), (0,)),
        numa_nodes=Known(nodes, (0,)),
        graphics_default=Known(GraphicsType.SHARED_DIRECT, (1,)),
        assignment_policy=Known("performance", (1,)),
        profiles_offered=Known(("grid_a100d-20c", "grid_a100d-40c", "grid_a100d-80c"), (1,)),
        vgpu_abilities=Known((), (0,)),
        drs_automation=Known("fullyAutomated", (0,)),
        gpus=Known(cards, (1,)),
        nics=Known(tuple(nic(i, i * len(nodes) // max(nics, 1)) for i in range(nics)), (0,)),
        smi_answers=Known(True, (2,)),
        smi_gpu_count=Known(gpus, (2,)),
        driver_version=Known("550.54.16", (2,)),
        driver_packages=Known((Software("NVD-VMware_ESXi", "550.54.16-1OEM", "NVIDIA"),), (3,)),
        nvlink=Unknown(Why.NOT_ASKED, "SSH is off", "nvidia-smi topo -m"),
        vgpu_instances=Known(
            tuple(
                VgpuInstance(g.gpu_addresses.value[0], g.name, "GRID A100D-20C",
                             Known("550.54.14"), Known("Licensed"))
                for g in guests if g.gpu_addresses.value
            ),
            (2,),
        ),
        vms=Known(guests, (0,)),
        testimonies=(
            Testimony("NUMA node of the first GPU", (Known("node 0", (3,)), Known("node 0", (2,)))),
            Testimony("GPU count", (Known(str(gpus), (1,)), NOT_ASKED)),
        ),
    )  # fmt: skip
    return replace(made, **changes)


def nvlinked(made, code="NV12", pairs=None):
    """Return the host with NVLink among its GPUs: all pairs, or the pairs given."""
    cards = made.gpus.value
    rows = tuple(
        tuple(
            "X" if a == b
            else code if pairs is None or (min(a, b), max(a, b)) in pairs else "SYS"
            for b in range(len(cards))
        )
        for a in range(len(cards))
    )  # fmt: skip
    return replace(
        made, nvlink=Known(rows, (2,)), nvlink_order=tuple(card.address for card in cards)
    )


def switched(made, per_port=4):
    """Return the host with its GPUs below PCIe switches, several to a root port."""
    cards = tuple(
        replace(card, bridges=(
            pci(f"0000:{0x80 + index // 2:02x}:04.0"),
            pci(f"0000:{0x70 + index // per_port:02x}:01.0"),
        ))
        for index, card in enumerate(made.gpus.value)
    )  # fmt: skip
    return replace(made, gpus=Known(cards, (1,)))


def subjects(made, kind):
    cards = made.gpus.value if isinstance(made.gpus, Known) else ()
    guests = made.vms.value if isinstance(made.vms, Known) else ()
    if kind == "gpu":
        return [Subject("gpu", g.address, f"{g.name} {g.address}",
                        {"host": made.name, "gpu": g.address}) for g in cards]  # fmt: skip
    if kind == "vm":
        return [Subject("vm", g.id, g.name, {"host": made.name, "vm": g.name}) for g in guests]
    if kind == "placement":
        return [
            Subject("placement", f"{g.id}/{a}", f"{g.name} on {a}",
                    {"host": made.name, "vm": g.name, "gpu": a})
            for g in guests if isinstance(g.gpu_addresses, Known) for a in g.gpu_addresses.value
        ]  # fmt: skip
    return [Subject(kind, made.id, made.name, {"host": made.name})]


def result(check, subject, status, **changes):
    row = next(row for row in CHECKS if row[0] == check)
    unseen = None
    if status is Status.UNKNOWN:
        fact = changes.pop("fact", NOT_ASKED)
        unseen = Unseen(fact.why.value, fact.detail, fact.asked, fact.privilege)
    words = {
        Status.PASS: ("as it should be", "as it should be"),
        Status.FAIL: ("Shared", "Shared Direct, active and configured"),
        Status.UNKNOWN: ("not known", ""),
        Status.NOT_APPLICABLE: ("no MIG on this board", "only boards with MIG"),
        Status.ERROR: ("the check itself failed", ""),
    }[status]
    commands = tuple(
        Command(tool, text.format(**{"host": "", "gpu": "", "vm": "", **subject.values}))
        for tool, text in row[8]
    )
    made = Result(
        check=check, severity=row[3], status=status, subject=subject,
        observed=words[0], expected=words[1],
        sources=(1, 3) if status is not Status.UNKNOWN else (), unseen=unseen,
        fix=commands if status is Status.FAIL else (),
        trace="KeyError: 'cpuID' at hostcheck/checks/numa.py:41" if status is Status.ERROR else "",
    )  # fmt: skip
    return replace(made, **changes)


def report(made, faults=None):
    """Judge a host: every check passes, but for `faults`: {check: status or (status, changes)}."""
    faults = faults or {}
    results = []
    for row in CHECKS:
        for number, subject in enumerate(subjects(made, row[4])):
            told = faults.get(row[0], Status.PASS)
            status, changes = told if isinstance(told, tuple) else (told, {})
            changes = dict(changes)
            only = changes.pop("only", None)
            if only is not None and number not in only:
                status, changes = Status.PASS, {}
            results.append(result(row[0], subject, status, **changes))
    required = [r.status for r in results if r.severity is REQ]
    return HostReport(verdict_of(required), made, tuple(results))


SSH_OFF = {
    "ECC-001": Status.UNKNOWN, "ECC-002": Status.UNKNOWN, "DRV-002": Status.UNKNOWN,
}  # fmt: skip
MIXED = {
    "GFX-001": (Status.FAIL, {"only": (1,), "note": "The active type changes at the next reboot."}),
    "NUMA-001": (Status.FAIL, {"observed": "4 NUMA nodes on 2 packages",
                               "expected": "2 NUMA nodes on 2 packages"}),
    "VM-001": (Status.FAIL, {"only": (2,), "observed": "64 GiB of 128 GiB reserved",
                             "expected": "128 GiB reserved"}),
    "ECC-001": Status.UNKNOWN,
    "ECC-002": Status.UNKNOWN,
    "HST-003": (Status.UNKNOWN, {"fact": DENIED}),
    "AGR-001": Status.ERROR,
    "NUMA-003": Status.NOT_APPLICABLE,
    "GFX-002": (Status.FAIL, {"observed": "performance", "expected": "consolidation"}),
}  # fmt: skip


def run(*reports, preflight=None, notices=()):
    return Run(
        SCHEMA, "0.1.0", "2026-08-22", "vcenter.lab.example",
        "2026-11-21T08:01:22Z", "2026-11-21T08:01:26Z", reports, manuals(), preflight, notices,
    )  # fmt: skip


def one_host():
    return run(report(host(per_package=2, gpus=4, vms=6), MIXED))


def healthy():
    return run(report(host()))


def fleet(number):
    """A fleet with every fate in it: healthy, failing, half seen, unreachable."""
    reports = []
    for index in range(number):
        name = f"esx{index + 1:02d}.lab.example"
        shape = {"gpus": (2, 4, 8, 2)[index % 4], "packages": 2, "vms": 4 + index % 5}
        if index % 8 == 2:
            made = report(host(name, per_package=2, **shape), MIXED)
        elif index % 8 == 5:
            made = report(host(name, **shape, driver_version=Known("550.90.05", (2,))), SSH_OFF)
        elif index % 8 == 6:
            made = report(
                dark_host(name),
                dict.fromkeys(
                    (row[0] for row in CHECKS),
                    (
                        Status.UNKNOWN,
                        {"fact": Unknown(Why.UNREACHABLE, "connection refused", "HostSystem")},
                    ),
                ),
            )
        elif index % 8 == 7:
            made = report(
                host(name, **shape, reboot_required=Known(True, (0,))),
                {"HST-001": Status.FAIL, "VM-001": (Status.FAIL, {"only": (0, 1)})},
            )
        else:
            made = report(host(name, **shape))
        reports.append(made)
    return run(*reports, notices=("2 hosts were left out: not powered on.",))  # fmt: skip


def dark_host(name="esx99.lab.example"):
    """A host of which nothing is known but its name."""
    gone = Unknown(Why.UNREACHABLE, "connection refused", "HostSystem")
    known = host(name)
    facts = {
        field: gone
        for field in known.__struct_fields__
        if isinstance(getattr(known, field), Known | Unknown)
    }
    return replace(known, **facts, testimonies=(), sources=())


def unknown_nodes():
    """Two packages; one GPU and one adapter whose node is not known."""
    made = host(gpus=3)
    lost = Unknown(Why.ABSENT, "4294967295", "hardware pci list")
    cards = made.gpus.value
    adapters = made.nics.value
    return replace(
        made,
        gpus=Known((*cards[:2], replace(cards[2], numa_node=lost, bridges=(),
                                        framebuffer_used_bytes=NOT_ASKED,
                                        graphics_active=lost)), (1,)),
        nics=Known((adapters[0], replace(adapters[1], numa_node=lost, speed_mbps=lost,
                                         link_up=lost)), (0,)),
    )  # fmt: skip


def preflight_run(answer="GO"):
    """A preflight of one VM over three hosts of different fates."""
    good = report(host("esx01.lab.example"))
    bad = report(host("esx02.lab.example", per_package=2, gpus=4), MIXED)
    dim = report(host("esx03.lab.example"), SSH_OFF)

    def candidate(rank, one, summary, verdict):
        cards = one.host.gpus.value
        own = result(
            "NUMA-002",
            Subject("placement", f"vm-999/{cards[0].address}", f"new-vm on {cards[0].address}",
                    {"vm": "new-vm", "gpu": cards[0].address}),
            Status.PASS if verdict is Answer.GO else Status.FAIL,
            observed="VM fits node 0" if verdict is Answer.GO else "VM wider than node 0",
            expected="VM fits one node",
        )  # fmt: skip
        return Candidate(rank, one.host.name, verdict, summary,
                         tuple(card.address for card in cards[:2]),
                         (*one.results, own))  # fmt: skip

    ranked = (
        candidate(1, good, "Two GPUs can take grid_a100d-20c, both on the VM's node.", Answer.GO),
        candidate(2, dim, "ECC state could not be read: SSH is off.", Answer.UNSURE),
        candidate(3, bad, "GPU 1 is not in Shared Direct.", Answer.NO_GO),
    )
    words = {
        "GO": (Answer.GO, "esx01.lab.example can start it; every required check passes.", ranked),
        "NO-GO": (Answer.NO_GO, ("No host can start it: GPU 1 of the only host is not in "
                  "Shared Direct."), ranked[2:]),
        "UNSURE": (Answer.UNSURE, "Nothing fails, but ECC state could not be read on esx03.",
                   ranked[1:2]),
    }[answer]  # fmt: skip
    return run(good, bad, dim, preflight=Preflight("new-vm", *words))


HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(2)>",
    "\u202egnp.exe\u2066",
    "x" * 200,
    "🧨 日本語 ﷽ é",
    "esc\x1b[31mred\x00\x07",
    "{{ 7*7 }} {% raw %}",
    "]]> & &amp; -->",
)


def hostile():
    """Every name is an attack."""
    made = host(vms=0, gpus=2)
    cards = made.gpus.value
    guests = tuple(
        vm(i, (cards[i % 2].address,) if i % 3 else (), name=name,
           passthroughs=(
               VmPassthrough(name, "static", Known(cards[0].address), (), *[NOT_ASKED] * 3),
           ))
        for i, name in enumerate(HOSTILE)
    )  # fmt: skip
    made = replace(
        made, name=HOSTILE[0], vms=Known(guests, (0,)), model=Known(HOSTILE[1]),
        sources=(*SOURCES, Origin(Wire.ESXCLI, HOSTILE[1], HOSTILE[0], HOSTILE[5])),
        gpus=Known(tuple(replace(card, name=HOSTILE[1]) for card in cards), (1,)),
    )  # fmt: skip
    return run(
        report(made, {"VM-001": (Status.FAIL, {"note": HOSTILE[0], "observed": HOSTILE[1],
                                               "sources": (5,)}),
                      "ECC-001": (Status.UNKNOWN, {"fact": Unknown(
                          Why.DENIED, HOSTILE[0], HOSTILE[1], HOSTILE[5])})}),
        notices=HOSTILE,
    )  # fmt: skip
