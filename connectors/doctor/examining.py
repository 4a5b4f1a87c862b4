"""An installation looked at, area by area, at once: an area that cannot be looked at is a finding itself."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from queue import Empty, SimpleQueue

from connectors.doctor import (
    agencies,
    brakes,
    breakers,
    clocks,
    cluster,
    contracts,
    databases,
    disk,
    dossiers,
    keys,
    lagging,
    letters,
    processes,
    queues,
    readmodel,
    references,
    versions,
)
from connectors.doctor.asking import places
from connectors.doctor.finding import Finding, Report, Severity
from connectors.doctor.place import KINDS, NotThere, Place
from connectors.doctor.words import AREAS as NAMES
from connectors.doctor.words import Said, alike, quoted
from connectors.project.sets import NotFilled
from connectors.settings import Settings
from connectors.store import Store
from connectors.verdicts import TryLater
from schemas.instant import now

SECONDS = 25.0
"""How long (real time) the areas are waited for; one that takes longer is a finding."""
BROKE = Said("không xem được phần “{area}”: {error}", "{area} cannot be looked at: {error}")
NOT_NOW = Said("hiện không xem được phần “{area}”", "{area} cannot be looked at now")
NO_ANSWER = Said("phần “{area}” không trả lời kịp", "{area} gave no answer in time")
AWAY = Said("không liên lạc được với {need}: {where}", "{need} is away: {where}")
NOBODY_ANSWERS = Said("không ai trả lời tại {address}", "nobody answers at {address}")
NOT_WHILE_AWAY = Said("không xem được khi chưa liên lạc được với {need}", "cannot be looked at while {need} is away")
NO_READ_MODEL = Said(
    "chưa có mô hình đọc: `hoso project` sẽ tạo", "there is no read model yet: `hoso project` makes it"
)


class Needs(Enum):
    """Without what an area need not be looked at."""

    KAFKA = Said("Kafka", "Kafka")
    DATABASE = Said("cơ sở dữ liệu", "the database")


@dataclass(frozen=True)
class Area:
    """A part of an installation, and who looks at it: findings out; TryLater where it is away."""

    name: str
    look: Callable[[Place], Iterable[Finding]]
    needs: tuple[Needs, ...] = ()


KAFKA, DATABASE = Area(cluster.AREA, cluster.findings), Area(databases.AREA, databases.findings)
GATES = {Needs.KAFKA: KAFKA, Needs.DATABASE: DATABASE}
"""What others need is looked at first."""
AREAS = (
    Area(processes.AREA, processes.findings),
    Area(lagging.AREA, lagging.findings, (Needs.KAFKA,)),
    Area(dossiers.PARKED, dossiers.parked),
    Area(breakers.AREA, breakers.findings, (Needs.DATABASE,)),
    Area(queues.AREA, queues.findings, (Needs.DATABASE,)),
    Area(brakes.AREA, brakes.findings, (Needs.KAFKA,)),
    Area(letters.AREA, letters.findings, (Needs.KAFKA,)),
    Area(dossiers.POST, dossiers.post),
    Area(keys.AREA, keys.findings),
    Area(agencies.AREA, agencies.findings, (Needs.KAFKA, Needs.DATABASE)),
    Area(contracts.AREA, contracts.findings),
    Area(disk.AREA, disk.findings),
    Area(clocks.AREA, clocks.findings),
    Area(references.AREA, references.findings, (Needs.KAFKA,)),
    Area(versions.AREA, versions.findings, (Needs.KAFKA,)),
    Area(readmodel.AREA, readmodel.findings, (Needs.KAFKA,)),
)
"""In the order in which equals stand on the screen, behind the gates."""


def examine(
    settings: Settings,
    store: Store,
    read_store: Store,
    *,
    ports: Mapping[str, str] | None = None,
    kinds: Sequence[str] = KINDS,
    archive: str | None = None,
    seconds: float = SECONDS,
) -> Report:
    """Look at everything; never raises because something is away, and changes nothing.

    `ports` are operators' ports to ask, by any name; without them those that `hoso up` left in the home. `kinds` are
    the processes that should run. It may take as long as `seconds` (real time), and takes about one when all is well.
    """
    given = places(settings.home) if ports is None else dict(ports)
    return examine_at(Place(settings, store, read_store, given, ports is None, kinds, archive), AREAS, seconds)


def examine_at(place: Place, areas: Sequence[Area], seconds: float = SECONDS) -> Report:
    """The same, of the areas that are named."""
    until = time.monotonic() + seconds
    first = _together(place, list(GATES.values()), until)
    away = {need for need, gate in GATES.items() if first[gate.name].away}
    closed = {area.name: need for area in areas if (need := next((one for one in area.needs if one in away), None))}
    place = replace(place, kafka_is_away=Needs.KAFKA in away)
    rest = _together(place, [area for area in areas if area.name not in closed], until)
    found = [one for looked in first.values() for one in looked.findings]
    for area in areas:
        found += [_shut(place, area, closed[area.name])] if area.name in closed else rest[area.name].findings
    return Report(now(), tuple(sorted(found, key=lambda one: -one.severity)))


@dataclass(frozen=True)
class _Looked:
    findings: list[Finding]
    away: bool = False


def _together(place: Place, areas: Sequence[Area], until: float) -> dict[str, _Looked]:
    """Each area in a thread of its own, which nobody waits for beyond the end of the time."""
    done: SimpleQueue[tuple[str, _Looked]] = SimpleQueue()
    for area in areas:
        threading.Thread(target=_put, args=(done, place, area), name=f"look-{area.name}", daemon=True).start()
    found: dict[str, _Looked] = {}
    while len(found) < len(areas):
        try:
            name, looked = done.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        found[name] = looked
    return {area.name: found.get(area.name) or _too_long(area) for area in areas}


def _put(done: SimpleQueue[tuple[str, _Looked]], place: Place, area: Area) -> None:
    done.put((area.name, _look(place, area)))


def _look(place: Place, area: Area) -> _Looked:
    try:
        return _Looked(list(area.look(place)))
    except TryLater as later:
        return _Looked([_away(place, area, _why(later))], away=True)
    except Exception as error:
        # Whatever is wrong there, the other areas are looked at: what an operator sees at night must not be a trace.
        what = BROKE.of(area=_named(area), error=type(error).__name__)
        return _Looked([Finding(area.name, Severity.WARNING, what, "", str(error).partition("\n")[0])])


def _why(later: TryLater) -> Said | str:
    """In both languages where the words are ours."""
    match later:
        case NotThere():
            return later.said
        case NotFilled():
            return NO_READ_MODEL
    return later.why


def _named(area: Area) -> Said:
    return Said(NAMES.get(area.name, alike(area.name)).vi, area.name)


def _away(place: Place, area: Area, why: Said | str) -> Finding:
    need = next((need for need, gate in GATES.items() if gate is area), None)
    if need is None:
        return Finding(area.name, Severity.WARNING, NOT_NOW.of(area=_named(area)), "hoso doctor", why)
    if need is Needs.DATABASE:
        return Finding(area.name, Severity.BAD, AWAY.of(need=need.value, where=quoted(why)), _helps(place, need))
    what = AWAY.of(need=need.value, where=NOBODY_ANSWERS.of(address=place.bootstrap))
    return Finding(area.name, Severity.BAD, what, _helps(place, need), why)


def _shut(place: Place, area: Area, need: Needs) -> Finding:
    return Finding(area.name, Severity.WARNING, NOT_WHILE_AWAY.of(need=need.value), _helps(place, need))


def _helps(place: Place, need: Needs) -> str:
    """Ours is started by us; another's is asked whether it is there."""
    if need is Needs.KAFKA:
        script = f"kafka-broker-api-versions.sh --bootstrap-server {place.bootstrap}"
        return "hoso up" if place.kafka_is_local else script
    url = place.store.engine.url
    return f"pg_isready -h {url.host or 'localhost'} -p {url.port or 5432}" if place.store.on_postgres else "hoso up"


def _too_long(area: Area) -> _Looked:
    what = NO_ANSWER.of(area=_named(area))
    return _Looked([Finding(area.name, Severity.WARNING, what, "hoso doctor")], away=area in GATES.values())
