"""Scenarios of what an agency may ask: its dossiers, its notices, where to resume, the contract itself."""

from typing import Any

from hoso.kit.answer import Answer, problem
from hoso.kit.scenario import Needs, Scenario
from hoso.kit.visit import NOBODY, Visit

SHOWN = "if it was taken (202) and is not shown, the edge reads another log than it writes: `hoso doctor`"
SECRECY = "the edge shows what is another's: tell its operators at once"
FEED = "a client that resumes by its cursor would lose or repeat notices: tell the operators, with the answers"
LAST = "if this agency stated facts meanwhile, run it again while it is quiet; else tell the operators"


def _own(visit: Visit) -> str | None:
    def look() -> str | None:
        answer = visit.edge.get(f"/v1/dossiers/{visit.dossier}")
        state = answer.said.get("state")
        is_well = answer.status == 200 and answer.said.get("code") == visit.dossier
        return None if is_well and isinstance(state, dict) and state.get("status") else answer.shown()

    return visit.until(look)


def _timeline(visit: Visit) -> str | None:
    def look() -> str | None:
        answer = visit.edge.get(f"/v1/dossiers/{visit.dossier}/timeline")
        rows = answer.said.get("timeline")
        ids = {one.get("id") for one in rows if isinstance(one, dict)} if isinstance(rows, list) else set()
        missing = [one["id"] for one in visit.stated if one["id"] not in ids]
        return None if answer.status == 200 and not missing else f"{answer.status}, without {', '.join(missing)}"

    return visit.until(look)


def _deadline(visit: Visit) -> str | None:
    def look() -> str | None:
        answer = visit.edge.get(f"/v1/dossiers/{visit.dossier}/deadline")
        is_well = answer.status == 200 and answer.said.get("code") == visit.dossier
        return None if is_well and {"clock", "working", "facts"} <= answer.said.keys() else answer.shown()

    return visit.until(look)


def _unknown(visit: Visit) -> str | None:
    return problem(visit.edge.get(f"/v1/dossiers/{visit.code(NOBODY)}"), 404)


def _foreign(visit: Visit) -> str | None:
    """By each of its three paths; and it reads as one that there is not, so that nobody learns which there are."""
    for path in ("", "/timeline", "/deadline"):
        answer = visit.edge.get(f"/v1/dossiers/{visit.dossier}{path}", visit.other_key)
        none = visit.edge.get(f"/v1/dossiers/{visit.code(NOBODY)}{path}", visit.other_key)
        if (came := problem(answer, 404) or problem(none, 404)) is not None:
            return came
        if _without(answer, visit.dossier) != _without(none, visit.code(NOBODY)):
            return f"{answer.shown()} for one that there is, {none.shown()} for one that there is not"
    return None


def _without(answer: Answer, code: str) -> str:
    return answer.reply.body.decode("utf-8", "replace").replace(code, "")


def _asks_for_key(visit: Visit) -> str | None:
    paths = f"/v1/dossiers/{visit.dossier}", "/v1/feed", "/v1/events/last"
    return next((came for path in paths if (came := problem(visit.edge.get(path, ""), 401))), None)


def _feed(visit: Visit) -> str | None:
    """Two at once are the same as one and then the next; one cursor asked twice gives the same."""
    both, one, again = (_page(visit, "0", limit) for limit in (2, 1, 1))
    if (came := _no_page(both, 2) or _no_page(one, 1) or _no_page(again, 1)) is not None:
        return came
    events = both.said["events"]
    if one.said["events"] != events[:1] or again.said["events"] != events[:1]:
        return f"from 0 the first of two is not the first of one: {_ids(both)}, {_ids(one)}, {_ids(again)}"
    rest = _page(visit, one.said["next"], 1)
    if (came := _no_page(rest, 1)) is not None:
        return came
    if len(events) == 2 and rest.said["events"] != events[1:]:
        return f"after the cursor of {_ids(one)} comes {_ids(rest)}, and not the second of {_ids(both)}"
    if not events and both.said["next"] != "0":
        return f"an empty page moves the cursor: {both.shown()}"
    return None


def _page(visit: Visit, after: str, limit: int) -> Answer:
    return visit.edge.get("/v1/feed", query={"after": after, "limit": str(limit)})


def _no_page(answer: Answer, limit: int) -> str | None:
    """Whether it is a page of the feed: CloudEvents, no more than asked for, and a cursor."""
    said, events = answer.said, answer.said.get("events")
    is_page = answer.status == 200 and isinstance(events, list) and isinstance(said.get("more"), bool)
    if not is_page or not isinstance(events, list) or not str(said.get("next", "")).isdecimal():
        return answer.shown()
    if len(events) > limit:
        return f"{len(events)} events where {limit} was asked for"
    wrong = [one for one in events if not _is_cloudevent(one)]
    return f"no CloudEvent: {str(wrong[0])[:200]}" if wrong else None


def _is_cloudevent(said: Any) -> bool:
    names = ("specversion", "id", "source", "type")
    return isinstance(said, dict) and all(isinstance(said.get(name), str) for name in names)


def _ids(page: Answer) -> list[str]:
    return [str(one.get("id")) for one in page.said["events"]]


def _feed_cursor(visit: Visit) -> str | None:
    return problem(visit.edge.get("/v1/feed", query={"after": "yesterday"}), 422)


def _contract(visit: Visit) -> str | None:
    answer = visit.edge.get("/openapi.json", "")
    paths = answer.said.get("paths")
    missing = {"/v1/events", "/v1/events/last", "/v1/feed", "/v1/dossiers/{code}"} - set(paths or ())
    return None if answer.status == 200 and not missing else f"{answer.status}, without {', '.join(sorted(missing))}"


def _last(visit: Visit) -> str | None:
    """With the fact that ends the dossier, so that none of its clocks goes on."""
    end = visit.event("withdrawn", reason="Diễn tập: không có hồ sơ nào như vậy.")
    stated = visit.state(end)
    if end["id"] not in stated.accepted:
        return f"the fact before it: {stated.shown()}"
    answer = visit.edge.get("/v1/events/last")
    rows = answer.said.get("last")
    found = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
    mine = [one.get("id") for one in found if one.get("source") == end["source"]]
    if answer.status == 200 and mine == [end["id"]]:
        return None
    return f"{answer.status} {mine or 'nothing of this source'} after {end['id']} was taken"


ASKING = (
    Scenario("own-dossier", "An agency sees its dossier", "200 with its `code` and its `state`", SHOWN, _own),
    Scenario("own-timeline", "An agency sees what happened to it", "200 with every fact that was taken", SHOWN,
             _timeline),
    Scenario("own-deadline", "An agency sees its deadline", "200 with `clock`, `facts` and `working`", SHOWN,
             _deadline),
    Scenario("unknown-dossier", "A dossier that there is not is not found", "404", SECRECY, _unknown),
    Scenario("foreign-view", "Another's dossier is as if it were not there",
             "404, word for word as for one that there is not", SECRECY, _foreign, Needs.OTHER_KEY),
    Scenario("no-key-no-view", "Without a key nobody sees anything", "401 for dossier, feed and last", SECRECY,
             _asks_for_key),
    Scenario("feed", "The feed goes on from its cursor",
             "pages of CloudEvents with `next` and `more`; the same cursor, the same page; none lost, none twice",
             FEED, _feed),
    Scenario("feed-cursor", "A cursor that is none is refused", "422", FEED, _feed_cursor),
    Scenario("contract", "The contract is served to anyone", "200 /openapi.json with the paths of agencies",
             "look at the address: it is the edge's own, without a path behind it", _contract, Needs.NOTHING),
    Scenario("last", "An agency is told where to resume", "202 for the last fact, and 200 /v1/events/last naming it",
             LAST, _last),
)  # fmt: skip
