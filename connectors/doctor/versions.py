"""Releases: who runs another one than ours, and how far the fleet may write."""

from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import many, named
from connectors.verdicts import TryLater
from schemas.release import RELEASE, reaches

AREA = "versions"


def findings(place: Place) -> Iterator[Finding]:
    """Every process of another release, and what is not finalised. Raises TryLater."""
    found = [*_others(place), *_unasked(place), *_finalised(place)]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        running = [one.who for one in place.asked.values() if one.who]
        asked = f"{many(len(running), 'process', 'processes')} of release {RELEASE} asked"
        what = asked if running else f"this is {RELEASE}; nobody was asked"
        yield Finding(AREA, Severity.OK, what)


def _others(place: Place) -> Iterator[Finding]:
    for one in place.asked.values():
        if one.who and one.who.release != RELEASE:
            what = f"{one.who.name} at {one.address} runs {one.who.release}, this is {RELEASE}"
            yield Finding(AREA, Severity.WARNING, what, "hoso fleet show", "docs/upgrading.md says in which order")


def _unasked(place: Place) -> Iterator[Finding]:
    """Whoever takes part on Kafka and was not asked may run any release."""
    asked = {one.who.name for one in place.asked.values() if one.who}
    silent = {f"hoso-{name}" for name, one in place.asked.items() if one.who is None}
    try:
        there = {name for group, names in place.members.items() if group not in silent for name in names} - asked
    except TryLater:
        return
    if there:
        what = f"the release of {many(len(there), 'process', 'processes')} is not known: {named(sorted(there))}"
        yield Finding(AREA, Severity.NOTE, what, "hoso fleet show --ask HOST:PORT")


def _finalised(place: Place) -> Iterator[Finding]:
    if place.bundle is None or reaches(place.bundle.finalised, RELEASE):
        return
    what = f"{place.bundle.finalised} is finalised: nobody writes yet what {RELEASE} brought"
    yield Finding(AREA, Severity.NOTE, what, "hoso fleet finalise")
