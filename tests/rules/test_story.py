"""The samples' two dossiers, folded: the dates, the requests and the notices of their README."""

from datetime import date, timedelta

from rules.time import due
from schemas.dossier import DossierStatus
from tests.builders import (
    VERSION,
    a_fact,
    a_move,
    a_postal_fact,
    admitted,
    fold,
    notices,
    of,
    received,
    result_ready,
    sample,
)


def test_the_first_sample_dossier_has_its_three_dates_and_ends_early() -> None:
    dossier, said = fold(admitted(sample(n)) for n in range(1, 9))

    assert [fact.data.due_on for fact in of(said, "deadline.projected")] == [
        date(2026, 11, 5),
        date(2026, 11, 11),
        date(2026, 11, 17),
    ]
    assert [fact.data.outcome for fact in of(said, "deadline.stopped")] == ["EARLY"]
    assert notices(said)[:3] == ["deadline_set", "deadline_moved", "deadline_moved"]
    assert dossier.status is DossierStatus.RESULT_READY


def test_its_result_by_post_is_asked_for_once_and_told_in_order() -> None:
    events = [admitted(sample(n)) for n in range(1, 9)]
    answers = [
        a_postal_fact("order_accepted", "2026-11-16 15:31", leg="D1", item_code="EA000000011VN", reference="x"),
        a_move("PICKED_UP", "2026-11-16 16:40"),
        a_move("DELIVERED", "2026-11-17 10:00", certainty="REPORTED"),
    ]

    dossier, said = fold([*events, *answers])
    confirmed, more = fold([a_move("DELIVERED", "2026-11-17 10:00")], dossier)

    [request] = of(said, "postal.delivery_requested")
    assert (request.data.reference, request.data.carrier) == ("H29.12-261102-0001/D1", "myvnpost")
    assert notices(said)[-1] == "delivery_accepted"
    assert dossier.status is DossierStatus.RESULT_READY
    assert notices(more) == ["result_delivered"]
    assert confirmed.status is DossierStatus.RESULT_RETURNED


def test_the_second_sample_dossier_is_fetched_missed_withdrawn_and_sent_back() -> None:
    fetched, said = fold([admitted(sample(n)) for n in (21, 22, 23)])
    midnight = fetched.ladder[2].at
    fired = due(fetched, VERSION, midnight)

    missed, more = fold(fired, fetched)
    ended, rest = fold([admitted(sample(24))], missed)

    assert of(said, "postal.collection_requested")[0].data.leg == "C1"
    assert fetched.clock.due_on == date(2026, 11, 4)
    assert notices(more)[-1] == "missed"
    assert ended.status is DossierStatus.WITHDRAWN
    assert [fact.data.outcome for fact in of(rest, "deadline.stopped")] == [None]
    assert of(rest, "postal.return_requested")[0].data.leg == "R1"


def test_a_fact_without_standing_waits_a_quarter_of_an_hour_and_is_refused_then() -> None:
    dossier, _ = fold([admitted(sample(1)), admitted(sample(33))])
    fired = due(dossier, VERSION, dossier.waiting[0].until)

    after, more = fold(fired, dossier)

    assert (dossier.status, len(dossier.waiting)) == (DossierStatus.SUBMITTED, 1)
    assert notices(more, "H29.99") == ["rejected"]
    assert of(more, "notice.rejected")[0].data.payload["reason"] == "NO_STANDING"
    assert (after.status, after.waiting) == (DossierStatus.SUBMITTED, ())


def test_a_competent_agency_that_speaks_first_is_heard_when_its_one_stop_has_spoken() -> None:
    early = a_fact("result_ready", "2026-11-03 10:00", by="H29.99", outcome="APPROVED", physical=True)
    opening = a_fact("received", "2026-11-02 09:00", procedure_code="1.004873", channel="COUNTER",
                     receiving_agency="H29.12", competent_agency="H29.99", return_mode="COUNTER")  # fmt: skip

    waits, _ = fold([early])
    heard, said = fold([opening], waits)

    assert (waits.status, len(waits.waiting)) == (DossierStatus.UNKNOWN, 1)
    assert (heard.status, heard.waiting) == (DossierStatus.RESULT_READY, ())
    assert [fact.data.outcome for fact in of(said, "deadline.stopped")] == ["EARLY"]


def test_a_dossier_told_of_after_the_fact_has_missed_nothing_that_anybody_was_told_of() -> None:
    late = timedelta(days=30)
    events = [admitted(sample(n), after=late) for n in range(1, 8)]

    _, said = fold(events)

    assert not {"missed", "miss_withdrawn", "violation", "near_due"} & set(notices(said))


def test_a_result_stated_the_morning_after_a_miss_withdraws_it_and_is_noted() -> None:
    open_still, _ = fold([received("2026-11-02 09:05")])
    missed, told = fold(due(open_still, VERSION, open_still.ladder[2].at), open_still)

    _, said = fold([result_ready("2026-11-05 16:55")], missed)

    assert notices(told)[-1] == "missed"
    assert notices(said) == ["miss_withdrawn", "violation"]
    assert [fact.data.code for fact in of(said, "dossier.violation_found")] == ["STATED_AFTER_DUE"]


def test_a_dossier_whose_only_fact_is_taken_back_has_no_clock_and_a_miss_of_it_is_withdrawn() -> None:
    opening = received("2026-11-02 09:05")
    open_still, _ = fold([opening])
    missed, told = fold(due(open_still, VERSION, open_still.ladder[2].at), open_still)
    back = a_fact("corrected", "2026-11-06 09:00", retracts={"id": opening.id}, reason="entered twice")

    emptied, said = fold([back], missed)
    again, _ = fold(due(emptied, VERSION, back.recorded + timedelta(days=60)), emptied)

    assert notices(told)[-1] == "missed" and notices(said) == ["miss_withdrawn"]
    assert (emptied.clock.state, emptied.clock.due_on, emptied.next_due()) == ("NOT_STARTED", None, None)
    assert again.clock == emptied.clock
