"""What FastAPI is told of OpenTelemetry: nothing.

It has spans, metrics and log records of its own, which begin to flow as soon as anything in the process sets a provider
or the environment asks: with addresses, in which codes stand, and with the words of errors. Ours are in
`schemas.tracing`, where each says what it may tell.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

UNTOLD: "Final[TelemetryConfig]" = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
