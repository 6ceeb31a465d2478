"""HOST: can this host start anything at all now?"""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run
from hostcheck.checks.subjects import every_host, every_host_with_gpu
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.release import is_before, release_of
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.words import count

GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"
EVACUATION = "https://kb.vmware.com/s/article/94881"
PLACES_VGPUS = 8
"""First vSphere release whose DRS knows where a vGPU fits."""
EVACUATES_SINCE = (7, 0, 3)
API = "https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/"
OFFERED = f"{API}vim.host.ConfigInfo.html"


@check(
    "HOST-001",
    title="The host is connected and powered on",
    severity=Severity.REQUIRED,
    source=API,
    each=every_host,
    phase=Phase.CONNECTION,
    why=(
        "vCenter keeps showing the last known state of a host that it has lost; nothing else in "
        "this report is current then."
    ),
    symptom="Host is not responding",
    fix="Bring the host back into its vCenter, then audit again.",
    how=(
        run("vSphere Client", "Hosts and Clusters > {host} > Connection > Connect"),
        run("govc", "govc host.reconnect {host}"),
    ),
)
def connected(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    state, power = known(host.connection_state), known(host.power_state)
    return judge(
        ok=(state, power) == ("connected", "poweredOn"),
        observed=f"{state}, {power}",
        expected="connected, poweredOn",
    )


@check(
    "HOST-002",
    title="The host is not in maintenance mode",
    severity=Severity.REQUIRED,
    source=API,
    each=every_host,
    phase=Phase.END,
    why="No VM is powered on on a host in maintenance mode.",
    symptom="The operation is not allowed in the current state.",
    fix="End the maintenance, when whoever started it is done.",
    how=(
        run("esxcli", "esxcli system maintenanceMode set --enable false"),
        run("govc", "govc host.maintenance.exit {host}"),
    ),
)
def not_in_maintenance(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    inside = known(host.in_maintenance_mode)
    return judge(
        ok=not inside,
        observed="in maintenance mode" if inside else "not in maintenance mode",
        expected="not in maintenance mode",
    )


@check(
    "HOST-003",
    title="No reboot is pending",
    severity=Severity.RECOMMENDED,
    source=API,
    each=every_host,
    phase=Phase.HOST,
    why=(
        "A driver or setting that waits for a reboot looks right and does not work yet; what this "
        "report says of the host changes with that reboot."
    ),
    fix="Reboot the host, then audit again.",
    how=(run("esxcli", "esxcli system shutdown reboot --reason 'pending changes'"),),
    needs=("maintenance mode", "host reboot"),
)
def no_reboot_pending(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    pending = known(host.reboot_required)
    return judge(
        ok=not pending,
        observed="a reboot is required" if pending else "no reboot required",
        expected="no reboot required",
    )


@check(
    "HOST-004",
    title="DRS does not move vGPU VMs by itself",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_host_with_gpu,
    phase=Phase.HOST,
    why=(
        "NVIDIA's guide, of the time of vSphere 7, asks for partially automated or manual DRS "
        "where vGPU VMs run: a fully automated cluster may try to place a VM where its vGPU "
        "cannot be. DRS moves no running VM with a vGPU to balance load, before 8.0 U2 never and "
        "since then only with the option PassthroughDrsAutomation (Broadcom KB 313479)."
    ),
    symptom="vGPU hot migration is not enabled.",
    fix="Set the cluster, or the vGPU VMs in it, to partially automated.",
    how=(
        run(
            "vSphere Client",
            "{cluster} > Configure > vSphere DRS > Edit > Automation Level: Partially Automated",
        ),
        run("govc", "govc cluster.change -drs-mode=partiallyAutomated {cluster}"),
    ),
)
def drs_leaves_vgpus_alone(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    automation = known(host.drs_automation)
    if automation == "none":
        return not_applicable("the host is in no cluster")
    placed = release_of(known(host.version))[0] >= PLACES_VGPUS
    note = "since vSphere 8 DRS places vGPU VMs at power-on"
    automatic = automation == "fullyAutomated"
    return judge(
        ok=not automatic or placed,
        observed=f"DRS {automation}",
        expected="DRS partially automated, manual or off; any since vSphere 8",
        note=note if automatic and placed else "",
        cluster=_cluster(host),
    )


def _cluster(host: Host) -> str | None:
    return None if isinstance(host.cluster, Unknown) else host.cluster.value or None


@check(
    "HOST-008",
    title="DRS empties the host of VMs with vGPUs when it enters maintenance mode",
    severity=Severity.INFORMATIONAL,
    source=EVACUATION,
    each=every_host_with_gpu,
    why=(
        "DRS moves VMs with vGPUs off a host only where the cluster's option "
        "VgpuMMAutomationTimeoutSecs is -1 (VMware KB 88271 and 94881; vCenter 7.0 U3f and ESXi "
        "7.0.3 or later). Without it the host waits until somebody moves each of them, and so "
        "does its patching."
    ),
    fix=(
        "Set the option, if the host is to empty itself; vgpu.hotmigrate.enabled must be true too "
        "(VGPU-007)."
    ),
    how=(
        run(
            "vSphere Client",
            "{cluster} > Configure > vSphere DRS > Edit > Advanced Options > "
            "VgpuMMAutomationTimeoutSecs: -1",
        ),
        run(
            "PowerCLI (once for each cluster)",
            "New-AdvancedSetting -Entity (Get-Cluster -VMHost {host}) -Type ClusterDRS -Name "
            "VgpuMMAutomationTimeoutSecs -Value -1 -Force -Confirm:$false",
        ),
    ),
)
def cluster_evacuates_vgpus(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    automation = known(host.drs_automation)
    if automation in ("none", "off"):
        return not_applicable("no DRS: nothing is moved by itself")
    if is_before(known(host.version), EVACUATES_SINCE):
        return not_applicable("DRS evacuates VMs with vGPUs from vSphere 7.0 U3 on")
    value = known(host.drs_evacuation)
    return judge(
        ok=value == "-1",
        observed=f"VgpuMMAutomationTimeoutSecs {value or 'is not set'}",
        expected="VgpuMMAutomationTimeoutSecs -1",
        cluster=_cluster(host),
    )


@check(
    "HOST-013",
    title="A host that offers vGPU profiles has an NVIDIA GPU",
    severity=Severity.REQUIRED,
    source=OFFERED,
    each=every_host,
    why=(
        "vSphere lists the profiles of a GPU that is not in the PCI inventory: it fell off the "
        "bus, or was taken out. No VM with a vGPU starts here."
    ),
    symptom="No graphics device is available for vGPU",
    fix="Power the host off and on; where the GPU does not come back, reseat or replace it.",
    explains=("VGPU-001", "VGPU-003"),
    needs=("maintenance mode", "host reboot"),
)
def offers_what_it_has(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    gpus, offered = known(host.gpus), host.profiles_offered
    expected = "an NVIDIA GPU where vGPU profiles are offered"
    if gpus:
        return judge(ok=True, observed=count(len(gpus), "NVIDIA GPU"), expected=expected)
    untold = isinstance(offered, Unknown) and offered.why is Why.ABSENT
    if untold or not known(offered):
        return not_applicable("no NVIDIA GPU, and no vGPU profile is offered")
    observed = f"{count(len(known(offered)), 'profile')} offered, and no NVIDIA GPU"
    return judge(ok=False, observed=observed, expected=expected)
