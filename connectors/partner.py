"""A carrier over HTTP: its translation, its settings and its token put to use; a call ends in a value or a verdict."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.carrier_settings import CarrierSettings
from connectors.carriers import Carrier, Order, Receipt
from connectors.metrics import counter, histogram
from connectors.transport import Call, Reply, send
from connectors.verdicts import TryLater

TOKEN_IS_OLD = (401, 403)


class Partner:
    """One carrier, spoken to. Threads may share it. A call that cannot have reached it is never in doubt."""

    def __init__(self, carrier: Carrier, settings: CarrierSettings, timeout_seconds: float) -> None:
        self.carrier, self._settings, self._timeout_seconds = carrier, settings, timeout_seconds
        self._token: str | None = None
        self._lock = threading.Lock()

    def introduce(self) -> None:
        """Have a token, so that the next call goes out at once. Raises TryLater, not in doubt."""
        self._held_token()

    def told_as(self, reference: str) -> str:
        """Our reference as the carrier is told it."""
        return self.carrier.reference(self._settings, reference)

    def checks(self, order: Order) -> None:
        """Raise what its translation alone refuses, before anything is used up for an order."""
        self.carrier.request(self._settings, order)

    def order(self, order: Order, not_after: float | None = None) -> Receipt:
        """Its receipt for a new order. Raises TryLater (in doubt where it may have taken it), Refused, AlreadyDone.

        After `not_after` (real unix seconds) nothing is sent any more: somebody else may have asked by then.
        """
        with self._known():
            return self.carrier.receipt(self._send(self.carrier.request(self._settings, order), not_after))

    def ask(self, reference: str, item: str | None = None) -> Receipt | None:
        """What it knows of an order; None if nothing."""
        with self._known():
            return self.carrier.found(self.status(reference, item))

    def status(self, reference: str, item: str | None = None) -> Reply:
        """Its answer to the question where an order stands, as it came."""
        return self._send(self.carrier.query(self._settings, reference, item))

    def history(self, reference: str, item: str | None = None) -> Reply | None:
        """Its answer to the question for all that happened; None where there is no such question."""
        call = self.carrier.history(self._settings, reference, item)
        return self._send(call) if call else None

    def cancel(self, receipt: Receipt) -> bool:
        """Whether the order is gone; False: it will see."""
        with self._known():
            return self.carrier.cancelled(self._send(self.carrier.cancel(self._settings, receipt)))

    # ------------------------------------------------------------ inside

    @contextmanager
    def _known(self) -> Iterator[None]:
        """Forget a token of which the carrier says, in whatever words and with whatever status, that it is none."""
        try:
            yield
        except TryLater as later:
            if later.stale_token:
                with self._lock:
                    self._token = None
            raise

    def _send(self, call: Call, not_after: float | None = None) -> Reply:
        token = self._held_token()
        reply = self._call(self.carrier.with_token(call, token) if token else call, not_after)
        if token and reply.status in TOKEN_IS_OLD:
            reply = self._call(self.carrier.with_token(call, self._held_token(instead_of=token) or token), not_after)
        return reply

    def _held_token(self, instead_of: str | None = None) -> str | None:
        """The token we hold, or a new one in its place. Whatever fails here, the call itself was not taken."""
        with self._lock:
            login = self.carrier.login(self._settings)
            if login is None:
                return None
            if self._token is None or self._token == instead_of:
                try:
                    self._token = self.carrier.token(self._call(login))
                except TryLater as later:
                    raise TryLater(later.why, later.retry_after_seconds) from later
            return self._token

    def _call(self, call: Call, not_after: float | None = None) -> Reply:
        name, began = self.carrier.name, time.monotonic()
        if self._settings.url is None:
            raise TryLater(f"HOSO_{name.upper()}_URL is not set")
        if not_after is not None and time.time() > not_after:
            raise TryLater("too much time passed before the call", in_doubt=True)
        try:
            reply = send(self._settings.url, call, self._timeout_seconds)
        except TryLater:
            counter("hoso_calls_total").labels(name, "no answer").inc()
            raise
        counter("hoso_calls_total").labels(name, f"{reply.status // 100}xx").inc()
        histogram("hoso_call_seconds").labels(name).observe(time.monotonic() - began)
        return reply
