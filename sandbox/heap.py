"""A heap of events at once, through both doors: short dossiers handed in all together, and old words said once more."""

from datetime import timedelta

from sandbox import chance, people
from sandbox.city import City
from sandbox.kinds import decided, received
from sandbox.plan import Life
from sandbox.procedures import PROCEDURES, SAME_DAY
from sandbox.steps import After, Step, Who

FIRST_NUMBER = 5001
"""The sequences of the day of what comes in heaps; the city's own stay below."""
AGO = timedelta(minutes=9)
"""So long ago they began: in office hours their first three facts are due at once."""


def send(city: City, nth: int, dossiers: int, repeated: int) -> int:
    """Send the heap number `nth` now; how many dossiers and repetitions it holds. Raises NobodyThere."""
    agencies, begins_at = list(city.doors()), city.timers.clock.now() - AGO
    for number in range(dossiers):
        agency = agencies[number % len(agencies)]
        code = f"{agency}-{begins_at:%y%m%d}-{FIRST_NUMBER + nth * dossiers + number:04d}"
        dice = chance.dice(city.settings.sandbox_seed, "heap", nth, number)
        city.tell(
            Life(
                code=code,
                kind="heap",
                agency=agency,
                competent=agency,
                procedure=PROCEDURES[SAME_DAY[0]],
                channel="COUNTER",
                return_mode="COUNTER",
                begins_at=begins_at,
                contact=people.citizen(number, dice),
                steps=(
                    received(),
                    Step("assigned", After(1), Who.COMPETENT),
                    decided(After(1)),
                    Step("result_returned", After(dice.uniform(8, 40)), says={"mode": "COUNTER"}),
                ),
            )
        )
    return dossiers + city.repeat(repeated)
