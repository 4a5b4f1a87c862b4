"""How many calls a second: what was granted and did not go may go later."""

from connectors.pace import Pace


def test_what_did_not_go_is_granted_again() -> None:
    pace = Pace(1.0)
    assert pace.take(4) == 1

    pace.give_back(1)

    assert pace.take(4) == 1


def test_no_more_is_given_back_than_a_seconds_worth() -> None:
    pace = Pace(2.0)

    pace.give_back(10)

    assert pace.take(10) == 2
