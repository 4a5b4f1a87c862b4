"""The read model: whether one of this release's form serves, and is of the topics that there are."""

from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place, is_there
from connectors.project import sets
from connectors.project.main import identities
from connectors.project.tables import FORM

AREA = "read model"


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater."""
    if not is_there(place.read_store):
        yield Finding(AREA, Severity.WARNING, "there is no read model yet: no reports, no tasks", "hoso project")
        return
    try:
        with place.read_store.read() as connection:
            serving = sets.serving(connection)
    except sets.NotFilled:
        what = f"no read model of this release's form ({FORM}) serves: no reports, no tasks"
        yield Finding(AREA, Severity.WARNING, what, "hoso project")
        return
    if dict(serving.topics) != identities(place.bootstrap):
        what = f"the set {serving.name} is of topics that are no more: what it shows is of the past"
        yield Finding(AREA, Severity.WARNING, what, "hoso project --rebuild")
        return
    yield Finding(AREA, Severity.OK, f"the set {serving.name} serves")
