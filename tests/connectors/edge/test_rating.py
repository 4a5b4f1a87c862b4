"""A citizen rates a dossier: once, from its result on; the comment is sealed; nobody else's page can send it."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from connectors.edge import token
from connectors.gate.gate import tracking_code
from connectors.seal import Opener
from connectors.secrets import load_secrets
from rules.rating import MOST_WORDS, QUESTIONS
from schemas.dossier import LOG, Rated
from schemas.event import Event
from tests.builders import a_fact
from tests.connectors.edge.conftest import Keep, Rig
from tests.connectors.edge.slip import Seen, a_dossier, done, key_of, the_page
from tests.connectors.edge.test_events import is_a_problem

GOOD = {question.name: str(place % 3) for place, question in enumerate(QUESTIONS)}
SCORES = (0, 1, 2, 0, 1, 2, 0, 1, 2)
COMMENT = "Cán bộ Nguyễn Văn Mẫu rất tận tình.\nXin cảm ơn!"


def page_of(rig: Rig, code: str) -> str:
    return f"/track/{tracking_code(code, key_of(rig))}"


def fresh_token(rig: Rig, code: str, at: float | None = None) -> str:
    return token.token_of(key_of(rig), tracking_code(code, key_of(rig)), time.time() if at is None else at)


def rate(rig: Rig, code: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    """The form as a browser sends it."""
    form = GOOD | {"comment": "", "token": fresh_token(rig, code)} | fields
    address = f"{page_of(rig, code)}?dossier={code}&lang=vi"
    return rig.client.post(
        address, data=form, headers={"origin": str(rig.client.base_url).rstrip("/")} | (headers or {})
    )


def rate_as_app(rig: Rig, code: str, **body: Any) -> httpx.Response:
    """The city's app."""
    said = {"scores": list(SCORES), "token": fresh_token(rig, code)} | body
    return rig.client.post(f"{page_of(rig, code)}?dossier={code}", json=said)


def rated(rig: Rig, code: str) -> list[Event]:
    return [event for event in rig.producer.on(LOG) if event.subject == code and isinstance(event, Rated)]


def has_result(code: str) -> tuple[Event, Event]:
    return a_dossier(code), done(code)


def test_a_rating_is_on_the_log_as_the_citizens_word_with_its_comment_sealed(
    rig: Rig, code: str, on_the_log: Keep
) -> None:
    on_the_log(*has_result(code))

    answer = rate(rig, code, comment=COMMENT)

    assert answer.status_code == 303
    [fact] = rated(rig, code)
    assert (fact.source, fact.data.scores, fact.refversion) == ("/citizens", SCORES, "test-1")
    assert fact.digest and fact.recordedtime and fact.traceparent and fact.trackingcode is None
    assert b"Nguy" not in fact.encode()
    opener = Opener(rig.door.store, load_secrets(rig.door.settings.secrets_dir).openers_private)
    assert opener.open_text(code, fact.data.comment) == COMMENT


def test_whoever_rated_is_thanked_and_not_asked_again(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*has_result(code))
    assert "<form" in the_page(rig, code).text

    answer = rig.client.get(rate(rig, code).headers["location"])
    later = the_page(rig, code)

    for page in (answer, later):
        assert "Ông/bà đã đánh giá hồ sơ này. Xin cảm ơn." in page.text
        assert '<form method="post"' not in page.text


def test_an_address_that_thanks_thanks_nobody_who_could_not_rate(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(a_dossier(code))

    assert "Xin cảm ơn" not in rig.client.get(f"{page_of(rig, code)}?dossier={code}&rated=1").text


def test_the_form_of_the_page_is_what_is_taken(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*has_result(code))
    html = the_page(rig, code).text

    names = set(re.findall('<input type="radio" name="([^"]+)"', html))
    [given] = re.findall('<input type="hidden" name="token" value="([^"]+)"', html)
    answer = rate(rig, code, token=given)

    assert names == set(GOOD)
    assert answer.status_code == 303 and len(rated(rig, code)) == 1


@pytest.mark.parametrize(
    "facts",
    [
        lambda code: [a_dossier(code)],
        lambda code: [a_dossier(code), a_fact("withdrawn", "2026-11-04 08:00", code=code, reason="x")],
    ],
)
def test_a_dossier_without_a_result_is_not_rated(rig: Rig, code: str, on_the_log: Keep, facts: Any) -> None:
    on_the_log(*facts(code))
    assert '<form method="post"' not in the_page(rig, code).text

    answer = rate(rig, code)

    assert answer.status_code == 409 and "Chưa thể đánh giá hồ sơ này" in answer.text
    is_a_problem(rate_as_app(rig, code), 409)
    assert rated(rig, code) == []


def test_a_second_rating_replaces_nothing_and_the_same_again_is_harmless(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*has_result(code))
    rate(rig, code, comment="một")

    again, another = rate(rig, code, comment="một"), rate(rig, code, comment="hai")
    scores = rate(rig, code, comment="một", attitude="2" if GOOD["attitude"] != "2" else "0")

    assert again.status_code == 303
    for answer in (another, scores):
        assert answer.status_code == 409 and "Hồ sơ này đã được đánh giá" in answer.text
    assert len(rated(rig, code)) == 1


def test_two_who_rate_at_once_are_told_apart(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*has_result(code))
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda n: rate(rig, code, comment=f"ý kiến {n}").status_code, range(8)))

    assert sorted(said) == [303] + [409] * 7
    assert len(rated(rig, code)) == 1


def test_the_app_rates_in_json(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*has_result(code))

    first, again, another = (rate_as_app(rig, code, comment=words) for words in ("x", "x", "y"))

    assert (first.status_code, first.json()) == (201, {"rating": {"state": "RATED"}})
    assert again.status_code == 200
    is_a_problem(another, 409)
    [fact] = rated(rig, code)
    assert fact.data.scores == SCORES


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"attitude": ""}, ["attitude"]),
        ({"attitude": "3", "online": "x"}, ["attitude", "online"]),
        ({"comment": "x" * (MOST_WORDS + 1)}, ["comment"]),
        ({"comment": "a\x00b"}, ["comment"]),
    ],
)
def test_what_is_missing_is_said_and_what_was_filled_in_stays(
    rig: Rig, code: str, on_the_log: Keep, fields: dict[str, str], faults: list[str]
) -> None:
    on_the_log(*has_result(code))

    answer = rate(rig, code, None, **{"comment": "<script>xin chào</script>"} | fields)

    assert answer.status_code == 422
    shown = Seen(answer.text)
    assert "Chưa gửi được" in shown.words
    assert shown.tags.count("script") == 0
    assert answer.text.count(" checked") == len(GOOD) - len([one for one in faults if one != "comment"])
    assert answer.text.count('<fieldset class="fault"') == len([one for one in faults if one != "comment"])
    assert rated(rig, code) == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"scores": [2, 1]}, {question.name for question in QUESTIONS}),
        ({"scores": [3, *SCORES[1:]]}, {QUESTIONS[0].name}),
        ({"scores": [True, *SCORES[1:]]}, {QUESTIONS[0].name}),
        ({"scores": None, "comment": 7}, {question.name for question in QUESTIONS} | {"comment"}),
        ({"comment": "\ud800"}, {"comment"}),
    ],
)
def test_an_app_is_told_every_fault_at_once(rig: Rig, code: str, on_the_log: Keep, body: Any, fields: set[str]) -> None:
    on_the_log(*has_result(code))
    said = {"scores": list(SCORES), "token": fresh_token(rig, code)} | body
    address = f"{page_of(rig, code)}?dossier={code}"

    answer = rig.client.post(address, content=json.dumps(said), headers={"content-type": "application/json"})

    is_a_problem(answer, 422)
    assert {error["field"] for error in answer.json()["errors"]} == fields
    assert rated(rig, code) == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 60_000, "application/json", 413),
        (b"[" * 12_000, "application/json", 400),
        (b"scores=1", "text/plain", 415),
        (b"&a=b" * 60, "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_rating_is_a_problem(rig: Rig, code: str, content: bytes, kind: str, status: int) -> None:
    is_a_problem(rig.client.post(page_of(rig, code), content=content, headers={"content-type": kind}), status)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "", "sec-fetch-site": "none"},
    ],
)
def test_another_site_cannot_send_it(rig: Rig, code: str, on_the_log: Keep, headers: dict[str, str]) -> None:
    on_the_log(*has_result(code))

    assert rate(rig, code, headers).status_code == 403
    assert rated(rig, code) == []


def test_a_page_that_lay_open_for_days_or_of_another_dossier_is_not_taken(
    rig: Rig, code: str, on_the_log: Keep
) -> None:
    on_the_log(*has_result(code))
    others = [
        "",
        "0.0",
        "zz",
        fresh_token(rig, code, time.time() - token.GOOD_SECONDS - 5),
        fresh_token(rig, code, time.time() + 3600),
        fresh_token(rig, "H29.12-261102-0999"),
    ]

    answers = [rate(rig, code, token=one) for one in others]

    assert {answer.status_code for answer in answers} == {403}
    assert all("Trang đã mở quá lâu" in answer.text for answer in answers)
    is_a_problem(rate_as_app(rig, code, token="\u1ea5"), 403)
    assert rated(rig, code) == []


def test_without_the_slip_nobody_rates(rig: Rig, code: str, on_the_log: Keep) -> None:
    looks = on_the_log(*has_result(code))
    wrong = "0000000000"
    form = GOOD | {"token": token.token_of(key_of(rig), wrong, time.time())}

    answer = rig.client.post(f"/track/{wrong}?dossier={code}", data=form)

    assert (answer.status_code, looks, rated(rig, code)) == (404, [], [])


def test_while_the_broker_is_away_nothing_is_promised(rig: Rig, code: str, on_the_log: Keep) -> None:
    on_the_log(*has_result(code))
    rig.producer.away = True
    try:
        answer = rate(rig, code)
    finally:
        rig.producer.away = False

    assert answer.status_code == 503 and "Hiện chưa xem được" in answer.text
    assert rate(rig, code).status_code == 303
    assert len(rated(rig, code)) == 1
