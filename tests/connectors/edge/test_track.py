"""The citizen's page by the tracking code alone: whose it is, what it says, in HTML and JSON; and guessing is slow."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors.edge.guesses import Guesses
from connectors.gate.gate import tracking_code
from connectors.project import sets
from connectors.qr import svg
from connectors.settings import Settings
from connectors.store import Store, open_store
from connectors.tracking import typed
from schemas.event import Event
from tests.builders import a_fact, a_move, a_postal_fact
from tests.connectors.edge.conftest import Keep, Rig
from tests.connectors.edge.slip import Seen, a_dossier, asked, done, key_of, the_page
from tests.connectors.edge.test_events import is_a_problem
from tests.connectors.project.told import Told, enter

ITEM = "EA000000011VN"


Known = Callable[..., str]


@pytest.fixture(scope="module")
def told() -> Told:
    """All that the read model's topics say in these tests."""
    return Told()


@pytest.fixture
def read_model(rig: Rig, told: Told) -> Store:
    """The door's read model, with its tables."""
    assert rig.door.read is not None
    sets.prepare(rig.door.read, {})
    return rig.door.read


@pytest.fixture
def known(rig: Rig, on_the_log: Keep, read_model: Store, told: Told) -> Known:
    """The tracking code of a dossier with these facts, on the log and in the read model."""

    def know(first: Event, *more: Event) -> str:
        tracking = tracking_code(first.subject, key_of(rig))
        opened, before = first.model_copy(update={"trackingcode": tracking}), len(told.records)
        on_the_log(opened, *more)
        enter(read_model, told.say(opened, *more).records[before:])
        return tracking

    return know


@pytest.fixture
def slip(code: str, known: Known) -> str:
    """The tracking code of a received dossier."""
    return known(a_dossier(code))


def the_json(rig: Rig, tracking: str) -> Any:
    answer = rig.client.get(f"/track/{tracking}.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return answer.json()


# ---------------------------------------------------------------- whose it is


def test_the_tracking_code_alone_opens_the_page(rig: Rig, code: str, slip: str) -> None:
    answer = rig.client.get(f"/track/{slip}")

    assert answer.status_code == 200
    assert code in answer.text and "Ngày hẹn trả kết quả" in answer.text


@pytest.mark.parametrize(
    "change", [str.lower, lambda code: f" {code[:5]} {code[5:]} ", lambda code: f"{code[:3]}-{code[3:]}"]
)
def test_a_code_is_read_as_it_is_typed_from_a_slip(rig: Rig, slip: str, change: Any) -> None:
    assert rig.client.get(f"/track/{change(slip)}").status_code == 200


def test_letters_that_no_code_has_stand_for_the_digits_they_look_like() -> None:
    assert typed("OIL2345678") == typed("oil-2345.678") == "0112345678"
    assert [typed(text) for text in ("", "123", "U123456789", "0" * 11, "\x00" * 10, "1" * 500)] == [None] * 6


def test_the_typed_code_leads_to_its_page_and_a_wrong_one_says_so(rig: Rig, slip: str) -> None:
    begins = rig.client.get("/track")
    leads = rig.client.get("/track", params={"code": slip.lower(), "lang": "en"})
    wrong = rig.client.get("/track", params={"code": "nonsense"})

    assert begins.status_code == 200 and "Mã tra cứu" in Seen(begins.text).words
    assert (leads.status_code, leads.headers["location"]) == (303, f"/track/{slip}?lang=en")
    assert wrong.status_code == 404 and "Mã tra cứu" in Seen(wrong.text).words


def test_unknown_codes_are_all_answered_alike(rig: Rig, read_model: Store, on_the_log: Keep) -> None:
    looks = on_the_log()

    answers = [rig.client.get(f"/track/{code}") for code in ("0000000000", "ZZZZZZZZZZ", "short", "%00", "UUUUUUUUUU")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert looks == []
    is_a_problem(rig.client.get("/track/0000000000.json"), 404)


def test_without_a_read_model_the_code_alone_says_later_and_both_codes_open(
    rig: Rig, code: str, on_the_log: Keep, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    on_the_log(a_dossier(code))
    tracking = tracking_code(code, key_of(rig))
    empty = open_store(f"sqlite:///{tmp_path / 'empty.db'}")

    for read in (None, empty):
        monkeypatch.setitem(vars(rig.door), "read", read)
        alone = rig.client.get(f"/track/{tracking}")
        assert (alone.status_code, alone.headers["retry-after"]) == (503, "5")
        assert "Hiện chưa xem được" in alone.text
        is_a_problem(rig.client.get(f"/track/{tracking}.json"), 503)
        assert the_page(rig, code).status_code == 200
    empty.close()


# ---------------------------------------------------------------- guessing


@pytest.fixture
def few(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five wrong codes a minute of an address, eight of all."""
    monkeypatch.setitem(vars(rig.door), "guesses", Guesses(5, 8))
    proxies = Settings(kafka_bootstrap="nowhere:1", home=rig.door.settings.home, trusted_proxies="127.0.0.0/8")
    monkeypatch.setitem(vars(rig.door), "settings", proxies)


def guess(rig: Rig, code: str, address: str = "198.51.100.1", **params: str) -> httpx.Response:
    return rig.client.get(f"/track/{code}", params=params, headers={"x-forwarded-for": address})


def codes(number: int) -> list[str]:
    return [f"{one:010d}" for one in range(number)]


def test_an_address_that_guesses_must_wait_and_others_need_not(rig: Rig, few: None, slip: str) -> None:
    said = [guess(rig, code).status_code for code in codes(7)]

    assert said == [404] * 5 + [429] * 2
    blocked = guess(rig, slip)
    assert blocked.status_code == 429 and 1 <= int(blocked.headers["retry-after"]) <= 12
    assert "Mã hồ sơ" in Seen(blocked.text).words
    assert guess(rig, slip, "198.51.100.2").status_code == 200
    is_a_problem(rig.client.get(f"/track/{slip}.json", headers={"x-forwarded-for": "198.51.100.1"}), 429)


def test_many_addresses_that_guess_must_wait_together(rig: Rig, few: None, read_model: Store) -> None:
    said = [guess(rig, code, f"198.51.100.{place}").status_code for place, code in enumerate(codes(20))]

    assert said == [404] * 8 + [429] * 12


def test_whoever_has_both_codes_is_never_kept_waiting(rig: Rig, few: None, code: str, slip: str) -> None:
    for one in codes(20):
        guess(rig, one)

    assert guess(rig, slip, dossier=code).status_code == 200


def test_pairs_are_not_guessed_without_end_either(rig: Rig, few: None, code: str, slip: str) -> None:
    said = [guess(rig, one, dossier=code).status_code for one in codes(7)]

    assert said == [404] * 5 + [429] * 2
    assert guess(rig, slip, "198.51.100.9").status_code == 200


def test_right_codes_cost_nothing(rig: Rig, few: None, slip: str) -> None:
    assert {guess(rig, slip).status_code for _ in range(30)} == {200}


def test_what_is_no_code_at_all_costs_nobody_anything(rig: Rig, few: None, slip: str) -> None:
    assert {guess(rig, "robots.txt").status_code for _ in range(30)} == {404}
    assert guess(rig, slip).status_code == 200


# ---------------------------------------------------------------- what it says


def test_of_a_date_that_is_over_the_page_says_that_it_was(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(a_dossier(code), done(code))

    words = Seen(the_page(rig, code, "en").text).words
    assert "There is a result. Please come to the one-stop section for it." in words
    assert "The result was due on Thursday, 05/11/2026, by 17:00 Result ready on 04/11/2026, early." in words


def test_what_is_missing_is_named(rig: Rig, code: str, on_the_log: Keep) -> None:
    first = a_fact("supplement_requested", "2026-11-03 10:00", code=code, stage="APPRAISAL",
                   documents=["Bản sao hộ khẩu mẫu", "Đơn <b>mẫu</b>"], reason="x")  # fmt: skip
    on_the_log(a_dossier(code), first)

    answer = the_page(rig, code)

    words = Seen(answer.text).words
    assert "Đang chờ ông/bà bổ sung giấy tờ." in words
    assert "Bổ sung giấy tờ, được yêu cầu ngày 03/11/2026 Bản sao hộ khẩu mẫu Đơn <b>mẫu</b>" in words
    assert "<b>" not in answer.text


def test_papers_that_came_are_missing_no_more(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(
        a_dossier(code), asked(code), a_fact("supplement_received", "2026-11-05 10:00", code=code, complete=True)
    )

    assert "Việc ông/bà cần làm" not in the_page(rig, code).text


def test_a_fee_that_is_due_is_named(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(a_dossier(code), a_fact("payment_requested", "2026-11-03 10:00", code=code, amount=1_250_000))

    assert "Nộp phí, lệ phí: 1.250.000 đồng" in Seen(the_page(rig, code).text).words
    assert "Pay the fee: 1,250,000 dong" in Seen(the_page(rig, code, "en").text).words


def by_post(code: str) -> list[Event]:
    """A result that goes by post."""
    accepted = a_postal_fact("order_accepted", "2026-11-04 11:00", code=code, leg="D1", item_code=ITEM, reference="r")
    return [a_dossier(code, return_mode="POST", contact={"name": "x"}), done(code), accepted]


def test_the_page_says_where_the_parcel_is(rig: Rig, code: str, on_the_log: Keep) -> None:
    moved = a_move("OUT_FOR_DELIVERY", "2026-11-05 08:30", code=code, item_code=ITEM, location="Bưu cục <i>mẫu</i>")
    on_the_log(*by_post(code), moved)

    answer = the_page(rig, code)

    words = Seen(answer.text).words
    assert "Kết quả từ cơ quan đến ông/bà : đang đi phát." in words
    assert f"Bưu điện Việt Nam, mã bưu gửi {ITEM} , 08:30 05/11/2026 , Bưu cục <i>mẫu</i>" in words
    assert "<i>" not in answer.text


def test_what_the_post_only_reports_is_said_to_be_unconfirmed_with_its_reason(
    rig: Rig, code: str, on_the_log: Keep
) -> None:
    tried = a_move("DELIVERY_FAILED", "2026-11-05 08:30", code=code, certainty="REPORTED", reason="ABSENT")
    on_the_log(*by_post(code), tried)

    words = Seen(the_page(rig, code, "en").text).words
    assert "one try to deliver it failed (nobody was there; as the post reports it, not confirmed yet)" in words


def test_an_item_that_waits_at_the_post_office_is_to_be_fetched(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*by_post(code), a_move("AWAITING_COLLECTION", "2026-11-05 08:30", code=code, item_code=ITEM))

    assert f"Đến bưu cục lấy bưu gửi {ITEM}" in Seen(the_page(rig, code).text).words


def test_a_result_that_came_back_asks_for_an_address(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*by_post(code), a_move("RETURNED_TO_SENDER", "2026-11-09 08:30", code=code))

    words = Seen(the_page(rig, code).text).words
    assert "Bưu chính không phát được và kết quả đã trở về cơ quan." in words
    assert "Liên hệ cơ quan để nhận kết quả hoặc đăng ký gửi lại qua bưu chính" in words


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_fact_of_the_page_is_in_the_json(rig: Rig, code: str, known: Known, lang: str) -> None:
    moved = a_move("OUT_FOR_DELIVERY", "2026-11-05 08:30", code=code, item_code=ITEM)
    tracking = known(*by_post(code), moved)

    said, shown = the_json(rig, tracking), Seen(rig.client.get(f"/track/{tracking}?lang={lang}").text).words

    [parcel] = said["parcels"]
    for sentence in (said["status"]["text"], parcel["text"], parcel["purpose_text"], parcel["carrier_name"]):
        assert sentence[lang] in shown
    for line in (*said["deadline"]["working"], *said["deadline"]["facts"]):
        assert " ".join(line[f"text_{lang}"].split()) in shown


def test_the_json_is_for_machines(rig: Rig, code: str, known: Known) -> None:
    tracking = known(*by_post(code), a_move("PICKED_UP", "2026-11-05 08:30", code=code))

    said = the_json(rig, tracking)

    assert (said["dossier"], said["tracking_code"]) == (code, tracking)
    assert (said["status"]["code"], said["status"]["national"], said["status"]["situation"]) == (
        "RESULT_READY", 9, "READY_BY_POST",
    )  # fmt: skip
    assert (said["deadline"]["due_on"], said["deadline"]["outcome"]) == ("2026-11-05", "EARLY")
    [parcel] = said["parcels"]
    assert (parcel["leg"], parcel["purpose"], parcel["status"], parcel["carrier"], parcel["sure"]) == (
        "D1", "DELIVER_RESULT", "PICKED_UP", "myvnpost", True,
    )  # fmt: skip
    assert (said["rating"]["state"], len(said["rating"]["questions"])) == ("OPEN", 9)
    assert said["agency"] == {
        "code": "H29.12",
        "name": {"vi": "Cơ quan mẫu H29.12", "en": "Sample agency H29.12"},
        "phone": "0280000001",
    }


def test_the_json_names_no_citizen_no_procedure_and_no_id_of_an_agency(rig: Rig, code: str, known: Known) -> None:
    tracking = known(*by_post(code), asked(code))

    text = json.dumps(the_json(rig, tracking), ensure_ascii=False)

    assert not re.search("sealed|1\\.004873|26740|f-[0-9]+|/agencies/", text)


def test_the_same_address_answers_in_json_to_whoever_accepts_nothing_else(rig: Rig, slip: str) -> None:
    asked_for = rig.client.get(f"/track/{slip}", headers={"accept": "application/json"})
    browser = rig.client.get(f"/track/{slip}", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert asked_for.json()["tracking_code"] == slip
    assert browser.headers["content-type"].startswith("text/html")
    for answer in (asked_for, browser):
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["vary"] == "accept"


# ---------------------------------------------------------------- keeping it


def test_a_phone_may_keep_the_page_and_begins_with_it(rig: Rig, slip: str) -> None:
    page = rig.client.get(f"/track/{slip}?lang=en")
    [address] = re.findall('<link rel="manifest" href="([^"]+)"', page.text)

    manifest = rig.client.get(address).json()

    assert manifest["start_url"] == f"/track/{slip}?lang=en" and manifest["lang"] == "en"
    assert rig.client.get(manifest["start_url"]).status_code == 200
    for icon in manifest["icons"]:
        found = rig.client.get(icon["src"])
        assert (found.status_code, found.headers["content-type"]) == (200, icon["type"])


def test_icons_have_the_size_they_claim(rig: Rig) -> None:
    for size in (192, 512):
        png = rig.client.get(f"/track/app/icon-{size}.png").content
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (size, size)
    is_a_problem(rig.client.get("/track/app/..%2f..%2fpage.py"), 404)
    is_a_problem(rig.client.get("/track/app/page.css"), 404)


def test_neither_qr_nor_manifest_tells_whether_there_is_such_a_dossier(rig: Rig, slip: str, few: None) -> None:
    for what in ("qr.svg", "app.webmanifest"):
        there, nowhere = (rig.client.get(f"/track/{code}/{what}") for code in (slip, "0000000000"))
        assert (there.status_code, nowhere.status_code) == (200, 200)
        assert there.headers["cache-control"] == nowhere.headers["cache-control"] == "private, no-store"
        is_a_problem(rig.client.get(f"/track/nonsense/{what}"), 404)


def test_the_qr_code_holds_the_address_where_citizens_reach_the_door(
    rig: Rig, slip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = rig.door.settings.home
    public = Settings(kafka_bootstrap="nowhere:1", home=home, public_url="https://hoso.city.example/")
    monkeypatch.setitem(vars(rig.door), "settings", public)

    drawn = rig.client.get(f"/track/{slip}/qr.svg")

    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.content == svg(f"https://hoso.city.example/track/{slip}")
    assert drawn.content != svg(f"https://hoso.city.example/track/{slip[:-1]}0")
