"""What each carrier's contract says, from the environment: one class a carrier, named as the carrier is."""

import re
from datetime import time
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _hour_and_minute(value: object) -> object:
    """Refuse what is not HH:MM: pydantic would take a number for seconds."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
        raise ValueError(f"'{value}' is not HH:MM")
    return value


def _networks(value: str) -> str:
    """Refuse what is no network,network."""
    for network in filter(None, (one.strip() for one in value.split(","))):
        ip_network(network)
    return value


def _file(value: Path) -> Path:
    """Refuse a path that is no file."""
    if not value.is_file():
        raise ValueError(f"there is no file {value}")
    return value


Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=500)]
Networks = Annotated[str, AfterValidator(_networks)]
HourAndMinute = Annotated[time, BeforeValidator(_hour_and_minute)]
Grams = Annotated[int, Field(ge=1, le=30_000)]
CarrierPath = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$", max_length=300)]
ReferenceSign = Literal["/", "-", "_", "."]
ReferenceLength = Annotated[int, Field(ge=24, le=200)]


class Signature(StrEnum):
    """Whether a carrier's signature must be right (401 otherwise) or is only looked at."""

    REQUIRED = "required"
    OBSERVED = "observed"


class CarrierSettings(BaseSettings):
    """What every carrier's contract has. Without a url the carrier is not spoken to."""

    url: Url | None = None
    """Where the carrier's interface answers."""

    signature: Signature = Signature.OBSERVED
    """Whether its webhooks' signature is `required` or `observed`."""

    trusted_because: str = ""
    """Why its unsigned channel counts as CONFIRMED (a private line, mutual TLS); empty: it does not."""

    allowed_addresses: Networks = ""
    """Networks its webhooks may come from, as 203.0.113.0/24,2001:db8::/32; empty: any. A help, no proof."""

    rate_per_second: Annotated[float, Field(gt=0)] = 20
    """How many calls a second it is sent at most."""

    cut_off: HourAndMinute | None = None
    """When its day's run is closed (16:00, Vietnam time): orders owed later wait for the next opening; empty: never."""

    opens: Annotated[HourAndMinute, Field(validate_default=True)] = time(7)
    """When its day opens (Vietnam time), where it has a cut-off or a limit."""

    batch_per_run: Annotated[int, Field(ge=1)] | None = None
    """How many orders go in one day's run at most; the others wait for the next. Empty: any number."""

    holds_itself_from: Annotated[int, Field(ge=0)] = 300
    """From so many orders in an hour, if that is above three times the usual, its lane holds itself; 0: never."""

    @field_validator("opens")
    @classmethod
    def _opens_before_it_closes(cls, opens: time, info: ValidationInfo) -> time:
        cut_off = info.data.get("cut_off")
        if cut_off is not None and opens >= cut_off:
            raise ValueError(f"it opens at {opens:%H:%M} and closes at {cut_off:%H:%M}")
        return opens


class ReferenceSettings(CarrierSettings):
    """Of a carrier that may be told our reference otherwise, and whose news bears a secret."""

    reference_sign: ReferenceSign = "/"
    """What stands between the dossier's code and the leg in its field for our reference, if that takes no `/`."""

    reference_length: ReferenceLength = 200
    """The longest reference it takes; a longer one is sent as a short one. No carrier's limit is confirmed."""

    webhook_secret: SecretStr = SecretStr("")
    """What its webhooks must know: in a header, in the body, or as the last part of their address, as its file says."""


class Myvnpost(CarrierSettings):
    """Vietnam Post, MyVNPost customer interface."""

    model_config = SettingsConfigDict(env_prefix="HOSO_MYVNPOST_", env_ignore_empty=True, extra="ignore", frozen=True)

    prefix: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_/-]*[A-Za-z0-9_-])?$")] = ""
    """Path before every operation: some clients call them under /customer-partner."""

    username: str = ""
    """The account that gets tokens."""

    password: SecretStr = SecretStr("")
    """Its password."""

    customer_code: str = ""
    """Our customer code."""

    contract_code: str = ""
    """Our contract, if orders go on one."""

    service_code: str = "ETN011"
    """The service ordered for documents."""

    weight_grams: Grams = 100
    """What an envelope is said to weigh."""

    webhook_key_file: Annotated[Path, AfterValidator(_file)] | None = None
    """A PEM file with the public key of its webhooks' signature."""


class VnpostHcc(ReferenceSettings):
    """Vietnam Post through the province's integration platform (LGSP): results of the one-stop desk."""

    model_config = SettingsConfigDict(env_prefix="HOSO_VNPOST_HCC_", env_ignore_empty=True, extra="ignore", frozen=True)

    signature: Signature = Signature.REQUIRED
    """Whether the secret of the relay that tells its news must be right (`required`) or is only looked at."""

    order_path: CarrierPath = ""
    """Where orders without an item code go, beneath the url; empty: the url itself."""

    order_path_with_code: CarrierPath = ""
    """Where orders that carry an item code of the province's pool go, beneath the url."""

    token_path: CarrierPath = ""
    """Where the platform gives tokens for username and password; empty: `access_token` is used as it is."""

    username: str = ""
    """The account that gets tokens."""

    password: SecretStr = SecretStr("")
    """Its password."""

    access_token: SecretStr = SecretStr("")
    """A token that the platform gave for good, where it gives none by a call."""

    customer_code: str = ""
    """Our customer code."""

    sender_email: str = ""
    """The agencies' address for e-mail that orders name."""

    flag_config: int = 2
    """`FlagConfig` of an order; what it means is not known."""

    collects: bool = False
    """Whether the contract lets this call collect dossiers; results are all that it is known to carry."""


class Ems(ReferenceSettings):
    """EMS Vietnam."""

    model_config = SettingsConfigDict(env_prefix="HOSO_EMS_", env_ignore_empty=True, extra="ignore", frozen=True)

    merchant_token: SecretStr = SecretStr("")
    """Our token; it stands in the address of every call."""

    inventory: str = ""
    """The code of the pick-up point, if we have one."""

    inventory_name: str = ""
    """The name of the pick-up point without a code; empty: the sender's."""

    service: int = 1
    """The number of the service ordered for documents."""

    weight_grams: Grams = 100
    """What an envelope is said to weigh."""

    cancel_path: CarrierPath = ""
    """Where orders are cancelled, beneath the url (/shipments/cancel in MyEMS); empty: an operator calls EMS."""


class Viettelpost(ReferenceSettings):
    """Viettel Post, a hired carrier."""

    model_config = SettingsConfigDict(
        env_prefix="HOSO_VIETTELPOST_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    username: str = ""
    """The account that gets tokens."""

    password: SecretStr = SecretStr("")
    """Its password."""

    access_token: SecretStr = SecretStr("")
    """A token made in its portal: with one, none is asked for."""

    group_address_id: Annotated[int, Field(ge=0)] = 0
    """Our pick-up point, `GROUPADDRESS_ID`."""

    customer_id: Annotated[int, Field(ge=0)] = 0
    """Our number there, `CUS_ID`."""

    asks_for_day: bool = True
    """Whether an order to collect a dossier names the next working day, as `DELIVERY_DATE`: its document does not say
    what else that field could mean."""

    service_code: str = "VCN"
    """The service ordered for documents."""

    weight_grams: Grams = 100
    """What an envelope is said to weigh."""


class Ghn(ReferenceSettings):
    """Giao Hang Nhanh, a hired carrier."""

    model_config = SettingsConfigDict(env_prefix="HOSO_GHN_", env_ignore_empty=True, extra="ignore", frozen=True)

    access_token: SecretStr = SecretStr("")
    """The account's token, sent with every call."""

    shop_id: str = ""
    """The shop that orders, `ShopId`."""

    payment_type_id: Annotated[int, Field(ge=1)] = 1
    """Who pays for the carriage: 1 is said to be us, 2 the receiver."""

    service_type_id: Annotated[int, Field(ge=1)] = 2
    """The kind of service ordered."""

    weight_grams: Grams = 100
    """What an envelope is said to weigh."""

    reference_length: ReferenceLength = 50
    """The longest `client_order_code`, by hearsay; a longer one is sent as a short reference."""


class Ghtk(ReferenceSettings):
    """Giao Hang Tiet Kiem, a hired carrier."""

    model_config = SettingsConfigDict(env_prefix="HOSO_GHTK_", env_ignore_empty=True, extra="ignore", frozen=True)

    access_token: SecretStr = SecretStr("")
    """The account's token, sent with every call."""

    client_source: str = ""
    """Our partner code, `X-Client-Source`."""

    transport: Literal["road", "fly"] = "road"
    """How envelopes travel."""

    weight_grams: Grams = 100
    """What an envelope is said to weigh."""


def may_call(settings: CarrierSettings, address: str) -> bool:
    """Whether a webhook may come from this address; not, where there is a list and it is not on it or no address."""
    networks = [ip_network(one.strip()) for one in settings.allowed_addresses.split(",") if one.strip()]
    try:
        caller = ip_address(address)
    except ValueError:
        return not networks
    return not networks or any(caller in network for network in networks)
