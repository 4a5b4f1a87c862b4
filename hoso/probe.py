"""Whether a process says that it is well: a predicate, or an HTTP address that answers 200."""

from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

Ready = str | Callable[[], bool] | None
"""An http address, a predicate, or nothing: ready as soon as it runs."""

TIMEOUT_SECONDS = 2.0


def is_ready(ready: Ready) -> bool:
    """Ask once; no answer in time is no."""
    if isinstance(ready, str):
        return _answers_200(ready)
    return ready is None or ready()


def _answers_200(url: str) -> bool:
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", address.path or "/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
