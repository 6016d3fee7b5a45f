"""The hub as a process: one event loop, TLS 1.3, stopped by SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable

from aiohttp import web

from summand.hub._folder import TLS, HubFolder
from summand.hub._service import HubService
from summand.transport import server_context


def serve_for_ever(folder: HubFolder, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until told to stop; ``on_ready`` gets the address once the hub answers."""
    asyncio.run(_serve(folder, host, port, on_ready))


async def _serve(folder: HubFolder, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    convener = folder.convener()
    service = HubService(convener, folder.federation())
    runner = web.AppRunner(service.app(), access_log=None, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=server_context(folder.path / TLS), shutdown_timeout=2.0)
    await site.start()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    gc.freeze()  # what is loaded stays loaded: later collections need not look at it
    bound = runner.addresses[0][1] if runner.addresses else port
    on_ready(f"https://{host}:{bound}")
    await stop.wait()
    await runner.cleanup()
    convener.store.close()
