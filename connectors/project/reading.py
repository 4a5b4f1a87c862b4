"""The read model's rows as the reports' rules take them. Nothing is decided here; codes of dossiers go no further."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from connectors.project.library import NOT_STATED, Library
from connectors.project.stated import CLOCK, adoption, clock_facts, clock_of, day_of, standing, stated
from connectors.project.tables import Tables
from rules.deadlines.apologies import DateSet
from rules.deadlines.clock import Rule
from rules.deadlines.order import in_order, starting
from rules.rating import KIND, SOURCE
from rules.reports.apologies import LETTER, OwedAt, Owing, a_letter
from rules.reports.holders import Ended, Held
from rules.reports.period import Period
from rules.reports.position import Case
from rules.reports.post import Journey
from rules.reports.promises import Promise
from rules.reports.reception import Submission
from rules.reports.satisfaction import Given
from schemas.clock import ClockKind, ClockState, Outcome
from schemas.dossier import Channel
from schemas.instant import aware, date_of
from schemas.postal import LegKind, ParcelStatus

TOGETHER = 500
"""Dossiers whose facts are looked up at once."""
ANSWERS = (
    "received", "supplement_requested", "reception_refused", "result_returned", "withdrawn", "processing_stopped",
)  # fmt: skip
"""What ends the wait of an online submission."""
TRIED = frozenset({ParcelStatus.DELIVERY_FAILED, ParcelStatus.AWAITING_COLLECTION, ParcelStatus.DELIVERED})
STOPPED_OR_REFUSED = f'"{ClockKind.PROCESSING_STOPPED}"'
"""What the clock hears of both; which it was stands on the log."""


class Reading:
    """What the reports ask, at one moment. `agency` narrows every look to one agency, by its code or an old one."""

    def __init__(self, connection: Connection, tables: Tables, library: Library, agency: str | None = None) -> None:
        self._connection, self._tables, self._library = connection, tables, library
        found = library.newest.agency(agency)
        self._codes = None if agency is None else sorted({agency, *((found.code, *found.aliases) if found else ())})
        self._rules: dict[tuple[str | None, ...], tuple[Rule | None, str | None]] = {}

    def cases(self, period: Period, known_at: datetime) -> Iterator[Case]:
        """Every dossier that a form of this period may be about: as stated, or as known then."""
        table, facts = self._tables.dossiers, self._tables.facts
        before = period.begins.timestamp()
        entered = or_(table.c.entered_at.is_(None), table.c.entered_at < period.ends.timestamp())
        ended = or_(table.c.ended_at.is_(None), table.c.ended_at >= before)
        # What was stopped in whatever year stays pending, as the form's practice has it.
        stopped = select(facts.c.dossier).where(facts.c.kind == "processing_stopped", facts.c.at < before)
        learned = table.c.recorded_at >= known_at.timestamp()
        adopted = self._adopted()
        for rows in self._dossiers(or_(entered & ended, table.c.code.in_(stopped), learned)):
            # Of most dossiers the row says it all: known by then, not adopted, not stopped.
            asked = [
                row
                for row in rows
                if row.recorded_at >= known_at.timestamp()
                or row.code in adopted
                or STOPPED_OR_REFUSED in row.clock_facts
            ]
            found = self._facts(asked, (*CLOCK, "adopted", "corrected"))
            for row in rows:
                yield self._case(row, found.get(row.code, ()))

    def submissions(self, period: Period) -> Iterator[Submission]:
        """Every online submission of the period, its first answer, and whether it was announced as missed."""
        facts = self._tables.facts
        window = (facts.c.at >= period.begins.timestamp()) & (facts.c.at < period.ends.timestamp())
        online = select(facts.c.dossier).where(facts.c.kind == "submitted", facts.c.word == "ONLINE", window)
        for rows in self._dossiers(self._tables.dossiers.c.code.in_(online)):
            found = self._facts(rows, ("submitted", *ANSWERS, "corrected"))
            missed = self._said(rows, ("reception_missed",))
            for row in rows:
                if one := self._submission(row, found.get(row.code, ()), missed.get(row.code, ())):
                    yield one

    def letters_due(self, since: date) -> Iterator[Owing]:
        """Every open dossier of which it was said that a letter is owed, on this day or later."""
        table, said = self._tables.dossiers, self._tables.deadlines
        begins = Period(since, since).begins.timestamp()
        owed = select(said.c.dossier).where(said.c.kind == "apology_owed", said.c.at >= begins)
        return self._owing((table.c.clock_state == ClockState.RUNNING) & table.c.code.in_(owed))

    def owing(self) -> Iterator[Owing]:
        """Every dossier of which a letter was ever owed or sent, or that is late or may be."""
        table, facts, said = self._tables.dossiers, self._tables.facts, self._tables.deadlines
        letters = select(facts.c.dossier).where(facts.c.kind == LETTER)
        owed = select(said.c.dossier).where(said.c.kind == "apology_owed")
        late = (table.c.outcome == Outcome.LATE) | (table.c.clock_state == ClockState.RUNNING)
        return self._owing(late | table.c.code.in_(letters) | table.c.code.in_(owed))

    def _owing(self, which: ColumnElement[bool]) -> Iterator[Owing]:
        for rows in self._dossiers(which):
            found = self._facts(rows, (LETTER, "corrected"))
            dates = self._said(rows, ("projected", "suspended", "apology_owed"))
            drafts = self._drafts(rows)
            for row in rows:
                yield Owing(
                    code=row.code,
                    agency=self._library.agency(row),
                    said=tuple(_date_or_letter(one, drafts) for one in dates.get(row.code, ())),
                    letters=tuple(
                        a_letter(aware(one.at), one.ref, one.day, one.word)
                        for one in standing(found.get(row.code, ()), (LETTER,))
                    ),
                    clock=clock_of(row, self._rule(row)[0]),
                )

    def journeys(self, period: Period) -> Iterator[Journey]:
        """Every leg whose order a carrier took in the period."""
        facts = self._tables.facts
        window = (facts.c.at >= period.begins.timestamp()) & (facts.c.at < period.ends.timestamp())
        taken = select(facts.c.dossier).where(facts.c.kind == "order_accepted", window)
        kinds = ("order_accepted", "order_cancelled", "item_moved", "fee_collected", "fee_remitted")
        for rows in self._dossiers(self._tables.dossiers.c.code.in_(taken)):
            found, missed = self._facts(rows, kinds), self._said(rows, ("standard_missed",))
            for row in rows:
                yield from self._journeys(row, found.get(row.code, ()), missed.get(row.code, ()))

    def ended(self, period: Period) -> Iterator[Ended]:
        """Every dossier whose clock's facts ended it in the period, and whose its days were."""
        ended_at = self._tables.dossiers.c.ended_at
        window = (ended_at >= period.begins.timestamp()) & (ended_at < period.ends.timestamp())
        for rows in self._dossiers(window):
            for row in rows:
                held = tuple(
                    Held(one["holder"], self._resolved(one.get("agency")), one["days"], one.get("late", 0))
                    for one in json.loads(row.days)
                )
                yield Ended(self._library.agency(row), date_of(aware(row.ended_at)), held)

    def promises(self, period: Period) -> Iterator[Promise]:
        """Every dossier that entered in the period, with what was promised."""
        table = self._tables.dossiers
        started_at = func.coalesce(table.c.started_at, table.c.entered_at)
        window = (started_at >= period.begins.timestamp()) & (started_at < period.ends.timestamp())
        for rows in self._dossiers(window):
            for row in rows:
                start = starting(in_order(clock_facts(row)))
                if start is not None and period.holds(date_of(start.at)):
                    promised_on = day_of(row.promised_due_on)
                    procedure = row.procedure_code or NOT_STATED
                    rule = self._rule(row)[0]
                    yield Promise(row.code, self._library.agency(row), procedure, promised_on, start, rule)

    def ratings(self, period: Period) -> Iterator[Given]:
        """Every rating that a citizen gave in the period; of a dossier the first one is in effect."""
        facts = self._tables.facts
        window = (facts.c.at >= period.begins.timestamp()) & (facts.c.at < period.ends.timestamp())
        rated = select(facts.c.dossier).where(facts.c.kind == KIND, window)
        for rows in self._dossiers(self._tables.dossiers.c.code.in_(rated)):
            found = self._facts(rows, (KIND,))
            for row in rows:
                # Whoever else says it has no standing.
                said = (one for one in found.get(row.code, ()) if one.ref.startswith(f"{SOURCE} "))
                if (first := next(said, None)) is not None:
                    scores = tuple(map(int, first.scores or ""))
                    yield Given(self._library.agency(row), aware(first.at), scores)

    # ------------------------------------------------------------ rows

    def _dossiers(self, which: ColumnElement[bool]) -> Iterator[Sequence[Row[Any]]]:
        """The dossiers of the agency that was asked for, a portion at a time, in no order."""
        table = self._tables.dossiers
        asked = select(table).where(which)
        if self._codes is not None:
            received_only = table.c.competent_agency.is_(None) & table.c.receiving_agency.in_(self._codes)
            asked = asked.where(table.c.competent_agency.in_(self._codes) | received_only)
        found = self._connection.execute(asked, execution_options={"stream_results": True, "yield_per": TOGETHER})
        yield from found.partitions()

    def _facts(self, rows: Sequence[Row[Any]], kinds: Collection[str]) -> dict[str, list[Row[Any]]]:
        table = self._tables.facts
        return self._by_dossier(select(table).where(table.c.kind.in_(kinds)), table, rows)

    def _said(self, rows: Sequence[Row[Any]], kinds: Collection[str]) -> dict[str, list[Row[Any]]]:
        table = self._tables.deadlines
        return self._by_dossier(select(table).where(table.c.kind.in_(kinds)), table, rows)

    def _by_dossier(self, asked: Any, table: Any, rows: Sequence[Row[Any]]) -> dict[str, list[Row[Any]]]:
        found: dict[str, list[Row[Any]]] = defaultdict(list)
        if not rows:
            return found
        wanted = asked.where(table.c.dossier.in_([row.code for row in rows])).order_by(table.c.place)
        for one in self._connection.execute(wanted):
            found[one.dossier].append(one)
        return found

    def _adopted(self) -> set[str]:
        facts = self._tables.facts
        return set(self._connection.execute(select(facts.c.dossier).where(facts.c.kind == "adopted")).scalars())

    def _drafts(self, rows: Sequence[Row[Any]]) -> set[tuple[str, float]]:
        table = self._tables.notices
        codes = [row.code for row in rows]
        asked = select(table.c.dossier, table.c.at).where(table.c.kind == "apology_owed", table.c.dossier.in_(codes))
        return {(one.dossier, one.at) for one in self._connection.execute(asked)}

    # ------------------------------------------------------------ one dossier

    def _case(self, row: Row[Any], facts: Iterable[Row[Any]]) -> Case:
        rule, problem = self._rule(row)
        procedure, level, sector = self._library.kind(row.procedure_code)
        heard = tuple(stated(row, list(facts)))
        kinds = {one.fact.kind for one in heard if one.retracted_at is None}
        # Minutes that the post and the agency signed: it came by post, whatever else was said.
        by_post = ClockKind.HANDOVER_SIGNED in kinds
        return Case(
            code=row.code,
            agency=self._library.agency(row),
            procedure=procedure,
            level=level,
            sector=sector,
            channel=Channel.POSTAL if by_post else row.channel,
            facts=heard,
            clock=clock_of(row, rule),
            rule=rule,
            adopted=adoption(facts),
            recorded_at=aware(row.recorded_at),
            problem=problem if by_post or ClockKind.RECEIVED in kinds else None,
        )

    def _submission(self, row: Row[Any], facts: Sequence[Row[Any]], missed: Sequence[Row[Any]]) -> Submission | None:
        submitted = [one for one in standing(facts, ("submitted",)) if one.word == "ONLINE"]
        if not submitted:
            return None
        answers = sorted((one.at, one.recorded_at) for one in standing(facts, ANSWERS))
        first = answers[0] if answers else None
        return Submission(
            agency=self._resolved(row.receiving_agency) or NOT_STATED,
            submitted_at=aware(min(one.at for one in submitted)),
            answered_at=aware(first[0]) if first else None,
            answer_recorded_at=aware(first[1]) if first else None,
            missed_at=aware(min(one.recorded_at for one in missed)) if missed else None,
        )

    def _journeys(self, row: Row[Any], facts: Sequence[Row[Any]], missed: Sequence[Row[Any]]) -> Iterator[Journey]:
        legs = {one["leg"]: one for one in json.loads(row.legs)}
        accepted: dict[tuple[str, str], float] = {}
        for one in facts:
            if one.kind == "order_accepted":
                accepted.setdefault((one.leg, one.carrier), one.at)
        for (name, carrier), at in sorted(accepted.items()):
            leg = legs.get(name, {})
            own = [one for one in facts if one.leg == name and one.carrier in (carrier, None)]
            is_last = leg.get("carrier") == carrier
            moves = [
                ParcelStatus(one.word) for one in own if one.kind == "item_moved" and one.word in set(ParcelStatus)
            ]
            yield Journey(
                carrier=carrier,
                agency=self._library.agency(row),
                kind=LegKind(name[0]).name.lower(),
                accepted_at=aware(at),
                status=ParcelStatus(leg["status"]) if is_last and leg.get("status") else None,
                tried=bool(TRIED & set(moves)),
                standard_missed=any(one.leg == name and one.carrier == carrier for one in missed),
                damaged=ParcelStatus.DAMAGED in moves,
                contradicted=is_last and leg.get("contradicted", False),
                called_off=not is_last or leg.get("order") == "CANCELLED",
                collected=_dong(own, "fee_collected") if is_last else 0,
                remitted=_dong(own, "fee_remitted") if is_last else 0,
            )

    def _rule(self, row: Row[Any]) -> tuple[Rule | None, str | None]:
        key = (row.refversion, row.started_under, row.procedure_code, row.competent_agency or row.receiving_agency)
        if key not in self._rules:
            self._rules[key] = self._library.rule(row)
        return self._rules[key]

    def _resolved(self, agency: str | None) -> str | None:
        return self._library.newest.resolve(agency) if agency else None


def _date_or_letter(one: Row[Any], drafts: Collection[tuple[str, float]]) -> DateSet | OwedAt:
    day = day_of(one.day)
    if one.kind == "apology_owed":
        assert day is not None
        return OwedAt(aware(one.at), day, (one.dossier, one.at) in drafts)
    return DateSet(aware(one.at), day)


def _dong(facts: Iterable[Row[Any]], kind: str) -> int:
    once = {one.ref: one.amount or 0 for one in facts if one.kind == kind}
    return sum(once.values())
