"""A carrier's webhooks on their way: repeated, delayed, mixed up, forgotten where it is impolite; forged by others."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sandbox import chance, magic, transport
from sandbox.magic import Fate
from sandbox.mail import Mail, Record
from sandbox.parcels import Parcel, Try, Webhook
from sandbox.scans import Scan
from sandbox.settings import Manners, Settings
from sandbox.timers import Timers

Rates = Sequence[tuple[Fate, float]]
FATES: Rates = (
    (Fate.MISSING, 0.003),
    (Fate.DELAYED, 0.02),
    (Fate.HELD, 0.05),
    (Fate.REPEATED, 0.03),
    (Fate.UNKNOWN, 0.001),
)
"""How often a webhook goes astray in which way (domain handbook, section 10); the rest goes straight."""
RUDE_FATES: Rates = (
    (Fate.MISSING, 0.01),
    (Fate.DELAYED, 0.06),
    (Fate.HELD, 0.12),
    (Fate.REPEATED, 0.1),
    (Fate.UNKNOWN, 0.005),
)
"""The same where the post is on its worst days."""
FORGED = 0.05
"""How often somebody else then sends a word in the post's name."""
LONGEST_DELAY = 36 * 3600.0
LONGEST_REPEAT = 2 * 3600.0
HELD_FOR = 1800.0
"""Driven seconds; what is held goes out with its successors, newest first."""
HELD_AT_MOST = 3
SENDERS = 2


@dataclass(frozen=True, slots=True)
class Letter:
    """One POST: what it says, about which webhooks, and how often it was tried. `then` goes out after its first try."""

    records: tuple[Record, ...]
    webhooks: tuple[Webhook, ...]
    then: "Letter | None" = None
    tries: int = 0
    forged: bool = False


class Postbag:
    """Takes scans in, sends webhooks out on two threads, in no promised order, and a few times where none takes them.

    A carrier that keeps its webhooks in order has one thread, which waits until one is taken or has had its tries.
    """

    def __init__(self, settings: Settings, timers: Timers, mail: Mail) -> None:
        self.settings, self.timers, self.mail = settings, timers, mail
        self._letters: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()
        self._held: dict[str, list[tuple[Record, Webhook]]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._open = 0
        self.forged: Counter[str] = Counter()
        """Words that the post never said: how many were refused, taken."""
        senders = 1 if mail.in_order else SENDERS
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(senders)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the letters under way."""
        self._over.set()
        for _ in self._threads:
            self._letters.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def waiting(self) -> int:
        """Webhooks that are still to be sent, the held and the delayed ones with them."""
        with self._lock:
            return self._open + sum(map(len, self._held.values()))

    # ------------------------------------------------------------ what becomes of a scan

    def announce(self, parcel: Parcel, scan: Scan) -> None:
        """Tell the customer of a scan, or fail to, as magic or the dice have it."""
        spell = magic.SPELLS.get(parcel.order.phone)
        forced = spell.fate_of(scan) if spell else None
        fate = forced or self._fate(parcel, scan)
        webhook = Webhook(scan, Fate.STRAIGHT if fate is Fate.FORGED else fate)
        parcel.webhooks.append(webhook)
        record = self.mail.varied(self.mail.record(parcel, scan), parcel, scan, self._roll("clerk", parcel, scan))
        roll = self._roll("span", parcel, scan)
        now = self.timers.clock.seconds()
        if fate is Fate.FORGED or (forced is None and self._is_forged(parcel, scan)):
            self._post(Letter(({**record, **self.mail.delivered},), (), forged=True))
        match fate:
            case Fate.MISSING:
                return
            case Fate.DELAYED:
                due = now + self._span(LONGEST_DELAY * max(roll, 0.02))
                self._post(Letter((record,), (webhook,)), due)
            case Fate.HELD if forced:
                self._hold(parcel.item, record, webhook, 1 if scan == parcel.plan[-1] else HELD_AT_MOST)
            case Fate.HELD:
                self._hold("", record, webhook, HELD_AT_MOST, now + self._span(HELD_FOR))
            case Fate.REPEATED:
                self._post(Letter((record,), (webhook,)))
                self._post(Letter((record,), (webhook,)), now + self._span(LONGEST_REPEAT * roll))
            case Fate.UNKNOWN:
                self._post_all([(record, webhook), ({**record, **self.mail.strange}, None)])
            case _:
                self._post(Letter((record,), (webhook,)))

    def _fate(self, parcel: Parcel, scan: Scan) -> Fate:
        if self.settings.sandbox_manners is Manners.POLITE:
            return Fate.STRAIGHT
        roll = self._roll("fate", parcel, scan)
        for fate, rate in RUDE_FATES if self.settings.sandbox_manners is Manners.RUDE else FATES:
            if roll < rate:
                return fate
            roll -= rate
        return Fate.STRAIGHT

    def _is_forged(self, parcel: Parcel, scan: Scan) -> bool:
        """Whether somebody who knows no secret of the post speaks up as well."""
        return self.settings.sandbox_manners is Manners.RUDE and self._roll("forged", parcel, scan) < FORGED

    def _roll(self, what: str, parcel: Parcel, scan: Scan) -> float:
        return chance.share(self.settings.sandbox_seed, what, parcel.item, parcel.code(scan).code, scan.at)

    def _span(self, driven: float) -> float:
        return driven / self.settings.sandbox_pace

    # ------------------------------------------------------------ what goes out when

    def _hold(self, shelf: str, record: Record, webhook: Webhook, at_most: int, until: float | None = None) -> None:
        with self._lock:
            held = self._held.setdefault(shelf, [])
            held.append((record, webhook))
            full = len(held) >= at_most
        if full:
            self._let_go(shelf)
        elif until is not None:
            self.timers.at(until, lambda: self._let_go(shelf))

    def _let_go(self, shelf: str) -> None:
        """Send what is held, the newest first."""
        with self._lock:
            held = self._held.pop(shelf, [])[::-1]
        if held:
            self._post_all(held)

    def _post_all(self, pairs: Sequence[tuple[Record, Webhook | None]]) -> None:
        """As one POST, or as one after another, in this order."""
        if self.mail.batches:
            webhooks = tuple(webhook for _, webhook in pairs if webhook)
            self._post(Letter(tuple(record for record, _ in pairs), webhooks))
            return
        chain: Letter | None = None
        for record, webhook in reversed(pairs):
            chain = Letter((record,), (webhook,) if webhook else (), chain)
        if chain is not None:
            self._post(chain)

    def _post(self, letter: Letter, due: float | None = None) -> None:
        with self._lock:
            self._open += 1 + _behind(letter)
        if due is None:
            self._letters.put(letter)
        else:
            self.timers.at(due, lambda: self._letters.put(letter))

    # ------------------------------------------------------------ the sending

    def _send_all(self) -> None:
        while (letter := self._letters.get()) is not None:
            pause = self._send(letter)
            if pause is None:
                continue
            again = replace(letter, tries=letter.tries + 1, then=None)
            if self.mail.in_order:
                self._insist(again, pause)
            else:
                self.timers.later(pause, partial(self._letters.put, again))

    def _insist(self, letter: Letter, pause: float) -> None:
        """Again and again, while all that comes after waits."""
        left: float | None = pause
        while left is not None and not self._over.wait(left):
            left = self._send(letter)
            letter = replace(letter, tries=letter.tries + 1)

    def _send(self, letter: Letter) -> float | None:
        """One try: seal, send, write down what came back. Real seconds until the next one; None if there is none."""
        driven = self.timers.clock.seconds()
        tries = [Try(time.time(), driven) for _ in letter.webhooks]
        for webhook, one in zip(letter.webhooks, tries, strict=True):
            webhook.tries.append(one)
        sealed = self.mail.sealed(letter.records, driven, forged=letter.forged)
        reply = transport.post(sealed.url, sealed.body, sealed.headers, self.mail.timeout_seconds)
        taken = self.mail.taken(reply, sealed)
        for one in tries:
            one.answered_at, one.status, one.taken = time.time(), reply.status, taken
        if letter.then is not None:
            self._letters.put(letter.then)
        judged = letter.forged and 200 <= reply.status < 500
        if not taken and not judged and letter.tries + 1 < self.mail.retrying.tries:
            return reply.retry_after(self.mail.retrying.pause(letter.tries + 1))
        with self._lock:
            self._open -= 1
            if judged:
                self.forged["taken" if reply.good else "refused"] += 1
        return None


def _behind(letter: Letter) -> int:
    """How many letters go out after it."""
    return 0 if letter.then is None else 1 + _behind(letter.then)
