"""The demo's reconciliation: what the agencies and the post office of the sandbox saw, against what the topics hold.

Nothing here reads the sandbox's plan: an agency's list of what it sent with the answers it got, the post's own parcels,
the notices that arrived at callbacks, and the facts on the topics are laid side by side.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from hoso import pulling
from hoso.pulling import Feed, out_of_order
from hoso.watching import Seen
from schemas.deadline import (
    DEADLINES,
    DueToday,
    Escalated,
    Missed,
    MissWithdrawn,
    NearDue,
    Projected,
    ReferenceChanged,
    Stopped,
)
from schemas.dossier import LOG, DossierFact
from schemas.event import Event
from schemas.notice import NOTICES, REJECTIONS, EventRejected, Notice
from schemas.ops import DEAD_LETTERS
from schemas.postal import REQUESTS, CancelRequested, OrderAccepted, Request
from schemas.state import STATE, DossierStateChanged

ENDS = {14: "DELIVERED", 19: "RETURNED_TO_SENDER", 9: "CANCELLED", 22: "CANCELLED", 8: "PICKUP_FAILED"}
"""The post's own codes (MyVNPost, new) for the end of a journey, and what we must have made of them."""
DELIVERED = 14
RUNGS = ("near_due", "due_today", "missed", "escalated")


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What the sandbox's people saw: the city's agencies as senders, the post, each agency's callback, and its feed
    where it was asked for.
    """

    city: Mapping[str, Any]
    post: Mapping[str, Any]
    agencies: Mapping[str, Mapping[str, Any]]
    feeds: Mapping[str, Feed] = field(default_factory=dict)


@dataclass(slots=True)
class Reckoning:
    """The figures, and every line that does not add up."""

    figures: dict[str, Any] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether everything is accounted for."""
        return not self.open


def reckon(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers) -> Reckoning:
    """Lay both sides beside each other."""
    result = Reckoning()
    _dossiers(topics, ledgers, result)
    _rejections(topics, ledgers, result)
    _orders(topics, ledgers, result)
    _parcels(topics, ledgers, result)
    _notices(topics, ledgers, result)
    result.open += pulling.lines(topics, ledgers.feeds)
    _latencies(topics, ledgers, result)
    return result


def _events(topics: Mapping[str, Sequence[Seen]], topic: str, *kinds: type[Event]) -> list[Any]:
    """The facts of a topic, each once: a repetition on a topic is the same source and id."""
    found = {seen.event.ref: seen.event for seen in topics.get(topic, ()) if not kinds or isinstance(seen.event, kinds)}
    return list(found.values())


def states(topics: Mapping[str, Sequence[Seen]]) -> dict[str, DossierStateChanged.Data]:
    """The last public state of every dossier."""
    latest: dict[str, DossierStateChanged.Data] = {}
    for seen in topics.get(STATE, ()):
        data = seen.event.data
        if seen.event.subject not in latest or data.sequence >= latest[seen.event.subject].sequence:
            latest[seen.event.subject] = data
    return latest


def _dossiers(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers, result: Reckoning) -> None:
    """Every fact an agency was told is accepted is on the log; every dossier has a state and, at the end, an end."""
    stated = _events(topics, LOG, DossierFact)
    on_the_log = {event.id for event in stated}
    taken = {one["id"] for one in ledgers.city["events"] if one["expects"] in ("accepted", "no_standing")}
    result.open += [f"accepted from an agency and not on the log: {id}" for id in sorted(taken - on_the_log)]
    known, sent = states(topics), {one["dossier"] for one in ledgers.city["events"] if one["expects"] == "accepted"}
    result.open += [f"a dossier without a state: {code}" for code in sorted(sent - set(known))]
    deadlines = _events(topics, DEADLINES)
    outcomes = Counter(str(event.data.outcome or "none") for event in _last(deadlines, Stopped))
    statuses = Counter(str(data.status) for data in known.values())
    result.figures |= {
        "dossiers": len(known),
        "facts_from_agencies": len(stated),
        "stated": dict(Counter(event.type.split(".")[3] for event in stated).most_common()),
        "facts_on_the_log": len(_events(topics, LOG)),
        "statuses": dict(statuses.most_common()),
        "deadlines_set": len({event.subject for event in deadlines if isinstance(event, Projected)}),
        "deadlines_moved": sum(
            isinstance(e, Projected) and e.data.previous_due_on not in (None, e.data.due_on) for e in deadlines
        ),
        "moved_by_the_calendar": sum(isinstance(e, Projected) and e.data.reason == MOVED for e in deadlines),
        "outcomes": dict(outcomes.most_common()),
        "rungs": {
            name: sum(isinstance(event, kind) for event in deadlines)
            for name, kind in (
                ("near_due", NearDue),
                ("due_today", DueToday),
                ("missed", Missed),
                ("escalated", Escalated),
            )
        },
        "misses_withdrawn": sum(isinstance(event, MissWithdrawn) for event in deadlines),
    }
    for dossier in ledgers.city["dossiers"]:
        _ended(dossier, known.get(dossier["code"]), result)


def _last(events: Sequence[Any], kind: type[Event]) -> list[Any]:
    return list({event.subject: event for event in events if isinstance(event, kind)}.values())


def _ended(dossier: Mapping[str, Any], state: DossierStateChanged.Data | None, result: Reckoning) -> None:
    """What its people know to be true physically is what the pipeline says."""
    if state is None:
        return
    code, facts = dossier["code"], set(dossier["facts"])
    ended = next((word for fact, word in CLOSING.items() if fact in facts), None)
    if ended and state.status != ended and not (ended == "WITHDRAWN" and state.status == "RESULT_RETURNED"):
        result.open.append(f"{code}: its agency said {ended}, the state is {state.status}")
    if "result_ready" in facts and not ended and state.status not in ("RESULT_READY", "RESULT_RETURNED"):
        result.open.append(f"{code}: its result is ready, the state is {state.status}")
    if state.waiting:
        result.open.append(f"{code}: {state.waiting} facts still wait for standing")


MOVED = "REFERENCE_CHANGED"
CLOSING = {
    "withdrawn": "WITHDRAWN",
    "processing_stopped": "STOPPED",
    "reception_refused": "RECEPTION_REFUSED",
    "result_returned": "RESULT_RETURNED",
}


def _rejections(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers, result: Reckoning) -> None:
    """What ought to be refused came back to who sent it: by the gate, by the fold, or to the dead letters."""
    expected = Counter(one["expects"] for one in ledgers.city["events"])
    refused = {event.data.id for event in _events(topics, REJECTIONS, EventRejected)}
    bad = {one["id"] for one in ledgers.city["events"] if one["expects"] == "rejected"}
    result.open += [f"a faulty event that nobody rejected: {id}" for id in sorted(bad - refused)]
    no_standing = {one["id"] for one in ledgers.city["events"] if one["expects"] == "no_standing"}
    told = {e.data.payload.get("id") for e in _events(topics, NOTICES, Notice) if e.data.kind == "rejected"}
    result.open += [f"a fact without standing that nobody was told of: {id}" for id in sorted(no_standing - told)]
    letters = len(_events(topics, DEAD_LETTERS))
    if letters != expected["dead_letter"]:
        result.open.append(
            f"{expected['dead_letter']} unreadable messages were sent, {letters} are in the dead letters"
        )
    result.figures |= {"rejected_by_the_gate": len(refused), "rejected_by_the_fold": len(told), "dead_letters": letters}


def _orders(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers, result: Reckoning) -> None:
    """Every request ended as one parcel or as a refusal, whatever the post's interface did."""
    requests = _events(topics, REQUESTS, Request)
    parcels = Counter(parcel["reference"] for parcel in ledgers.post["parcels"])
    result.open += [f"two parcels for one order: {ref}" for ref, count in parcels.items() if count > 1]
    known = {leg.reference: leg for data in states(topics).values() for leg in data.legs}
    for request in requests:
        leg = known.get(request.data.reference)
        if leg is None:
            result.open.append(f"asked of the post, and no leg says so: {request.data.reference}")
        elif request.data.reference not in parcels and leg.order not in ("REFUSED", "CANCELLED"):
            result.open.append(f"asked of the post, which has no parcel of it: {request.data.reference} ({leg.order})")
    asked = {request.data.reference for request in requests}
    result.open += [f"a parcel nobody asked for: {reference}" for reference in sorted(set(parcels) - asked)]
    accepted = _events(topics, LOG, OrderAccepted)
    result.figures |= {
        "postal_requests": dict(Counter(request.type.split(".")[3] for request in requests)),
        "cancellations_asked": len(_events(topics, REQUESTS, CancelRequested)),
        "orders_accepted": len({event.ref for event in accepted}),
        "parcels": sum(parcels.values()),
        "calls_the_post_fumbled": dict(ledgers.post["lapses"]),
    }


def _parcels(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers, result: Reckoning) -> None:
    """Where a parcel ended is what its leg says, confirmed."""
    legs = {leg.reference: leg for data in states(topics).values() for leg in data.legs}
    ends = Counter[str]()
    for parcel in ledgers.post["parcels"]:
        ended = next((ENDS[code] for code in _codes(parcel) if code in ENDS), None)
        leg = legs.get(parcel["reference"])
        ends[f"{parcel['reference'].rpartition('/')[2][0]} {ended or 'under way'}"] += 1
        if ended is None:
            result.open.append(f"still with the post: {parcel['reference']}")
        elif leg is not None and leg.status != ended and not (ended == "CANCELLED" and leg.order == "CANCELLED"):
            result.open.append(
                f"{parcel['reference']}: the post says {ended}, the leg {leg.status} ({leg.reported} reported)"
            )
    webhooks = [webhook for parcel in ledgers.post["parcels"] for webhook in parcel["webhooks"]]
    result.figures |= {
        "journeys": {
            "pickups": sum(6 in _codes(parcel) for parcel in ledgers.post["parcels"]),
            "deliveries": sum(n for end, n in ends.items() if end.startswith("D DELIVERED")),
            "collections": sum(n for end, n in ends.items() if end.startswith("C DELIVERED")),
            "returns": sum(n for end, n in ends.items() if end.endswith("RETURNED_TO_SENDER")),
            "papers_sent_back": sum(n for end, n in ends.items() if end.startswith("R DELIVERED")),
            "failed_attempts": sum(code in (5, 15) for parcel in ledgers.post["parcels"] for code in _codes(parcel)),
        },
        "webhooks": dict(Counter(webhook["fate"] for webhook in webhooks)),
        "webhooks_sent": sum(len(webhook["tries"]) for webhook in webhooks),
    }


def _codes(parcel: Mapping[str, Any]) -> list[int]:
    return [int(scan["status"]) for scan in parcel["scans"]]


def _notices(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers, result: Reckoning) -> None:
    """Every notice owed to an agency arrived at its callback, once in effect, in order, under a good signature.

    Those that a change of the reference data brought arrived by number, in digests.
    """
    owed = [event for event in _events(topics, NOTICES, Notice) if event.data.agency in ledgers.agencies]
    got = {code: {one["id"]: one for one in ledger["notices"]} for code, ledger in ledgers.agencies.items()}
    digests = [(code, one) for code, notices in got.items() for one in notices.values() if one["kind"] == "digest"]
    gathered = _gathered(topics, owed, digests)
    for event in owed:
        if event.id not in got[event.data.agency] and event.id not in gathered:
            result.open.append(f"{event.data.agency} was never told: {event.subject} {event.data.kind} {event.id}")
    ids = {event.id for event in owed} | {event.id for event in _events(topics, REJECTIONS)}
    ids |= {one["id"] for _, one in digests} if gathered else set()
    for code, ledger in ledgers.agencies.items():
        result.open += [f"{code} was told something nobody owed: {id}" for id in sorted(set(got[code]) - ids)]
        result.open += [f"{code} got a wrong signature: {bad}" for bad in ledger["refused_signatures"]]
        result.open += [f"{code}: {line}" for line in out_of_order(ledger["notices"])]
    result.figures |= {
        "notices_owed": len(owed),
        "notices_received": sum(len(one) for one in got.values()),
        "rejections_told": sum(one["sequence"] is None for ledger in got.values() for one in ledger.values()),
        "notices": dict(Counter(str(event.data.kind) for event in owed).most_common()),
        "notices_in_digests": len(gathered),
        "digests_received": len(digests),
        "callbacks_repeated": sum(ledger["repetitions"] for ledger in ledgers.agencies.values()),
        "callbacks_turned_away": sum(ledger["turned_away"] for ledger in ledgers.agencies.values()),
        "results_owed": sum(str(e.data.kind) in RESULT_KINDS for e in owed),
        "results_received": sum(one["kind"] in RESULT_KINDS for ledger in got.values() for one in ledger.values()),
    }


def _gathered(
    topics: Mapping[str, Sequence[Seen]], owed: Sequence[Notice], digests: Sequence[tuple[str, Mapping[str, Any]]]
) -> set[str]:
    """The notices that followed from a version coming into force, where an agency's digests of it count as many."""
    moves = {event.ref for event in _events(topics, LOG, ReferenceChanged)}
    counted, brought = Counter[tuple[str, str]](), dict[tuple[str, str], set[str]]()
    for code, one in digests:
        counted[code, one["payload"]["version"]] += one["payload"]["notices"]
    for event in owed:
        if event.causationid in moves:
            brought.setdefault((event.data.agency, event.refversion or ""), set()).add(event.id)
    return {id for told, ids in brought.items() if counted[told] == len(ids) for id in ids}


RESULT_KINDS = ("result_delivered", "result_undeliverable", "order_refused")


def _latencies(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers, result: Reckoning) -> None:
    """Real time from an agency's sending to the postal request, and from a webhook to the callback it led to."""
    sent = {one["id"]: one["sent_real"] for one in ledgers.city["events"]}
    to_request = [
        seen.at_ms / 1000 - sent[id]
        for seen in topics.get(REQUESTS, ())
        if seen.event.causationid and (id := seen.event.causationid.split(" ", 1)[1]) in sent
    ]
    first = {
        (parcel["reference"], int(webhook["status"])): webhook["tries"][0]["sent_at"]
        for parcel in ledgers.post["parcels"]
        for webhook in parcel["webhooks"]
        if webhook["tries"] and webhook["fate"] in ("straight", "repeated")
    }
    away = {code for code, ledger in ledgers.agencies.items() if ledger["down"]}
    delivered = [
        (one["received_real"], (f"{one['dossier']}/{one['payload']['leg']}", DELIVERED))
        for code, ledger in ledgers.agencies.items()
        for one in ledger["notices"]
        if code not in away and one["kind"] == "result_delivered"
    ]
    to_callback = [at - first[webhook] for at, webhook in delivered if webhook in first]
    result.figures |= {
        "event_to_postal_request_seconds": _spread(to_request),
        "webhook_to_callback_seconds": _spread(to_callback),
    }


def _spread(seconds: Sequence[float]) -> dict[str, float | int]:
    if not seconds:
        return {"count": 0}
    ranked = sorted(seconds)
    return {
        "count": len(ranked),
        "median": round(median(ranked), 3),
        "p99": round(ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))], 3),
    }
