"""What the doors can be told, from the environment: complete and checked at start."""

import sys
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.carrier_settings import Ems, Ghn, Ghtk, Myvnpost, Networks, Url, Viettelpost, VnpostHcc
from connectors.console.settings import Openid
from schemas.login import LoginSettings
from schemas.tracing import TracingSettings

REPOSITORY = Path(__file__).parents[1]
WRONG_SETTING = 2
"""The exit status of a process that a setting stopped."""


Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Span = Annotated[float, Field(gt=0, le=86_400)]
Days = Annotated[int, Field(ge=1, le=36_500)]


def _addresses(value: str) -> str:
    """Refuse what is not host:port, host:port."""
    for address in value.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"'{address}' is not host:port")
    return value


def _archive(value: str) -> str:
    """Refuse an address where no archive can lie."""
    from connectors.archive import open_archive

    open_archive(value)
    return value


def _beneath_home(name: str) -> Any:
    """A default that lies in the home."""
    return Field(default_factory=lambda given: given["home"] / name if "home" in given else Path(name))


def _beside(database_url: str) -> str:
    """Where the read model is, if nothing is said: hoso-read.db beside hoso.db."""
    if not database_url.startswith("sqlite:"):
        return database_url
    file = Path(database_url.removeprefix("sqlite:///"))
    return f"sqlite:///{file.with_name(f'{file.stem}-read{file.suffix}')}"


class Settings(LoginSettings, TracingSettings):
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

    archive: Annotated[str, AfterValidator(_archive)] | None = None
    """Where `hoso archive write` keeps the log: s3://bucket/prefix, file:///path or a path. Whoever looks a dossier up
    reads archive and log as one; without it nothing is told of a dossier whose log has lost its beginning."""

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

    edge_console: bool = True
    """Whether the HTTP door shows the console too; a city runs `hoso console` apart."""

    console_host: str = "127.0.0.1"
    """Where `hoso console` listens."""

    console_port: Port = 8090
    """Its port."""

    people_file: Path = _beneath_home("people.toml")
    """Who may sign in to the console with a password: `hoso console add` writes it."""

    openid: Openid = Field(default_factory=Openid)
    """The provider of the city's accounts, from HOSO_OPENID_..."""

    public_url: Url | None = None
    """Where citizens reach the HTTP door: what the links of `hoso explain --link` begin with."""

    trusted_proxies: Networks = ""
    """Networks of our own proxies before the HTTP door, as 10.0.0.0/24: whom they name in X-Forwarded-For is the
    caller. Empty: there is none, and nobody else is believed."""

    track_misses_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    """How many tracking codes may be wrong in a minute (real time), over all addresses together, at one door."""

    track_misses_per_address_per_minute: Annotated[int, Field(ge=1, le=10_000)] = 10
    """The same of one address."""

    log_partitions: Annotated[int, Field(ge=1, le=1000)] = 8
    """Partitions of the log and of what is derived from it: chosen once, for life."""

    replication: Annotated[int, Field(ge=1, le=9)] | None = None
    """Copies of every topic that is made. Nothing: as many as there are brokers, at most 3."""

    session_seconds: Annotated[float, Field(ge=6, le=1800)] = 45
    """For how long (in real time) a group keeps the place of a process that says nothing; Kafka allows 6 at least."""

    in_doubt_seconds: Seconds = 30
    """How long (in real time) an order without an answer may still arrive at a carrier."""

    lease_seconds: Seconds = 15
    """How long (in real time) a lane stays with a process that no longer says anything."""

    digest_quiet_seconds: Span = 30
    """How long (driven) nothing of a change of the reference data comes for an agency before it gets a digest of it."""

    digest_longest_seconds: Span = 600
    """How long (driven) is gathered at most: what comes later is in another digest."""

    keep_webhooks_days: Days = 90
    """For how many days (driven) the bytes of carriers open: then the key of their day is destroyed."""

    keep_letters_days: Days = 90
    """The same of what stands in dead letters."""

    keep_feed_days: Days = 400
    """For how many days the feed keeps a notice."""

    keep_done_days: Days = 30
    """For how many days a queue keeps what ended well; what gave up or stepped aside stays."""

    keep_seen_days: Days = 7
    """For how many days the gate remembers an event, to answer a conflict at once; the last of a source stays."""

    keep_unmatched_days: Days = 90
    """For how many days a carrier's update waits for the receipt that says whose it is."""

    retention_seconds: Seconds = 300
    """How often (real time) each process removes what it has kept for long enough."""

    monitor_seconds: Seconds = 10
    """How often (real time) `hoso monitor` looks at groups, queues, holds, dead letters and the read model's place."""

    monitor_dossiers_seconds: Seconds = 60
    """How often (real time) it counts dossiers in the read model; of a large one less often, by itself."""

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


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S]) -> S:
    """The settings in force. A wrong one is said in one sentence and ends the process with status 2."""
    try:
        return kind()
    except ValidationError as error:
        _stop(error, kind)


def _stop(error: ValidationError, kind: type[BaseSettings]) -> NoReturn:
    first = error.errors(include_url=False, include_context=False)[0]
    models = {model.__name__: model for model in (kind, Myvnpost, VnpostHcc, Ems, Viettelpost, Ghn, Ghtk, Openid)}
    prefix = models.get(error.title, kind).model_config.get("env_prefix", "")
    name = prefix + "_".join(str(part) for part in first["loc"] if isinstance(part, str)).upper()
    why = "it is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
    sys.stderr.write(f"{name} is wrong: {why}.\n")
    raise SystemExit(WRONG_SETTING)
