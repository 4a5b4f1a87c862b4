"""A carrier on stage with one customer who orders and hears: what the lives and the magic are tested on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox.app import Rehearsal
from sandbox.parcels import Parcel
from sandbox.post import Post
from tests.sandbox.customers import Answer, Buyer, Hook, Told
from tests.sandbox.stage import MONDAY, Desk, a_clock, a_desk, moved_to, on_stage, some_settings

REFERENCE = "H29.12-261102-0001/D1"
DAY = 86_400.0


@dataclass
class Street:
    """Where they all meet."""

    stage: Rehearsal
    address: str
    desk: Desk
    buyer: Buyer

    @property
    def post(self) -> Post:
        """The carrier's books."""
        return self.stage.houses[self.buyer.name].post

    @property
    def parcel(self) -> Parcel:
        """The one parcel that it has."""
        (found,) = self.post.parcels
        return found

    def hooks(self) -> list[Hook]:
        """Every webhook that came, in its order."""
        return [Hook(path, body, headers) for path, body, headers in self.desk.bodies]

    def told(self) -> list[Told]:
        """All that those that can be trusted told."""
        return [one for hook in self.hooks() if self.buyer.trusts(hook) for one in self.buyer.told(hook)]

    def codes(self) -> list[str]:
        """Their codes."""
        return [one.code for one in self.told()]

    def passes(self, seconds: float) -> None:
        """So much time, and all webhooks that are due then."""
        moved_to(self.stage, self.stage.timers.clock.seconds() + seconds)

    def ends(self) -> None:
        """The envelope comes to its end, and no webhook waits."""
        self.arrives()
        self.quiet()

    def arrives(self) -> None:
        """The envelope comes to its end, whatever is still to be said of it."""
        moved_to(self.stage, self.parcel.plan[-1].at + 1)

    def quiet(self) -> None:
        """No webhook waits."""
        assert self.desk.wait_for(lambda: not self.stage.houses.waiting())

    def ledger(self) -> Any:
        """What the carriers saw."""
        return requests.get(f"{self.address}/ledger/post", timeout=60).json()


@contextmanager
def a_street(
    folder: Path,
    kind: type[Buyer],
    hears: Callable[[Buyer, str, bytes, dict[str, str]], Answer] | None = None,
    **settings: Any,
) -> Iterator[Street]:
    """A polite carrier and a customer of its; the customer takes what it can trust, unless it hears otherwise."""
    with a_desk() as desk:
        given = {
            "edge_url": desk.address,
            "webhook_url": f"{desk.address}/v1/webhooks/myvnpost",
            # One key for all: to make one takes longer than most tests.
            "sandbox_public_key": folder.parent / "keys" / "myvnpost.pem",
            "sandbox_patience": 0.01,
            **settings,
        }
        with on_stage(some_settings(folder, **given), a_clock(MONDAY)) as (stage, address):
            buyer = kind(address, stage.settings.sandbox_public_key)
            desk.hears = buyer.hear if hears is None else lambda *said: hears(buyer, *said)
            yield Street(stage, address, desk, buyer)
