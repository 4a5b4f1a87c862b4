"""Dossiers that wait for an operator: parked ones, silent items, carriers' codes that nobody knows.

They are looked up in the read model, so as late as that is; without one, on the topic of the last public states.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, many, named
from connectors.history import last_states
from connectors.project import sets, troubled
from connectors.project.troubled import Silent
from schemas.instant import now

PARKED, POST = "parked", "post"
SPAN = timedelta(days=7)
"""Unknown codes of so long are counted."""
NONE_PARKED = Said("không hồ sơ nào bị giữ lại", "no dossier is parked")
ARE_PARKED = Said(
    "{dossiers} giữ lại: có sự kiện không xử lý được, các sự kiện khác phải chờ",
    "{dossiers} parked: a fact could not be folded, the others wait",
)
UNKNOWN_CODES = Said(
    "{carrier}: {updates} trong {days} ngày qua mang mã mà không ai biết",
    "{carrier}: {updates} of the last {days} days with a code that nobody knows",
)
ALL_HEARD_OF = Said("bưu gửi nào cũng có tin, mã nào cũng đã biết", "no item is silent, every code is known")
ARE_SILENT = Said(
    "{items} không có tin: đã quá hạn mà không ai nghe gì", "{items} silent: nobody has heard of it in time"
)


def parked(place: Place) -> Iterator[Finding]:
    """The parked dossiers in one line. Raises TryLater."""
    codes = _parked(place)
    if not codes:
        yield Finding(PARKED, Severity.OK, NONE_PARKED)
        return
    what = ARE_PARKED.of(dossiers=many(len(codes), "dossier is", "dossiers are", vi="hồ sơ bị"))
    yield Finding(PARKED, Severity.BAD, what, "hoso parked list", named(codes))


def post(place: Place) -> Iterator[Finding]:
    """Silent items and unknown codes, a line each. Raises TryLater."""
    with place.read_model() as (connection, tables):
        silent = troubled.silent(connection, tables, now())
        unknown = troubled.unknown_codes(connection, tables, now() - SPAN)
    yield from _silent(silent)
    for carrier, count in unknown.items():
        what = UNKNOWN_CODES.of(carrier=carrier, updates=many(count, "update", vi="tin"), days=SPAN.days)
        yield Finding(POST, Severity.NOTE, what, f"hoso carrier unknown {carrier}")
    if not silent and not unknown:
        yield Finding(POST, Severity.OK, ALL_HEARD_OF)


def _parked(place: Place) -> Sequence[str]:
    try:
        with place.read_model() as (connection, tables):
            return troubled.parked(connection, tables)
    except sets.NotFilled:
        place.need_kafka()
        return sorted(code for code, state in last_states(place.bootstrap).items() if state.parked)


def _silent(silent: Sequence[Silent]) -> Iterator[Finding]:
    if silent:
        what = ARE_SILENT.of(items=many(len(silent), "item is", "items are", vi="bưu gửi"))
        first = [f"{one.dossier}/{one.leg} ({one.carrier})" for one in silent]
        yield Finding(POST, Severity.NOTE, what, "hoso silent list", named(first))
