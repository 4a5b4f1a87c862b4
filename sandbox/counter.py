"""A carrier's counter: what every one of them does alike with a call, whatever its form."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from fastapi import Request, Response

from sandbox import chance
from sandbox.carrier import No
from sandbox.dropping import hang_up, slowly
from sandbox.lapses import Lapse
from sandbox.parcels import Parcel
from sandbox.post import Again, Post

RETRY_AFTER_SECONDS = 1


class Counter(ABC):
    """Takes orders and answers questions in a carrier's form; fumbles some calls, as the post's dice fall."""

    def __init__(self, post: Post) -> None:
        self.post, self.settings = post, post.settings

    # ------------------------------------------------------------ in the carrier's own form

    @abstractmethod
    def created(self, parcel: Parcel) -> Response:
        """The answer to an order that was taken."""

    def again(self, parcel: Parcel) -> Response:
        """The answer to an order that was taken before, of a carrier that knows it again."""
        return self.created(parcel)

    @abstractmethod
    def refused(self, no: No, request: Request) -> Response:
        """The answer to what it will not do."""

    @abstractmethod
    def wrong(self, status: int, request: Request, headers: dict[str, str] | None = None) -> Response:
        """The answer when it is busy (429) or down (5xx)."""

    # ------------------------------------------------------------ at every carrier

    async def order(self, said: Mapping[str, Any], request: Request) -> Response:
        """An order: taken, known, refused, or fumbled."""
        order = self.post.carrier.read(said)
        lapse = self.post.lapse("create", order.reference, order.phone)
        taken = self.post.create(said) if lapse.takes else None
        if isinstance(taken, No):
            return self.refused(taken, request)
        wrong = await self.fumbled(lapse, order.reference, request)
        if wrong is not None or taken is None:
            return wrong or self.wrong(500, request)
        good = self.again(taken.parcel) if isinstance(taken, Again) else self.created(taken)
        return self.paced(good, lapse)

    async def question(self, about: str, request: Request, reply: Callable[[], Response]) -> Response:
        """A question about an order: answered, or fumbled."""
        lapse = self.post.lapse("query", about)
        wrong = await self.fumbled(lapse, about, request)
        return wrong if wrong is not None else self.paced(reply(), lapse)

    async def fumbled(self, lapse: Lapse, about: str, request: Request) -> Response | None:
        """What the caller gets when the call goes wrong; None if it does not."""
        match lapse:
            case Lapse.ERROR | Lapse.TAKEN_ERROR:
                down, share = self.post.carrier.down, chance.share(self.settings.sandbox_seed, "down", about)
                return self.wrong(down[int(share * len(down))], request)
            case Lapse.BUSY:
                return self.wrong(429, request, {"Retry-After": str(RETRY_AFTER_SECONDS)})
            case Lapse.TAKEN_HELD:
                await asyncio.sleep(self.settings.sandbox_hold_seconds)
                hang_up(request)
                return Response(status_code=504)
            case Lapse.TAKEN_DROPPED:
                hang_up(request)
                return Response(status_code=504)
            case _:
                return None

    def paced(self, good: Response, lapse: Lapse) -> Response:
        """A good answer, drop by drop where the dice fell so."""
        return slowly(good, self.settings.sandbox_hold_seconds) if lapse is Lapse.SLOW else good


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that came in; an empty one for anything else."""
    try:
        said = msgspec.json.decode(await request.body())
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON out."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")
