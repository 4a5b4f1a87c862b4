"""What became of telling an agency, as facts on agency.receipts: a try's receipt has the try in its id."""

from datetime import datetime
from typing import TypeVar

from schemas.event import Event, derived_id
from schemas.instant import aware, now
from schemas.notice import Receipt
from schemas.release import RELEASE
from schemas.upcasting import first

SOURCE = "/hoso/notify"
R = TypeVar("R", bound=Receipt)


def receipt(
    kind: type[R],
    word: Event,
    agency: str,
    endpoint: str,
    attempt: int,
    status: int | None,
    next_at: float | None = None,
) -> R:
    """A receipt of one try of one word."""
    at = now()
    next_attempt_at: datetime | None = aware(next_at) if next_at is not None else None
    name = str(kind.model_fields["type"].default)
    return kind(
        id=derived_id(word.ref, first(name), agency, attempt),
        source=SOURCE,
        type=name,
        subject=word.subject,
        time=at,
        recordedtime=word.recordedtime,
        causationid=word.ref,
        codeversion=RELEASE,
        traceparent=word.traceparent,
        data=Receipt.Data(
            notice_id=word.id,
            agency=agency,
            endpoint=endpoint,
            attempt=attempt,
            status=status,
            next_attempt_at=next_attempt_at,
        ),
    )
