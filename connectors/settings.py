"""What the doors can be told, from the environment: complete and checked at start."""

import re
import sys
from datetime import time
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).parents[1]
WRONG_SETTING = 2
"""The exit status of a process that a setting stopped."""


def _hour_and_minute(value: object) -> object:
    """Refuse what is not HH:MM: pydantic would take a number for seconds."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
        raise ValueError(f"'{value}' is not HH:MM")
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
HourAndMinute = Annotated[time, BeforeValidator(_hour_and_minute)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=500)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
CarrierPath = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$", max_length=300)]
ReferenceSign = Literal["/", "-", "_", "."]
ReferenceLength = Annotated[int, Field(ge=24, le=200)]


def _addresses(value: str) -> str:
    """Refuse what is not host:port, host:port."""
    for address in value.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"'{address}' is not host:port")
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

    allowed_addresses: Annotated[str, AfterValidator(_networks)] = ""
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

    weight_grams: Annotated[int, Field(ge=1, le=30_000)] = 100
    """What an envelope is said to weigh."""

    webhook_key_file: Annotated[Path, AfterValidator(_file)] | None = None
    """A PEM file with the public key of its webhooks' signature."""


class VnpostHcc(CarrierSettings):
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

    reference_sign: ReferenceSign = "/"
    """What stands between the dossier's code and the leg in `OrderNumber`, if the platform takes no `/`."""

    reference_length: ReferenceLength = 200
    """The longest `OrderNumber`; a longer one is sent as a short reference."""

    webhook_secret: SecretStr = SecretStr("")
    """What the relay of its news sends as `access_token`."""


class Ems(CarrierSettings):
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

    weight_grams: Annotated[int, Field(ge=1, le=30_000)] = 100
    """What an envelope is said to weigh."""

    cancel_path: CarrierPath = ""
    """Where orders are cancelled, beneath the url (/shipments/cancel in MyEMS); empty: an operator calls EMS."""

    reference_sign: ReferenceSign = "/"
    """What stands between the dossier's code and the leg in `order_code`, if EMS takes no `/`."""

    reference_length: ReferenceLength = 200
    """The longest `order_code`; a longer one is sent as a short reference."""

    webhook_secret: SecretStr = SecretStr("")
    """The last part of the webhook's address that EMS was given; asked for where the signature is `required`."""


class Viettelpost(CarrierSettings):
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

    service_code: str = "VCN"
    """The service ordered for documents."""

    weight_grams: Annotated[int, Field(ge=1, le=30_000)] = 100
    """What an envelope is said to weigh."""

    reference_sign: ReferenceSign = "/"
    """What stands between the dossier's code and the leg in `ORDER_NUMBER`, if it takes no `/`."""

    reference_length: ReferenceLength = 200
    """The longest `ORDER_NUMBER` of ours; a longer one is sent as a short reference. The limit is not known."""

    webhook_secret: SecretStr = SecretStr("")
    """What was typed into its portal, and comes as `TOKEN` in every webhook."""


class Ghn(CarrierSettings):
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

    weight_grams: Annotated[int, Field(ge=1, le=30_000)] = 100
    """What an envelope is said to weigh."""

    reference_sign: ReferenceSign = "/"
    """What stands between the dossier's code and the leg in `client_order_code`, if it takes no `/`."""

    reference_length: ReferenceLength = 50
    """The longest `client_order_code`, by hearsay; a longer one is sent as a short reference."""

    webhook_secret: SecretStr = SecretStr("")
    """The last part of the webhook's address that GHN was given; asked for where the signature is `required`."""


class Ghtk(CarrierSettings):
    """Giao Hang Tiet Kiem, a hired carrier."""

    model_config = SettingsConfigDict(env_prefix="HOSO_GHTK_", env_ignore_empty=True, extra="ignore", frozen=True)

    access_token: SecretStr = SecretStr("")
    """The account's token, sent with every call."""

    client_source: str = ""
    """Our partner code, `X-Client-Source`."""

    transport: Literal["road", "fly"] = "road"
    """How envelopes travel."""

    weight_grams: Annotated[int, Field(ge=1, le=30_000)] = 100
    """What an envelope is said to weigh."""

    reference_sign: ReferenceSign = "/"
    """What stands between the dossier's code and the leg in `order.id`, if it takes no `/`."""

    reference_length: ReferenceLength = 200
    """The longest `order.id`: GHTK takes up to 249 signs, ours have 200 at most."""

    webhook_secret: SecretStr = SecretStr("")
    """The `hash` in the webhook's address that GHTK was given."""


def _beneath_home(name: str) -> Any:
    """A default that lies in the home."""
    return Field(default_factory=lambda given: given["home"] / name if "home" in given else Path(name))


def _beside(database_url: str) -> str:
    """Where the read model is, if nothing is said: hoso-read.db beside hoso.db."""
    if not database_url.startswith("sqlite:"):
        return database_url
    file = Path(database_url.removeprefix("sqlite:///"))
    return f"sqlite:///{file.with_name(f'{file.stem}-read{file.suffix}')}"


class Settings(BaseSettings):
    """Settings of every connector."""

    model_config = SettingsConfigDict(env_prefix="HOSO_", env_ignore_empty=True, extra="ignore", frozen=True)

    kafka_bootstrap: Annotated[str, AfterValidator(_addresses)]
    """The Kafka cluster, as host:port,host:port."""

    home: Path = Path(".hoso")
    """Where this machine keeps databases, secrets and logs."""

    database_url: Annotated[str, Field(pattern=r"^(sqlite:///|postgresql\+psycopg://)")] = Field(
        default_factory=lambda given: f"sqlite:///{given['home'] / 'hoso.db' if 'home' in given else 'hoso.db'}"
    )
    """The database: sqlite:///FILE for one machine, postgresql+psycopg://... for a city."""

    read_database_url: Annotated[str, Field(pattern=r"^(sqlite:///|postgresql\+psycopg://)")] = Field(
        default_factory=lambda given: _beside(given["database_url"]) if "database_url" in given else "sqlite:///read.db"
    )
    """The read model's database: a file of its own beside the other, for SQLite has one writer at a time; on
    PostgreSQL the same."""

    secrets_dir: Path = _beneath_home("secrets")
    """The folder of keys."""

    reference_dir: Path = REPOSITORY / "deploy" / "reference"
    """The folder that `hoso reference apply` publishes."""

    instance: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = Field(default_factory=gethostname)
    """This process's lasting name among its equals: two of one kind on one machine need two."""

    ops_host: str = "127.0.0.1"
    """Where /healthz, /readyz and /metrics listen."""

    ops_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Their port; 0: they do not listen."""

    edge_host: str = "127.0.0.1"
    """Where the HTTP door listens."""

    edge_port: Port = 8080
    """The HTTP door's port."""

    public_url: Url | None = None
    """Where citizens reach the HTTP door: what the links of `hoso explain --link` begin with."""

    log_partitions: Annotated[int, Field(ge=1, le=1000)] = 8
    """Partitions of the log and of what is derived from it: chosen once, for life."""

    replication: Annotated[int, Field(ge=1, le=9)] = 1
    """Copies of every topic: 3 in production."""

    session_seconds: Annotated[float, Field(ge=6, le=1800)] = 45
    """For how long (in real time) a group keeps the place of a process that says nothing; Kafka allows 6 at least."""

    in_doubt_seconds: Seconds = 30
    """How long (in real time) an order without an answer may still arrive at a carrier."""

    lease_seconds: Seconds = 15
    """How long (in real time) a lane stays with a process that no longer says anything."""

    myvnpost: Myvnpost = Field(default_factory=Myvnpost)
    """Vietnam Post's contract, from HOSO_MYVNPOST_..."""

    vnpost_hcc: VnpostHcc = Field(default_factory=VnpostHcc)
    """The contract of Vietnam Post through the province's platform, from HOSO_VNPOST_HCC_..."""

    ems: Ems = Field(default_factory=Ems)
    """The contract of EMS Vietnam, from HOSO_EMS_..."""

    viettelpost: Viettelpost = Field(default_factory=Viettelpost)
    """Viettel Post's contract, from HOSO_VIETTELPOST_..."""

    ghn: Ghn = Field(default_factory=Ghn)
    """The contract of Giao Hang Nhanh, from HOSO_GHN_..."""

    ghtk: Ghtk = Field(default_factory=Ghtk)
    """The contract of Giao Hang Tiet Kiem, from HOSO_GHTK_..."""


def may_call(settings: CarrierSettings, address: str) -> bool:
    """Whether a webhook may come from this address; not, where there is a list and it is not on it or no address."""
    networks = [ip_network(one.strip()) for one in settings.allowed_addresses.split(",") if one.strip()]
    try:
        caller = ip_address(address)
    except ValueError:
        return not networks
    return not networks or any(caller in network for network in networks)


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S]) -> S:
    """The settings in force. A wrong one is said in one sentence and ends the process with status 2."""
    try:
        return kind()
    except ValidationError as error:
        _stop(error, kind)


def _stop(error: ValidationError, kind: type[BaseSettings]) -> NoReturn:
    first = error.errors(include_url=False, include_context=False)[0]
    models = {model.__name__: model for model in (kind, Myvnpost, VnpostHcc, Ems, Viettelpost, Ghn, Ghtk)}
    prefix = models.get(error.title, kind).model_config.get("env_prefix", "")
    name = prefix + "_".join(str(part) for part in first["loc"] if isinstance(part, str)).upper()
    why = "it is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
    sys.stderr.write(f"{name} is wrong: {why}.\n")
    raise SystemExit(WRONG_SETTING)
