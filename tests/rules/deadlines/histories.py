"""Seeded written cases: short terms and crowded histories around the days where calendars are strange."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from tests.rules.deadlines.oracle import KINDS, ZONE

BASES = [
    datetime(2019, 1, 25, tzinfo=ZONE),
    datetime(2019, 4, 22, tzinfo=ZONE),
    datetime(2024, 2, 1, tzinfo=ZONE),
    datetime(2025, 4, 21, tzinfo=ZONE),
    datetime(2025, 12, 22, tzinfo=ZONE),
    datetime(2026, 8, 17, tzinfo=ZONE),
    datetime(2026, 12, 21, tzinfo=ZONE),
]
AMOUNTS = {"working_days": 12, "calendar_days": 20, "months": 2, "working_hours": 24, "same_day": 1}
WEIGHTS = [8, 2, 12, 12, 6, 2, 1, 1, 1]
HOURS = [[["07:30", "11:30"], ["13:00", "16:00"]], [["08:00", "12:00"]], [["00:00", "23:59"]]]
CLOCKS = [0, 450, 689, 690, 720, 780, 899, 900, 901, 960, 1019, 1020, 1200, 1439]
ZONES = [ZONE, UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]


def a_case(random: Random) -> dict[str, Any]:
    """One written case without `expect`."""
    base = random.choice(BASES) + timedelta(days=random.randrange(10))
    unit = random.choice(list(AMOUNTS))
    case: dict[str, Any] = {
        "id": "seeded",
        "term": {"amount": random.randint(1, AMOUNTS[unit]), "unit": unit},
        "supplement_policy": random.choice(["RESTART", "PAUSE_RESUME", "KEEP_RUNNING"]),
        "history": a_history(random, base),
    }
    if random.random() < 0.2:
        case["office_hours"] = random.choice(HOURS)
    if random.random() < 0.2:
        case["as_of"] = an_instant(random, base).isoformat()
    return case


def a_history(random: Random, base: datetime) -> list[dict[str, Any]]:
    """Events in no order, some at one instant, some told twice and in another zone."""
    events = [{"kind": "received", "at": an_instant(random, base, 2).isoformat()}] if random.random() < 0.8 else []
    instants = [an_instant(random, base) for _ in range(4)]
    for _ in range(random.randrange(9)):
        at = random.choice(instants) if random.random() < 0.3 else an_instant(random, base)
        events.append(an_event(random, at))
    events += [again(event) for event in events if random.random() < 0.1]
    random.shuffle(events)
    return events


def an_event(random: Random, at: datetime) -> dict[str, Any]:
    event: dict[str, Any] = {"kind": random.choices(KINDS, WEIGHTS)[0], "at": at.isoformat()}
    if event["kind"] == "supplement_received":
        event["complete"] = random.random() < 0.8
    if event["kind"] == "extended":
        event["new_due_on"] = (at.date() + timedelta(days=random.randint(-2, 25))).isoformat()
    return event


def an_instant(random: Random, base: datetime, days: int = 18) -> datetime:
    """An instant near the base, often at the edge of the hours, in some zone."""
    minutes = random.choice(CLOCKS) if random.random() < 0.6 else random.randrange(1440)
    at = base + timedelta(days=random.randrange(days), minutes=minutes, seconds=random.choice([0, 0, 1, 59]))
    return at.astimezone(random.choice(ZONES))


def again(event: dict[str, Any]) -> dict[str, Any]:
    """The same event as another sender spells it."""
    return {**event, "at": datetime.fromisoformat(event["at"]).astimezone(UTC).isoformat(), "note": "told twice"}
