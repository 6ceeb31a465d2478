"""asyncssh: one connection per host, one command after the other over it."""

import asyncio
import sys

import asyncssh

from benchmarks.peers.shells import Plan, commands, read


async def main(plan: Plan) -> None:
    """Ask every host what an audit asks."""
    turns = asyncio.Semaphore(plan.workers)

    async def ask(address: str) -> None:
        async with turns, asyncssh.connect(
            address, plan.port, username=plan.user, client_keys=[plan.key],
            known_hosts=plan.known_hosts, config=None,
        ) as connection:  # fmt: skip
            for command in commands(plan.hosts[address]):
                await connection.run(command, encoding=None)

    await asyncio.gather(*map(ask, plan.hosts))


if __name__ == "__main__":
    asyncio.run(main(read(sys.argv[1])))
