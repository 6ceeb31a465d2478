"""Ansible: the raw module with all commands of a host on one line, as many forks as others have."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.peers.shells import Plan, commands, read


def main(plan: Plan) -> None:
    """Ask every host what an audit asks."""
    lines = [f"{address} ask='{'; '.join(commands(gpus))}'" for address, gpus in plan.hosts.items()]
    with tempfile.TemporaryDirectory() as name:
        inventory = Path(name) / "hosts.ini"
        inventory.write_text("[esx]\n" + "\n".join(lines) + "\n")
        options = f"-F none -o UserKnownHostsFile={plan.known_hosts} -o BatchMode=yes"
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible")), "esx", "-i", str(inventory),
                "-f", str(plan.workers), "-u", plan.user, "--private-key", plan.key,
                "-e", f"ansible_port={plan.port}", "-e", f"ansible_ssh_common_args='{options}'",
                "-m", "raw", "-a", "true; {{ ask }}",
            ],
            capture_output=True, check=False,
            env={**os.environ, "ANSIBLE_LOCAL_TEMP": name, "ANSIBLE_HOME": name},
        )  # fmt: skip
    answered = done.stdout.count(b" | CHANGED |") + done.stdout.count(b" | FAILED |")
    if answered != len(plan.hosts):  # FAILED: the last command of a host may have a status
        sys.exit(done.stderr[-2000:].decode())


if __name__ == "__main__":
    main(read(sys.argv[1]))
