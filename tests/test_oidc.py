"""Signing in at an OpenID Connect provider: a real one over HTTP, but for the person who types a password there."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.people import Cast

pytest.importorskip("authlib", reason="Authlib is not installed (extra oidc)")

CLIENT = "afterbeep"


class Provider:
    """Discovery, keys and tokens; `claims` is what it says of whoever signs in."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {"email": "rob@example.com", "email_verified": True}
        self.nonce = ""
        self.asked: list[dict[str, str]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(provider.metadata() if "configuration" in self.path else provider.keys())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.asked.append({name: value[0] for name, value in parse_qs(body).items()})
                self.answer({"access_token": "a", "token_type": "Bearer", "id_token": provider.id_token()})

            def answer(self, told: dict[str, Any]) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(told).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.signed_by = self.key
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def keys(self) -> dict[str, Any]:
        shown = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [shown | {"kid": "1", "use": "sig", "alg": "RS256"}]}

    def id_token(self) -> str:
        now = int(time.time())
        told = {"iss": self.url, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 60, "nonce": self.nonce}
        return jwt.encode(told | self.claims, self.signed_by, "RS256", {"kid": "1"})


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    known = {"oidc_issuer": provider.url, "oidc_client_id": CLIENT, "public_url": "https://voicemail.example.com"}
    return settings.model_copy(update=known)


def sign_in(they: Cast, provider: Provider, **changes: str) -> tuple[TestClient, Any]:
    """To the provider and back, its answer changed on the way."""
    client = they.client(None)
    sent = client.get("/login/oidc?next=/script")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert asked["redirect_uri"] == "https://voicemail.example.com/login/oidc/callback"
    assert asked["code_challenge_method"] == "S256"
    provider.nonce = asked["nonce"]
    back = {"code": "c", "state": asked["state"]} | changes
    return client, client.get("/login/oidc/callback", params=back)


def test_the_account_with_the_address_is_signed_in_and_led_on(they: Cast, provider: Provider) -> None:
    client, answer = sign_in(they, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/script")
    assert client.get("/v1/me").json()["email"] == "rob@example.com"
    assert len(provider.asked[0]["code_verifier"]) >= 43
    assert "Sign in with your organisation" in they.client(None).get("/login").text


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"email": "stranger@example.com", "email_verified": True}, "no account for stranger@example.com"),
        ({"email": "rob@example.com", "email_verified": False}, "does not vouch"),
        ({"email": "rob@example.com"}, "does not vouch"),
        ({"email": "rob@example.com", "email_verified": True, "aud": "another"}, "did not work out"),
        ({"email": "rob@example.com", "email_verified": True, "nonce": "replayed"}, "did not work out"),
        ({"email": "rob@example.com", "email_verified": True, "exp": 1}, "did not work out"),
    ],
)
def test_who_is_not_vouched_for_stays_outside(
    they: Cast, provider: Provider, claims: dict[str, Any], sentence: str
) -> None:
    provider.claims = claims
    client, answer = sign_in(they, provider)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_failed")
    assert sentence in answer.json()["detail"]
    assert client.get("/v1/me").status_code == 401


def test_a_token_of_another_s_making_is_refused(they: Cast, provider: Provider) -> None:
    provider.signed_by = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert sign_in(they, provider)[1].status_code == 401


def test_an_answer_to_another_question_is_refused(they: Cast, provider: Provider) -> None:
    assert sign_in(they, provider, state="forged")[1].status_code == 401
    assert they.client(None).get("/login/oidc/callback?code=c&state=s").status_code == 401


def test_a_shut_account_stays_shut(they: Cast, provider: Provider) -> None:
    they.app.state.people.change(they.people["rob"].id, shut=True)
    client, _ = sign_in(they, provider)
    assert client.get("/v1/me").status_code == 401


def test_without_a_provider_there_is_no_such_page(settings: Settings) -> None:
    with TestClient(create_app(settings.model_copy(update={"oidc_issuer": None}))) as client:
        assert client.get("/login/oidc").status_code == 404
