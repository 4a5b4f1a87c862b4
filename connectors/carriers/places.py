"""The place of a party in names, for partners that want them in their own spelling: their place table holds names."""

from connectors.carriers.carrier import Party


def names_of(party: Party) -> tuple[str, str, str]:
    """Ward, old district and province.

    A row of a ward is `Phường Mẫu, Quận Mẫu`, or the ward alone. Without a row its code is ours, of digits: then our
    own name stands, and there is no district (two levels of government since 01/07/2025).
    """
    ward, _, district = party.ward_code.partition(",")
    province = party.province if party.province_code.isdecimal() else party.province_code
    if party.ward_code.isdecimal():
        return party.ward, "", province
    return ward.strip(), district.strip(), province
