"""How every `hoso <process>` of this room lives: settings, log, the operators' port, one start line, an orderly end."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Protocol

import structlog

from connectors.broker.login import prove
from connectors.ops_port import OpsPort
from connectors.settings import WRONG_SETTING, Settings, load
from connectors.verdicts import WrongLogin
from schemas import telemetry, tracing
from schemas.instant import clock
from schemas.release import Running

log = structlog.get_logger()


class Service(Protocol):
    """The work of one process. `run` returns once the stop it was built with is set and all it took on is finished."""

    @property
    def connected_to(self) -> Mapping[str, str]:
        """What the start line says: names and addresses, no secrets."""
        ...

    def ready(self) -> str | None:
        """None if it can do its work now, otherwise why not."""
        ...

    def run(self) -> None:
        """Work until told to stop."""
        ...

    def close(self) -> None:
        """Let go of what it holds; called once, also after an error."""
        ...


class _Process:
    """What this process lives by: the event that ends it, and the first error of a thread beside its service."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.error: BaseException | None = None


_process = _Process()


def beside(name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread, not yet started, that works beside the service. An error that ends it ends the process, and is why."""

    def live() -> None:
        try:
            work()
        except BaseException as error:
            _process.error = _process.error or error
            _process.stop.set()
            raise

    return threading.Thread(target=live, name=name, daemon=True)


def serve(name: str, build: Callable[[Settings, threading.Event], Service], settings: Settings | None = None) -> None:
    """Live as this process until SIGTERM or Ctrl-C. An error that is no verdict comes out: we are restarted."""
    settings = settings or load(Settings)
    _come_in(settings)
    telemetry.configure(name)
    tracing.start(name, settings.instance, settings, _away)
    clock()
    stop = _process.stop = _told_to_stop()
    service = build(settings, stop)
    port = OpsPort(settings.ops_host, settings.ops_port, service.ready, Running(name, settings.instance))
    log.info("process.started", **service.connected_to, clock_speed=clock().speed, ops_port=settings.ops_port)
    try:
        service.run()
    finally:
        service.close()
        port.close()
        tracing.stop()
    if _process.error is not None:
        raise _process.error
    log.info("process.stopped")


def _come_in(settings: Settings) -> None:
    """A login that Kafka refuses ends the process with a sentence and the status of a wrong setting."""
    try:
        prove(settings.kafka_bootstrap)
    except WrongLogin as error:
        sys.stderr.write(f"{error.why}.\n")
        raise SystemExit(WRONG_SETTING) from error


def _away(why: str | None) -> None:
    """The log's word on a collector that takes no spans, and on one that does again."""
    if why is None:
        log.info("traces.back")
    else:
        log.warning("traces.away", why=why)


def _told_to_stop() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, told)
        signal.signal(signal.SIGINT, told)
    return stop
