"""A new version that no release has: `supplement_received` says how many papers came, too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import pytest
from pydantic import Field

from schemas import upcasting
from schemas.dossier import DossierFact, SupplementReceived
from schemas.event import TYPES, Event, Frozen
from schemas.upcasting import NewVersion, Plain, Versions

OLD, NEW = "vn.hoso.dossier.supplement_received.v1", "vn.hoso.dossier.supplement_received.v2"
SINCE = "0.2.0"


def up(data: Plain) -> Plain:
    """Nobody said how many."""
    return data | {"papers": 0}


def down(data: Plain) -> Plain:
    """Without what the old version has no word for."""
    return {"complete": data["complete"]}


ROW = NewVersion(OLD, NEW, SINCE, up, down)


class SupplementReceivedAnew(DossierFact):
    """What the next release would say: how many papers came, too."""

    class Data(Frozen):
        complete: bool
        papers: Annotated[int, Field(ge=0)]

    enters = SupplementReceived.enters
    type: Literal["vn.hoso.dossier.supplement_received.v2"] = "vn.hoso.dossier.supplement_received.v2"
    data: Data


# It is no type of ours: only who asks for the next release has it.
del TYPES[NEW]


@contextmanager
def the_next_release(finalised: str = "0.1.0", *rows: NewVersion) -> Iterator[None]:
    """A process of the release that brings the new version, in a fleet finalised so far."""
    ours = dict(TYPES)
    del TYPES[OLD]
    TYPES[NEW] = SupplementReceivedAnew
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(upcasting, "VERSIONS", Versions(rows or (ROW,), finalised))
            yield
    finally:  # In their order too: the documents list them so.
        TYPES.clear()
        TYPES.update(ours)


def a_new_one(base: Event, papers: int) -> SupplementReceivedAnew:
    """The next release's way to say what `base` says."""
    own = base.model_dump(exclude={"type", "data"})
    data = {"complete": base.data.complete, "papers": papers}
    return SupplementReceivedAnew.model_validate(own | {"data": data})
