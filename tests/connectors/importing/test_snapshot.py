"""What two nightly exports say happened between them, and what they do not say."""

from collections.abc import Collection
from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gate.judge import Admitted, judge
from connectors.importing.sheet import Row, Sheet
from connectors.importing.snapshot import LEADS_TO, UNSTATED, Pair, dated, derived, snapshot_columns, statuses
from connectors.importing.stating import Stated
from connectors.partner_lists import WrongList
from rules.dossier import Dossier
from rules.life import view_of
from schemas.dossier import DossierStatus
from schemas.instant import VIETNAM
from tests.builders import CODE, a_bundle, admitted, fold

OTHER = "H29.12-261102-0002"
TAKEN = (datetime(2026, 11, 2, 23, tzinfo=VIETNAM), datetime(2026, 11, 3, 23, tzinfo=VIETNAM))
BUNDLE, NOW = a_bundle(), datetime(2026, 11, 4, 8, tzinfo=VIETNAM)
STATED = {
    "procedure": "1.004873", "channel": "COUNTER", "receiving_agency": "H29.12", "competent_agency": "H29.12",
    "return_mode": "COUNTER", "received_at": "2026-11-02 09:05", "outcome": "APPROVED",
}  # fmt: skip


def a_row(status: str, more: dict[str, str] | None = None, *, number: int = 2, **said: str) -> Row:
    return Row(number, STATED | {"dossier": CODE, "status": status} | (more or {}) | said)


def between(
    first: list[Row],
    second: list[Row],
    known: Collection[str] = (),
    at: time | None = None,
    own: dict[str, DossierStatus] | None = None,
) -> list[Stated]:
    one, other = (Sheet(snapshot_columns(), tuple(rows)) for rows in (first, second))
    return derived(Pair(one, other, TAKEN, "H29.12", at, own), known)


def names(found: list[Stated]) -> list[str]:
    return [one.fact for one in found if not one.problems]


def unclear(found: list[Stated]) -> list[tuple[str, str]]:
    return [(one.place, problem.field) for one in found for problem in one.problems]


def taken(found: list[Stated]) -> list[Admitted]:
    verdicts = [judge(dict(one.event), "H29.12", BUNDLE, NOW) for one in found if not one.problems]
    assert all(isinstance(one, Admitted) for one in verdicts), verdicts
    return [one for one in verdicts if isinstance(one, Admitted)]


def the_dossier(found: list[Stated]) -> Dossier:
    after, _ = fold([admitted(dict(one.event)) for one in sorted(found, key=lambda one: str(one.at))])
    return after


def test_what_is_open_in_the_first_is_adopted_and_nothing_more_if_nothing_changed() -> None:
    found = between([a_row("RECEIVED")], [a_row("RECEIVED")])

    (verdict,) = taken(found)
    assert names(found) == ["adopted"]
    assert verdict.event.data.as_of == verdict.event.time == TAKEN[0]
    assert verdict.event.data.status is DossierStatus.RECEIVED


@pytest.mark.parametrize("status", ["RESULT_RETURNED", "WITHDRAWN", "STOPPED", "RECEPTION_REFUSED"])
def test_what_is_over_in_the_first_is_not_adopted(status: str) -> None:
    assert between([a_row(status)], []) == []


def test_what_the_pipeline_has_already_is_not_adopted_again() -> None:
    assert names(between([a_row("RECEIVED")], [a_row("RECEIVED")], known={CODE})) == []


def test_an_adoption_is_one_a_dossier_and_all_of_it_is_marked_as_derived() -> None:
    rows = [a_row("RECEIVED")], [a_row("RESULT_READY", status_at="2026-11-03 15:00")]

    one, other = between(*rows), between(*rows)

    assert [each.event for each in one] == [each.event for each in other]
    assert all(str(each.event["id"]).startswith("snapshot-") for each in one)
    assert len({each.event["id"] for each in one}) == 2


def test_a_dossier_that_is_new_has_every_fact_that_its_row_dates() -> None:
    found = between([], [a_row("RESULT_READY", forwarded_at="2026-11-03 10:00", result_ready_at="2026-11-03 15:00")])

    assert names(found) == ["received", "forwarded", "result_ready"]
    assert view_of(the_dossier(found).life).status is DossierStatus.RESULT_READY
    assert len(taken(found)) == 3


STEPS = [
    ("RECEIVED", "IN_PROCESS", {}, "forwarded"),
    ("IN_PROCESS", "AWAITING_SUPPLEMENT", {}, "supplement_requested"),
    ("AWAITING_SUPPLEMENT", "IN_PROCESS", {}, "supplement_received"),
    ("IN_PROCESS", "AWAITING_PAYMENT", {"amount": "35.000"}, "payment_requested"),
    ("AWAITING_PAYMENT", "IN_PROCESS", {"amount": "35000", "receipt_no": "BL-1"}, "payment_received"),
    ("IN_PROCESS", "RESULT_READY", {}, "result_ready"),
    ("RESULT_READY", "RESULT_RETURNED", {}, "result_returned"),
    ("IN_PROCESS", "WITHDRAWN", {}, "withdrawn"),
    ("IN_PROCESS", "STOPPED", {"basis": "Điều mẫu"}, "processing_stopped"),
]


@pytest.mark.parametrize(("was", "is_now", "said", "fact"), STEPS, ids=lambda value: str(value))
def test_a_changed_status_is_the_fact_that_leads_to_it(was: str, is_now: str, said: dict[str, str], fact: str) -> None:
    found = between([a_row(was)], [a_row(is_now, said, status_at="2026-11-03 15:00")])

    assert names(found) == ["adopted", fact]
    assert len(taken(found)) == 2
    assert view_of(the_dossier(found).life).status is DossierStatus(is_now)


def test_a_column_of_the_fact_says_more_than_the_status() -> None:
    later = a_row("IN_PROCESS", assigned_at="2026-11-03 10:00", officer_ref="CB-01", status_at="2026-11-03 10:00")

    assert names(between([a_row("RECEIVED")], [later])) == ["adopted", "assigned"]


def test_what_a_fact_needs_and_no_export_says_is_said_to_be_unstated() -> None:
    found = between([a_row("RECEIVED")], [a_row("WITHDRAWN", status_at="2026-11-03 15:00")])

    assert found[-1].event["data"] == {"reason": UNSTATED}


def test_a_field_may_be_one_facts_own() -> None:
    later = {"supplement_requested.documents": "Giấy A; Giấy B", "reason": "thiếu"}

    found = between([a_row("RECEIVED")], [a_row("AWAITING_SUPPLEMENT", later, status_at="2026-11-03 15:00")])

    assert found[-1].event["data"] == {"stage": "APPRAISAL", "documents": ["Giấy A", "Giấy B"], "reason": "thiếu"}


def test_a_status_that_changed_without_a_date_is_named_and_no_fact() -> None:
    found = between([a_row("RECEIVED")], [a_row("RESULT_READY", number=7)])

    assert names(found) == ["adopted"]
    assert unclear(found) == [("B:7", "status_at")]


def test_a_date_without_an_hour_needs_one() -> None:
    rows = [a_row("RECEIVED")], [a_row("WITHDRAWN", status_at="2026-11-03")]

    assert unclear(between(*rows)) == [("B:2", "status_at")]
    assert between(*rows, at=time(8))[-1].at == datetime(2026, 11, 3, 8, tzinfo=VIETNAM)


def test_what_is_open_and_gone_is_named() -> None:
    assert unclear(between([a_row("RECEIVED", number=5)], [])) == [("A:5", "dossier")]


def test_a_promised_date_that_moved_is_named_since_nobody_says_why() -> None:
    rows = [a_row("IN_PROCESS", promised_due_on="2026-11-05")], [a_row("IN_PROCESS", promised_due_on="2026-11-09")]

    assert unclear(between(*rows)) == [("B:2", "promised_due_on")]


def test_an_opening_that_moved_is_not_a_second_one() -> None:
    found = between([a_row("RECEIVED")], [a_row("RECEIVED", received_at="2026-11-02 10:00")])

    assert names(found) == ["adopted"]
    assert unclear(found) == [("B:2", "received_at")]


def test_of_a_status_that_stayed_status_at_says_nothing() -> None:
    rows = [a_row("IN_PROCESS", status_at="2026-11-02 10:00")], [a_row("IN_PROCESS", status_at="2026-11-03 10:00")]

    assert names(between(*rows)) == ["adopted"]


def test_a_dossier_that_stands_there_twice_is_named() -> None:
    found = between([], [a_row("RECEIVED"), a_row("RECEIVED", number=3)])

    assert names(found) == ["received"]
    assert unclear(found) == [("B:3", "dossier")]


@pytest.mark.parametrize("word", ["IN_PROCESS", "in_process", "4", "Đang  thụ lý"])
def test_a_status_is_our_word_the_national_number_or_the_systems_own(word: str) -> None:
    own = statuses(["Đang thụ lý=IN_PROCESS"])

    found = between([], [a_row(word, status_at="2026-11-03 10:00")], own=own)

    assert names(found) == ["received", "forwarded"]


def test_a_status_that_nobody_knows_is_named() -> None:
    assert unclear(between([], [a_row("thinking")])) == [("B:2", "status")]
    with pytest.raises(WrongList, match="--status"):
        statuses(["x=THINKING"])


def test_every_status_has_the_fact_that_leads_to_it() -> None:
    assert set(LEADS_TO) == set(DossierStatus) - {DossierStatus.UNKNOWN}
    assert set(LEADS_TO.values()) <= set(dated())


DATES = {f"{name}_at": st.sampled_from(["2026-11-02 09:05", "2026-11-03 15:00", "soon"]) for name in LEADS_TO.values()}
EXPORTED = st.fixed_dictionaries(
    {"dossier": st.sampled_from([CODE, OTHER]), "status": st.sampled_from([*LEADS_TO, "x"])},
    optional={**DATES, "status_at": st.just("2026-11-03 16:00"), "amount": st.just("1"), "basis": st.just("b")},
)
EXPORT = st.lists(EXPORTED.map(lambda said: Row(2, STATED | said)), max_size=4)


@given(EXPORT, EXPORT)
def test_every_difference_is_a_fact_or_is_named(first: list[Row], second: list[Row]) -> None:
    found = between(first, second)

    for one in found:
        assert one.problems or one.at is not None
    explained = {one.event["subject"] for one in found}
    before, after = ({row.said["dossier"]: row.said["status"] for row in rows} for rows in (first, second))
    changed = {code for code in after if after[code] != before.get(code)}
    assert changed <= explained


@given(EXPORT)
def test_the_same_export_twice_says_nothing_but_adoptions(rows: list[Row]) -> None:
    once = {row.said["dossier"]: row for row in rows if row.said["status"] != "x"}

    found = between([*once.values()], [*once.values()])

    assert set(names(found)) <= {"adopted"}
    assert unclear(found) == []
