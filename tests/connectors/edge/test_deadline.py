"""A deadline over HTTP: whole for its agency as JSON, and as a page for the citizen who holds the slip."""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from html import unescape

import pytest

from connectors.edge import page
from connectors.edge.desk import FRESH_SECONDS, MOST_KEPT, Fresh
from connectors.gate.gate import tracking_code
from connectors.tracking import link, opens
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import BOX, a_fact, fold
from tests.connectors.edge.conftest import Keep, Rig
from tests.connectors.edge.slip import Seen, a_dossier, asked, done, key_of, the_page
from tests.connectors.edge.test_events import is_a_problem
from tests.rules.test_rebasing import CLOSED_WEDNESDAY, moved


def digest(text: str) -> str:
    """As a content security policy writes it."""
    return b64encode(sha256(text.encode()).digest()).decode()


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tuesday, 3 November 2026, at noon."""
    monkeypatch.setattr(page, "now", lambda: datetime(2026, 11, 3, 12, tzinfo=VIETNAM))


# ---------------------------------------------------------------- its agency


def test_an_agency_gets_the_whole_working_of_its_deadline(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(
        a_dossier(code), asked(code), a_fact("supplement_received", "2026-11-05 10:00", code=code, complete=True)
    )

    said = rig.client.get(f"/v1/dossiers/{code}/deadline", headers=rig.auth()).json()

    assert (said["code"], said["refversion"], said["provisional"]) == (code, "test-1", False)
    assert said["calendar"] == {"calendar": "vn-public-offices", "version": "2026-11-24"}
    assert [(fact["effect"], fact["due_on"], fact["basis"]) for fact in said["facts"]] == [
        ("STARTED", "2026-11-05", "61/2018/NĐ-CP art. 17(1)"),
        ("SUSPENDED", None, "61/2018/NĐ-CP art. 19(4)"),
        ("RESTARTED", "2026-11-10", "61/2018/NĐ-CP art. 19(4)"),
    ]
    days = [line["day"] for line in said["working"]]
    assert days == [f"2026-11-{day:02}" for day in range(2, 11)]
    assert days[-1] == said["clock"]["due_on"]
    assert all(line["text_vi"] and line["text_en"] and line["counted_as"] for line in said["working"])
    is_a_problem(rig.client.get(f"/v1/dossiers/{code}/deadline", headers=rig.auth("H29.99")), 404)


def test_a_calendar_that_moved_the_date_is_told(
    rig: Rig, code: str, on_the_log: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(rig.door.references)["_bundles"], "test-2", CLOSED_WEDNESDAY)
    dossier, _ = fold([a_dossier(code)], reference=rig.door.references.reference)
    moving = moved(dossier, CLOSED_WEDNESDAY)
    assert moving is not None
    on_the_log(a_dossier(code), moving)

    said = rig.client.get(f"/v1/dossiers/{code}/deadline", headers=rig.auth()).json()
    shown = Seen(the_page(rig, code, "en").text)

    [change] = said["calendar_changes"]
    assert (change["from_version"], change["to_version"]) == ("test-1", "test-2")
    assert (change["previous_due_on"], change["due_on"]) == ("2026-11-05", "2026-11-06")
    assert said["working"][2]["basis"] == "hoán đổi mẫu (1/MAU)"
    assert "another calendar came into force: the date moved from 05/11/2026 to 06/11/2026" in shown.words


def test_where_no_clock_runs_there_is_no_working_and_no_calendar(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(a_dossier(code, procedure_code="1.003003"))

    said = rig.client.get(f"/v1/dossiers/{code}/deadline", headers=rig.auth()).json()

    assert (said["working"], said["facts"], said["calendar_changes"]) == ([], [], [])


# ---------------------------------------------------------------- the citizen


def test_a_citizen_reads_the_date_and_every_day_of_it_in_vietnamese(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(a_dossier(code))

    answer = the_page(rig, code)

    shown = Seen(answer.text)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert ("lang", "vi") in shown.attributes
    assert "Ngày hẹn trả kết quả: Thứ Năm, 05/11/2026, chậm nhất 17:00" in shown.words
    assert "tiếp nhận, 09:05 (bắt đầu tính thời hạn, khoản 1 Điều 17 Nghị định 61/2018/NĐ-CP)" in shown.words
    for day, words in (("02", "ngày 0"), ("03", "ngày làm việc 1/3"), ("04", "ngày làm việc 2/3"), ("05", "3/3")):
        assert re.search(f"{day}/11/2026 {words}|{day}/11/2026 ngày làm việc {words}", shown.words), day
    assert "Cơ quan mẫu H29.12" in shown.words


def test_the_same_page_speaks_english_and_each_leads_to_the_other(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(a_dossier(code))
    vietnamese, english = the_page(rig, code, "vi"), the_page(rig, code, "en")

    shown = Seen(english.text)
    assert "The result is due on Thursday, 05/11/2026, by 17:00" in shown.words
    assert "working day 3 of 3; due 2026-11-05 17:00" in shown.words
    assert not re.search(
        "[ạảãăằẵặẳâầấậẩẫđêềếệểễôồốộổỗơờớợởỡưừứựửữ]", shown.words.replace("Tiếng Việt", "").replace("NĐ-CP", "")
    )
    for answer, other in ((vietnamese, "en"), (english, "vi")):
        [href] = re.findall(rf'<a href="([^"]+)" hreflang="{other}"', answer.text)
        again = rig.client.get(str(answer.url.join(unescape(href))))
        assert f'<html lang="{other}">' in again.text
    assert '<html lang="vi">' in the_page(rig, code, "xx").text


def test_the_page_runs_nothing_loads_nothing_from_elsewhere_and_is_kept_nowhere(
    rig: Rig, code: str, on_the_log: Keep
) -> None:
    on_the_log(a_dossier(code))

    answer = the_page(rig, code)

    shown = Seen(answer.text)
    assert shown.open == []
    assert {"script", "iframe", "form", "object"} & set(shown.tags) == set()
    assert [name for name, _ in shown.attributes if name.startswith("on") or name == "style"] == []
    loaded = [str(value) for name, value in shown.attributes if name in ("src", "href")]
    assert [one for one in loaded if not one.startswith(("/track/", "?", "tel:"))] == []
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "script-src" not in policy
    style = re.search("<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style and f"'sha256-{digest(style[1])}'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "noindex" in answer.headers["x-robots-tag"]
    # For a phone, and for who listens to it.
    assert ("name", "viewport") in shown.attributes
    assert shown.tags.count("h1") == 1 and {"main", "caption", "th"} <= set(shown.tags)


def test_the_page_names_no_citizen_and_no_procedure(rig: Rig, code: str, on_the_log: Keep) -> None:
    contact = {"name": "x"}
    on_the_log(a_dossier(code, return_mode="POST", contact=contact), asked(code))

    text = the_page(rig, code).text

    assert "1.004873" not in text and "Xác nhận mẫu" not in text
    assert "sealed" not in text and "26740" not in text and BOX["box"] not in text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "Ngày hẹn trả kết quả"),
        ([asked], "Chưa có ngày hẹn trả: đang chờ bổ sung hồ sơ từ ngày 03/11/2026"),
        ([done], "Đã có kết quả ngày 04/11/2026, trước hạn."),
        ([lambda code: done(code, "2026-11-06 10:00")], "Đã có kết quả ngày 06/11/2026, quá hạn."),
        ([asked, done], "Đã có kết quả ngày 04/11/2026, đúng hạn."),
        ([lambda code: a_fact("withdrawn", "2026-11-04 08:00", code=code, reason="x")], "Rút hồ sơ ngày 04/11/2026."),
    ],
)
def test_the_page_says_where_the_clock_stands(
    rig: Rig, code: str, on_the_log: Keep, more: list[Callable[[str], Event]], words: str
) -> None:
    on_the_log(a_dossier(code), *(make(code) for make in more))

    assert words in Seen(the_page(rig, code).text).words


def test_a_date_that_has_passed_is_said_to_have_passed(
    rig: Rig, code: str, on_the_log: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_log(a_dossier(code))
    monkeypatch.setattr(page, "now", lambda: datetime(2026, 11, 6, 0, 1, tzinfo=VIETNAM))

    assert "Đã quá ngày hẹn trả mà chưa có kết quả." in Seen(the_page(rig, code).text).words


@pytest.mark.parametrize(
    ("procedure", "words"),
    [("1.003003", "Thủ tục này không có thời hạn giải quyết"), ("1.999999", "Chưa tính được ngày hẹn trả")],
)
def test_a_page_without_a_date_says_why(rig: Rig, code: str, on_the_log: Keep, procedure: str, words: str) -> None:
    on_the_log(a_dossier(code, procedure_code=procedure))

    assert words in Seen(the_page(rig, code).text).words


def test_a_date_that_rests_on_a_year_not_settled_is_said_to_be_provisional(
    rig: Rig, code: str, on_the_log: Keep
) -> None:
    on_the_log(a_fact_in("2026-12-30 09:00", code))

    assert "Ngày này là tạm tính" in Seen(the_page(rig, code).text).words


def a_fact_in(time: str, code: str) -> Event:
    """The reception at another time."""
    return a_dossier(code).model_copy(update={"time": datetime.fromisoformat(time).replace(tzinfo=VIETNAM)})


def test_without_the_slip_there_is_nothing_and_the_log_is_not_even_looked_at(
    rig: Rig, code: str, on_the_log: Keep
) -> None:
    looks = on_the_log(a_dossier(code))
    mine = tracking_code(code, key_of(rig))
    guesses = [
        ("0000000000", code),
        (tracking_code("H29.12-261102-0999", key_of(rig)), code),
        (mine, "H29.12-261102-0999"),
        (mine, "nonsense"),
        (mine[:-1], code),
        (mine[:-1], ""),
        ("%00", code),
    ]

    answers = [rig.client.get(f"/track/{tracking}", params={"dossier": dossier}) for tracking, dossier in guesses]

    assert {answer.status_code for answer in answers} == {404}
    assert all("Không tìm thấy trang này" in answer.text for answer in answers)
    assert looks == []


def test_a_code_typed_small_from_the_slip_opens_the_page(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(a_dossier(code))
    typed = tracking_code(code, key_of(rig)).lower()

    assert rig.client.get(f"/track/{typed}", params={"dossier": f" {code} "}).status_code == 200


def test_a_dossier_that_is_not_on_the_log_looks_like_a_wrong_code(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log()
    wrong = rig.client.get("/track/0000000000", params={"dossier": code})

    answer = the_page(rig, code)

    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (
        404,
        wrong.text,
        wrong.headers["cache-control"],
    )


def test_without_a_key_of_tracking_codes_no_page_opens(rig: Rig, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = link("", code, key_of(rig))
    monkeypatch.setitem(vars(rig.door), "tracking", None)

    assert rig.client.get(wanted).status_code == 404
    assert not any(opens(tracking, code, None) for tracking in ("", tracking_code(code, b""), "0" * 10))


def test_while_the_broker_is_away_the_page_says_when_to_come_again(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(away=True)

    answer = the_page(rig, code)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Hiện chưa xem được" in answer.text


def test_a_page_asked_for_again_and_again_reads_the_log_once(rig: Rig, code: str, on_the_log: Keep) -> None:
    looks = on_the_log(a_dossier(code))

    assert {the_page(rig, code, lang).status_code for lang in ("vi", "en", "vi", "vi")} == {200}
    assert looks == [code.encode()]


def test_an_explanation_is_fresh_for_a_while_and_only_so_many_are_kept() -> None:
    at, found = [100.0], list[str]()
    fresh = Fresh(lambda: at[0])

    def look(code: str) -> None:
        fresh.get(code, lambda: found.append(code))

    look("a")
    look("a")
    assert found == ["a"]
    at[0] += FRESH_SECONDS
    look("a")
    assert found == ["a", "a"]
    for number in range(MOST_KEPT):
        look(str(number))
    look("a")
    assert found.count("a") == 3
