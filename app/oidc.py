"""Signing in at an OpenID Connect provider, where the owner set one; accounts stay ours, found by their address."""

import json
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.access import workspaces_of
from app.account_pages import local_path, signed_in_response
from app.settings import Settings
from models.errors import NotFound, SecretUnreadable, SignInFailed
from models.person import Person

router = APIRouter(include_in_schema=False)

PATH: Final = "/login/oidc"
COOKIE: Final = "afterbeep_oidc"  # what is remembered while the reader is at the provider
LASTS_S: Final = 600


@router.get(PATH)
async def go_to_provider(request: Request, next: str = "/") -> Response:
    flow: dict[str, Any] = {"next": local_path(next)}
    request.scope["session"] = flow  # where Authlib keeps state, nonce and verifier
    response: Response = await _provider(request).authorize_redirect(request, _address(request))
    sealed = request.app.state.vault.seal(json.dumps(flow))
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, sealed, max_age=LASTS_S, path=PATH, httponly=True, samesite="lax", secure=secure)
    return response


@router.get(f"{PATH}/callback")
async def come_back(request: Request) -> Response:
    """The provider vouches for an address; the account with it is signed in."""
    from authlib.common.errors import AuthlibBaseError
    from httpx import HTTPError
    from joserfc.errors import JoseError

    try:
        flow = json.loads(request.app.state.vault.open(request.cookies.get(COOKIE, "")))
        request.scope["session"] = flow
        token = await _provider(request).authorize_access_token(request)
    except (AuthlibBaseError, HTTPError, JoseError, SecretUnreadable) as error:
        raise SignInFailed("Signing in there did not work out. Please try again.") from error
    person = await run_in_threadpool(_account, request, token.get("userinfo") or {})
    response = await run_in_threadpool(signed_in_response, request, person, flow["next"])
    response.delete_cookie(COOKIE, path=PATH)
    return response


def _account(request: Request, claims: dict[str, Any]) -> Person:
    email = claims.get("email")
    if not email or not claims.get("email_verified", False):
        raise SignInFailed("The provider does not vouch for your e-mail address, so no account could be found by it.")
    person = workspaces_of(request).people.by_email(email)
    if person is None:
        raise SignInFailed(f"There is no account for {email} here. Ask an admin of your team for an invitation.")
    return person


def _address(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return (settings.public_url or str(request.base_url)).rstrip("/") + f"{PATH}/callback"


def _provider(request: Request) -> Any:
    settings: Settings = request.app.state.settings
    if not settings.oidc_issuer or not settings.oidc_client_id:
        raise NotFound("Nobody signs in by OpenID Connect here.")
    if (provider := getattr(request.app.state, "oidc", None)) is None:
        from authlib.integrations.starlette_client import OAuth  # heavy, and seldom set up

        secret = settings.oidc_client_secret
        provider = request.app.state.oidc = OAuth().register(
            "provider",
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
        )
    return provider
