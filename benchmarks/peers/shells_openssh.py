"""Parallel OpenSSH clients at their best: one per host, all commands on its command line."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from benchmarks.peers.shells import Plan, commands, read


def main(plan: Plan) -> None:
    """Ask every host what an audit asks."""

    def ask(address: str) -> int:
        options = ("BatchMode=yes", f"UserKnownHostsFile={plan.known_hosts}", "LogLevel=ERROR")
        done = subprocess.run(
            [
                "ssh", "-F", plan.jump or "none", "-p", str(plan.port), "-i", plan.key,
                "-l", plan.user,
                *(word for option in options for word in ("-o", option)),
                address, "; ".join(commands(plan.hosts[address])),
            ],
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode == 255

    with ThreadPoolExecutor(plan.workers) as pool:
        sys.exit(sum(pool.map(ask, plan.hosts)))


if __name__ == "__main__":
    main(read(sys.argv[1]))
