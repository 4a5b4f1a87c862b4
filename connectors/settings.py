"""What the doors can be told, from the environment: complete and checked at start."""

import sys
from enum import StrEnum
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).parents[1]
WRONG_SETTING = 2
"""The exit status of a process that a setting stopped."""

Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=500)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


def _addresses(value: str) -> str:
    """Refuse what is not host:port, host:port."""
    for address in value.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"'{address}' is not host:port")
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

    rate_per_second: Annotated[float, Field(gt=0)] = 20
    """How many calls a second it is sent at most."""


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


def _beneath_home(name: str) -> Any:
    """A default that lies in the home."""
    return Field(default_factory=lambda given: given["home"] / name if "home" in given else Path(name))


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


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S]) -> S:
    """The settings in force. A wrong one is said in one sentence and ends the process with status 2."""
    try:
        return kind()
    except ValidationError as error:
        _stop(error, kind)


def _stop(error: ValidationError, kind: type[BaseSettings]) -> NoReturn:
    first = error.errors(include_url=False, include_context=False)[0]
    models = {model.__name__: model for model in (kind, Myvnpost)}
    prefix = models.get(error.title, kind).model_config.get("env_prefix", "")
    name = prefix + "_".join(str(part) for part in first["loc"] if isinstance(part, str)).upper()
    why = "it is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
    sys.stderr.write(f"{name} is wrong: {why}.\n")
    raise SystemExit(WRONG_SETTING)
