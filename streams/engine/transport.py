"""Tells Faust to use our consumer and our producer."""

from typing import TYPE_CHECKING

import faust
from faust.transport.drivers import aiokafka as driver

from streams.engine.consumer import UnitConsumer
from streams.engine.producer import BatchProducer

if TYPE_CHECKING:
    from streams.engine.table import StateTable


class EngineTransport(driver.Transport):
    """Faust's aiokafka driver with our two ends."""

    Consumer = UnitConsumer
    Producer = BatchProducer

    table: "StateTable"


def install(app: faust.App, table: "StateTable") -> None:
    """Put our transport into the app."""
    app.transport = EngineTransport(app.conf.broker_consumer, app)
    app.producer_transport = EngineTransport(app.conf.broker_producer, app)
    app.transport.table = app.producer_transport.table = table
