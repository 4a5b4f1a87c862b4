"""The rows as the rules take them: each story is where the reports must have it, and on both databases the same."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.project import sets
from connectors.project.library import NoReference, library
from connectors.project.reading import Reading
from connectors.store import Store, open_store
from rules.deadlines.apologies import Account, reckoned
from rules.deadlines.apology_figures import Figures, Register
from rules.reports.apologies import apologies
from rules.reports.form06a import form06a
from rules.reports.holders import holders
from rules.reports.period import Period, end_of
from rules.reports.position import Case, Stated, position
from rules.reports.post import carried
from rules.reports.promises import promises
from rules.reports.reception import receptions
from rules.time import due
from schemas.clock import ClockFact, ClockKind
from schemas.event import Event
from tests.builders import REFERENCE, VERSION, a_bundle, a_fact, an_agency, received, result_ready
from tests.connectors.project.stories import (
    ADOPTED,
    LATE,
    OVERDUE,
    REFUSED,
    STOPPED,
    TAKEN_BACK,
    by_post,
    stories,
)
from tests.connectors.project.told import Told, enter
from tests.rules.deadlines.builders import at

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
AUTUMN = Period(date(2026, 10, 1), date(2026, 12, 31))
NOW = at("2026-11-30 09:00")
EARLY_AFTER_ALL = "H29.12-261102-0023"
SECTORS = {"1.004873": "Xác nhận"}


def reports(store: Store, agency: str | None = None, period: Period = AUTUMN) -> dict[str, Any]:
    """Every report of a period, plain."""
    with sets.looking(store) as (connection, tables):
        known = library(connection, tables, SECTORS)
        reading = Reading(connection, tables, known, agency)
        form = form06a(reading.cases(period, period.ends), period)
        late = receptions(reading.submissions(period), period, known.newest.calendar, NOW.date())
        letters = apologies(reading.owing(), period, known.newest.calendar, NOW)
        post = carried(reading.journeys(period), period)
        held, promised = holders(reading.ended(period), period), promises(reading.promises(period), period)
    return {
        "06a": {group: asdict(line) for group, line in sorted(form.stated.items())},
        "06a known": {group: asdict(line) for group, line in sorted(form.known.items())},
        "reception": {agency: asdict(line) for agency, line in sorted(late.lines.items())},
        "apologies": {agency: asdict(line) for agency, line in sorted(letters.figures.items())},
        "post": {group: asdict(line) for group, line in sorted(post.lines.items())},
        "holders": {group: asdict(line) for group, line in sorted(held.lines.items())},
        "promises": {group: asdict(line) for group, line in sorted(promised.lines.items())},
        "problems": [*form.problems(), *late.problems(), *post.problems(), *held.problems(), *promised.problems()],
    }


def told(store: Store, *facts: Event) -> Store:
    """A read model that was told these facts and what the rules make of them."""
    enter(store, Told().say(*facts).records)
    return store


def the_line(store: Store, period: Period = NOVEMBER, **more: Any) -> dict[str, int]:
    """What is not zero of the whole form, without the sums that are counted apart."""
    with sets.looking(store) as (connection, tables):
        reading = Reading(connection, tables, library(connection, tables, SECTORS))
        form = form06a(reading.cases(period, more.get("known_at", period.ends)), period, **more)
    assert form.problems() == []
    line = form.total(form.known if more else form.stated)
    names = ("online", "direct", "postal", "carried_over", "early", "on_time", "late", "in_time", "overdue")
    return {name: value for name in names if (value := getattr(line, name))}


def test_all_stories_make_the_form_and_add_up(store: Store) -> None:
    told(store, *stories())

    found = reports(store)

    assert found["problems"] == []
    assert list(found["06a"]) == [("H29.12", "ward", "Xác nhận", "1.004873")]
    assert the_line(store) == {
        "online": 1, "direct": 8, "postal": 1, "carried_over": 1,
        "early": 2, "on_time": 2, "late": 1, "in_time": 2, "overdue": 4,
    }  # fmt: skip


def test_what_was_known_on_a_day_is_what_had_been_recorded_by_its_end(store: Store) -> None:
    told(store, *(fact for fact in stories() if fact.subject == TAKEN_BACK))

    assert the_line(store) == {"direct": 1, "overdue": 1}
    assert the_line(store, known_at=end_of(date(2026, 11, 19))) == {"direct": 1, "on_time": 1}
    assert the_line(store, known_at=end_of(date(2026, 11, 20))) == {"direct": 1, "overdue": 1}


def test_a_dossier_refused_after_its_minutes_were_signed_never_entered(store: Store) -> None:
    said: dict[str, Any] = {"leg": "C1", "direction": "POST_TO_AGENCY", "minutes_no": "7", "documents": [],
            "procedure_code": "1.004873", "receiving_agency": "H29.12"}  # fmt: skip
    minutes = a_fact("handover_signed", "2026-11-03 14:00", **said)
    told(store, minutes, a_fact("reception_refused", "2026-11-04 09:00", reason="x"))

    assert the_line(store) == {}


def test_a_fact_without_standing_counts_for_nothing(store: Store) -> None:
    told(store, received(), a_fact("result_ready", "2026-11-04 09:00", by="H29.99", outcome="APPROVED", physical=True))

    assert the_line(store) == {"online": 1, "overdue": 1}


def test_a_fact_told_twice_counts_once_with_the_time_it_came_first(store: Store) -> None:
    result = result_ready("2026-11-04 10:00", id="once")
    again = result.model_copy(update={"recordedtime": at("2026-12-03 10:00")})
    told(store, received(), result, again)

    assert the_line(store, known_at=NOVEMBER.ends) == {"online": 1, "early": 1}


def test_a_dossier_of_which_only_the_signed_minutes_are_known_came_by_post(store: Store) -> None:
    said: dict[str, Any] = {"leg": "C1", "direction": "POST_TO_AGENCY", "minutes_no": "7", "documents": [],
            "procedure_code": "1.004873", "receiving_agency": "H29.12"}  # fmt: skip
    told(store, a_fact("handover_signed", "2026-11-03 14:00", **said))

    assert the_line(store) == {"postal": 1, "overdue": 1}


def test_the_post_is_judged_by_leg_and_carrier_with_its_fees(store: Store) -> None:
    told(store, *by_post())

    found = reports(store)["post"]

    deliver = found["myvnpost", "deliver_result", "H29.12"]
    assert {name: value for name, value in deliver.items() if value} == {
        "legs": 1, "delivered": 1, "first_attempt_in_time": 1, "collected": 50_000, "remitted": 30_000,
    }  # fmt: skip
    assert found["myvnpost", "collect_dossier", "H29.12"]["delivered"] == 1


def test_a_late_reception_is_late_as_stated_and_as_announced(store: Store) -> None:
    told(store, *(fact for fact in stories() if fact.subject in (OVERDUE, REFUSED)))

    found = reports(store)["reception"]["H29.12"]

    assert found == {
        "submitted": 2, "in_time": 1, "late": 1, "waiting": 0, "late_as_known": 1, "announced": 1, "unanswered": 0,
    }  # fmt: skip


def test_a_letter_is_that_of_the_due_date_in_force_when_it_was_issued(store: Store) -> None:
    told(store, *(fact for fact in stories() if fact.subject == LATE))

    found = reports(store)["apologies"]["H29.12"]

    expected = Figures(signed=1, sent=1, unasked=1, late_dossiers=1, late_with_letter=1)
    assert found == asdict(expected)


def test_the_letters_figures_are_those_that_the_register_folds_from_the_log(store: Store) -> None:
    said = Told()
    said.say(*stories())
    for code, letter_at in (
        ("H29.12-261102-0021", "2026-11-04 16:00"),
        ("H29.12-261102-0022", ""),
        (EARLY_AFTER_ALL, ""),
    ):
        # Not forwarded yet, it is not expected to be done by its date.
        said.say(received(code=code, competent_agency="H29.99"))
        for instant in ("2026-11-03 08:00", "2026-11-04 08:00"):
            said.say(*due(said.dossiers[code], VERSION, at(instant)))
        if letter_at:
            letter = {"reason": "x", "signed_by": "Nguyễn Văn Mẫu", "channel": "SMS"}
            said.say(a_fact("apology_issued", letter_at, code=code, **letter))
        ready_at = "2026-11-04 17:00" if code == EARLY_AFTER_ALL else "2026-11-10 09:00"
        said.say(a_fact("result_ready", ready_at, by="H29.99", code=code, outcome="APPROVED", physical=True))
    enter(store, said.records)

    found = reports(store)["apologies"]

    register, edition = Register(), REFERENCE.at(VERSION)
    for code, dossier in said.dossiers.items():
        account = Account()
        account.hear(said.derived[code])
        register.add(reckoned(dossier, account, edition, edition, NOW))
    assert found == {agency: asdict(line) for agency, line in register.figures.items()}
    line = found["H29.99"]
    assert (line["owed"], line["drafted"], line["sent"], line["needless"], line["outstanding"]) == (3, 3, 1, 1, 1)


def test_the_days_of_the_ended_are_their_holders_and_promises_are_laid_beside_the_rules(store: Store) -> None:
    told(store, *stories())

    found = reports(store)

    assert found["holders"]["post", ""]["days"] > 0
    assert sum(line["late"] for line in found["holders"].values()) > 0
    assert {name: value for name, value in found["promises"]["H29.12", "1.004873"].items() if value} == {
        "dossiers": 10, "none": 1, "same": 8, "later": 1, "days_later": 1,
    }  # fmt: skip


def test_an_agency_is_asked_for_by_its_old_code_too_and_another_has_nothing(store: Store) -> None:
    told(store, *stories())
    whole = reports(store)

    assert reports(store, "000.00.12.H29") == whole
    assert reports(store, "H29.12") == whole
    assert reports(store, "H29.99")["06a"] == {}


def test_a_dossier_of_a_merged_office_is_its_successors(store: Store) -> None:
    agencies = [an_agency("H29.12"), an_agency("H29.99", aliases=["H29.55"])]
    said = Told(a_bundle(agencies=agencies))
    said.say(received(receiving_agency="H29.55", competent_agency="H29.55", by="H29.55"))
    enter(store, said.records)

    assert list(reports(store)["06a"]) == [("H29.99", "ward", "Xác nhận", "1.004873")]


def test_a_dossier_whose_version_is_not_there_is_judged_as_the_workers_said_and_named(store: Store) -> None:
    said = Told(a_bundle("another"))
    said.say(received())
    enter(store, said.records)

    found = reports(store, period=NOVEMBER)

    assert found["problems"] == ["the reference data test-1 is not in the read model"]
    [line] = found["06a"].values()
    assert line["overdue"] == 1


def test_without_reference_data_nothing_is_reported(store: Store) -> None:
    with sets.looking(store) as (connection, tables), pytest.raises(NoReference, match="hoso reference apply"):
        library(connection, tables, {})


def test_as_all_is_known_the_clock_computed_from_the_rows_is_the_one_the_workers_said(store: Store) -> None:
    told(store, *stories())
    with sets.looking(store) as (connection, tables):
        cases = list(Reading(connection, tables, library(connection, tables, {})).cases(AUTUMN, AUTUMN.ends))

    assert len(cases) == 12
    for case in cases:
        computed = Case(
            **{name: getattr(case, name) for name in Case.__struct_fields__} | {"facts": _and_one_ahead(case)}
        )
        assert position(computed, AUTUMN.ends) == position(case, AUTUMN.ends), case.code


def _and_one_ahead(case: Case) -> Any:
    """Its facts and one that is yet to happen: so its clock has to be computed from the others."""
    ahead = ClockFact(ClockKind.SUPPLEMENT_RECEIVED, at("2030-01-01 09:00"), complete=False, id="ahead")
    return (*case.facts, Stated(ahead, at("2030-01-01 09:00")))


@pytest.mark.postgres
def test_both_databases_give_the_same_reports(postgres_database: str, tmp_path: Path) -> None:
    found = []
    records = Told().say(*stories()).records
    for address in (f"sqlite:///{tmp_path / 'read.db'}", postgres_database):
        made = open_store(address)
        sets.prepare(made, {})
        enter(made, records)
        found.append(reports(made))
        made.close()

    assert found[0] == found[1]
    assert found[0]["06a"]


def test_an_adopted_dossier_is_carried_over_from_the_day_its_agency_joined(store: Store) -> None:
    told(store, *(fact for fact in stories() if fact.subject == ADOPTED))

    assert the_line(store) == {"carried_over": 1, "overdue": 1}
    assert the_line(store, Period(date(2026, 10, 1), date(2026, 10, 31))) == {}
    assert the_line(store, Period(date(2026, 12, 1), date(2026, 12, 31))) == {"carried_over": 1, "overdue": 1}


def test_a_stopped_dossier_is_carried_over_into_every_period_that_follows(store: Store) -> None:
    told(store, *(fact for fact in stories() if fact.subject == STOPPED))

    assert the_line(store) == {"direct": 1, "in_time": 1}
    for period in (Period(date(2026, 12, 1), date(2026, 12, 31)), Period(date(2028, 1, 1), date(2028, 12, 31))):
        assert the_line(store, period) == {"carried_over": 1, "in_time": 1}
