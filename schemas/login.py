"""How every process of ours comes to Kafka: plainly on one machine, by name, password and TLS in production."""

import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

HANDSHAKE_SECONDS = 5.0
"""How long (real time) a broker may take to agree on TLS: half of what a client may take to come in, so that another
broker has its turn."""


class Security(StrEnum):
    """How a connection to Kafka is made: with a name and password (sasl), with TLS (ssl), with both or neither."""

    PLAINTEXT = "plaintext"
    SASL_PLAINTEXT = "sasl_plaintext"
    SSL = "ssl"
    SASL_SSL = "sasl_ssl"

    @property
    def by_password(self) -> bool:
        """Whether the broker asks for a name and a password."""
        return self in (Security.SASL_PLAINTEXT, Security.SASL_SSL)

    @property
    def by_tls(self) -> bool:
        """Whether the line is encrypted and the broker shows a certificate."""
        return self in (Security.SSL, Security.SASL_SSL)


class Mechanism(StrEnum):
    """How the password is proven; none of these sends it."""

    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class _Password(str):
    """A password as its file has it whenever bytes are made of it.

    Both libraries keep the text that they are given, and make bytes of it anew at each connection.
    """

    _file: Path

    def __new__(cls, file: Path) -> Self:
        made = super().__new__(cls, _password_in(file))
        made._file = file
        return made

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return _password_in(self._file).encode(encoding, errors)


class _Line(ssl.SSLSocket):
    """A line over TLS, with what kafka-python 3.0.12 leaves out.

    Who takes a connection and says nothing, as a broker that froze, is waited for HANDSHAKE_SECONDS and no longer: the
    library waits for ever, whatever its own time-outs say.

    What was read is given out before it says that the other side has hung up: the library reads on until there is
    nothing more, and where that is the end it throws away what came before it: of a broker that refuses a password and
    hangs up, the refusal.
    """

    _gave = False
    _limit: threading.Timer | None = None

    def do_handshake(self, block: bool = False) -> None:
        is_over = True
        try:
            super().do_handshake(block)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            is_over = False
            if self._limit is None:
                self._limit = threading.Timer(HANDSHAKE_SECONDS, self._hang_up)
                self._limit.daemon = True
                self._limit.start()
            raise
        finally:
            if is_over and self._limit is not None:
                self._limit.cancel()

    def _hang_up(self) -> None:
        """Wake who waits for a word: it finds the end, and takes it as such."""
        with suppress(OSError):
            # Not the TLS line's own, which would take away what the waiting thread is about to use.
            socket.socket.shutdown(self, socket.SHUT_RDWR)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        gave, self._gave = self._gave, False
        data = super().recv(buflen, flags)
        if not data and gave:
            raise ssl.SSLWantReadError("what was read comes first")
        self._gave = bool(data)
        return data


class LoginSettings(BaseSettings):
    """Settings of every connection to Kafka. The password stays in its file, which is read at each connection."""

    model_config = SettingsConfigDict(env_prefix="HOSO_", env_ignore_empty=True, extra="ignore", frozen=True)

    kafka_security: Security = Security.PLAINTEXT
    """plaintext, sasl_plaintext, ssl or sasl_ssl; production is sasl_ssl."""

    kafka_mechanism: Mechanism = Mechanism.SCRAM_SHA_512
    """SCRAM-SHA-512 or SCRAM-SHA-256."""

    kafka_username: str | None = Field(default=None, validate_default=True)
    """Who this process is to Kafka: hoso-<process>. A name of its own for each, with that process's rights."""

    kafka_password_file: Path | None = Field(default=None, validate_default=True)
    """The file that holds its password and nothing else."""

    kafka_ca_file: Path | None = None
    """The certificates that the brokers' are checked with, as PEM; none: those of the system."""

    kafka_cert_file: Path | None = None
    """Our own certificate with its key, as PEM, where the brokers ask for one."""

    @field_validator("kafka_username", "kafka_password_file")
    @classmethod
    def _wanted(cls, value: object, info: ValidationInfo) -> object:
        security = info.data.get("kafka_security")
        if value is None and security is not None and security.by_password:
            raise ValueError(f"it is not set, and HOSO_KAFKA_SECURITY={security.value} asks for it")
        return value

    @field_validator("kafka_password_file", "kafka_ca_file", "kafka_cert_file")
    @classmethod
    def _there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    def password(self) -> str:
        """What stands in the file now, for a client that reads the file at each connection."""
        assert self.kafka_password_file is not None
        return _Password(self.kafka_password_file)

    def trust(self) -> ssl.SSLContext | None:
        """What TLS is spoken with; None where it is not."""
        if not self.kafka_security.by_tls:
            return None
        context = ssl.create_default_context(cafile=self.kafka_ca_file)
        if self.kafka_cert_file is not None:
            context.load_cert_chain(self.kafka_cert_file)
        context.sslsocket_class = _Line
        return context

    def client(self) -> dict[str, Any]:
        """What kafka-python's and aiokafka's clients are told; nothing where the line is plain."""
        if self.kafka_security is Security.PLAINTEXT:
            return {}
        said: dict[str, Any] = {"security_protocol": self.kafka_security.name}
        if self.kafka_security.by_tls:
            said["ssl_context"] = self.trust()
        if self.kafka_security.by_password:
            said["sasl_mechanism"] = self.kafka_mechanism.value
            said["sasl_plain_username"] = self.kafka_username
            said["sasl_plain_password"] = self.password()
        return said

    def who(self) -> str:
        """Who we say that we are, for a sentence: never the password."""
        return self.kafka_username or "a process without a name"

    def refusal(self) -> str:
        """The sentence for a broker that does not let us in."""
        return f"Kafka does not let {self.who()} in: its password is not what {self.kafka_password_file} holds"


def _password_in(file: Path) -> str:
    return file.read_text().strip()


class WrongLogin(ValueError):
    """Kafka does not let us in; the text says who and which file."""


class _Refusals(logging.Handler):
    """When a broker last refused our password.

    kafka-python 3.0.12 tries again until its time is over, then says only that it could not connect; why stands in its
    log alone.
    """

    at = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        if any(type(one).__name__ == "SaslAuthenticationFailedError" for one in record.args or ()):
            self.at = time.monotonic()


_refusals = _Refusals(logging.WARNING)
logging.getLogger("kafka.net.manager").addHandler(_refusals)


def refused_since(moment: float) -> bool:
    """Whether a broker refused this process's password after this moment of `time.monotonic`."""
    return _refusals.at >= moment
