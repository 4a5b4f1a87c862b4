"""The rehearsal's door to requests: one keep-alive session a thread, an answer or none."""

import threading
from dataclasses import dataclass, field

import requests

TIMEOUT_SECONDS = 15.0
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a partner answered; status 0 means nothing came, and `body` says why."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300

    def retry_after(self, otherwise: float) -> float:
        """The real seconds the partner asks us to wait."""
        said = self.headers.get("retry-after", "")
        return float(said) if said.isdecimal() else otherwise


def post(url: str, body: bytes, headers: dict[str, str], timeout: float = TIMEOUT_SECONDS) -> Reply:
    """Send bytes, once. It never raises for what a network can do."""
    return _call("POST", url, body, headers, timeout)


def get(url: str, headers: dict[str, str], timeout: float = TIMEOUT_SECONDS) -> Reply:
    """Ask, once. It never raises for what a network can do."""
    return _call("GET", url, None, headers, timeout)


def _call(method: str, url: str, body: bytes | None, headers: dict[str, str], timeout: float) -> Reply:
    session = getattr(_local, "session", None)
    if session is None:
        session = _local.session = requests.Session()
        # Loopback only: a proxy of the machine has no part in it, and asking the environment costs more than the call.
        session.trust_env = False
    try:
        answer = session.request(method, url, data=body, headers=headers, timeout=timeout)
    except requests.RequestException as error:
        return Reply(0, str(error).encode())
    return Reply(answer.status_code, answer.content, {name.lower(): value for name, value in answer.headers.items()})
