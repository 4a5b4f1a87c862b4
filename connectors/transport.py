"""The one door to requests: a call goes out, a reply or a verdict comes back; no redirects, no proxy settings."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NameResolutionError, NewConnectionError

from connectors.verdicts import TryLater

MOST_BYTES = 2 * 1024 * 1024
"""What is read of a reply at most."""
CHUNK = 64 * 1024
HEADERS = dict(requests.utils.default_headers())
"""What the library would say by itself: which encodings it reads, who it is, that the connection stays open."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is said to a partner. `path` is complete and quoted; `json` or `data`, not both."""

    method: str
    path: str
    json: Any = None
    data: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What it answered, whatever the status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def retry_after_seconds(self) -> float | None:
        """What Retry-After asks for, in seconds; None if it says nothing readable."""
        said = self.headers.get("retry-after", "")
        if said.isdecimal():
            return float(said)
        try:
            wished = parsedate_to_datetime(said)
            return max(0.0, wished.timestamp() - parsedate_to_datetime(self.headers["date"]).timestamp())
        except (ValueError, TypeError, KeyError):
            return None


_local = threading.local()


def _session() -> requests.Session:
    """This thread's session: a session is not for two threads at once."""
    if not hasattr(_local, "session"):
        session = requests.Session()
        session.trust_env = False
        # A try that fails is the queue's to repeat, never the library's.
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=8, max_retries=0)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        _local.session = session
    session = _local.session
    assert isinstance(session, requests.Session)
    return session


def send(base_url: str, call: Call, timeout_seconds: float = 10) -> Reply:
    """The partner's reply. No answer is TryLater, `in_doubt` where the partner may have taken the call all the same.

    `timeout_seconds` is real time, for connecting and for each silence while reading.
    """
    try:
        # Prepared without the session: it has nothing of ours, and to merge that costs what sending does.
        request = requests.Request(
            call.method,
            base_url.rstrip("/") + call.path,
            json=call.json,
            data=call.data,
            headers={**HEADERS, **call.headers},
            params=dict(call.query),
        ).prepare()
        timeouts = (min(timeout_seconds, 5), timeout_seconds)
        with _session().send(request, timeout=timeouts, allow_redirects=False, stream=True, proxies={}) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, _read(response, timeout_seconds))
    except requests.exceptions.ConnectTimeout as error:
        raise TryLater("no connection in time") from error
    except requests.exceptions.Timeout as error:
        raise TryLater(f"no answer in {timeout_seconds:g} s", in_doubt=True) from error
    except requests.exceptions.ConnectionError as error:
        raise TryLater(f"connection failed: {_cause(error)}", in_doubt=not _never_left(error)) from error
    except requests.exceptions.RequestException as error:
        raise TryLater(f"call failed: {type(error).__name__}", in_doubt=True) from error


def _read(response: requests.Response, timeout_seconds: float) -> bytes:
    """The body, up to the cap and within a whole that is a few times the time-out: a dripping partner holds nobody."""
    until = time.monotonic() + 4 * timeout_seconds
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise TryLater(f"the reply is longer than {MOST_BYTES} bytes", in_doubt=True)
        if time.monotonic() > until:
            raise TryLater("the reply never ended", in_doubt=True)
    return bytes(body)


def _never_left(error: BaseException) -> bool:
    """Whether the connection was never made, so that nothing can have been taken."""
    seen: BaseException | None = error
    while seen is not None:
        reason = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        if isinstance(seen, NewConnectionError | NameResolutionError) or isinstance(
            getattr(reason, "reason", reason), NewConnectionError | NameResolutionError
        ):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _cause(error: BaseException) -> str:
    """The innermost error's name, without addresses and contents."""
    while error.__context__ is not None:
        error = error.__context__
    return type(error).__name__
