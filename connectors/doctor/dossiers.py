"""Dossiers that wait for an operator: parked ones, silent items, carriers' codes that nobody knows.

They are looked up in the read model, so as late as that is; without one, on the topic of the last public states.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import many, named
from connectors.history import last_states
from connectors.project import sets, troubled
from connectors.project.troubled import Silent
from schemas.instant import now

PARKED, POST = "parked", "post"
SPAN = timedelta(days=7)
"""Unknown codes of so long are counted."""


def parked(place: Place) -> Iterator[Finding]:
    """The parked dossiers in one line. Raises TryLater."""
    codes = _parked(place)
    if not codes:
        yield Finding(PARKED, Severity.OK, "no dossier is parked")
        return
    what = f"{many(len(codes), 'dossier is', 'dossiers are')} parked: a fact could not be folded, the others wait"
    yield Finding(PARKED, Severity.BAD, what, "hoso parked list", named(codes))


def post(place: Place) -> Iterator[Finding]:
    """Silent items and unknown codes, a line each. Raises TryLater."""
    with place.read_model() as (connection, tables):
        silent = troubled.silent(connection, tables, now())
        unknown = troubled.unknown_codes(connection, tables, now() - SPAN)
    yield from _silent(silent)
    for carrier, count in unknown.items():
        what = f"{carrier}: {many(count, 'update')} of the last {SPAN.days} days with a code that nobody knows"
        yield Finding(POST, Severity.NOTE, what, f"hoso carrier unknown {carrier}")
    if not silent and not unknown:
        yield Finding(POST, Severity.OK, "no item is silent, every code is known")


def _parked(place: Place) -> Sequence[str]:
    try:
        with place.read_model() as (connection, tables):
            return troubled.parked(connection, tables)
    except sets.NotFilled:
        place.need_kafka()
        return sorted(code for code, state in last_states(place.bootstrap).items() if state.parked)


def _silent(silent: Sequence[Silent]) -> Iterator[Finding]:
    if silent:
        what = f"{many(len(silent), 'item is', 'items are')} silent: nobody has heard of it in time"
        first = [f"{one.dossier}/{one.leg} ({one.carrier})" for one in silent]
        yield Finding(POST, Severity.NOTE, what, "hoso silent list", named(first))
