"""What will be late and can still be saved: an open dossier before its due date, and the lateness that can be avoided.

It looks at what the public state says and at the procedure's own history, so that a whole city is judged in a moment;
`hoso forecast` looks at each dossier's life and says it more exactly.
"""

from datetime import date, datetime

from msgspec import Struct

from rules.deadlines.forecast import Usual, usual_from_start
from rules.reference import Edition


class Outlook(Struct, frozen=True, gc=False):
    """A dossier whose clock runs, as of a day: the working days left, today not counted, and those usually needed."""

    working_days_left: int
    usual: Usual

    @property
    def avoidable_days(self) -> int:
        """So many working days late it will be if it goes on as usual; 0 if it makes it."""
        return max(self.usual.working_days - self.working_days_left, 0)

    @property
    def order(self) -> tuple[int, int]:
        """Sorts the most avoidable lateness first, and of equal ones the nearest due date."""
        return -self.avoidable_days, self.working_days_left


def outlook(procedure: str | None, began: datetime, due_on: date, edition: Edition, today: date) -> Outlook | None:
    """How it looks today; None once the due date is past, for then nothing of it can be saved."""
    if due_on < today:
        return None
    usual = usual_from_start(edition.procedure(procedure), began, edition, today)
    return Outlook(edition.calendar.between(today, due_on), usual)
