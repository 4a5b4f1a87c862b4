"""A postal request as a carrier's order: the two ends of the leg, in the carrier's own place codes."""

from datetime import date

from connectors.carriers import Order, Party
from connectors.verdicts import Refused
from rules.reference import Edition
from schemas.postal import LegKind, Request, kind_of
from schemas.reference import Agency, PlaceTable
from schemas.sealed import PlainContact


def order_of(request: Request, contact: PlainContact | None, edition: Edition, collect_on: date | None) -> Order:
    """The order; Refused with the field at fault where an end of the leg is not known."""
    data, places = request.data, _places(edition, request.data.carrier)
    citizen = _citizen(contact, places) if contact else None
    match kind_of(data.leg):
        case LegKind.COLLECT_DOSSIER:
            sender, receiver = citizen, _agency(edition, data.receiver_agency, places)
        case LegKind.AGENCY_TRANSFER:
            sender, receiver = (_agency(edition, code, places) for code in (data.sender_agency, data.receiver_agency))
        case LegKind.DELIVER_RESULT | LegKind.RETURN_PAPERS:
            sender, receiver = _agency(edition, data.sender_agency, places), citizen
    if sender is None or receiver is None:
        end = "sender" if sender is None else "receiver"
        raise Refused(f"nobody knows the {end} of {data.leg}", code="no_party", field=end)
    return Order(data.reference, sender, receiver, data.cash_on_delivery, collect_on)


def _places(edition: Edition, carrier: str) -> PlaceTable:
    return next((table for table in edition.bundle.places if table.carrier == carrier), PlaceTable(carrier=carrier))


def _citizen(contact: PlainContact, places: PlaceTable) -> Party:
    where = contact.address
    return Party(
        contact.name,
        contact.phone,
        where.line,
        places.wards.get(where.ward_code, where.ward_code),
        where.ward,
        places.provinces.get(where.province_code, where.province_code),
        where.province,
    )


def _agency(edition: Edition, code: str | None, places: PlaceTable) -> Party | None:
    agency: Agency | None = edition.agency(code)
    if agency is None:
        return None
    where = agency.address
    return Party(
        agency.name,
        agency.phone,
        where.line,
        places.wards.get(where.ward_code, where.ward_code),
        where.ward,
        places.provinces.get(where.province_code, where.province_code),
        where.province,
    )
