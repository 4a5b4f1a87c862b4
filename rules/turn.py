"""One fact's turn at a dossier: as it was and as it is, what that is judged by, and what is said of it."""

from msgspec import Struct

from rules.dossier import Dossier
from rules.facts import Derived
from rules.life import View
from rules.notices import Telling
from rules.reference import Edition
from schemas.event import Event
from schemas.reference import Procedure


class Turn(Struct, frozen=True):
    """What every reaction looks at, and where it leaves what it has to say: facts for all, tellings for agencies."""

    was: Dossier
    after: Dossier
    event: Event
    view: View
    procedure: Procedure | None
    edition: Edition
    facts: list[Derived] = []
    tellings: list[Telling] = []
