"""An agency's callback: it verifies, remembers once, answers the challenge, and may be away."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from standardwebhooks.webhooks import Webhook

from sandbox import lapses
from sandbox.app import Rehearsal
from sandbox.lapses import Lapse
from tests.sandbox.stage import MONDAY, SECRET, a_clock, on_stage, some_agencies, some_settings

CODE = "H29.12"
Stage = tuple[Rehearsal, str]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    some_agencies(tmp_path, CODE)
    with on_stage(some_settings(tmp_path), a_clock(MONDAY)) as found:
        yield found


def a_notice(kind: str = "deadline_set", sequence: int = 1) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"notice-{sequence}",
        "type": f"vn.hoso.notice.{kind}.v1",
        "subject": "H29.12-261102-0001",
        "time": MONDAY.isoformat(),
        "data": {"agency": CODE, "kind": kind, "sequence": sequence, "state": "RECEIVED", "payload": {}},
    }


def tell(address: str, notice: dict[str, Any], secret: str = SECRET) -> requests.Response:
    body, id = msgspec.json.encode(notice), notice["id"]
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": Webhook(secret).sign(id, datetime.now(UTC), body.decode()),
    }
    return requests.post(f"{address}/agencies/{CODE}/callback", data=body, headers=headers, timeout=60)


def ledger(address: str) -> Any:
    return requests.get(f"{address}/ledger/agencies/{CODE}", timeout=60).json()


def test_a_signed_notice_is_remembered_in_order_and_a_repetition_counted(stage: Stage) -> None:
    first, second = a_notice("deadline_set", 1), a_notice("near_due", 2)

    answers = [tell(stage[1], notice).status_code for notice in (first, second, first)]

    assert answers == [200, 200, 200]
    told = ledger(stage[1])
    assert [(one["kind"], one["sequence"], one["repeated"]) for one in told["notices"]] == [
        ("deadline_set", 1, 1),
        ("near_due", 2, 0),
    ]
    assert told["notices"][0]["dossier"] == "H29.12-261102-0001"


def test_a_wrong_signature_is_refused_and_written_down(stage: Stage) -> None:
    wrong = "whsec_" + "A" * 32

    answer = tell(stage[1], a_notice(), wrong)

    assert answer.status_code == 401
    assert ledger(stage[1])["notices"] == []
    assert len(ledger(stage[1])["refused_signatures"]) == 1


def test_a_signed_challenge_is_answered_with_its_own_word(stage: Stage) -> None:
    challenge = a_notice() | {"type": "vn.hoso.endpoint.challenge.v1", "data": {"challenge": "a word"}}

    answer = tell(stage[1], challenge)

    assert (answer.status_code, answer.json()) == (200, {"challenge": "a word"})
    assert ledger(stage[1])["notices"] == []


def test_an_agency_that_is_down_asks_to_come_again_and_is_back_afterwards(stage: Stage) -> None:
    until = (MONDAY + timedelta(hours=1)).isoformat()
    requests.post(f"{stage[1]}/agencies/{CODE}/down", params={"until": until}, timeout=60)

    away = tell(stage[1], a_notice())
    stage[0].timers.clock.segments = a_clock(MONDAY + timedelta(hours=2)).segments
    back = tell(stage[1], a_notice())

    assert away.status_code == 503
    assert 1 <= int(away.headers["Retry-After"]) <= 30
    assert back.status_code == 200
    assert ledger(stage[1])["turned_away"] == 1


def test_an_agency_that_hangs_up_answers_nothing(stage: Stage) -> None:
    until = (MONDAY + timedelta(hours=1)).isoformat()
    requests.post(f"{stage[1]}/agencies/{CODE}/down", params={"until": until, "how": "hangup"}, timeout=60)

    with pytest.raises(requests.ConnectionError):
        tell(stage[1], a_notice())


def test_nobody_is_at_home_under_an_unknown_code(stage: Stage) -> None:
    answer = requests.post(f"{stage[1]}/agencies/H29.98/callback", data=b"{}", timeout=60)

    assert answer.status_code == 404


def test_new_credentials_are_read_when_the_file_changes(tmp_path: Path, stage: Stage) -> None:
    some_agencies(tmp_path, CODE, "H29.07")

    answer = requests.get(f"{stage[1]}/ledger/agencies/H29.07", timeout=60)

    assert answer.json()["agency"] == "H29.07"


def test_a_rude_agency_fails_in_every_way_at_the_first_call_about_a_thing_and_remembers_once(tmp_path: Path) -> None:
    some_agencies(tmp_path, CODE)
    settings = some_settings(tmp_path, sandbox_manners="rude", sandbox_hold_seconds=0.2)
    wanted = {lapse for lapse, _ in lapses.CALLBACK[settings.sandbox_manners]}
    chosen: dict[Lapse, int] = {}
    for number in range(2000):
        lapse = lapses.fallen(
            lapses.CALLBACK[settings.sandbox_manners], settings.sandbox_seed, "callback", CODE, f"notice-{number}"
        )
        chosen.setdefault(lapse, number)
    first: dict[Lapse, int | None] = {}
    with on_stage(settings, a_clock(MONDAY)) as (_, address):
        for lapse in wanted:
            try:
                first[lapse] = tell(address, a_notice("near_due", chosen[lapse])).status_code
            except requests.ConnectionError:
                first[lapse] = None
            assert tell(address, a_notice("near_due", chosen[lapse])).status_code == 200
        told = ledger(address)

    assert first == {
        Lapse.TAKEN_HELD: None, Lapse.TAKEN_DROPPED: None, Lapse.TAKEN_ERROR: 500, Lapse.ERROR: 500, Lapse.BUSY: 429,
        Lapse.SLOW: 200,
    }  # fmt: skip
    assert told["lapses"] == dict.fromkeys(map(str, wanted), 1)
    assert {one["sequence"]: one["repeated"] for one in told["notices"]} == {
        chosen[lapse]: int(lapse.takes) for lapse in wanted
    }
