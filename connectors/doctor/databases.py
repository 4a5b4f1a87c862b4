"""The database: whether it is there and answers."""

from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place, is_there
from connectors.store import standing
from connectors.verdicts import TryLater

AREA = "database"


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater while it is away, or nobody has made its tables."""
    store = place.store
    if not is_there(store):
        raise TryLater(f"there is no database at {store.address} yet")
    with store.read() as connection:
        if not standing.has_tables(connection):
            raise TryLater(f"{store.address} has no tables yet")
    yield Finding(AREA, Severity.OK, f"{store.address} answers")
