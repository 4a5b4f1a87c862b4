"""What a worker can be told, from the environment: complete and checked at start."""

from pathlib import Path
from socket import gethostname
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from schemas.login import LoginSettings
from schemas.tracing import TracingSettings


def _addresses(value: str) -> str:
    """Refuse what is not host:port,host:port."""
    for address in value.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"'{address}' is not host:port")
    return value


class WorkerSettings(LoginSettings, TracingSettings):
    """Settings of `hoso worker`."""

    model_config = SettingsConfigDict(env_prefix="HOSO_", env_ignore_empty=True, extra="ignore", frozen=True)

    kafka_bootstrap: Annotated[str, AfterValidator(_addresses)]
    """The Kafka cluster, as host:port,host:port."""

    home: Path = Path(".hoso")
    """Where this machine keeps data."""

    instance: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = Field(default_factory=gethostname)
    """This worker's lasting name: a StatefulSet's ordinal, a supervisor's slot. No two of a group may share it."""

    log_partitions: Annotated[int, Field(ge=1, le=1000)] = 8
    """Partitions of the log and of what is derived from it: chosen once, for life."""

    worker_memory_mb: Annotated[int, Field(ge=1)] = 4096
    """Its budget for dossiers in memory, in MiB of keys and states; above it the worker folds on and is not ready. The
    process needs some half as much again."""

    ops_host: str = "127.0.0.1"
    """Where /healthz, /readyz and /metrics listen."""

    ops_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Their port; 0: they do not listen."""
