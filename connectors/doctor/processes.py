"""The processes: which should be there and are not, which are and cannot work."""

from collections.abc import Iterator, Mapping

from connectors.doctor.asking import Asked
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import WITHOUT_GROUP, Place
from connectors.doctor.words import Said, alike, many, named, quoted
from connectors.verdicts import TryLater

AREA = "processes"
READY = Said("{processes} sẵn sàng", "{processes} ready")
UNSEEN = Said("không xem được ai tham gia trên Kafka", "who takes part on Kafka cannot be seen")
NONE_ANSWERS = Said(
    "không tiến trình nào trong {processes} mà `hoso up` đã khởi động trả lời",
    "none of the {processes} that `hoso up` started answers",
)
NOT_READY = Said("{name} đang chạy mà chưa sẵn sàng: {why}", "{name} runs and is not ready: {why}")
SILENT = Said("{name} tại {address} {why}", "{name} at {address} {why}")
STARTS_AGAIN = Said(
    "tiến trình nào chết thì `hoso up` tự khởi động lại; tiến trình đứng yên thì không",
    "what dies, `hoso up` starts again by itself; what stands still, it does not",
)
NOBODY_KNOWN = Said("không rõ ai ở {address}: nơi đó {why}", "nobody known at {address}: it {why}")
NOT_ASKED = Said("chưa hỏi tiến trình {kind} nào", "no {kind} was asked")
NOT_RUNNING = Said("không có tiến trình {kind} nào chạy", "no {kind} runs")


def findings(place: Place) -> Iterator[Finding]:
    """Whoever was asked at an operators' port, and every kind of process of which nobody was."""
    members = _members(place)
    found = [*_asked(place, members or {}), *_unasked(place, members), *_unseen(place, members)]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        running = sorted({*_running(place), *(name for names in (members or {}).values() for name in names)})
        what = READY.of(processes=many(len(running), "process", "processes", vi="tiến trình"))
        yield Finding(AREA, Severity.OK, what, more=alike(" ".join(running)))


def _members(place: Place) -> Mapping[str, list[str]] | None:
    """Who takes part on Kafka; None where that cannot be seen."""
    try:
        return place.members
    except TryLater:
        return None


def _unseen(place: Place, members: Mapping[str, list[str]] | None) -> Iterator[Finding]:
    if members is None and not place.kafka_is_away:
        yield Finding(AREA, Severity.WARNING, UNSEEN, "hoso fleet show")


def _running(place: Place) -> list[str]:
    return [one.who.name for one in place.asked.values() if one.who]


def _asked(place: Place, members: Mapping[str, list[str]]) -> Iterator[Finding]:
    """Nobody answers at any port of a supervisor that ended: one line, none where the pipeline runs elsewhere."""
    silent = {name: one for name, one in place.asked.items() if one.who is None}
    if place.supervised and silent and len(silent) == len(place.asked):
        if not members:
            what = NONE_ANSWERS.of(processes=many(len(silent), "process", "processes", vi="tiến trình"))
            yield Finding(AREA, Severity.BAD, what, "hoso up", named(sorted(silent)))
        return
    for name, one in silent.items():
        yield _silent(place, name, one)
    for one in place.asked.values():
        if one.who and one.unready:
            what = NOT_READY.of(name=one.who.name, why=quoted(one.unready))
            yield Finding(AREA, Severity.WARNING, what, place.log_of(one.who.kind), alike(one.address))


def _silent(place: Place, name: str, one: Asked) -> Finding:
    if place.supervised:
        what = SILENT.of(name=name, address=one.address, why=one.silent)
        return Finding(AREA, Severity.BAD, what, place.log_of(name), STARTS_AGAIN)
    what = NOBODY_KNOWN.of(address=one.address, why=one.silent)
    return Finding(AREA, Severity.BAD, what, f"curl -i http://{one.address}/readyz")


def _unasked(place: Place, members: Mapping[str, list[str]] | None) -> Iterator[Finding]:
    """Kinds of which nobody answered or takes part on Kafka."""
    stopped = place.supervised and place.asked and not _running(place)
    if stopped and not members:
        return
    told = {one.who.kind for one in place.asked.values() if one.who}
    told |= set(place.ports) if place.supervised and not stopped else set()
    missing = [kind for kind in place.kinds if kind not in told and f"hoso-{kind}" not in (members or {})]
    for kind in missing:
        if kind in WITHOUT_GROUP:
            yield Finding(AREA, Severity.NOTE, NOT_ASKED.of(kind=kind), "hoso doctor --ask HOST:PORT")
        elif members is not None:
            yield Finding(AREA, Severity.BAD, NOT_RUNNING.of(kind=kind), f"hoso {kind}")
