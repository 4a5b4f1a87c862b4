"""All the carriers that the rehearsal plays at once: each with its books, its counter and its webhooks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from sandbox import ems_api, ghn_api, ghtk_api, myvnpost_api, viettelpost_api, vnpost_hcc_api
from sandbox.carrier import Carrier
from sandbox.days import Days
from sandbox.ems_mail import EmsMail
from sandbox.ghn_mail import GhnMail
from sandbox.ghtk_mail import GhtkMail
from sandbox.mail import Mail
from sandbox.myvnpost_mail import MyVNPostMail
from sandbox.parcels import Parcel
from sandbox.post import Post, Watcher
from sandbox.postbag import Postbag
from sandbox.settings import Settings
from sandbox.timers import Timers
from sandbox.viettelpost_mail import ViettelPostMail
from sandbox.vnpost_hcc_mail import VNPostHccMail

USUAL = "myvnpost"
"""Whose fumbled calls the common ledger names without its name."""
CARRIERS: dict[str, tuple[type[Carrier], type[Mail], Callable[[Post], APIRouter]]] = {
    "myvnpost": (myvnpost_api.MyVNPost, MyVNPostMail, myvnpost_api.routes),
    "vnpost_hcc": (vnpost_hcc_api.VNPostHcc, VNPostHccMail, vnpost_hcc_api.routes),
    "ems": (ems_api.Ems, EmsMail, ems_api.routes),
    "viettelpost": (viettelpost_api.ViettelPost, ViettelPostMail, viettelpost_api.routes),
    "ghn": (ghn_api.Ghn, GhnMail, ghn_api.routes),
    "ghtk": (ghtk_api.Ghtk, GhtkMail, ghtk_api.routes),
}


@dataclass(frozen=True)
class House:
    """One carrier."""

    post: Post
    postbag: Postbag
    routes: APIRouter


class Houses:
    """Every carrier, by name. `watchers` are told of every scan of any of them."""

    def __init__(self, settings: Settings, timers: Timers, days: Days) -> None:
        self.watchers: list[Watcher] = []
        self._houses = {name: self._built(name, settings, timers, days) for name in CARRIERS}

    def __getitem__(self, name: str) -> House:
        return self._houses[name]

    def start(self) -> None:
        """Begin to send webhooks."""
        for house in self._houses.values():
            house.postbag.start()

    def stop(self) -> None:
        """Send no more."""
        for house in self._houses.values():
            house.postbag.stop()

    def routes(self) -> list[APIRouter]:
        """Their counters."""
        return [house.routes for house in self._houses.values()]

    def parcels(self) -> list[Parcel]:
        """All their parcels, oldest first."""
        every = (parcel for house in self._houses.values() for parcel in list(house.post.parcels))
        return sorted(every, key=lambda parcel: parcel.created_at)

    def underway(self) -> int:
        """How many envelopes do not rest yet."""
        return sum(len(house.post.open()) for house in self._houses.values())

    def waiting(self) -> int:
        """How many webhooks are still to be sent."""
        return sum(house.postbag.waiting() for house in self._houses.values())

    def ledger(self) -> dict[str, Any]:
        """What all of them saw, in one. An envelope that two carriers have is a duplicate too."""
        ledgers = {name: house.post.ledger() for name, house in self._houses.items()}
        every = (parcel for ledger in ledgers.values() for parcel in ledger["parcels"])
        parcels = sorted(every, key=lambda parcel: str(parcel["created_at"]))
        items: dict[str, list[str]] = {}
        for parcel in parcels:
            items.setdefault(parcel["reference"], []).append(parcel["item"])
        return {
            "parcels": parcels,
            "duplicates": {reference: found for reference, found in items.items() if len(found) > 1},
            "repeated": _sums([ledger["repeated"] for ledger in ledgers.values()]),
            "open": sum(ledger["open"] for ledger in ledgers.values()),
            "lapses": {
                call if name == USUAL else f"{name} {call}": count
                for name, ledger in ledgers.items()
                for call, count in ledger["lapses"].items()
            },
            "forged": _sums([house.postbag.forged for house in self._houses.values()]),
        }

    def _built(self, name: str, settings: Settings, timers: Timers, days: Days) -> House:
        carrier, mail, routes = CARRIERS[name]
        post = Post(carrier(), settings, timers, days, self.watchers)
        postbag = Postbag(settings, timers, mail(settings))
        post.announce = postbag.announce
        return House(post, postbag, routes(post))


def _sums(counts: list[dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            found[name] = found.get(name, 0) + number
    return found
