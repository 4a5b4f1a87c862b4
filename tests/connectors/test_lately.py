"""What was said lately is not said again; what was forgotten is."""

from connectors.lately import Lately


def test_what_was_said_lately_is_known_and_the_oldest_is_forgotten_first() -> None:
    lately = Lately(most=2)

    lately.add(["a", "b"])
    lately.add(["a"])
    lately.add(["c"])

    assert "a" in lately and "c" in lately and "b" not in lately
