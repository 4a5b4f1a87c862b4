"""The trace of a call over HTTP: an agency's is taken over, a carrier's is not."""

import pytest

from schemas import trace
from schemas.dossier import LOG
from schemas.postal import WEBHOOKS
from tests.collector import told
from tests.connectors.edge.conftest import Rig
from tests.connectors.edge.test_events import a_sample
from tests.connectors.edge.test_others import WEBHOOK

THEIRS = f"00-{'a' * 32}-{'b' * 16}-01"


def test_an_agencys_fact_is_in_the_trace_of_its_call(rig: Rig) -> None:
    said = a_sample()

    answer = rig.client.post("/v1/events", json=said, headers={**rig.auth(), "traceparent": THEIRS})

    assert answer.status_code == 202
    assert {fact.id: fact.traceparent for fact in rig.producer.on(LOG)}[said["id"]] == THEIRS


@pytest.mark.parametrize("headers", [{}, {"traceparent": THEIRS}])
def test_a_carriers_webhook_begins_a_trace_whatever_its_headers_say(rig: Rig, headers: dict[str, str]) -> None:
    with told() as kept:
        assert rig.client.post("/v1/webhooks/myvnpost", content=WEBHOOK, headers=headers).status_code == 200

    (said,), webhook = kept.named("webhook"), rig.producer.on(WEBHOOKS)[-1]
    assert said.parent is None and said.trace != "a" * 32
    assert said.tells == {"carrier": "myvnpost", "outcome": "none"}
    assert webhook.traceparent == f"00-{said.trace}-{said.span}-01"


def test_while_nobody_is_told_a_webhook_has_a_trace_too(rig: Rig) -> None:
    rig.client.post("/v1/webhooks/myvnpost", content=WEBHOOK)

    assert trace.known(rig.producer.on(WEBHOOKS)[-1].traceparent)
