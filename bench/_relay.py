"""The bare relay that a round is compared with: the same messages over the same TLS, with nothing done to them.

Per round and site: a long poll answered with 1,000 bytes, a PUT of 1,200 bytes, a second long poll answered with 700,
a PUT of 700. No signature, store, mask or ledger.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import web

from summand.encoding import canonical
from summand.signing import PrivateKey
from summand.transport import FederationDescription, HubClient, create_tls, server_context

SITES = 4


async def _hub(folder: Path, port: int, rounds: int, times: list[float]) -> None:
    came: dict[int, int] = {}
    events: dict[int, asyncio.Event] = {}
    done = asyncio.Event()

    def step(number: int) -> asyncio.Event:
        return events.setdefault(number, asyncio.Event())

    async def get(request: web.Request) -> web.Response:
        number = int(request.match_info["step"])
        await step(number).wait()
        return web.Response(body=bytes(1000 if number % 2 == 0 else 700))

    async def put(request: web.Request) -> web.Response:
        number = int(request.match_info["step"])
        await request.read()
        came[number] = came.get(number, 0) + 1
        if came[number] == SITES:
            if number % 2:
                times.append(time.perf_counter())
            step(number + 1).set()
            if number == 2 * rounds - 1:
                done.set()
        return web.Response()

    app = web.Application()
    app.router.add_get("/step/{step}", get)
    app.router.add_put("/step/{step}", put)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=server_context(folder)).start()
    step(0).set()
    await done.wait()
    await asyncio.sleep(0.2)
    await runner.cleanup()


def _site(description: FederationDescription, rounds: int) -> None:
    client = HubClient(description)
    for number in range(2 * rounds):
        for _ in range(50):
            try:
                client.get(f"/step/{number}", wait_seconds=30)
                break
            except Exception:
                time.sleep(0.05)
        client.put(f"/step/{number}", bytes(1200 if number % 2 == 0 else 700))


def relay_times(rounds: int = 100, port: int = 18554) -> list[float]:
    """When each bare round ended, in seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        create_tls(folder, ["127.0.0.1"], "bench")
        description = FederationDescription(
            "bench", f"https://127.0.0.1:{port}", PrivateKey.generate().public, (folder / "ca.pem").read_text()
        )
        (folder / "federation.json").write_bytes(canonical(description.to_dict()))
        command = [sys.executable, "-m", "bench._relay", str(folder / "federation.json"), str(rounds)]
        processes = [subprocess.Popen(command) for _ in range(SITES)]
        times: list[float] = []
        asyncio.run(_hub(folder, port, rounds, times))
        for process in processes:
            process.wait(10)
    return times


if __name__ == "__main__":
    _site(FederationDescription.load(Path(sys.argv[1])), int(sys.argv[2]))
