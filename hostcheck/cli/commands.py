"""The commands by section with their summaries: what the help and completion tell of them.

A command is read when it is called: naming them all costs nothing.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

COMMANDS = {
    "Every day": {
        "audit": "Collect, judge and report all hosts, or the chosen ones.",
        "preflight": "Say GO, NO-GO or UNSURE for VMs on their candidate hosts, with reasons.",
        "power-on": "Power a VM on if its preflight says GO, and compare what happens with the "
        "verdict.",
        "capacity": "Count how many more vGPUs of each profile fit now, per GPU, host and cluster.",
        "plan": "Plan upgrades of vGPU and ESXi for the hosts of a saved run: what stops them, "
        "order, cost.",
        "vm-class": "Judge VM classes of vSphere Kubernetes before they are offered, and count "
        "what fits.",
    },
    "From night to night": {
        "diff": "Compare two saved runs of a fleet: what is new, what is mended, what is not "
        "known now.",
        "drift": "Tell where the hosts of a cluster differ in a saved run: releases, firmware, "
        "BIOS, modes.",
        "history": "What became of a fleet from night to night; `hostcheck history` is `history "
        "show`.",
        "waive": "Print entries for a file of waivers (docs/waivers.md) from a saved run; change "
        "no file.",
        "policy": "Policies: which checks are judged, how much each weighs, what it expects "
        "(docs/policy.md).",
        "truce": "Say which VMs of a saved run a hardening audit (DISA STIG) finds fault with for "
        "their GPUs.",
    },
    "To look round": {
        "hosts": "List hosts: cluster, state, release, GPUs.",
        "vms": "List VMs with a GPU: id, power, host, devices.",
        "profiles": "List the vGPU profiles that hosts offer, and what the catalogue knows of "
        "them.",
        "topology": "Draw one host: packages, NUMA nodes, root ports, GPUs, NICs, VMs, and their "
        "distances.",
        "bmc": "Show what BMCs tell of their servers; with --judge, say which are ready for vGPU.",
        "report": "Render a saved run in any format, or several: --output html=a.html --output "
        "junit=b.xml.",
    },
    "GPUs and models": {
        "smoke": "Prove the sparse tensor cores of a GPU: on this machine, or in a guest.",
        "sparsity": "Say whether weights are 2:4, and what 2:4 pruning would lose.",
    },
    "Recordings": {
        "record": "Collect only: one replayable recording per host in a folder.",
        "redact": "Replace names, addresses, serials, UUIDs and users of a recording, several, or "
        "a run file.",
        "case": "Write one host's case sheet for a vendor: numbers, judgements, and the raw lines "
        "under each.",
        "requests": "List everything that may ever be asked of a vCenter or host.",
        "parse": "Print the facts (JSON) that one raw output of REQUEST yields; FILE - reads "
        "stdin.",
    },
    "About this tool": {
        "doctor": "Say before a run what this account, this network and these hosts will not "
        "allow.",
        "checks": "List what is checked.",
        "explain": "Print one check's manual page.",
        "config": "Settings: what holds, and where each comes from.",
        "trust": "Show the certificates and SSH host keys of machines, and pin them with --pin.",
    },
}
"""By section, in the order of the help; each is the first sentence of its command's own help."""
FILES = {
    "hosts": "listings",
    "vms": "listings",
    "requests": "manual",
    "parse": "manual",
    "checks": "manual",
    "explain": "manual",
}
"""Modules of commands that are not called so."""
SUMMARIES = {name: told for section in COMMANDS.values() for name, told in section.items()}


class Commands(MutableMapping[str, click.Command]):
    """All commands by name, each read when somebody asks for it."""

    def __init__(self) -> None:
        self._read: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._read and name in SUMMARIES:
            import_module(f"hostcheck.cli.{FILES.get(name, name.replace('-', '_'))}")
        return self._read[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._read[name] = command

    def __delitem__(self, name: str) -> None:
        del self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(SUMMARIES)

    def __len__(self) -> int:
        return len(SUMMARIES)
