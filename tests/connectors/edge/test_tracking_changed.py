"""The key of tracking codes is changed while citizens hold slips: every slip opens, and a form of before is taken."""

from datetime import date, timedelta

import pytest

from connectors.dated_keys import DatedKeys
from connectors.gate.gate import tracking_code
from connectors.key_files import Line
from schemas.instant import date_of, now
from tests.connectors.edge.conftest import Keep, Rig
from tests.connectors.edge.slip import a_dossier, key_of, the_page
from tests.connectors.edge.test_rating import SCORES, fresh_token, has_result, rated


def changed(rig: Rig, monkeypatch: pytest.MonkeyPatch, from_on: date) -> DatedKeys:
    """The door as it starts with another key from a day on."""
    assert rig.door.tracking is not None
    keys = DatedKeys.of_lines([Line(b"n" * 32, from_on=from_on), Line(rig.door.tracking.on(date.min))])
    monkeypatch.setitem(vars(rig.door), "tracking", keys)
    return keys


def test_a_slip_of_before_opens_after_the_change(
    rig: Rig, code: str, on_the_log: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_log(a_dossier(code))
    slip = f"/track/{tracking_code(code, key_of(rig))}?dossier={code}"

    changed(rig, monkeypatch, date(2026, 12, 1))

    assert rig.client.get(slip).status_code == 200


def test_a_slip_of_after_is_of_the_new_key_and_of_no_other(
    rig: Rig, on_the_log: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, old = "H29.12-261201-7777", key_of(rig)
    on_the_log(a_dossier(code))

    keys = changed(rig, monkeypatch, date(2026, 12, 1))

    wanted = f"/track/{tracking_code(code, keys.of(code))}?dossier={code}"
    assert rig.client.get(wanted).status_code == 200
    assert rig.client.get(f"/track/{tracking_code(code, old)}?dossier={code}").status_code == 404


def test_a_form_that_was_opened_before_the_change_is_taken_after_it(
    rig: Rig, code: str, on_the_log: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_log(*has_result(code))
    assert the_page(rig, code).status_code == 200
    opened, before = fresh_token(rig, code), key_of(rig)
    keys = changed(rig, monkeypatch, date_of(now()) - timedelta(days=1))
    assert keys.on(date_of(now())) != before

    answer = rig.client.post(
        f"/track/{tracking_code(code, keys.of(code))}?dossier={code}",
        json={"scores": list(SCORES), "token": opened},
    )

    assert (answer.status_code, len(rated(rig, code))) == (201, 1), answer.text
