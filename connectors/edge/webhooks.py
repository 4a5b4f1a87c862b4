"""POST /v1/webhooks/{carrier}: a carrier's bytes in, sealed evidence on postal.webhooks, its own answer out."""

from hashlib import sha256
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from connectors.carrier_settings import CarrierSettings, may_call
from connectors.carriers import Carrier, carriers, settings_of
from connectors.edge import body
from connectors.edge.caller import address_of
from connectors.edge.door import Door, problems
from connectors.edge.problem import Problem
from connectors.metrics import counter
from connectors.transport import Reply
from connectors.verdicts import Forged, TryLater, Unreadable
from schemas import tracing
from schemas.event import derived_id
from schemas.instant import now
from schemas.postal import Via, WebhookReceived

log = structlog.get_logger()
MOST_BYTES = 64 * 1024
"""A body's longest: sealed, and in base64 twice, it still is an event."""
SECRET = "secret"
"""Under which a secret in the path joins the query for the carrier to verify."""
IN_ITS_FORM = {200: "Kept", 400: "It cannot be read", 401: "Forged", 503: "To come again"}
"""What a carrier is answered in its own form; everything else is a problem."""
BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {}, "application/x-www-form-urlencoded": {}}}}
"""What may come: the carrier's own papers say."""


def routes(door: Door) -> APIRouter:
    """The carriers' side of the door."""
    api = APIRouter(prefix="/v1/webhooks", tags=["carriers"])
    answers = problems(403, 404, 408, 413)
    answers |= {
        status: {"description": f"{says}, in the carrier's own form", "content": {"application/json": {}}}
        for status, says in IN_ITS_FORM.items()
    }

    @api.post("/{carrier}", responses=answers, openapi_extra=BODY, summary="A carrier's webhook, in its own form")
    async def call(carrier: str, request: Request) -> Response:
        """2xx only once the bytes are on their topic; the same bytes again are answered alike."""
        return await _call(door, carrier, None, request)

    @api.post(
        "/{carrier}/{secret}",
        responses=answers,
        openapi_extra=BODY,
        summary="The same, of a carrier that knows a secret path",
    )
    async def call_with_secret(carrier: str, secret: str, request: Request) -> Response:
        """2xx only once the bytes are on their topic; the same bytes again are answered alike."""
        return await _call(door, carrier, secret, request)

    return api


async def _call(door: Door, name: str, secret: str | None, request: Request) -> Response:
    carrier = carriers().get(name)
    if carrier is None:
        counter("hoso_webhooks_total").labels("unknown", "unknown").inc()
        raise Problem(404, "There is no such carrier here; look at the address you were given.")
    if not may_call(settings_of(door.settings, name), address_of(request, door.settings.trusted_proxies)):
        counter("hoso_webhooks_total").labels(name, "stranger").inc()
        log.warning("webhook.refused", carrier=name, verdict="stranger", why="its address is not on the carrier's list")
        raise Problem(403, "This address may not call for that carrier; ask an operator to add it to the list.")
    raw = await body.read(request, MOST_BYTES)
    reply = await run_in_threadpool(_take, door, carrier, secret, raw, request)
    headers = {name: value for name, value in reply.headers.items() if name.lower() != "content-length"}
    return Response(reply.body, reply.status, headers)


def _take(door: Door, carrier: Carrier, secret: str | None, raw: bytes, request: Request) -> Reply:
    """Verified, then durable, then answered as the carrier's contract says."""
    query = dict(request.query_params) | ({SECRET: secret} if secret is not None else {})
    settings, headers = settings_of(door.settings, carrier.name), dict(request.headers)
    # A trace of its own, whatever the carrier's headers say: a stranger joins none of ours.
    with tracing.span("webhook", None) as span:
        reply, outcome = _kept(door, carrier, settings, headers, query, raw, span.traceparent)
        span.notes(carrier=carrier.name, outcome=outcome)
    return reply


def _kept(
    door: Door,
    carrier: Carrier,
    settings: CarrierSettings,
    headers: dict[str, str],
    query: dict[str, str],
    raw: bytes,
    traceparent: str,
) -> tuple[Reply, str]:
    """The answer, and in a word what became of the bytes."""
    try:
        verdict = carrier.verify(settings, headers, query, raw)
        event = WebhookReceived(
            id=derived_id(f"/carriers/{carrier.name}", "webhook", digest := sha256(raw).hexdigest()),
            source=f"/carriers/{carrier.name}",
            subject=digest,
            time=(at := now()),
            recordedtime=at,
            traceparent=traceparent,
            data=WebhookReceived.Data(
                carrier=carrier.name,
                via=Via.WEBHOOK,
                verdict=verdict,
                trusts=bool(settings.trusted_because),
                api_version=carrier.api_version(headers, query, raw),
                body=door.evidence.seal(carrier.redact(raw)),
            ),
        )
        door.producer.publish([event])
    except (Forged, Unreadable, TryLater) as refused:
        said = type(refused).__name__
        counter("hoso_webhooks_total").labels(carrier.name, said).inc()
        log.warning("webhook.refused", carrier=carrier.name, verdict=said, why=str(refused))
        return carrier.answer(refused, headers), said
    counter("hoso_webhooks_total").labels(carrier.name, verdict.value).inc()
    log.info("webhook.kept", carrier=carrier.name, digest=digest, verdict=verdict.value)
    return carrier.answer(None, headers), verdict.value
