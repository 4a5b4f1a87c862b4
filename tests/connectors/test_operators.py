"""What an operator says: under a source that a reference can be split at, as often as it is said."""

from connectors.operators import source_of, word_of
from schemas.ops import AgedOut


def test_a_name_as_people_write_it_is_a_source_without_a_space() -> None:
    assert source_of("Trần Thị Mẫu") == "/operators/tran.thi.mau"
    assert source_of("  ") == "/operators/somebody"


def test_a_word_names_who_said_it_and_may_be_said_again() -> None:
    one, other = (
        word_of("Trần Thị Mẫu", AgedOut, "H29.12-261102-0001", "test-1", leg="D1", why="searched for in vain")
        for _ in range(2)
    )

    assert AgedOut.decode(one.encode()) == one
    assert (one.data.by, one.refversion, one.ref.count(" ")) == ("Trần Thị Mẫu", "test-1", 1)
    assert one.id != other.id
