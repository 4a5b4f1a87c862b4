"""Check a deadline certificate, sharing no code with what computed it: days and minutes are walked one by one.

`python verify.py CERTIFICATE --key PUBLIC.pem --calendar CALENDAR` needs `cryptography`, and nothing else of ours. The
calendar is its TOML file, or the JSON that `hoso certificate calendar` prints. Status 1: every fault is a sentence.
"""

import argparse
import json
import sys
import tomllib
from base64 import b64decode, b64encode
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from hashlib import sha256
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Json = dict[str, Any]
FORM = "hoso.deadline-certificate.v1"
ZONE, DAY, MINUTE, A_CENTURY = timezone(timedelta(hours=7)), timedelta(days=1), timedelta(minutes=1), range(36525)
STOPS = ["result_ready", "resolution_refused", "withdrawn", "processing_stopped"]
ORDER = ["received", "handover_signed", "supplement_requested", "supplement_received", "extended", *STOPS]
UNITS = ["working_days", "same_day", "working_hours", "calendar_days", "months"]  # the last two count every day


def canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


class Calendar:
    """One version of a calendar: which days are worked, why, and which years are settled."""

    def __init__(self, raw: bytes) -> None:
        read = json.loads(raw) if raw.lstrip().startswith(b"{") else tomllib.loads(raw.decode())
        said = {name: read[name] for name in ("calendar", "version", "first_year", "last_year")}
        said["provisional_years"] = sorted(read.get("provisional_years", []))
        for name in ("closed", "worked"):
            rows = sorted(read.get(name, []), key=lambda row: str(row["day"]))
            said[name] = [{"day": str(r["day"]), "basis": r["basis"], "document": r.get("document")} for r in rows]
        self.closed, self.worked = ({row["day"]: row for row in said[name]} for name in ("closed", "worked"))
        self.settled = set(range(read["first_year"], read["last_year"] + 1)) - set(said["provisional_years"])
        self.id = {key: said[key] for key in ("calendar", "version")} | {"sha256": sha256(canonical(said)).hexdigest()}

    def works(self, day: date) -> bool:
        if not 2000 <= day.year <= 2099:
            raise ValueError(f"counting leaves the years 2000 to 2099, on {day}")
        return str(day) in self.worked or (day.isoweekday() <= 5 and str(day) not in self.closed)


class Walk:
    """The facts in their order; `counts` has what is counted after each, with `since` where that is suspended."""

    def __init__(self, calendar: Calendar, rule: Json, facts: list[Json]) -> None:
        self.calendar, self.unit, self.amount = calendar, rule["unit"], rule["amount"]
        self.in_minutes, self.every_day = self.unit == "working_hours", UNITS.index(self.unit) > 2
        minutes = {f"{minute // 60:02}:{minute % 60:02}": minute * MINUTE for minute in range(24 * 60)}
        self.office = [minutes[at] for at in minutes if any(a <= at < b for a, b in rule["office_hours"])]
        told = [(datetime.fromisoformat(fact["at"]).astimezone(ZONE), fact["kind"], fact) for fact in facts]
        told.sort(key=lambda one: (one[0], ORDER.index(one[1]), one[2].get("new_due_on") or ""))
        begin, signed = (next((at for at, kind, _ in told if kind == start), None) for start in ORDER[:2])
        # Signed minutes are the start, unless a clock that began before them was already stopped.
        if signed and not (begin and any(kind in STOPS and begin <= at < signed for at, kind, _ in told)):
            begin = signed
        assert begin, "no fact of it starts a clock"
        self.counts = [self.whole(begin, "STARTED") | {"at": begin}]
        self.follow(rule["supplement_policy"], [one for one in told if one[0] >= begin and one[1] not in ORDER[:2]])

    def follow(self, policy: str, told: list[tuple[datetime, str, Json]]) -> None:
        in_round = extended = False
        for at, kind, fact in told:
            count = now = self.counts[-1]
            too_late = count["due"] + MINUTE if self.in_minutes else midnight(count["due"].date()) + DAY
            if kind == "supplement_requested" and not in_round and at < too_late:
                in_round = True
                if policy != "KEEP_RUNNING":
                    now = count | {"since": at, "left": self.counted(at, count["end"]), "reason": "SUSPENDED"}
            elif kind == "supplement_received" and fact["complete"] and in_round:
                in_round = False
                if policy == "RESTART":
                    now = self.whole(at, "RESTARTED")
                elif policy == "PAUSE_RESUME":
                    now = self.run(at, count["left"], "RESUMED") | {"left": count["left"]}
                    now["provisional"] |= count["provisional"]
            elif kind == "extended" and not extended and not count["since"] and fact.get("new_due_on"):
                new = self.on(count["began"], date.fromisoformat(fact["new_due_on"]), "EXTENDED")
                last = next(filter(self.calendar.works, (count["due"].date() - n * DAY for n in A_CENTURY[1:])))
                if at.date() <= last and new["due"].date() > count["due"].date():
                    extended, now = True, new
            elif kind in STOPS:
                return
            self.counts.append(now | {"at": at})

    def whole(self, at: datetime, reason: str) -> Json:
        if self.unit == "months":
            years, month = divmod(at.month - 1 + self.amount, 12)
            last_day = monthrange(at.year + years, month + 1)[1]
            return self.on(at, date(at.year + years, month + 1, min(at.day, last_day)), reason)
        late = self.calendar.works(at.date()) and at.time() > time(15)
        return self.run(at, late if self.unit == "same_day" else self.amount * (60 if self.in_minutes else 1), reason)

    def run(self, at: datetime, n: int, reason: str) -> Json:
        last = [at, *islice(self.ticks(at), n)][-1]
        count = self.on(at, last.date(), reason, None if self.every_day else at.date())
        return count | {"due": last + MINUTE, "end": last + MINUTE} if self.in_minutes and n else count

    def on(self, began: datetime, day: date, reason: str, rests_on: date | None = None) -> Json:
        due = next(filter(self.calendar.works, (day + n * DAY for n in A_CENTURY)))
        due_at = midnight(due) + self.office[-1] + MINUTE
        end = due_at if self.in_minutes else midnight(day if self.every_day and reason != "EXTENDED" else due) + DAY
        provisional = not self.calendar.settled.issuperset(range((rests_on or day).year, due.year + 1))
        count = {"began": began, "reason": reason, "due": due_at, "end": end, "since": None, "left": None}
        return count | {"rolled_from": day if due != day else None, "provisional": provisional}

    def ticks(self, at: datetime) -> Iterator[datetime]:
        """Where each thing begins that is counted from this instant on: the office's minutes, or the days after it."""
        for day in (at.date() + n * DAY for n in A_CENTURY):
            if self.in_minutes and self.calendar.works(day):
                yield from (tick for minute in self.office if (tick := midnight(day) + minute) > at - MINUTE)
            elif not self.in_minutes and day > at.date() and (self.calendar.works(day) or self.every_day):
                yield midnight(day)

    def counted(self, at: datetime, until: datetime) -> int:
        return sum(1 for _ in takewhile(lambda tick: tick < until, self.ticks(at)))

    def line(self, day: date) -> Json:
        taken = [count for count in self.counts if count["at"].date() <= day]
        # The day of a request is still the agency's.
        count = next(one for one in reversed(taken) if not one["since"] or one["since"].date() < day)
        if count["since"]:
            return {"counted_as": "SUSPENDED", "from_on": str(count["since"].date())}
        if count["rolled_from"] and day == count["due"].date():
            return {"counted_as": "ROLLED", "from_on": str(count["rolled_from"])}
        if day == count["began"].date() and not (self.calendar.works(day) and self.in_minutes and count["left"] != 0):
            return {"counted_as": "SAME_DAY" if day == count["due"].date() else "DAY_ZERO"}
        every_day = self.every_day and midnight(day) < count["end"]
        row = (self.calendar.closed | self.calendar.worked).get(str(day), {"basis": "", "document": None})
        why = row["basis"] + ("" if row["document"] is None else f" ({row['document']})")
        if not every_day and not self.calendar.works(day):
            return {"counted_as": "CLOSED" if why else "WEEKEND", "basis": why}
        until = (taken[-1]["since"] if self.in_minutes else None) or midnight(day) + DAY
        k = self.counted(count["began"], min(until.replace(second=0, microsecond=0), count["end"]))
        n = self.counted(count["began"], count["end"])
        kind = "CALENDAR_DAY" if every_day else "OFFICE_MINUTES" if self.in_minutes else "WORKING_DAY"
        made_up = kind == "WORKING_DAY" and str(day) in self.calendar.worked
        return {"k": k, "n": n} | ({"counted_as": "MADE_UP_DAY", "basis": why} if made_up else {"counted_as": kind})


def differences(where: str, told: Json, found: Json) -> list[str]:
    names = [name for name in sorted({*told, *found}) if canonical(told.get(name)) != canonical(found.get(name))]
    return [f"{where}: {name} is said to be {told.get(name)!r}, and it is {found.get(name)!r}" for name in names]


def check(certificate: bytes, public_keys: bytes, calendar: bytes) -> list[str]:
    """What is wrong with a certificate, a sentence each; nothing if it holds."""
    faults: list[str] = []
    try:
        # A member that is there twice would be one thing to us and another to somebody else: it is nothing here.
        said = json.loads(certificate, object_pairs_hook=lambda m: dict(m) if len(dict(m)) == len(m) else {})
        table, signed = Calendar(calendar), said.pop("signature")
        pems = [load_pem_public_key(b"-----BEGIN" + one) for one in public_keys.split(b"-----BEGIN")[1:]]
        keys = {sha256(one.public_bytes_raw()).hexdigest(): one for one in pems if isinstance(one, Ed25519PublicKey)}
        assert keys, "the key is no Ed25519 key"
        value, name = b64decode(signed["value"], validate=True), next(n for n in (signed["key"], *keys) if n in keys)
        found = {"algorithm": "Ed25519", "key": name, "value": b64encode(value).decode()}
        faults += differences("signature", signed, found) + differences("calendar", said["calendar"], table.id)
        walk, told = Walk(table, said["rule"], said["facts"]), said["deadline"]
        first, end = walk.counts[0]["at"].date(), walk.counts[-1]
        found = {name: end[name] for name in ("reason", "provisional")} | {"rolled": bool(end["rolled_from"])}
        found |= {"due_on": str(end["due"].date()), "due_at": end["due"].isoformat(), "basis": told["basis"]}
        faults += differences("deadline", told, found)
        days = [first + n * DAY for n in range((end["due"].date() - first).days + 1)]
        faults += differences("working", {"lines": len(said["working"])}, {"lines": len(days)})
        for day, line in zip(days, said["working"], strict=False):
            faults += differences(f"working, {day}", line, {"day": str(day), "basis": line["basis"]} | walk.line(day))
        keys[name].verify(value, FORM.encode() + b"\n" + canonical(said))
    except InvalidSignature:
        faults.append("the signature does not fit: it was changed after it was signed, or another key signed it")
    except Exception as error:
        faults.append(f"it cannot be read, or its days cannot be counted: {type(error).__name__}: {error}")
    return faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("certificate", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="one public key, or several in one file")
    parser.add_argument("--calendar", type=Path, required=True)
    wrong = check(*(file.read_bytes() for file in vars(parser.parse_args()).values()))
    print("\n".join(wrong) or "it holds")
    sys.exit(bool(wrong))
