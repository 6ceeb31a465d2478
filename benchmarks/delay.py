"""A relay that holds everything back for a while: a round trip across a wide network.

python -m benchmarks.delay LISTEN_PORT TARGET_PORT ROUND_TRIP_MS
"""

import asyncio
import sys
from contextlib import suppress

CHUNK = 1 << 18


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, wait: float) -> None:
    """Hand on what arrives, each piece after the same time: the delay costs no bandwidth."""
    clock = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

    async def deliver() -> None:
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0.0, due - clock.time()))
            if not piece:
                sink.close()
                return
            sink.write(piece)
            await sink.drain()

    delivery = asyncio.create_task(deliver())
    with suppress(OSError):
        while piece := await source.read(CHUNK):
            await pieces.put((clock.time() + wait, piece))
    await pieces.put((clock.time() + wait, b""))
    with suppress(OSError):
        await delivery


async def main(listen: int, target: int, wait: float) -> None:
    """Relay until the end of the process."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", target, limit=CHUNK)
        await asyncio.gather(_pass_on(reader, there[1], wait), _pass_on(there[0], writer, wait))

    server = await asyncio.start_server(relay, "127.0.0.1", listen, limit=CHUNK)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    ports = [int(word) for word in sys.argv[1:3]]
    asyncio.run(main(*ports, float(sys.argv[3]) / 2000))
