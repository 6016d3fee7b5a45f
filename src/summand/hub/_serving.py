"""The hub as a process: one event loop, TLS 1.3, stopped by SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable

from aiohttp import web

from summand.errors import StorageFailed, UsageError
from summand.hub._convener import Convener
from summand.hub._folder import TLS, HubFolder
from summand.hub._service import HubService
from summand.transport import server_context

Extend = Callable[[web.Application, Convener], None]


def serve_for_ever(
    folder: HubFolder,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    extend: Extend = lambda _app, _convener: None,
) -> None:
    """Serve until told to stop; ``on_ready`` gets the address once the hub answers, ``extend`` may add routes."""
    asyncio.run(_serve(folder, host, port, on_ready, extend))


async def _serve(folder: HubFolder, host: str, port: int, on_ready: Callable[[str], None], extend: Extend) -> None:
    convener = folder.convener()
    service = HubService(convener, folder.federation())
    app = service.app()
    extend(app, convener)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=server_context(folder.path / TLS), shutdown_timeout=2.0)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise UsageError(
            f"The hub cannot listen on {host}, port {port}: {error.strerror or type(error).__name__}.",
            remedy="Stop what listens there, or give another --port.",
        ) from None
    stop = asyncio.Event()
    failures: list[StorageFailed] = []

    def fail(error: StorageFailed) -> None:
        failures.append(error)
        stop.set()

    service.on_storage_failed = fail
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    gc.freeze()  # what is loaded stays loaded: later collections need not look at it
    bound = runner.addresses[0][1] if runner.addresses else port
    if port == 0:
        folder.move_to(bound)  # sites that are set up from now on, and a restart without --port, find it there
        service.federation = folder.federation()
    on_ready(f"https://{host}:{bound}")
    await stop.wait()
    service.leave()
    await runner.cleanup()
    convener.close()
    if failures:
        raise failures[0]
