"""After all stories: the log folded anew, with side effects fenced off, gives what the workers said."""

from connectors.rebuilding import compare, last_states, refold
from tests.e2e.house import House


def test_the_log_folded_anew_equals_what_the_workers_said(house: House) -> None:
    code = house.a_code()
    house.received(code)
    house.wait_told(code, "deadline_set")

    def differences() -> list[str]:
        # What is folded after the states were read is on its way to them: look again until both stand still.
        return compare(refold(house.bootstrap).kept, last_states(house.bootstrap))

    house.wait("log and states agree", lambda: not differences(), seconds=30)
    assert len(last_states(house.bootstrap)) > 1
