"""Free ports on loopback."""

import random
import socket
from collections import deque

LOOPBACK = "127.0.0.1"
# Below the kernel's range for outgoing connections: a port found free here is not taken by a client a moment later.
FROM, TO = 20_000, 32_000
# A port given out stays free until somebody listens on it: it is not given out a second time in the meantime.
_given: deque[int] = deque(maxlen=1_000)


def is_free(port: int) -> bool:
    """Whether this port of loopback can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody listens on this port of loopback."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port(usual: int | None = None) -> int:
    """The usual port where it is free; where it is not, another free one that was not given out a moment ago."""
    if usual is not None and is_free(usual):
        return usual
    ports = iter(lambda: random.randrange(FROM, TO), None)
    found = next(port for port in ports if port not in _given and is_free(port))
    _given.append(found)
    return found
