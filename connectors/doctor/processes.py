"""The processes: which should be there and are not, which are and cannot work."""

from collections.abc import Iterator, Mapping

from connectors.doctor.asking import Asked
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import WITHOUT_GROUP, Place
from connectors.doctor.words import many, named
from connectors.verdicts import TryLater

AREA = "processes"


def findings(place: Place) -> Iterator[Finding]:
    """Whoever was asked at an operators' port, and every kind of process of which nobody was."""
    members = _members(place)
    found = [*_asked(place, members or {}), *_unasked(place, members), *_unseen(place, members)]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        running = sorted({*_running(place), *(name for names in (members or {}).values() for name in names)})
        what = f"{many(len(running), 'process', 'processes')} ready"
        yield Finding(AREA, Severity.OK, what, detail=" ".join(running))


def _members(place: Place) -> Mapping[str, list[str]] | None:
    """Who takes part on Kafka; None where that cannot be seen."""
    try:
        return place.members
    except TryLater:
        return None


def _unseen(place: Place, members: Mapping[str, list[str]] | None) -> Iterator[Finding]:
    if members is None and not place.kafka_is_away:
        yield Finding(AREA, Severity.WARNING, "who takes part on Kafka cannot be seen", "hoso fleet show")


def _running(place: Place) -> list[str]:
    return [one.who.name for one in place.asked.values() if one.who]


def _asked(place: Place, members: Mapping[str, list[str]]) -> Iterator[Finding]:
    """Nobody answers at any port of a supervisor that ended: one line, none where the pipeline runs elsewhere."""
    silent = {name: one for name, one in place.asked.items() if one.who is None}
    if place.supervised and silent and len(silent) == len(place.asked):
        if not members:
            what = f"none of the {many(len(silent), 'process', 'processes')} that `hoso up` started answers"
            yield Finding(AREA, Severity.BAD, what, "hoso up", named(sorted(silent)))
        return
    for name, one in silent.items():
        yield _silent(place, name, one)
    for one in place.asked.values():
        if one.who and one.not_ready:
            what = f"{one.who.name} runs and is not ready: {one.not_ready}"
            yield Finding(AREA, Severity.WARNING, what, place.log_of(one.who.kind), one.address)


def _silent(place: Place, name: str, one: Asked) -> Finding:
    if place.supervised:
        detail = "what dies, `hoso up` starts again by itself; what stands still, it does not"
        return Finding(AREA, Severity.BAD, f"{name} at {one.address} {one.why}", place.log_of(name), detail)
    what = f"nobody known at {one.address}: it {one.why}"
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
            yield Finding(AREA, Severity.NOTE, f"no {kind} was asked", "hoso doctor --ask HOST:PORT")
        elif members is not None:
            yield Finding(AREA, Severity.BAD, f"no {kind} runs", f"hoso {kind}")
