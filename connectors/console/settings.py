"""The provider of the city's accounts, from HOSO_OPENID_..."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.carrier_settings import Url


class Openid(BaseSettings):
    """An OpenID Connect provider, and which of its claims say what somebody may see; none without an issuer."""

    model_config = SettingsConfigDict(env_prefix="HOSO_OPENID_", env_ignore_empty=True, extra="ignore", frozen=True)

    issuer: Url | None = None
    """The provider's issuer, below which its document lies."""

    client_id: str | None = None
    """By what name the provider knows us."""

    client_secret_file: Path | None = None
    """The file with our secret at the provider."""

    name_claim: str = "preferred_username"
    """The claim that names somebody."""

    role_claim: str = "hoso_role"
    """The claim that says agency, city or operator; in a list the first of these counts."""

    agency_claim: str = "hoso_agency"
    """The claim that says which agency an officer is of."""

    scope: Annotated[str, Field(pattern=r"^openid(\s|$)")] = "openid profile"
    """What we ask for."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and not (self.client_id and self.client_secret_file):
            raise ValueError("an issuer needs HOSO_OPENID_CLIENT_ID and HOSO_OPENID_CLIENT_SECRET_FILE")
        return self
