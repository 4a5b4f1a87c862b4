"""The database: whether it is there and answers."""

from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import NotThere, Place, is_there
from connectors.doctor.words import Said
from connectors.store import standing

AREA = "database"
ANSWERS = Said("{address} trả lời", "{address} answers")
NO_DATABASE = Said("chưa có cơ sở dữ liệu tại {address}", "there is no database at {address} yet")
NO_TABLES = Said("{address} chưa có bảng nào", "{address} has no tables yet")


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater while it is away, or nobody has made its tables."""
    store = place.store
    if not is_there(store):
        raise NotThere(NO_DATABASE.of(address=store.address))
    with store.read() as connection:
        if not standing.has_tables(connection):
            raise NotThere(NO_TABLES.of(address=store.address))
    yield Finding(AREA, Severity.OK, ANSWERS.of(address=store.address))
