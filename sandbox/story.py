"""One named dossier, told fast: handed in online, decided the same morning, brought home by the post."""

from datetime import datetime

from sandbox import chance, people
from sandbox.books import Running
from sandbox.city import City
from sandbox.kinds import FIRST_TRY, by_post, decided, received
from sandbox.plan import Life
from sandbox.procedures import PROCEDURES
from sandbox.steps import After, Step, Who

PROCEDURE = "1.004873"
AGENCY = "H29.12"
"""Whose it is, if that agency takes part."""
NUMBER = 1
"""The first of its day, as the city's own numbers begin at 101."""


def life(agency: str, begins_at: datetime, seed: int, code: str | None = None) -> Life:
    """The dossier of the story."""
    dice = chance.dice(seed, "story")
    return Life(
        code=code or f"{agency}-{begins_at:%y%m%d}-{NUMBER:04d}",
        kind="story",
        agency=agency,
        competent=agency,
        procedure=PROCEDURES[PROCEDURE],
        channel="ONLINE",
        return_mode="POST",
        begins_at=begins_at,
        contact=people.citizen(NUMBER, dice, FIRST_TRY),
        steps=(
            Step("submitted"),
            received(After(12)),
            Step("assigned", After(8), Who.COMPETENT),
            decided(After(20), fee=20_000),
            *by_post(dice),
        ),
    )


def begin(city: City, agency: str | None = None, code: str | None = None) -> Running:
    """Tell it from now on; raises AlreadyTold, NobodyThere."""
    doors = city.doors()
    chosen = agency or (code.rsplit("-", 2)[0] if code else AGENCY if AGENCY in doors else next(iter(doors)))
    return city.tell(life(chosen, city.timers.clock.now(), city.settings.sandbox_seed, code))
