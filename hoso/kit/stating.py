"""Scenarios of `POST /v1/events`: what is let in, and what is refused with every faulty field named."""

import msgspec

from connectors.verdicts import TryLater
from hoso.kit.answer import names, problem, refused, taken
from hoso.kit.scenario import Needs, Scenario
from hoso.kit.visit import NOBODY, Visit
from schemas.event import type_name

EVENT_BYTES, BODY_BYTES, EVENTS = 128 * 1024, 1024 * 1024, 500
"""The limits: an event, a body, the events in one."""
AMOUNT = 20_000
TRIES = 3
READ = "read what came: the sentence names the field and what it should be"
DOOR = "the gate of this edge is not as the contract has it: tell its operators, with the answer"
CREDENTIALS = "the edge lets in whom it should not: tell its operators at once"
PROXY = f"{DOOR}; if a proxy stands before it, its limit may be the lower one"


def _good_fact(visit: Visit) -> str | None:
    return taken(visit.state(visit.first), visit.first["id"])


def _conflict(visit: Visit) -> str | None:
    other = visit.first | {"data": visit.first["data"] | {"channel": "COUNTER"}}
    return refused(visit.state(other), 409, other["id"], "id")


def _batch(visit: Visit) -> str | None:
    good, bad = visit.event("payment_requested", amount=AMOUNT), visit.event("payment_requested", amount="much")
    answer = visit.state(good, bad)
    is_well = (answer.status, answer.accepted, len(answer.rejected)) == (202, [good["id"]], 1)
    return None if is_well and names(answer.rejected, bad["id"], "data.amount") else answer.shown()


def _binary(visit: Visit) -> str | None:
    event = visit.event("payment_received", amount=AMOUNT, receipt_no="REHEARSAL")
    attributes = {f"ce-{name}": value for name, value in event.items() if isinstance(value, str)}
    body = msgspec.json.encode(event["data"])
    return taken(visit.noted(visit.edge.post(body, headers=attributes), event), event["id"])


def _faulty_field(visit: Visit) -> str | None:
    event = visit.received(channel="PIGEON")
    return refused(visit.state(event), 422, event["id"], "data.channel")


def _every_faulty_field(visit: Visit) -> str | None:
    event = visit.received(return_mode="PIGEON", procedure_code="none")
    del event["data"]["channel"]
    answer = visit.state(event)
    fields = ("data.channel", "data.return_mode", "data.procedure_code")
    return next((came for one in fields if (came := refused(answer, 422, event["id"], one))), None)


def _unknown_field(visit: Visit) -> str | None:
    event = visit.received(rehearsal=True)
    return refused(visit.state(event), 422, event["id"], "data.rehearsal")


def _unknown_type(visit: Visit) -> str | None:
    event = visit.received() | {"type": type_name("dossier", "rehearsed")}
    return refused(visit.state(event), 422, event["id"], "type")


def _no_zone(visit: Visit) -> str | None:
    event = visit.received()
    event["time"] = event["time"][: len("2026-11-02T08:15:00")]
    return refused(visit.state(event), 422, event["id"], "time")


def _ahead(visit: Visit) -> str | None:
    event = visit.received()
    event["time"] = f"{int(event['time'][:4]) + 1}-12-31T00:00:00+07:00"
    return refused(visit.state(event), 422, event["id"], "time")


def _foreign_dossier(visit: Visit) -> str | None:
    event = visit.received() | {"subject": visit.code(NOBODY)}
    return refused(visit.state(event), 422, event["id"], "subject")


def _foreign_source(visit: Visit) -> str | None:
    event = visit.received() | {"source": f"/agencies/{NOBODY}"}
    return refused(visit.state(event), 403, event["id"], "source")


def _foreign_key(visit: Visit) -> str | None:
    event = visit.received()
    return refused(visit.state(event, key=visit.other_key), 403, event["id"], "source")


def _no_key(visit: Visit) -> str | None:
    return _let_in(visit, "")


def _wrong_key(visit: Visit) -> str | None:
    return _let_in(visit, "hoso_no-such-key")


def _let_in(visit: Visit, key: str) -> str | None:
    answer = visit.state(visit.received(), key=key)
    if (came := problem(answer, 401)) is not None:
        return came
    asks = answer.reply.headers.get("www-authenticate", "")
    return None if asks.lower().startswith("bearer") else f"{answer.shown()}: www-authenticate is {asks or 'not there'}"


def _not_json(visit: Visit) -> str | None:
    return problem(visit.edge.post(b'{"specversion": '), 400)


def _event_too_large(visit: Visit) -> str | None:
    event = visit.received() | {"padding": "x" * EVENT_BYTES}
    return refused(visit.state(event), 422, event["id"], "event")


def _body_too_large(visit: Visit, tries: int = TRIES) -> str | None:
    try:
        return problem(visit.edge.post(b" " * (BODY_BYTES + 1)), 413)
    except TryLater:
        # It may refuse before it has read all, and who still sends may be cut off before hearing why.
        if tries == 1:
            raise
        return _body_too_large(visit, tries - 1)


def _too_many(visit: Visit) -> str | None:
    return problem(visit.edge.post(msgspec.json.encode([0] * (EVENTS + 1))), 413)


STATING = (
    Scenario(
        "good-fact", "A good fact is taken", "202, its id in `accepted`, nothing in `rejected`",
        f"{READ}; a wrong key: `hoso agency key CODE`; who you are: --agency; another procedure: --procedure",
        _good_fact, Needs.NOTHING,
    ),
    Scenario("repetition", "The same again is taken again", "202, as the first time", DOOR, _good_fact),
    Scenario(
        "conflict", "The same id with other content is none", "409, `id` named",
        f"{DOOR}; an edge behind a balancer needs one database with its equals", _conflict,
    ),
    Scenario(
        "batch", "Of a batch each event has its own answer",
        "202, the good one in `accepted`, the bad one in `rejected` with `data.amount`", DOOR, _batch,
    ),
    Scenario(
        "binary", "An event in CloudEvents' binary form is taken", "202, its id in `accepted`",
        f"{DOOR}; if a proxy stands before it, it must let `ce-` headers through", _binary,
    ),
    Scenario("faulty-field", "A field at fault is named", "422, `data.channel` named", DOOR, _faulty_field),
    Scenario(
        "every-faulty-field", "Every field at fault is named at once",
        "422, `data.channel`, `data.return_mode` and `data.procedure_code` named", DOOR, _every_faulty_field,
    ),
    Scenario("unknown-field", "A field that there is not is refused", "422, `data.rehearsal` named", DOOR,
             _unknown_field),
    Scenario("unknown-type", "A type that no agency states is refused", "422, `type` named", DOOR, _unknown_type),
    Scenario("no-zone", "A time without a zone is refused", "422, `time` named", DOOR, _no_zone),
    Scenario("time-ahead", "A time to come is refused", "422, `time` named", DOOR, _ahead),
    Scenario("foreign-dossier", "Another agency's dossier cannot be received", "422, `subject` named", CREDENTIALS,
             _foreign_dossier),
    Scenario("foreign-source", "Nobody speaks in another's name", "403, `source` named", CREDENTIALS,
             _foreign_source),
    Scenario("foreign-key", "Another agency's key states nothing for this one", "403, `source` named", CREDENTIALS,
             _foreign_key, Needs.OTHER_KEY),
    Scenario("no-key", "Without a key nobody comes in", "401, www-authenticate: Bearer", CREDENTIALS, _no_key,
             Needs.NOTHING),
    Scenario("wrong-key", "With a wrong key nobody comes in", "401, www-authenticate: Bearer", CREDENTIALS,
             _wrong_key, Needs.NOTHING),
    Scenario("not-json", "What is no JSON is said to be none", "400", DOOR, _not_json),
    Scenario("event-too-large", "An event of more than 128 KiB is refused", "422, `event` named", DOOR,
             _event_too_large),
    Scenario("body-too-large", "A body of more than 1 MiB is refused", "413", PROXY, _body_too_large),
    Scenario("too-many-events", "More than 500 events at once are refused", "413", PROXY, _too_many),
)  # fmt: skip
