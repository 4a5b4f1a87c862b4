"""An OpenID provider on a loopback port, by the specification's words: discovery, authorization code, PKCE, keys."""

import socket
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, Header, Response
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "hoso", "bí mật"


@dataclass
class Provider:
    """Vouches for whoever `claims` describe. `url` is its issuer; what it was asked for stays in `asked`."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: RSAKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        """Its routes."""
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def document() -> dict[str, str]:
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.get("/authorize")
        def authorize(state: str, nonce: str, code_challenge: str, redirect_uri: str, client_id: str) -> Response:
            code = f"code-{len(self.asked)}"
            self.asked[code] = {"nonce": nonce, "challenge": code_challenge, "back": redirect_uri, "client": client_id}
            return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}", 303)

        @app.post("/token")
        def token(
            code: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
            authorization: Annotated[str, Header()],
        ) -> Any:
            asked = self.asked.pop(code, None)
            challenge = urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
            who = b64decode(authorization.removeprefix("Basic ")).decode()
            if asked is None or asked["challenge"] != challenge or asked["back"] != redirect_uri:
                return Response('{"error": "invalid_grant"}', 400, media_type="application/json")
            if who != f"{CLIENT}:b%C3%AD%20m%E1%BA%ADt":
                return Response('{"error": "invalid_client"}', 401, media_type="application/json")
            said = {"iss": self.url, "aud": CLIENT, "exp": int(time.time()) + 60, "nonce": asked["nonce"]}
            signed = jwt.encode({"alg": "RS256", "kid": "one"}, said | self.claims, self.signs_with or self.key)
            return {"id_token": signed, "access_token": "x", "token_type": "Bearer"}

        return app


@contextmanager
def a_provider() -> Iterator[Provider]:
    """One that runs."""
    provider = Provider()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        provider.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(provider.app(), access_log=False, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield provider
        finally:
            server.should_exit = True
            thread.join()
