"""Runs an app in this process, without Faust's command line: no banner, no port, our exit codes."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import faust
import structlog
import uvloop

from streams.engine.consumer import DRAIN_SECONDS
from streams.engine.endings import STOPPED, STUCK, Ending, end, leave
from streams.engine.logs import quieten
from streams.engine.standing import loops, standing

STOP_SECONDS = DRAIN_SECONDS + 5.0
"""A stop that meets a rebalance can wait for ever; the supervisor kills after 30 s."""

log = structlog.get_logger(__name__)

Future = asyncio.Future[Any]

Beside = Callable[[], Awaitable[None]]
"""Something that runs beside the app in its event loop, e.g. a page for metrics; cancelled at the stop."""


def run_worker(app: faust.App, *, beside: Beside | None = None, log_level: int = logging.WARNING) -> NoReturn:
    """Run the app until SIGTERM or SIGINT, then drain, commit and exit 0; exit 70 or 75 as endings.py says.

    SIGUSR1 makes it log where each of its tasks and threads stands.
    """
    app.conf.web_enabled = False
    quieten(log_level)
    # The consumer's thread makes its own loop, from the policy.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_serve(app, beside))
    except BaseException as error:
        end(error)
    # Threads of the client libraries may still wind down; everything that counts is committed.
    leave(STOPPED)


async def _serve(app: faust.App, beside: Beside | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _say_where, app)
    app.in_worker = True
    log.info("engine.starting", id=app.conf.id, pid=os.getpid())
    starting = asyncio.ensure_future(app.start())
    ended = asyncio.ensure_future(app.wait_until_stopped())
    async with _running(beside) as others:
        await _until(stop, starting, ended, others)
        log.info("engine.stopping", id=app.conf.id)
        _exit_if_stuck()
        await app.stop()
        starting.cancel()
    log.info("engine.stopped", id=app.conf.id)


async def _until(stop: asyncio.Event, starting: Future, ended: Future, others: Future | None) -> None:
    """Return once a stop is asked for; raise if anything ends before."""
    asked: Future = asyncio.ensure_future(stop.wait())
    waiting = {future for future in (asked, starting, ended, others) if future is not None}
    while not asked.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for future in done - {asked}:
            future.result()
            if future is not starting:
                raise Ending("the app crashed" if future is ended else "what runs beside the app has ended")


def _say_where(app: faust.App) -> None:
    log.warning("engine.standing", where=standing(loops(app)))


@contextlib.asynccontextmanager
async def _running(beside: Beside | None) -> AsyncIterator[Future | None]:
    task = asyncio.ensure_future(beside()) if beside is not None else None
    yield task
    if task is not None:
        task.cancel()


def _exit_if_stuck() -> None:
    timer = threading.Timer(STOP_SECONDS, _stuck)
    timer.daemon = True
    timer.start()


def _stuck() -> None:
    log.critical("engine.stuck", code=STUCK, seconds=STOP_SECONDS)
    leave(STUCK)
