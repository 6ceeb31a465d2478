"""hostcheck's SSH transport and collector, hosts side by side as in an audit."""

import sys
from pathlib import Path

from benchmarks.peers.shells import Plan, read
from hostcheck import fleet
from hostcheck.model.pci import from_hex
from hostcheck.ways.shell import order as esxi_shell
from hostcheck.ways.shell.reach import Shell, shell_from_ssh_config
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL


def main(plan: Plan) -> None:
    """Ask every host what an audit asks."""

    def ask(address: str) -> int:
        shell = Shell(
            address=address, user=plan.user, port=plan.port, known_hosts=(plan.known_hosts,),
            key_files=(plan.key,),
        )  # fmt: skip
        if plan.jump:
            shell = shell_from_ssh_config(address, config=Path(plan.jump), base=shell)
        transport = SshTransport(shell, SHELL.allows)
        kept = Kept(transport)
        try:
            esxi_shell.ask(kept, [from_hex(gpu) for gpu in plan.hosts[address]])
        finally:
            transport.close()
        return kept.failures

    with fleet.threads(plan.workers) as workers:
        sys.exit(sum(fleet.each(plan.hosts, ask, workers=workers)))


class Kept:
    """Counts answers that could not be had."""

    def __init__(self, inner: SshTransport) -> None:
        self.failures = 0
        self.expect, self.close, self._inner = inner.expect, inner.close, inner

    def fetch(self, request):
        capture = self._inner.fetch(request)
        self.failures += capture.failure is not None
        return capture


if __name__ == "__main__":
    main(read(sys.argv[1]))
