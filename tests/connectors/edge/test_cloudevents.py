"""The HTTP door takes what the CloudEvents SDK sends, in both forms: a library that nobody here wrote."""

import uuid
from typing import Any

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent

from schemas.dossier import LOG
from tests.connectors.edge.conftest import Rig
from tests.connectors.edge.test_events import a_sample, is_a_problem
from tests.connectors.test_cloudevents import ODD, written_by_the_sdk

FORMS = {"structured": http.to_structured_event, "binary": http.to_binary_event}


def an_event(**changes: Any) -> CloudEvent:
    """A sample as the SDK has it."""
    return written_by_the_sdk(a_sample(**changes))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("id", [str(uuid.UUID(int=1)), ODD])
def test_what_the_sdk_sends_is_taken_under_its_own_id(rig: Rig, form: str, id: str) -> None:
    event = an_event(id=f"{id} {form}")
    sent = FORMS[form](event)

    answer = rig.client.post("/v1/events", content=sent.body, headers=rig.auth() | sent.headers)

    assert (answer.status_code, answer.json()) == (202, {"accepted": [event.get_id()], "rejected": []})
    kept = next(fact for fact in rig.producer.on(LOG) if fact.id == event.get_id())
    assert (kept.time, kept.type, kept.subject) == (event.get_time(), event.get_type(), event.get_subject())
    assert kept.digest == rig.door.gate.digest(kept.subject, event.get_data())


def test_the_same_in_another_form_is_a_repetition(rig: Rig) -> None:
    event = an_event(id=f"{ODD} twice")

    answers = [
        rig.client.post("/v1/events", content=sent.body, headers=rig.auth() | sent.headers)
        for sent in (form(event) for form in FORMS.values())
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert len({fact.digest for fact in rig.producer.on(LOG) if fact.id == event.get_id()}) == 1


def test_a_quoted_attribute_of_an_older_sender_is_read(rig: Rig) -> None:
    sent = http.to_binary_event(an_event())

    answer = rig.client.post(
        "/v1/events", content=sent.body, headers=rig.auth() | sent.headers | {"ce-id": '"the \\"first\\" one"'}
    )

    assert answer.json()["accepted"] == ['the "first" one']


def test_an_attribute_that_is_no_text_is_400(rig: Rig) -> None:
    sent = http.to_binary_event(an_event())

    answer = rig.client.post("/v1/events", content=sent.body, headers=rig.auth() | sent.headers | {"ce-id": "%ff"})

    is_a_problem(answer, 400)
