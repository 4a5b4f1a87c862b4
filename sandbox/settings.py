"""What the rehearsal can be told, from the environment."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class Manners(StrEnum):
    """How the post and the agencies behave: as real ones do, as their own handbooks say, or as on their worst days."""

    IMPOLITE = "impolite"
    POLITE = "polite"
    RUDE = "rude"


def _doors(value: str) -> str:
    """Refuse what is not CODE:http or CODE:kafka, separated by commas."""
    for row in filter(None, value.split(",")):
        code, _, door = row.strip().partition(":")
        if not code or door not in ("http", "kafka"):
            raise ValueError(f"'{row}' is not CODE:http or CODE:kafka")
    return value


class Settings(BaseSettings):
    """Settings of `hoso sandbox`."""

    model_config = SettingsConfigDict(env_prefix="HOSO_", env_ignore_empty=True, extra="ignore", frozen=True)

    sandbox_host: str = "127.0.0.1"
    """Where the rehearsal listens; it is not for the open net."""

    sandbox_port: Port = 8790
    """The rehearsal's port; 0 takes a free one."""

    sandbox_seed: int = 2026
    """Every journey, every lapse and the whole city follow from this number."""

    sandbox_pace: Annotated[float, Field(gt=0)] = 1
    """Journey spans are divided by it; above 1 offices never close. `hoso up` uses 3600: an item takes seconds."""

    sandbox_credentials: Path = Path(".hoso/sandbox/credentials.json")
    """JSON {agency code: {"key": bearer key, "secret": "whsec_..."}}; read again when it changes."""

    sandbox_calendar: Path = Path("deploy/reference/calendars/vn-public-offices.toml")
    """The days on which offices and postmen work."""

    sandbox_public_key: Path = Path(".hoso/sandbox/myvnpost.pem")
    """Where the post writes the public key of its webhooks; the private one lies beside it, `.key`, and is kept."""

    sandbox_manners: Manners = Manners.IMPOLITE
    """`impolite` repeats, reorders, delays and forgets webhooks, and lets some calls hang; `polite` does not.

    `rude` does all of it far more often, forges webhooks, and its agencies fail too.
    """

    sandbox_hold_seconds: Seconds = 20
    """How long, in real seconds, the post holds a call that it will not answer; longer than the client's patience."""

    sandbox_webhook_tries: Annotated[int, Field(ge=1, le=20)] = 6
    """How often a webhook is sent that nobody took, by carriers whose documents do not say."""

    sandbox_patience: Seconds = 1
    """The pauses between two tries of a webhook are multiplied by it."""

    sandbox_webhook_secret: str = "sandbox"
    """What a webhook bears that the customer gave the carrier: in its address, its header or its body."""

    sandbox_token_seconds: Seconds = 60
    """How long, in real seconds, a token is good for that a carrier gives for a name and a password."""

    sandbox_username: str = "sandbox"
    """The customer's user name at every carrier."""

    sandbox_password: str = "sandbox"
    """The customer's password at every carrier."""

    sandbox_token: str = "sandbox"
    """The token of carriers that give one for good."""

    webhook_url: str = "http://127.0.0.1:8080/v1/webhooks/myvnpost"
    """Where MyVNPost sends its webhooks."""

    edge_url: str = "http://127.0.0.1:8080"
    """Where agencies with HTTP send their events, and below which the other carriers send their webhooks."""

    kafka_bootstrap: str = "127.0.0.1:9092"
    """The cluster that agencies with Kafka publish to."""

    city_start: AwareDatetime | None = None
    """When the city's first day begins, on the driven clock; none means when it is started."""

    city_days: Annotated[int, Field(ge=5, le=60)] = 14
    """How many calendar days the city is to live; it takes no new dossier when too few are left."""

    city_dossiers: Annotated[int, Field(ge=26, le=20_000)] = 420
    """How many dossiers the city hands in."""

    city_agencies: Annotated[str, AfterValidator(_doors)] = ""
    """CODE:http or CODE:kafka, separated by commas, the last one also decides for others (it must use Kafka);
    none means those of the credentials file, by turns."""

    city_stranger: str = "H29.99"
    """An agency that states a fact about a dossier that is none of its business."""

    def doors(self, known: list[str]) -> dict[str, str]:
        """The city's agencies, each with its door; `known` are the codes of the credentials file."""
        if self.city_agencies:
            return dict(row.strip().split(":", 1) for row in self.city_agencies.split(",") if row.strip())
        codes = sorted(code for code in known if code != self.city_stranger)
        doors = {code: ("http", "kafka")[n % 2] for n, code in enumerate(codes)}
        return doors | ({codes[-1]: "kafka"} if codes else {})

    def city_begins(self, now: datetime) -> datetime:
        """When the city's first day begins."""
        return self.city_start or now
