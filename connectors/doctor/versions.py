"""Releases: who runs another one than ours, and how far the fleet may write."""

from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, many, named
from connectors.verdicts import TryLater
from schemas.release import RELEASE, reaches

AREA = "versions"
ASKED = Said("đã hỏi {processes} chạy phiên bản {release}", "{processes} of release {release} asked")
NOBODY_ASKED = Said("đây là {release}; chưa hỏi ai", "this is {release}; nobody was asked")
ANOTHER = Said(
    "{name} tại {address} chạy {theirs}, đây là {release}", "{name} at {address} runs {theirs}, this is {release}"
)
IN_WHICH_ORDER = Said("thứ tự nâng cấp: docs/upgrading.md", "docs/upgrading.md says in which order")
NOT_KNOWN = Said("không biết phiên bản của {processes}: {names}", "the release of {processes} is not known: {names}")
NOT_FINALISED = Said(
    "mới chốt đến {finalised}: chưa ai ghi những gì {release} đem lại",
    "{finalised} is finalised: nobody writes yet what {release} brought",
)


def findings(place: Place) -> Iterator[Finding]:
    """Every process of another release, and what is not finalised. Raises TryLater."""
    found = [*_others(place), *_unasked(place), *_finalised(place)]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        running = [one.who for one in place.asked.values() if one.who]
        asked = many(len(running), "process", "processes", vi="tiến trình")
        what = ASKED.of(processes=asked, release=RELEASE) if running else NOBODY_ASKED.of(release=RELEASE)
        yield Finding(AREA, Severity.OK, what)


def _others(place: Place) -> Iterator[Finding]:
    for one in place.asked.values():
        if one.who and one.who.release != RELEASE:
            theirs = one.who.release
            what = ANOTHER.of(name=one.who.name, address=one.address, theirs=theirs, release=RELEASE)
            yield Finding(AREA, Severity.WARNING, what, "hoso fleet show", IN_WHICH_ORDER)


def _unasked(place: Place) -> Iterator[Finding]:
    """Whoever takes part on Kafka and was not asked may run any release."""
    asked = {one.who.name for one in place.asked.values() if one.who}
    silent = {f"hoso-{name}" for name, one in place.asked.items() if one.who is None}
    try:
        there = {name for group, names in place.members.items() if group not in silent for name in names} - asked
    except TryLater:
        return
    if there:
        processes = many(len(there), "process", "processes", vi="tiến trình")
        what = NOT_KNOWN.of(processes=processes, names=named(sorted(there)))
        yield Finding(AREA, Severity.NOTE, what, "hoso fleet show --ask HOST:PORT")


def _finalised(place: Place) -> Iterator[Finding]:
    if place.bundle is None or reaches(place.bundle.finalised, RELEASE):
        return
    what = NOT_FINALISED.of(finalised=place.bundle.finalised, release=RELEASE)
    yield Finding(AREA, Severity.NOTE, what, "hoso fleet finalise")
