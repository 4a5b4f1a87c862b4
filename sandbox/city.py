"""A city on the driven clock: agencies say what happens to dossiers when it happens, and meet the postmen."""

import threading
import time
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any

from sandbox import chance, facts, procedures
from sandbox.agency import Agencies, Told
from sandbox.books import Running, Sent
from sandbox.days import Days
from sandbox.outlets import Answer, HttpOutlet, KafkaDoor, KafkaOutlet, Message, Outlet
from sandbox.parcels import Parcel
from sandbox.plan import REPEATED, Life, Mishap, Plan, Town, draw_up
from sandbox.post import Post
from sandbox.scans import Scan
from sandbox.settings import Settings
from sandbox.steps import Step, When, Who, moment
from sandbox.timers import Timers
from schemas.instant import aware
from schemas.postal import ParcelStatus

LATE_SECONDS = 600.0
"""An event that leaves later than this after its planned time happened when it left: the officer had to wait."""
REPEATED_AFTER = 1200.0
DOWN_ON, DOWN_AT = 3, 540
"""On which working day of the city's life, and from which minute for one day, an agency's callback is away."""
WITHOUT_EFFECT = ("NO_STANDING", "UNKNOWN_DOSSIER")
"""Why the pipeline let a fact lie that came before those it rests on: it may be said again."""
EXPECTED = {"conflict": "conflict", "no_standing": "no_standing", "garbage": "dead_letter"}


class AlreadyTold(ValueError):
    """There is such a dossier already."""


class NobodyThere(LookupError):
    """No agency to act for: the credentials file is missing or empty."""


class City:
    """Drives every dossier of a plan, step after step; a step waits for the answer to the one before it.

    Steps happen on the timers' thread; answers come on the outlets' threads; one lock keeps the books.
    """

    def __init__(self, settings: Settings, timers: Timers, days: Days, post: Post, agencies: Agencies) -> None:
        self.settings, self.timers, self.post, self.agencies = settings, timers, post, agencies
        self.days = days if settings.sandbox_pace <= 1 else Days.without_end()
        self.plan: Plan | None = None
        self.running: dict[str, Running] = {}
        self.events: list[Sent] = []
        self.by_id: dict[str, Sent] = {}
        self._doors: dict[str, str] = {}
        self._outlets: dict[str, Outlet] = {}
        self._kafka: KafkaDoor | None = None
        self._extra = 0
        self._lock = threading.RLock()
        post.watchers.append(self.on_scan)
        agencies.listeners.append(self.on_notice)

    # ------------------------------------------------------------ what starts it

    def begin(self, start: datetime | None = None) -> Plan:
        """Draw up the plan and set every dossier on its way; raises NobodyThere, AlreadyTold."""
        settings, doors = self.settings, self.doors()
        if self.plan is not None:
            raise AlreadyTold("the city lives already")
        begins = start or settings.city_begins(self.timers.clock.now())
        town = Town(doors, settings.city_stranger, begins, settings.city_days, self.days)
        plan = draw_up(settings.sandbox_seed, settings.city_dossiers, town)
        with self._lock:
            self.plan = plan
            for number, life in enumerate(plan.lives, start=1):
                self._set_out(life, number)
            for mishap in plan.mishaps:
                self._extra += 1
                self.timers.at(mishap.at.timestamp(), partial(self._blunder, mishap))
        self._closes_for_a_day(plan, list(doors))
        return plan

    def tell(self, life: Life) -> Running:
        """Set one dossier on its way, beside the plan."""
        with self._lock:
            if life.code in self.running:
                raise AlreadyTold(f"{life.code} is on its way already")
            return self._set_out(life, len(self.running) + 1)

    def repeat(self, most: int) -> int:
        """Send the newest accepted events once more as they were; how many."""
        with self._lock:
            found = [one for one in self.events if one.expects == "accepted" and one.answer is not None][-most:]
            for sent in found:
                self._extra += 1
                self._repeat(sent, sent.body)
            return len(found)

    def doors(self) -> dict[str, str]:
        """The agencies that take part, each with its door."""
        if not self._doors:
            self._doors = self.settings.doors(self.agencies.codes())
        if not self._doors:
            raise NobodyThere(f"no agency in {self.settings.sandbox_credentials} and none in HOSO_CITY_AGENCIES")
        return self._doors

    def stop(self) -> None:
        """Close every way out."""
        for outlet in self._outlets.values():
            outlet.stop()
        if self._kafka is not None:
            self._kafka.stop()

    def send_again(self, agency: str, after: str | None) -> int:
        """After a disaster: send again all that an agency sent after this event, in that order; how much it is.

        Gibberish is not sent again. A new producer publishes it: another cluster may take the old one for another's.
        """
        with self._lock:
            if self._kafka is not None and self._door(agency) == "kafka":
                self._kafka.renew()
            mine = [one for one in self.events if one.agency == agency]
            start = next((number for number, one in enumerate(mine, start=1) if one.id == after), 0)
            again = list({one.body: one for one in mine[start:] if one.id}.values())
            for before in again:
                expects = "repetition" if before.expects == "accepted" else before.expects
                what = (before.id, before.fact, before.agency, before.dossier)
                self._send(self._sent(*what, expects, before.time, before.planned), before.body, _nothing)
            return len(again)

    # ------------------------------------------------------------ what others do

    def on_scan(self, parcel: Parcel, scan: Scan) -> None:
        """A postman walks in, or a citizen has the envelope."""
        self._signal(parcel.dossier, f"{parcel.leg}:{scan.status}", scan.at)

    def on_notice(self, agency: str, told: Told) -> None:
        """An agency acts on what it was told: a refused order, an event without effect."""
        if told.kind == "order_refused":
            payload = told.data.get("payload") or {}
            leg = payload.get("leg") or self._leg_awaited(told.dossier)
            self._signal(told.dossier, f"{leg}:refused", self.timers.clock.seconds())
        if told.kind == "rejected":
            payload = told.data.get("payload") or {}
            if payload.get("reason") in WITHOUT_EFFECT:
                self._say_again(agency, str(payload.get("id")))

    # ------------------------------------------------------------ what the city shows

    def ledger(self) -> dict[str, Any]:
        """Every event it sent and every dossier as it stands."""
        with self._lock:
            return {
                "begins_on": self.plan.begins_on.isoformat() if self.plan else None,
                "kinds": dict(self.plan.kinds()) if self.plan else {},
                "events": [one.shown() for one in self.events],
                "dossiers": [one.shown() for one in self.running.values()],
            }

    def progress(self) -> dict[str, Any]:
        """How far it is. `nothing_left_to_send`: no agency will say anything more, whatever the post does."""
        with self._lock:
            waits = {code: one.waits_for for code, one in self.running.items() if one.waits_for}
            unanswered = sum(outlet.waiting() for outlet in self._outlets.values())
            unanswered += self._kafka.waiting() if self._kafka else 0
            finished = sum(one.finished for one in self.running.values())
            verdicts = Counter(one.answer.verdict for one in self.events if one.answer)
            return {
                "started": self.plan is not None,
                "dossiers": {
                    "planned": len(self.plan.lives) if self.plan else 0,
                    "known": len(self.running),
                    "begun": sum(one.begun for one in self.running.values()),
                    "finished": finished,
                },
                "events": {"sent": len(self.events), "unanswered": unanswered, **verdicts},
                "waiting_for_the_post": waits,
                "nothing_left_to_send": finished == len(self.running) and not unanswered and not self._extra,
            }

    # ------------------------------------------------------------ one dossier

    def _set_out(self, life: Life, number: int) -> Running:
        running = Running(life, facts.Known(number), life.steps, life.begins_at)
        self.running[life.code] = running
        self._go_on(running)
        return running

    def _go_on(self, running: Running) -> None:
        """Set the next step on the clock, or let it wait for the post, or end."""
        if not running.ahead:
            running.finished = True
            return
        step = running.ahead[0]
        if step.awaits is None:
            self._fix(running, step, step.when)
            return
        for signal in (step.awaits, *step.instead):
            if signal in running.seen:
                self._arrived(running, step, signal)
                return
        running.waits_for = step.awaits
        if step.patience is not None:
            self.timers.at(self._moment(running, step.patience).timestamp(), lambda: self._tired(running, step))

    def _fix(self, running: Running, step: Step, when: When) -> None:
        at = self._moment(running, when)
        self.timers.at(at.timestamp(), lambda: self._happens(running, step, at))

    def _moment(self, running: Running, when: When) -> datetime:
        due = running.known.due_on
        at = moment(when, running.last, datetime.combine(due, running.last.timetz()) if due else None, self.days)
        pace = self.settings.sandbox_pace
        return at if pace <= 1 else running.last + (at - running.last) / pace

    def _happens(self, running: Running, step: Step, planned: datetime) -> None:
        """A step's time has come: its agency says so."""
        with self._lock:
            running.begun = True
            running.ahead = running.ahead[1:]
            now = self.timers.clock.now()
            at = planned if (now - planned).total_seconds() <= LATE_SECONDS else now
            running.last = at
            if step.fact is None:
                self._go_on(running)
                return
            self._state(running, step.fact, step, running.life.begins_at if step.behind else at, planned)

    def _state(self, running: Running, fact: str, step: Step, at: datetime, planned: datetime) -> None:
        life, known = running.life, running.known
        self._learn(running, fact, step, at)
        agency = life.competent if step.who is Who.COMPETENT else life.agency
        id = f"{life.code}-{len(running.sent) + 1:02d}-{fact}"
        data = facts.data_of(fact, life, known, step.says)
        body = facts.envelope(facts.source_of(agency), id, fact, life.code, at, data)
        sent = self._sent(id, fact, agency, life.code, "accepted", at, planned)
        running.sent.append(sent)
        self._send(sent, body, lambda: self._said(running, sent, body))

    def _learn(self, running: Running, fact: str, step: Step, at: datetime) -> None:
        """What the fact changes in what the agencies know."""
        known, life = running.known, running.life
        match fact:
            case "received" if known.clock_starts_at is None:
                self._clock_starts(running, at)
            case "handover_signed" if step.says["direction"] == "POST_TO_AGENCY":
                self._clock_starts(running, at)
            case "supplement_received":
                self._clock_starts(running, at)
            case "apology_issued" if known.due_on is not None:
                known.new_due_on = self.days.after(known.due_on, facts.EXTENDED_BY_WORKING_DAYS)
            case "extended":
                known.due_on = known.new_due_on
            case "result_ready":
                running.result_ready_at, running.physical = at, step.says["physical"]
                known.due_on = known.due_on or procedures.due_on(life.procedure, life.begins_at, self.days)
            case "result_returned":
                running.returned = step.says["mode"]

    def _clock_starts(self, running: Running, at: datetime) -> None:
        running.known.clock_starts_at = at
        running.known.due_on = procedures.due_on(running.life.procedure, at, self.days)

    def _said(self, running: Running, sent: Sent, body: bytes) -> None:
        """The door has answered: the next step may come; now and then the same words go out again."""
        with self._lock:
            if chance.share(self.settings.sandbox_seed, "repeat", sent.id) < REPEATED:
                self._extra += 1
                due = self.timers.clock.seconds() + REPEATED_AFTER / self.settings.sandbox_pace
                self.timers.at(due, lambda: self._repeat(sent, body))
            self._go_on(running)

    def _repeat(self, before: Sent, body: bytes) -> None:
        with self._lock:
            self._extra -= 1
            what = (before.id, before.fact, before.agency, before.dossier)
            sent = self._sent(*what, "repetition", before.time, before.planned)
            self._send(sent, body, _nothing)

    # ------------------------------------------------------------ the post and the pipeline answer

    def _signal(self, dossier: str, signal: str, at: float) -> None:
        with self._lock:
            running = self.running.get(dossier)
            if running is None or signal in running.seen:
                return
            running.seen[signal] = at
            step = running.ahead[0] if running.ahead else None
            if step is not None and running.waits_for and signal in (step.awaits, *step.instead):
                self._arrived(running, step, signal)

    def _arrived(self, running: Running, step: Step, signal: str) -> None:
        """What a step waited for is here, or what comes in its place."""
        running.waits_for = None
        running.last = max(running.last, aware(running.seen[signal]))
        leg, _, what = signal.partition(":")
        if what == ParcelStatus.DELIVERED and leg[0] in "DR":
            running.returned = leg
        if signal in step.instead:
            running.ahead = step.instead[signal]
            self._go_on(running)
        elif step.fact is None:
            running.ahead = running.ahead[1:]
            self._go_on(running)
        else:
            self._happens(running, step, running.last)

    def _tired(self, running: Running, step: Step) -> None:
        """Nobody came: the dossier goes on without."""
        with self._lock:
            if running.waits_for is None or not running.ahead or running.ahead[0] is not step:
                return
            running.waits_for = None
            running.ahead = running.ahead[1:]
            running.last = self.timers.clock.now()
            self._go_on(running)

    def _leg_awaited(self, dossier: str) -> str:
        running = self.running.get(dossier)
        return (running.waits_for or "").partition(":")[0] if running else ""

    def _say_again(self, agency: str, id: str) -> None:
        """An event that ought to have counted had no effect: its agency sends it once more, as a new one."""
        with self._lock:
            before = self.by_id.get(id)
            if before is None or before.agency != agency or before.expects != "accepted" or before.again:
                return
            before.again = True
            new_id = f"{id}-again"
            body = before.body.replace(f'"{id}"'.encode(), f'"{new_id}"'.encode(), 1)
            sent = self._sent(new_id, before.fact, agency, before.dossier, "accepted", before.time, before.planned)
            sent.again = True
            self._send(sent, body, _nothing)

    # ------------------------------------------------------------ sending

    def _sent(
        self, id: str, fact: str, agency: str, dossier: str, expects: str, at: datetime, planned: datetime
    ) -> Sent:
        seconds = self.timers.clock.seconds()
        sent = Sent(id, fact, agency, self._door(agency), dossier, expects, at, planned, time.time(), seconds)
        self.events.append(sent)
        if expects == "accepted":
            self.by_id[id] = sent
        return sent

    def _send(self, sent: Sent, body: bytes, then: Any) -> None:
        def done(answer: Answer) -> None:
            sent.answered(answer)
            then()

        sent.body = body
        self._outlet(sent.agency).put(Message(sent.id or None, sent.dossier, body, done))

    def _door(self, agency: str) -> str:
        """An agency's own door; a stranger's is Kafka where anybody uses it."""
        doors = self.doors()
        return doors.get(
            agency, "kafka" if "kafka" in doors.values() and agency == self.settings.city_stranger else "http"
        )

    def _outlet(self, agency: str) -> Outlet:
        found = self._outlets.get(agency)
        if found is None:
            found = self._outlets[agency] = self._open(agency)
        return found

    def _open(self, agency: str) -> Outlet:
        if self._door(agency) == "http":
            return HttpOutlet(self.settings.edge_url, lambda: known.key if (known := self.agencies.get(agency)) else "")
        if self._kafka is None:
            self._kafka = KafkaDoor(self.settings.kafka_bootstrap, self.timers)
        return KafkaOutlet(agency, self._kafka)

    # ------------------------------------------------------------ what ought not to be

    def _blunder(self, mishap: Mishap) -> None:
        """Send an event that ought to be refused."""
        with self._lock:
            self._extra -= 1
            now = self.timers.clock.now()
            id = f"{mishap.dossier}-{mishap.kind}-{mishap.agency}"
            running = self.running.get(mishap.dossier)
            if mishap.kind == "conflict" and running is not None and running.sent:
                id = running.sent[0].id
            body = facts.mistaken(mishap, id, now)
            expects = EXPECTED.get(mishap.kind, "rejected")
            id = "" if mishap.kind == "garbage" else id
            sent = self._sent(id, mishap.kind, mishap.agency, mishap.dossier, expects, now, mishap.at)
            self._send(sent, body, _nothing)

    def _closes_for_a_day(self, plan: Plan, agencies: list[str]) -> None:
        """The second agency's callback is away for one working day."""
        code = agencies[min(1, len(agencies) - 1)]
        if self.agencies.get(code) is None or len(plan.working_days) <= DOWN_ON + 1:
            return
        since = self.days.next_at(plan.working_days[DOWN_ON], 0, DOWN_AT)
        until = self.days.next_at(plan.working_days[DOWN_ON], 1, DOWN_AT)
        self.agencies.down(code, until.timestamp(), since.timestamp())


def _nothing() -> None:
    """Nobody waits for this answer."""
