"""The scenario of callbacks: a challenge and a test notice reach the agency, and verify."""

from hoso.kit.hearing import CannotSend
from hoso.kit.scenario import Needs, Scenario
from hoso.kit.visit import Visit
from sandbox.ear import Call, Outcome
from schemas.event import type_name

TEST = type_name("endpoint", "test")


def _callback(visit: Visit) -> str | None:
    hearing = visit.hearing
    assert hearing is not None
    try:
        wrong = hearing.send() if hearing.send else ()
    except CannotSend as error:
        return f"no call: {error}"
    challenged = False
    for call in hearing.heard():
        if call.outcome in (Outcome.FORGED, Outcome.UNREADABLE):
            return f"a call that does not verify: {call.why}"
        challenged |= call.outcome is Outcome.CHALLENGE
        if challenged and _is_test(call):
            return "; ".join(wrong) or None
    came = "a challenge, and no test notice" if challenged else "no challenge"
    return "; ".join([came, *wrong])


def _is_test(call: Call) -> bool:
    return call.event.get("type") == TEST


TELLING = (
    Scenario(
        "callback", "A signed test notice reaches the agency", "a challenge and a test notice, both verified",
        "compare the secret with `hoso agency list`, look at the callback's address in the agency's file, and see the "
        "exchange with `hoso agency test CODE`; a clock that is wrong by more than 5 minutes verifies nothing",
        _callback, Needs.CALLBACK,
    ),
)  # fmt: skip
