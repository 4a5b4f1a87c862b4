"""What is sealed behind the gate: contacts and free text, plain when they come in, a box on the log.

Whoever holds only the openers' public key can seal and not open. A field typed `FreeText` or `Contact`
or `Receiver` is found by `sealable`, so that the gate needs no list of fields.
"""

from typing import Annotated

from pydantic import Discriminator, StringConstraints, Tag

from schemas.event import Frozen, LongText, ShortText

PlaceCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 .]{6,18}$")]


class Box(Frozen):
    """A value under a key of its own (AES-256-GCM, bound to its dossier). `key_id` finds the wrapped key."""

    key_id: str
    box: str


class SealedText(Frozen):
    """Free text behind the gate."""

    sealed: Box


def _form(value: object) -> str:
    """Whether a value that may be sealed is: told by its shape, so that an error names one form only."""
    if isinstance(value, dict):
        return "sealed" if "sealed" in value else "plain"
    return "sealed" if isinstance(value, SealedText | SealedContact) else "plain"


FORMS = ("sealed", "plain")
"""The two tags: an error's path holds one of them where the field may be sealed."""

FreeText = Annotated[Annotated[LongText, Tag("plain")] | Annotated[SealedText, Tag("sealed")], Discriminator(_form)]
"""Free text: plain at the doors, sealed on the log, since a citizen's name may stand in it."""


class Address(Frozen):
    """Where a citizen lives: the line, and the two levels of government since 01/07/2025, by code and by name."""

    line: ShortText
    ward_code: PlaceCode
    ward: ShortText
    province_code: PlaceCode
    province: ShortText


class PlainContact(Frozen):
    """A citizen as the post must find them. `authorised` names who else may take the envelope."""

    name: ShortText
    phone: Phone
    address: Address
    authorised: ShortText | None = None


class SealedContact(Frozen):
    """A contact behind the gate: where it lies stays readable, who it is does not."""

    ward_code: PlaceCode
    province_code: PlaceCode
    sealed: Box


Contact = Annotated[
    Annotated[PlainContact, Tag("plain")] | Annotated[SealedContact, Tag("sealed")], Discriminator(_form)
]
"""A citizen's contact: plain at the doors, sealed on the log."""
