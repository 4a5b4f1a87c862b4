"""An operator's word on what a carrier's code means: checked against all that is known, and made a fact.

Whoever asks publishes it; translate hears of it and tells the stored webhooks that carried the code again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from connectors.carriers import Carrier, carriers
from connectors.codes import in_table, lists_of
from connectors.operators import source_of
from connectors.unknown_codes import UnknownCode
from schemas.carrier_codes import CodeMapped
from schemas.event import derived_id
from schemas.instant import now
from schemas.postal import FailureReason, FaultParty, ParcelStatus

NO_CODE = "none"
"""What an update carries whose body had no code."""
FAILED = frozenset({ParcelStatus.PICKUP_FAILED, ParcelStatus.DELIVERY_FAILED, ParcelStatus.RETURN_FAILED})
"""Only a try that failed has a reason."""


class CannotMap(ValueError):
    """A word on a code that is refused; the text says why. `is_no_word`: what was said is none of our words.

    `name` is the case, and `about` what differs from one such case to the next: for a page that says it in its own
    words.
    """

    def __init__(self, name: str, text: str, *, is_no_word: bool = False, **about: str) -> None:
        super().__init__(text)
        self.name, self.is_no_word, self.about = name, is_no_word, about


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means; `firm` is None where it is as firm as the carrier's own list."""

    status: ParcelStatus
    firm: bool | None = None
    reason: FailureReason | None = None
    fault: FaultParty | None = None

    @property
    def is_none(self) -> bool:
        """Whether it takes a meaning back."""
        return self.status is ParcelStatus.UNKNOWN

    def is_that_of(self, mapping: CodeMapped | None) -> bool:
        """Whether a mapping says just this."""
        if mapping is None:
            return False
        said = mapping.data
        return (said.status, said.firm, said.reason, said.fault) == (self.status, self.firm, self.reason, self.fault)


def carrier_named(name: str) -> Carrier:
    """The carrier of this name. Raises CannotMap."""
    if (found := carriers().get(name)) is None:
        known = ", ".join(sorted(carriers()))
        raise CannotMap("no_carrier", f"there is no carrier {name}: there are {known}", is_no_word=True, said=name)
    return found


def status_named(name: str) -> ParcelStatus:
    """A status of ours. Raises CannotMap."""
    try:
        return ParcelStatus(name.upper())
    except ValueError as error:
        text = f"{name} is no status of ours: {', '.join(ParcelStatus)}"
        raise CannotMap("no_status", text, is_no_word=True, said=name) from error


def list_named(found: Carrier, api_version: str | None) -> str | None:
    """The carrier's list of codes of this name, as webhooks name it: none is the newest. Raises CannotMap."""
    lists = lists_of(found)
    if api_version is not None and api_version not in lists:
        text = f"{found.name} has no list {api_version}: it has {', '.join(lists)}"
        raise CannotMap("no_list", text, is_no_word=True, said=api_version)
    return None if api_version in (None, *lists[:1]) else api_version


def seen_as(found: Sequence[UnknownCode], version: str | None, code: str) -> UnknownCode | None:
    """The code as it was seen: a body that told its list itself has the list's name in the code, `old:91`."""
    names = [(version, code), (version, f"{version}:{code}"), (None, f"{version}:{code}")]
    return next((one for name in names for one in found if (one.api_version, one.code) == name), None)


def check_table(found: Carrier, version: str | None, code: str, meaning: Meaning) -> None:
    """Refuse what would have no effect: a code that the carrier's own table reads, and no code at all.

    Raises CannotMap.
    """
    if not code or code.rpartition(":")[2] == NO_CODE:
        raise CannotMap("no_code", "that is no code: the body had none", is_no_word=True)
    held = in_table(found, version, code)
    if held not in (None, ParcelStatus.UNKNOWN, meaning.status):
        text = f"{found.name}'s own table says that {code} is {held}, and it comes first: mend connectors/carriers"
        raise CannotMap("own_table", text, held=held)


def check_reason(meaning: Meaning) -> None:
    """Refuse a reason of what is no failed try, and somebody at fault without one. Raises CannotMap."""
    if meaning.reason is not None and meaning.status not in FAILED:
        text = f"{meaning.status} has no reason: only {', '.join(sorted(FAILED))} have one"
        raise CannotMap("not_failed", text, is_no_word=True)
    if meaning.fault is not None and meaning.reason is None:
        raise CannotMap("fault_alone", "somebody is at fault only for a reason: name one", is_no_word=True)


def check_before(name: str, before: CodeMapped | None, meaning: Meaning, *, instead: bool) -> None:
    """Refuse to take back what nobody said, and to change what somebody did unless that is meant. Raises CannotMap."""
    if before is None and meaning.is_none:
        raise CannotMap("not_mapped", f"{name} is not mapped: there is nothing to take back")
    if before is not None and before.data.status is not meaning.status and not instead:
        said = before.data
        text = f"{name} is mapped to {said.status} by {said.by}: {said.why}; --instead changes it from now on, "
        raise CannotMap("mapped", f"{text}what was said stays said", status=said.status, by=said.by)


def mapping(carrier: str, version: str | None, code: str, meaning: Meaning, why: str, by: str) -> CodeMapped:
    """The fact that an operator says so now. Raises CannotMap for words that are too long."""
    at = now()
    try:
        return CodeMapped(
            id=derived_id(f"{carrier} {at.isoformat()}", "code_mapped", version or "", code, meaning.status.value),
            source=source_of(by),
            subject=carrier,
            time=at,
            recordedtime=at,
            data=CodeMapped.Data(
                carrier=carrier,
                api_version=version,
                code=code,
                status=meaning.status,
                firm=meaning.firm,
                reason=meaning.reason,
                fault=meaning.fault,
                why=why,
                by=by,
            ),
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise CannotMap("too_long", f"{place}: {first['msg']}", is_no_word=True, place=place) from error


def called(carrier: str, version: str | None, code: str) -> str:
    """A code as people are told of it."""
    return f"{carrier} {code}" if version is None else f"{carrier} {code} (list {version})"
