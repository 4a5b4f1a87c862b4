"""Signing in through the city's own accounts: OpenID Connect, authorization code with PKCE, one provider."""

import json
import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from connectors.console.desk import Desk
from connectors.console.people import Person, Role
from connectors.console.settings import Openid
from connectors.transport import Call, send
from connectors.verdicts import TryLater

log = structlog.get_logger()
COOKIE = "hoso_openid"
LASTS_SECONDS = 600
"""How long (real time) a sign-in at the provider may take."""
KNOWN_SECONDS = 600.0
"""How long (real time) the provider's document and keys are taken for true."""
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY_SECONDS = 60
MOST_NAME = 100

Screen = Callable[..., Response]


class NotVouched(Exception):
    """The provider did not say who this is; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the provider says of itself, and the keys it signs with."""

    authorize_url: str
    token_url: str
    keys: KeySet
    until: float


class Provider:
    """One provider: where to send somebody, and whom it vouches for when they come back."""

    def __init__(self, settings: Openid) -> None:
        assert settings.issuer and settings.client_id and settings.client_secret_file
        self.settings, self.issuer = settings, str(settings.issuer).rstrip("/")
        self._client_id, self._secret_file = settings.client_id, settings.client_secret_file
        self._document: Document | None = None

    def begin_url(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where somebody signs in. Raises TryLater and NotVouched."""
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": back, "state": state,
            "scope": self.settings.scope, "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        url = self._known().authorize_url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"

    def vouched(self, code: str, back: str, nonce: str, verifier: str) -> dict[str, Any]:
        """The claims of whoever comes back with this code. Raises TryLater and NotVouched."""
        known = self._known()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        secret = self._secret_file.read_text(encoding="utf-8").strip()
        basic = b64encode(f"{quote(self._client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
        answer = _asked(known.token_url, Call("POST", "", data=urlencode(form).encode(), headers=headers))
        return self._claims(str(answer.get("id_token", "")), known, nonce)

    def _claims(self, token: str, known: Document, nonce: str) -> dict[str, Any]:
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = jwt.decode(token, known.keys, algorithms=ALGORITHMS).claims
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            # Its keys may have changed since they were read.
            self._document = None
            raise NotVouched(f"its token is not good: {type(error).__name__}") from error
        return claims

    def _known(self) -> Document:
        if self._document is None or self._document.until < time.monotonic():
            said = _asked(f"{self.issuer}/.well-known/openid-configuration", Call("GET", ""))
            if str(said.get("issuer", "")).rstrip("/") != self.issuer:
                raise NotVouched("its document names another issuer")
            try:
                keys = KeySet.import_key_set(_asked(str(said["jwks_uri"]), Call("GET", "")))  # type: ignore[arg-type]
                until = time.monotonic() + KNOWN_SECONDS
                self._document = Document(said["authorization_endpoint"], said["token_endpoint"], keys, until)
            except (KeyError, JoseError, ValueError) as error:
                raise NotVouched(f"its document is not whole: {error!r}") from error
        return self._document


def provider(settings: Openid) -> Provider | None:
    """The provider of the settings, if there is one."""
    return Provider(settings) if settings.issuer else None


def routes(desk: Desk, provider: Provider, screen: Screen) -> APIRouter:
    """To the provider and back."""
    from connectors.console.sign_in import begin, inside, is_secure

    api = APIRouter(prefix="/openid")
    signer = URLSafeTimedSerializer(desk.secrets.console, salt="console openid")

    def back_url(request: Request) -> str:
        base = str(desk.settings.public_url or request.base_url).rstrip("/")
        root = request.scope.get("root_path", "")
        return f"{base if base.endswith(root) else base + root}/openid/back"

    @api.get("/begin")
    def away(request: Request, next: str = "") -> Response:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        try:
            url = provider.begin_url(back_url(request), state, nonce, verifier)
        except (TryLater, NotVouched) as error:
            return failed(request, next, error)
        answer = RedirectResponse(url, 303)
        kept = str(signer.dumps([state, nonce, verifier, inside(request, next)]))
        secure = is_secure(desk, request)
        answer.set_cookie(COOKIE, kept, max_age=LASTS_SECONDS, secure=secure, httponly=True, samesite="lax")
        return answer

    @api.get("/back")
    def back(request: Request, code: str = "", state: str = "") -> Response:
        after = ""
        try:
            wanted, nonce, verifier, after = signer.loads(request.cookies.get(COOKIE, ""), max_age=LASTS_SECONDS)
            if not code or not secrets.compare_digest(state.encode(), wanted.encode()):
                raise NotVouched("it came back without a code, or to another sign-in")
            person = person_of(provider.vouched(code, back_url(request), nonce, verifier), provider.settings)
        except (TryLater, NotVouched, BadData) as error:
            return failed(request, after, error)
        if person is None:
            return screen(request, inside(request, after), "no_role", 403)
        answer = begin(desk, request, person, inside(request, after), by_provider=True)
        answer.delete_cookie(COOKIE)
        return answer

    def failed(request: Request, after: str, error: Exception) -> Response:
        log.warning("console.not_vouched", why=str(error))
        return screen(request, inside(request, after), "provider_failed", 502)

    return api


def person_of(claims: dict[str, Any], settings: Openid) -> Person | None:
    """Whom these claims describe; None without a role of ours, or an officer without an agency."""
    said = claims.get(settings.role_claim)
    roles = said if isinstance(said, list) else [said]
    role = next((Role(one) for one in roles if one in set(Role)), None)
    name = claims.get(settings.name_claim) or claims.get("sub")
    agency = claims.get(settings.agency_claim) if role is Role.AGENCY else None
    if role is None or not isinstance(name, str) or (role is Role.AGENCY and not isinstance(agency, str)):
        return None
    return Person(name[:MOST_NAME], role, agency)


def _asked(url: str, call: Call) -> dict[str, Any]:
    """A JSON object from the provider. Raises TryLater, and NotVouched for any other answer."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    whole = Call(call.method, parts.path + query, None, call.data, call.headers)
    reply = send(f"{parts.scheme}://{parts.netloc}", whole)
    try:
        said = json.loads(reply.body)
    except ValueError as error:
        raise NotVouched(f"{parts.path} answered {reply.status}, no JSON") from error
    if reply.status != 200 or not isinstance(said, dict):
        raise NotVouched(f"{parts.path} answered {reply.status}")
    return said
