"""Lanes whose partner does not answer: they wait, and try again by themselves."""

from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.queues import is_broken, keeper_of
from connectors.doctor.words import Said, many, span
from connectors.store import standing
from connectors.store.standing import Standing
from schemas.instant import clock

AREA = "breakers"
NONE_BROKEN = Said("trong {lanes} không làn nào bị ngắt", "none of {lanes} is broken")
BROKEN = Said(
    "{queue} đến {lane}: không có trả lời, {failures} liên tiếp, còn nợ {owed}, thử lại sau {again}",
    "{queue} to {lane}: no answer, {failures} in a row, {owed} owed, tried again in {again}",
)


def findings(place: Place) -> Iterator[Finding]:
    """Every broken lane; one line if none is. Raises TryLater."""
    with place.store.read() as connection:
        lanes = standing.lanes(connection)
        broken = [(lane, standing.why_owed(connection, lane.queue, lane.lane)) for lane in lanes if is_broken(lane)]
    for lane, why in broken:
        yield _broken(lane, why or "")
    if not broken:
        yield Finding(AREA, Severity.OK, NONE_BROKEN.of(lanes=many(len(lanes), "lane", vi="làn")))


def _broken(lane: Standing, why: str) -> Finding:
    """A carrier that is away stops the post; an agency that is away only itself."""
    again = span(max(0.0, lane.breaker.opens_at - clock().seconds()))
    failures = many(lane.breaker.failures, "failure", vi="lần hỏng")
    what = BROKEN.of(queue=lane.queue, lane=lane.lane, failures=failures, owed=lane.owed, again=again)
    if keeper_of(lane.queue) == "notify":
        return Finding(AREA, Severity.WARNING, what, f"hoso agency test {lane.lane}", why)
    # Under a hold no order uses up its tries.
    return Finding(AREA, Severity.BAD, what, f'hoso hold post --carrier {lane.lane} --why "it does not answer"', why)
