"""Who opened a contact is on record, the same on SQLite and PostgreSQL."""

from connectors.store import Store, reveals
from connectors.store.reveals import Reveal
from schemas.instant import aware

CODE = "H29.12-261102-0001"


def a_reveal(second: int, dossier: str = CODE, agency: str | None = "H29.12") -> Reveal:
    role = "agency" if agency else "city"
    return Reveal(aware(1_793_000_000 + second), "can.bo", role, agency, dossier, "gọi điện", ("received", "x"))


def test_the_last_look_comes_first_and_each_is_kept_whole(store: Store) -> None:
    looks = [a_reveal(1), a_reveal(2, agency=None), a_reveal(3, "H29.12-261102-0002")]
    with store.begin() as transaction:
        for one in looks:
            reveals.keep(transaction, one)

    with store.read() as connection:
        assert reveals.last(connection) == looks[::-1]
        assert reveals.last(connection, CODE) == [looks[1], looks[0]]
        assert reveals.last(connection, most=1) == [looks[2]]
