"""What the command can be told, from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]


def _addresses(value: str) -> str:
    """Refuse what is not host:port, host:port."""
    for address in value.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"'{address}' is not host:port")
    return value


class Settings(BaseSettings):
    """Settings of the commands."""

    model_config = SettingsConfigDict(env_prefix="HOSO_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Path(".hoso")
    """Where this machine keeps the broker's data, the logs and the databases."""

    kafka_bootstrap: Annotated[str, AfterValidator(_addresses)] | None = None
    """Another cluster, as host:port,host:port; none means the local broker."""

    archive: str | None = None
    """Where the archive of the log lies: commands that look a dossier up read archive and log as one."""

    kafka_port: Port = 9092
    """The local broker's usual port; a free one is taken if somebody has it."""

    kafka_jars: Path | None = None
    """The folder of Kafka's jars; none means the one that `make` fills."""

    kafka_java_opts: str = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
    """Options of the local broker's Java. The quick compiler starts it in two thirds of the time."""

    edge_port: Port = 8080
    """Where agencies and carriers knock: the HTTP door's port on loopback."""

    stop_seconds: Annotated[float, Field(gt=0)] = 30
    """How long a process may take to stop before it is killed."""
