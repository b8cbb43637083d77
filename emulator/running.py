"""The services of a running account, behind one HTTP server."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

# First of all imports of this process that ask for the time: the clock is set before them.
from emulator.moved_time import MovedTime  # isort: skip

from emulator.account import EmbeddedAccount, Identity
from emulator.account_clock import AccountClock
from emulator.control import Application, Control, Receive, Scope, Send
from emulator.date_header import dated
from emulator.faults.book import FaultBook
from emulator.faults.callers import Callers
from emulator.faults.front import Front
from emulator.images import Images
from emulator.state_folder import StateFolder

if TYPE_CHECKING:
    from emulator.host import Options
    from emulator.ministack.installation import Services


@dataclass(slots=True, kw_only=True)
class RunningServices:
    """What the host starts, waits for, and stops."""

    clock: AccountClock
    services: "Services"
    application: Application
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def make(
        cls,
        options: "Options",
        folder: StateFolder,
        identity: Identity,
        facts: Mapping[str, Any],
        stopping: asyncio.Event,
    ) -> Self:
        clock = AccountClock(MovedTime(options.clock))
        loop = asyncio.get_running_loop()
        faults = FaultBook(Callers())
        account = EmbeddedAccount(
            identity=identity, state_dir=folder.root, clock=clock, callers=faults.callers
        )
        images = Images(
            folder.images,
            account_id=identity.account_id,
            region=identity.region,
            ecr=lambda: account.client("ecr"),
        )
        # MiniStack configures itself from the environment when it is imported: not before here.
        from emulator.ministack import installation
        from emulator.ministack.lambdas import Runtimes

        runtimes = Runtimes(python=options.lambda_python, node=options.node)
        services = installation.install(account, images, runtimes, faults)
        control = Control(
            Front(installation.application(), faults),
            clock=clock,
            images=images,
            facts=facts,
            stop=lambda: loop.call_soon_threadsafe(stopping.set),
            more=faults.control() | services.control(),
        )
        return cls(clock=clock, services=services, application=dated(control, clock))

    async def serve(self, sock: socket.socket) -> None:
        """Serve on ``sock`` until cancelled."""
        from hypercorn.app_wrappers import ASGIWrapper
        from hypercorn.asyncio.run import worker_serve
        from hypercorn.config import Config, Sockets

        config = Config()
        config.keep_alive_timeout = 75
        config.include_date_header = False
        sock.setblocking(False)
        await worker_serve(
            ASGIWrapper(self._lifespan_aware),
            config,
            sockets=Sockets([], [sock], []),
            shutdown_trigger=asyncio.Event().wait,
        )

    def stop(self) -> None:
        self.clock.stop()
        self.services.stop()

    async def _lifespan_aware(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return

        async def observed(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                await asyncio.to_thread(self.services.start)
                self.clock.start()
                self.ready.set()
            await send(message)

        await self.application(scope, receive, observed)
