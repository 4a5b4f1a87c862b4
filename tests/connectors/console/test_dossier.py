"""One dossier: every day of its clock, its limits, its legs, who was told, whose days they were; and who may see it."""

import re
from collections.abc import Iterator
from datetime import date, datetime

import httpx
import pytest

from connectors.console.app import AT
from connectors.console.pages import dossier
from connectors.console.people import Person, Role
from connectors.console.reading.dossier import dossier as read
from connectors.console.reading.limits import Letter, OtherClock, Stands
from connectors.console.reading.route import Certain
from connectors.console.view import HEADERS
from connectors.store import digests
from connectors.store.digests import Came
from rules.deadlines.limits import Limit
from rules.digests import Change, Gathered, Span
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.notice import RECEIPTS, NoticeAttemptFailed, NoticeDelivered, NoticeGaveUp, Receipt
from schemas.ops import StatusConfirmed
from schemas.state import STATE, DossierStateChanged, ParkedShown
from tests.builders import VERSION, a_fact, a_move, a_postal_fact, received, result_ready
from tests.connectors.console.house import House, open_house
from tests.connectors.project.stories import (
    A_PROCEDURE,
    ADOPTED,
    OVERDUE,
    POSTAL,
    STOPPED,
    TAKEN_BACK,
    WAITING,
    stories,
    taken,
)

MORNING = datetime(2026, 11, 4, 8, tzinfo=VIETNAM)
CODE = "H29.12-261102-0101"
CITY = Person("thanh.pho", Role.CITY)


@pytest.fixture(autouse=True)
def _morning(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, MORNING)


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("dossier")) as running:
        yield running


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that knows every story, and is told nothing more."""
    with open_house(tmp_path_factory.mktemp("stories"), stories()) as running:
        yield running


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(dossier, "now", lambda: moment)


def page(client: httpx.Client, code: str = CODE, lang: str = "en") -> str:
    answer = client.get(f"{AT}/dossiers/{code}?lang={lang}")
    assert answer.status_code == 200, answer.text
    return answer.text


def text(client: httpx.Client, code: str = CODE, lang: str = "en") -> str:
    """A page's words, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(client, code, lang)))


def section(page: str, name: str) -> str:
    """The words of one section, by the id of its heading."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', page, re.DOTALL)
    assert found, f"no section {name}"
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))


def by_post(code: str = CODE) -> list[Event]:
    """A result that the post has."""
    return [
        received(code=code, return_mode="POST"),
        result_ready("2026-11-03 10:00", code=code),
        taken("2026-11-03 10:30", code, "D1"),
        a_move("PICKED_UP", "2026-11-03 15:00", code=code, item_code="ED1"),
    ]


# ---------------------------------------------------------------- who may see it


def test_another_agency_s_dossier_is_not_there(house: House) -> None:
    house.say(received(code=CODE))

    assert house.into("can.bo").get(f"{AT}/dossiers/{CODE}").status_code == 200
    assert house.into("can.bo.khac").get(f"{AT}/dossiers/{CODE}").status_code == 404
    assert house.into("can.bo").get(f"{AT}/dossiers/H29.12-261102-9999").status_code == 404
    assert house.guest().get(f"{AT}/dossiers/{CODE}").status_code == 303


def test_whoever_works_on_it_may_ask_for_the_contact_and_whoever_runs_it_may_act(house: House) -> None:
    house.say(*by_post(), a_move("DELIVERED", "2026-11-04 07:00", code=CODE, item_code="ED1", certainty="REPORTED"))
    contact, confirm = f"/dossiers/{CODE}/contact", f"/dossiers/{CODE}/legs/D1/confirm"

    for name, sees in {"can.bo": (True, False), "thanh.pho": (True, True), "van.hanh": (False, True)}.items():
        said = page(house.into(name))
        assert (contact in said, confirm in said) == sees, name


def test_every_dossier_has_a_page_in_both_languages(told: House) -> None:
    client = told.into("thanh.pho")

    for code in told.told.dossiers:
        assert "Diễn biến" in page(client, code, "vi")
        assert "Timeline" in page(client, code, "en")


def test_the_page_lets_in_only_what_is_ours(told: House) -> None:
    answer = told.into("can.bo").get(f"{AT}/dossiers/{POSTAL}")

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert " style=" not in answer.text and "<script>" not in answer.text and "<style" not in answer.text


# ---------------------------------------------------------------- where it stands


def test_status_flag_and_what_it_waits_for_are_said_in_words(house: House) -> None:
    house.say(received(code=CODE, promised_due_on="2026-11-05"))

    said = section(page(house.into("can.bo")), "where")

    assert "Received (national code 2)" in said
    assert "near due" in said
    assert "the agency to decide" in said
    assert "05/11/2026" in said and "Sample agency H29.12" in said and "Xác nhận mẫu 1.004873" in said


def test_a_dossier_past_its_date_is_overdue_whatever_its_status(told: House, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, datetime(2026, 11, 6, 8, tzinfo=VIETNAM))

    said = section(page(told.into("can.bo"), OVERDUE), "where")

    assert "overdue" in said and "Received" in said


def test_of_a_dossier_that_was_only_submitted_the_page_says_what_there_is_not(house: House) -> None:
    house.say(a_fact("submitted", "2026-11-02 08:00", code=CODE, channel="ONLINE", **A_PROCEDURE))

    said = text(house.into("can.bo"))

    for nothing in ("The clock has not started", "The post carries nothing", "No hand-over", "No notice yet"):
        assert nothing in said


def test_a_parked_dossier_says_why_and_which_command_helps(house: House) -> None:
    house.say(received(code=CODE))
    last = [record for record in house.told.records if record.topic == STATE][-1]
    state = DossierStateChanged.decode(last.value or b"")
    waits = ParkedShown(what="/agencies/H29.12 f-9", why="KeyError: 'x'", since=state.time, facts=2)
    more = {"parked": waits, "sequence": state.data.sequence + 1}
    house.told.publish(state.model_copy(update={"data": state.data.model_copy(update=more)}), STATE)
    house.enter()

    said = text(house.into("van.hanh"))

    assert "This dossier is parked" in said and "could not be folded" in said
    assert f"hoso parked show {CODE}" in said and f"hoso parked retry {CODE}" in said
    assert "an operator: a fact could not be folded" in said


# ---------------------------------------------------------------- the resolution clock


def test_the_working_of_every_clock_ends_on_the_date_that_the_workers_said(told: House) -> None:
    with told.desk.look(CITY) as look:
        clocks = {code: read(look, code, MORNING).clock for code in told.told.dossiers}

    ends = {code: (one.working[-1].day, one.due_on) for code, one in clocks.items() if one.due_on}
    assert len(ends) >= 8
    assert all(day == due_on for day, due_on in ends.values())


def test_every_day_says_in_words_what_it_counted_for(told: House) -> None:
    said = section(page(told.into("can.bo"), OVERDUE), "clocks")

    assert re.search(r"2 0 +day 0, not counted; received", said)
    assert re.search(r"3 1 +working day 1 of 3", said)
    assert re.search(r"5 3 +working day 3 of 3; due 2026-11-05 17:00.* due", said)
    assert "calendar vn-public-offices" in said and "Civil Code art. 147-148" in said
    assert re.search(r"4 2 +working day 2 of 3 today", said)


def test_the_working_is_in_the_reader_s_language(told: House) -> None:
    said = section(page(told.into("can.bo"), OVERDUE, "vi"), "clocks")

    assert "ngày làm việc 1/3" in said and "khoản 1 Điều 17 Nghị định 61/2018/NĐ-CP" in said


def test_no_day_is_told_from_another_by_colour_alone(house: House) -> None:
    house.say(
        received("2026-11-02 09:00", code=CODE, procedure_code="1.009994"),
        a_fact("supplement_requested", "2026-11-04 10:00", code=CODE, stage="APPRAISAL", documents=["x"], reason="x"),
        a_fact("supplement_received", "2026-11-09 10:00", code=CODE, complete=True),
    )

    found = page(house.into("can.bo"))

    cells = re.findall(r'<td class="(\w+)[^>]*><time[^>]*>\d+</time> <span class="mark">([^<]+)</span>', found)
    marks = {kind: re.sub(r"[1-9]\d*", "k", mark) for kind, mark in cells}
    assert {"day_zero", "calendar_day", "suspended"} <= set(marks)
    assert len(set(marks.values())) == len(marks)


def test_a_clock_that_stands_says_since_when_and_why(told: House) -> None:
    said = section(page(told.into("can.bo"), WAITING), "clocks")

    assert "suspended, suspended since 10:00 03/11/2026" in said and "none now" in said
    assert "supplement requested, 10:00 (the clock is suspended, 61/2018/NĐ-CP art. 19(4))" in said


def test_a_procedure_without_a_term_has_no_clock(house: House) -> None:
    house.say(received(code=CODE, procedure_code="1.003003"))

    assert "This procedure has no term." in text(house.into("can.bo"))


def test_a_clock_that_cannot_be_set_says_why(house: House) -> None:
    house.say(received(code=CODE, procedure_code="9.999999"))

    assert "The deadline cannot be set:" in text(house.into("can.bo"))


def test_a_working_over_the_turn_of_the_year_has_each_of_its_months(house: House) -> None:
    house.say(received("2026-12-28 09:00", code=CODE))

    with house.desk.look(CITY) as look:
        clock = read(look, CODE, MORNING).clock

    assert [one.first for one in clock.months] == [date(2026, 12, 1)]
    house.say(a_fact("extended", "2026-12-30 09:00", code=CODE, new_due_on="2027-02-01", reason="x", basis="x"))
    with house.desk.look(CITY) as look:
        months = read(look, CODE, MORNING).clock.months
    assert [one.first for one in months] == [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    days = [day for one in months for week in one.weeks for day in week if day]
    assert len(days) == 31 + 31 + 28 and all(len(week) == 7 for one in months for week in one.weeks)
    assert all(week.index(day) == day.weekday() for one in months for week in one.weeks for day in week if day)


# ---------------------------------------------------------------- the other clocks


def limits(house: House, moment: datetime = MORNING, code: str = CODE) -> list[OtherClock]:
    with house.desk.look(CITY) as look:
        return list(read(look, code, moment).limits)


def test_an_online_submission_waits_for_its_reception_until_it_is_missed(house: House) -> None:
    house.say(a_fact("submitted", "2026-11-03 08:00", code=CODE, channel="ONLINE", **A_PROCEDURE))

    [ahead] = limits(house)
    [missed] = limits(house, datetime(2026, 11, 5, 8, tzinfo=VIETNAM))

    assert (ahead.limit, ahead.stands, ahead.limit_on) == (Limit.RECEPTION, Stands.AHEAD, date(2026, 11, 4))
    assert (missed.stands, missed.holder, missed.said_at) == (Stands.MISSED, "H29.12", None)


def test_a_limit_that_was_said_to_be_missed_says_when(told: House) -> None:
    [one] = limits(told, datetime(2026, 11, 6, 8, tzinfo=VIETNAM), OVERDUE)

    assert (one.limit, one.stands) == (Limit.RECEPTION, Stands.MISSED)
    assert one.said_at == datetime(2026, 10, 31, tzinfo=VIETNAM)


def test_a_limit_that_is_met_is_shown_no_more(house: House) -> None:
    house.say(a_fact("submitted", "2026-11-03 08:00", code=CODE, channel="ONLINE", **A_PROCEDURE))
    house.say(received("2026-11-03 14:00", code=CODE))

    assert limits(house) == []
    assert "No other limit stands or was missed." in text(house.into("can.bo"))


def test_a_transfer_is_owed_on_the_day_of_reception(house: House) -> None:
    house.say(received("2026-11-04 07:45", code=CODE, competent_agency="H29.99"))

    [one] = limits(house)

    assert (one.limit, one.limit_on, one.holder) == (Limit.TRANSFER, date(2026, 11, 4), "H29.12")


def test_each_question_to_an_agency_waits_for_its_own_answer(house: House) -> None:
    one, other = ({"agency": "H29.99", "consultation_id": name} for name in "ab")
    house.say(
        received(code=CODE),
        a_fact("consultation_requested", "2026-11-02 10:00", code=CODE, limit_on="2026-11-05", **one),
        a_fact("consultation_requested", "2026-11-03 10:00", code=CODE, limit_on="2026-11-06", **other),
        a_fact("consultation_answered", "2026-11-03 16:00", by="H29.99", code=CODE, **one),
    )

    [still] = limits(house)

    assert (still.limit, still.limit_on, still.holder) == (Limit.CONSULTATION, date(2026, 11, 6), "H29.99")


def test_a_result_that_came_back_is_kept_for_a_time_that_is_shown(house: House) -> None:
    house.say(
        received(code=CODE, return_mode="POST"),
        result_ready("2026-11-03 09:00", code=CODE),
        a_postal_fact("order_accepted", "2026-11-03 09:01", code=CODE, leg="D1", item_code="EA1VN", reference="x"),
        a_move("PICKED_UP", "2026-11-03 10:00", code=CODE),
        a_move("RETURNED_TO_SENDER", "2026-11-04 07:00", code=CODE),
    )

    [ahead] = [one for one in limits(house) if one.limit is Limit.STORAGE]
    [over] = [one for one in limits(house, datetime(2027, 6, 1, tzinfo=VIETNAM)) if one.limit is Limit.STORAGE]

    assert (ahead.stands, ahead.limit_on, ahead.holder) == (Stands.AHEAD, date(2027, 5, 3), "H29.12")
    assert over.stands is Stands.MISSED
    assert house.told.dossiers[CODE].limits[-1].limit_on == ahead.limit_on


def test_a_letter_of_apology_is_owed_until_it_is_issued(house: House) -> None:
    house.say(received(code=CODE, competent_agency="H29.99"))
    for day in (3, 4):
        house.say(*due(house.told.dossiers[CODE], VERSION, datetime(2026, 11, day, 8, tzinfo=VIETNAM)))

    def letter() -> Letter | None:
        with house.desk.look(CITY) as look:
            return read(look, CODE, MORNING).letter

    owed = letter()
    assert owed is not None and owed.limit_on == date(2026, 11, 4)
    assert "A letter of apology with a new date is owed, by 04/11/2026" in text(house.into("can.bo"))

    words = {"reason": "x", "signed_by": "Nguyễn Văn Mẫu", "channel": "SMS"}
    house.say(a_fact("apology_issued", "2026-11-04 07:50", by="H29.99", code=CODE, **words))
    assert letter() is None


def test_the_limits_are_those_that_the_workers_watch(told: House) -> None:
    stated = {Limit.RECEPTION, Limit.TRANSFER, Limit.SUPPLEMENT, Limit.CONSULTATION}

    for code, known in told.told.dossiers.items():
        watched = {(one.limit, one.limit_on) for one in known.limits if one.limit in stated}
        assert {(one.limit, one.limit_on) for one in limits(told, code=code) if one.limit in stated} == watched, code


# ---------------------------------------------------------------- the post


def test_a_leg_is_a_route_in_order_of_time_with_how_sure_each_scan_is(house: House) -> None:
    house.say(
        *by_post(),
        a_move("DELIVERED", "2026-11-04 07:00", code=CODE, item_code="ED1", certainty="REPORTED"),
        a_move("IN_TRANSIT", "2026-11-03 20:00", code=CODE, item_code="ED1"),
    )

    with house.desk.look(CITY) as look:
        [route] = read(look, CODE, MORNING).routes

    scans = [(step.status, step.certain) for step in route.steps if step.kind == "item_moved"]
    assert scans == [
        ("PICKED_UP", Certain.CONFIRMED),
        ("IN_TRANSIT", Certain.CONFIRMED),
        ("DELIVERED", Certain.REPORTED),
    ]
    assert (route.status, route.reported, route.to_confirm) == ("IN_TRANSIT", "DELIVERED", ("DELIVERED",))
    said = section(page(house.into("can.bo")), "leg-D1")
    assert "delivered only reported, not confirmed" in said and "Item code ED1" in said


def test_the_scans_of_every_leg_are_those_that_the_workers_joined(told: House) -> None:
    with told.desk.look(CITY) as look:
        for code, known in told.told.dossiers.items():
            routes = read(look, code, MORNING).routes
            shown = {one.leg: [step.status for step in one.steps if step.certain] for one in routes}
            joined = {leg.name: sorted(leg.heard, key=lambda one: one.at or MORNING) for leg in known.legs}
            assert shown == {leg: [one.status for one in heard] for leg, heard in joined.items()}, code


def test_a_scan_that_came_twice_is_shown_once_at_its_surest(house: House) -> None:
    for certainty in ("REPORTED", "CONFIRMED", "REPORTED"):
        house.say(a_move("DELIVERED", "2026-11-04 07:00", code=CODE, leg="D1", certainty=certainty))
    house.say(*by_post())

    with house.desk.look(CITY) as look:
        [route] = read(look, CODE, MORNING).routes

    delivered = [step.certain for step in route.steps if step.status == "DELIVERED"]
    assert delivered == [Certain.CONFIRMED]


def test_an_operator_s_word_makes_a_scan_sure_and_says_whose_word_it_was(house: House) -> None:
    word = {"leg": "D1", "status": "DELIVERED", "why": "x", "by": "van.hanh"}
    house.say(
        *by_post(),
        a_move("DELIVERED", "2026-11-04 07:00", code=CODE, certainty="REPORTED"),
        StatusConfirmed(id="s-1", source="/operators/van.hanh", subject=CODE, time=MORNING, recordedtime=MORNING,
                        refversion=VERSION, data=StatusConfirmed.Data.model_validate(word)),
    )  # fmt: skip

    said = page(house.into("thanh.pho"))

    assert "delivered confirmed by an operator" in section(said, "leg-D1")
    assert f"/dossiers/{CODE}/legs/D1/confirm" not in said
    assert "operator van.hanh" in section(said, "log")


def test_claims_that_cannot_both_be_true_are_shown_with_both_sides(house: House) -> None:
    house.say(
        *by_post(),
        a_move("DELIVERED", "2026-11-04 07:00", code=CODE, item_code="ED1"),
        a_move("RETURNED_TO_SENDER", "2026-11-04 09:00", code=CODE, item_code="ED1"),
    )

    said = section(page(house.into("can.bo")), "leg-D1")

    assert "two different ends: “delivered” at 07:00 04/11/2026 stands; “back with its sender” at 09:00" in said


def test_a_silent_item_is_marked_and_stands_among_the_limits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.say(*by_post())
    assert "no word in time" not in text(house.into("thanh.pho"))

    at(monkeypatch, datetime(2026, 11, 20, 8, tzinfo=VIETNAM))

    said = page(house.into("thanh.pho"))
    assert "no word in time" in section(said, "leg-D1")
    assert f"/dossiers/{CODE}/legs/D1/age-out" in said
    assert "Next word of an item (D1)" in section(said, "clocks")


def test_a_code_that_no_table_knows_is_shown_as_the_carrier_wrote_it_and_does_nothing(house: House) -> None:
    code, evidence = "<script>alert(1)</script>", "0123456789abcdef"
    house.say(*by_post(), a_move("UNKNOWN", "2026-11-04 07:00", code=CODE, carrier_code=code, evidence=evidence))

    said = page(house.into("can.bo"))

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in said and "<script>alert" not in said
    assert evidence in said


# ---------------------------------------------------------------- custody, notices, days, timeline


def test_minutes_are_shown_with_their_direction_and_what_differed(house: House) -> None:
    papers = [{"name": "Đơn mẫu", "kind": "ORIGINAL", "copies": 1}]
    house.say(
        received(code=CODE),
        a_fact("handover_signed", "2026-11-03 14:00", code=CODE, leg="D1", direction="AGENCY_TO_POST", minutes_no="7",
               documents=papers, discrepancies=["thiếu một bản sao"]),
    )  # fmt: skip

    said = section(page(house.into("can.bo")), "custody")

    assert "14:00 03/11/2026 D1 the agency to the post" in said
    assert "Leg D1: papers differed, recorded at 14:00 03/11/2026." in said


def test_what_became_of_each_notice_is_said(house: House) -> None:
    house.say(received(code=CODE, competent_agency="H29.99"), result_ready("2026-11-03 10:00", by="H29.99", code=CODE))
    notices = [record for record in house.told.records if record.topic == "agency.notices"]
    ids = [Event.decode(one.value or b"").id for one in notices]
    answers: list[tuple[type[Receipt], int]] = [(NoticeDelivered, 200), (NoticeGaveUp, 500), (NoticeAttemptFailed, 503)]
    assert len(ids) >= 2
    for number, (id, (kind, status)) in enumerate(zip(ids, answers, strict=False)):
        data = {"notice_id": id, "agency": "H29.12", "endpoint": "x", "attempt": number + 1, "status": status}
        said = {"id": f"r-{number}", "source": "/hoso/notify", "subject": CODE, "time": MORNING, "data": data}
        house.told.publish(kind.model_validate(said), RECEIPTS)
    house.enter()

    found = section(page(house.into("can.bo")), "told")

    assert "Due date set delivered 08:00 04/11/2026, call no. 1" in found
    assert "gave up 08:00 04/11/2026, call no. 2, answered 500" in found


CHANGE = Change("v1", "v2", MORNING)


@pytest.mark.parametrize(
    ("receipts", "says"),
    [
        ([], "in a digest, not called"),
        ([(NoticeAttemptFailed, 503)], "owed in a digest, 08:00 04/11/2026, call no. 1, answered 503"),
        ([(NoticeAttemptFailed, 503), (NoticeDelivered, 200)], "delivered in a digest, 08:00 04/11/2026, call no. 2"),
    ],
)
def test_of_a_notice_that_a_digest_tells_it_is_said_what_became_of_the_digest(
    house: House, monkeypatch: pytest.MonkeyPatch, receipts: list[tuple[type[Receipt], int]], says: str
) -> None:
    house.say(received(code=CODE))
    [record, *_] = [one for one in house.told.records if one.topic == "agency.notices"]
    notice = Event.decode(record.value or b"").id
    store = house.desk.store
    with store.begin() as connection:
        gathered = Gathered(notice, CODE, "deadline_set", 1, CHANGE.was)
        digests.gather(connection, [Came("H29.12", CHANGE, gathered)])
    before = section(page(house.into("can.bo")), "told")

    with store.begin() as connection:
        part = digests.close(connection, "H29.12", CHANGE.id, Span(0, 0), 0.0)
    assert part is not None
    for attempt, (kind, status) in enumerate(receipts, start=1):
        data = {"notice_id": part.of.id, "agency": "H29.12", "endpoint": "x", "attempt": attempt, "status": status}
        said = {"id": f"r-{attempt}", "source": "/hoso/notify", "subject": "H29.12", "time": MORNING, "data": data}
        house.told.publish(kind.model_validate(said), RECEIPTS)
    house.enter()

    assert "Due date set gathered for a digest" in before
    assert f"Due date set {says}" in section(page(house.into("can.bo")), "told")


def test_the_days_of_a_dossier_add_up_to_the_whole(told: House) -> None:
    with told.desk.look(CITY) as look:
        found = read(look, POSTAL, MORNING)

    said = section(page(told.into("can.bo"), POSTAL), "whose")
    assert found.all_days == sum(one.days for one in found.days) > 0
    assert f"all {found.all_days} days" in said and "the post" in said


def test_a_fact_that_was_taken_back_stays_in_the_timeline_and_says_so(told: House) -> None:
    said = section(page(told.into("can.bo"), TAKEN_BACK), "log")

    assert re.search(r"Result ready +taken back at 10:00 20/11/2026", said)
    assert said.index("Corrected") < said.index("Result ready") < said.index("Received")


def test_every_kind_of_fact_has_its_words(told: House) -> None:
    client = told.into("thanh.pho")

    for code in (POSTAL, ADOPTED, STOPPED):
        said = section(page(client, code), "log")
        assert not re.search(r"\b[a-z]+_[a-z]+\b", said), said


# ---------------------------------------------------------------- it keeps itself up to date


def test_whoever_has_seen_just_this_gets_nothing_until_something_of_it_moves(house: House) -> None:
    house.say(received(code=CODE))
    client = house.into("can.bo")
    asked = re.search(r'hx-get="([^"]+seen=[0-9a-f]+)"', page(client))
    assert asked

    assert client.get(asked[1]).status_code == 204
    house.say(received(code="H29.12-261102-0999"))
    assert client.get(asked[1]).status_code == 204
    house.say(result_ready("2026-11-04 07:30", code=CODE))
    assert client.get(asked[1]).status_code == 200
