"""Keeps the embedded server alive as long as we serve: looks at it now and then, and starts it again when it has died.

Whoever uses the database then finds it again by itself: lanes and log open their connections anew.
"""

import asyncio
import logging

from gateway.store.embedded import EmbeddedServer
from gateway.store.embedded_host import EmbeddedError

LOG = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks at a server that is well
LONGEST = 30.0  # and at most


async def watch(server: EmbeddedServer) -> None:
    """Until canceled, start ``server`` again whenever it is gone.

    Each start doubles the pause before the next look, each look that finds the server running halves it: one that dies
    over and over, or does not start, is not tried over and over at once.
    """
    pause = LOOK
    while True:
        await asyncio.sleep(pause)
        if server.running:
            pause = max(pause / 2, LOOK)
            continue
        pause = min(pause * 2, LONGEST)
        LOG.warning("the embedded server has died and is started again")
        try:
            await asyncio.to_thread(server.revive)
        except (EmbeddedError, OSError) as error:
            LOG.error("the embedded server could not be started, the next attempt is in %g seconds: %s", pause, error)
