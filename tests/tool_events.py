"""Each tool's documented event, signed the way the tool signs it, by other code than ours."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from svix.webhooks import Webhook as Svix
from twilio.request_validator import RequestValidator

from app.integrations import BY_NAME
from tests.provider import Provider
from tests.stored import WAV

PUBLIC = "https://afterbeep.example.com"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
RSA_PEM = RSA.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
RSA_PUBLIC = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
ED_PUBLIC = ED25519.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
WHSEC = "whsec_" + base64.b64encode(b"a secret of twenty-four b.").decode()


@dataclass(frozen=True)
class Sent:
    """One request of a tool: what stands behind the connection's address, its headers and its body."""

    query: str
    headers: dict[str, str]
    body: bytes


Send = Callable[[str, dict[str, Any], float], Sent]


@dataclass(frozen=True)
class Tool:
    name: str
    credentials: dict[str, str]
    send: Send
    serve: Callable[[Provider], dict[str, Any]]
    fetched_with: str  # how its recording's request is authorized
    only_voicemails: bool = False
    timed: bool = False  # the signature holds the time
    hosts: list[str] = field(default_factory=list)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hs256(claims: dict[str, Any], secret: str, alg: str = "HS256") -> str:
    head = f"{b64(json.dumps({'alg': alg, 'typ': 'JWT'}).encode())}.{b64(json.dumps(claims).encode())}"
    if alg == "none":
        return f"{head}."
    return f"{head}.{b64(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())}"


def rs256(claims: dict[str, Any]) -> str:
    head = f"{b64(json.dumps({'alg': 'RS256', 'typ': 'JWT'}).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{head}.{b64(RSA.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def body_of(told: dict[str, Any]) -> bytes:
    return json.dumps(told, indent=1).encode()


def example(name: str) -> dict[str, Any]:
    return json.loads(json.dumps(BY_NAME[name].example))


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def send_generic(url: str, told: dict[str, Any], at_s: float) -> Sent:
    body = body_of(told)
    signature = Svix(WHSEC).sign("msg_1", datetime.fromtimestamp(at_s, UTC), body.decode())
    return Sent("", {"webhook-id": "msg_1", "webhook-timestamp": str(int(at_s)), "webhook-signature": signature}, body)


def serve_generic(provider: Provider) -> dict[str, Any]:
    told = example("generic")
    provider.serve("/c-4711.mp3", WAV)
    told["data"]["recording_url"] = provider.url("/c-4711.mp3", "media.example.com")
    return told


QUERY = "?direction=outbound&outcome=voicemail&agent=u-7&prospect=%2B16155550142"


def send_twilio(url: str, told: dict[str, Any], at_s: float) -> Sent:
    signature = RequestValidator("twilio-token").compute_signature(url + QUERY, told)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return Sent(QUERY, headers, urlencode(told).encode())


def send_twilio_json(url: str, told: dict[str, Any], at_s: float) -> Sent:
    body = body_of(told)
    query = f"{QUERY}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator("twilio-token").compute_signature(url + query, {})
    return Sent(query, {"x-twilio-signature": signature, "content-type": "application/json"}, body)


def serve_twilio(provider: Provider) -> dict[str, Any]:
    told = example("twilio")
    provider.serve("/Recordings/RE1.wav", WAV)
    told["RecordingUrl"] = provider.url("/Recordings/RE1", "api.twilio.com")
    return told


def send_aircall(url: str, told: dict[str, Any], at_s: float) -> Sent:
    return Sent("", {}, body_of({**told, "token": "aircall-token"}))


def serve_aircall(provider: Provider) -> dict[str, Any]:
    told = example("aircall")
    provider.serve("/fresh.mp3", WAV)
    answer = {"call": {"id": 812, "recording": provider.url("/fresh.mp3", "assets.aircall.io")}}
    provider.serve("/v1/calls/812", json.dumps(answer).encode())
    told["data"]["recording"] = provider.url("/expired.mp3", "assets.aircall.io")
    return told


def send_zoom(url: str, told: dict[str, Any], at_s: float) -> Sent:
    body, at = body_of(told), str(int(at_s))
    signed = hmac.new(b"zoom-token", f"v0:{at}:{body.decode()}".encode(), hashlib.sha256).hexdigest()
    return Sent("", {"x-zm-request-timestamp": at, "x-zm-signature": f"v0={signed}"}, body)


def serve_zoom(provider: Provider) -> dict[str, Any]:
    told = example("zoom")
    provider.serve("/oauth/token", b'{"access_token": "zoom-access", "expires_in": 3599}')
    provider.serve("/download/1", b"", 302, location=provider.url("/file", "file.zoom.us"))
    provider.serve("/file", WAV)
    told["payload"]["object"]["recordings"][0]["download_url"] = provider.url("/download/1", "zoom.us")
    return told


def send_telnyx(url: str, told: dict[str, Any], at_s: float) -> Sent:
    form = "RecordingUrl" in told
    body, at = urlencode(told).encode() if form else body_of(told), str(int(at_s))
    signature = base64.b64encode(ED25519.sign(at.encode() + b"|" + body)).decode()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    return Sent("", {"telnyx-timestamp": at, "telnyx-signature-ed25519": signature, "content-type": kind}, body)


def serve_telnyx(provider: Provider) -> dict[str, Any]:
    told = example("telnyx")
    provider.serve("/v2/recordings/1.mp3", WAV)
    told["data"]["payload"]["recording_urls"]["mp3"] = provider.url("/v2/recordings/1.mp3", "api.telnyx.com")
    return told


def serve_texml(provider: Provider) -> dict[str, Any]:
    provider.serve("/texml/1.mp3", WAV)
    return {
        "RecordingSid": "4f1e", "CallSid": "v3:1", "RecordingStatus": "completed", "RecordingDuration": "31",
        "RecordingUrl": provider.url("/texml/1.mp3", "s3.amazonaws.com"), "To": "+16155550142",
    }  # fmt: skip


def send_dialpad(url: str, told: dict[str, Any], at_s: float) -> Sent:
    return Sent("", {"content-type": "application/jwt"}, hs256(told, "dialpad-secret-of-thirty-two-byte").encode())


def serve_dialpad(provider: Provider) -> dict[str, Any]:
    provider.serve("/r/1", b"", 302, location=provider.url("/bucket/1", "storage.googleapis.com"))
    provider.serve("/bucket/1", WAV)
    return {**example("dialpad"), "recording_url": [provider.url("/r/1", "dialpad.com")]}


def send_vonage(url: str, told: dict[str, Any], at_s: float) -> Sent:
    body = body_of(told)
    claims = {
        "iss": "Vonage", "api_key": "a1", "application_id": "app-1", "iat": int(at_s), "jti": "1",
        "payload_hash": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    return Sent("", {"authorization": f"Bearer {hs256(claims, 'vonage-secret-of-thirty-two-bytes')}"}, body)


def serve_vonage(provider: Provider) -> dict[str, Any]:
    provider.serve("/v1/files/1", WAV)
    return {**example("vonage"), "recording_url": provider.url("/v1/files/1", "api.nexmo.com")}


def send_ringcentral(url: str, told: dict[str, Any], at_s: float) -> Sent:
    return Sent("", {"verification-token": "rc-token"}, body_of(told))


def serve_ringcentral(provider: Provider) -> dict[str, Any]:
    link = provider.url("/content/1", "media.ringcentral.com")
    provider.serve("/restapi/oauth/token", b'{"access_token": "rc-access"}')
    provider.serve(
        "/restapi/v1.0/account/~/call-log", json.dumps({"records": [{"recording": {"contentUri": link}}]}).encode()
    )
    provider.serve("/content/1", WAV)
    return example("ringcentral")


def send_callrail(url: str, told: dict[str, Any], at_s: float) -> Sent:
    body = body_of(told)
    signature = base64.b64encode(hmac.new(b"callrail-secret", body, hashlib.sha1).digest()).decode()
    return Sent("", {"signature": signature}, body)


def serve_callrail(provider: Provider) -> dict[str, Any]:
    provider.serve("/calls/1/recording", WAV)
    return {**example("callrail"), "recording": provider.url("/calls/1/recording", "app.callrail.com")}


def send_gong(url: str, told: dict[str, Any], at_s: float) -> Sent:
    body = body_of(told)
    claims = {"webhook_url": url, "body_sha256": hashlib.sha256(body).hexdigest(), "exp": int(at_s) + 60}
    return Sent("", {"authorization": f"Bearer {rs256(claims)}"}, body)


def send_gong_by_key(url: str, told: dict[str, Any], at_s: float) -> Sent:
    return Sent("?key=a-key-of-sixteen-and-more", {}, body_of(told))


def serve_gong(provider: Provider) -> dict[str, Any]:
    answer = {"calls": [{"media": {"audioUrl": provider.url("/media/1.mp3", "gong.s3.amazonaws.com")}}]}
    provider.serve("/v2/calls/extensive", json.dumps(answer).encode())
    provider.serve("/media/1.mp3", WAV)
    return example("gong")


def tools(port: int) -> list[Tool]:
    """With the addresses of the fake provider for each tool's API."""
    zoom = {"secret_token": "zoom-token", "account_id": "acc", "client_id": "id", "client_secret": "secret"}
    gong = {"access_key": "gk", "access_secret": "gs", "api_url": f"http://api.gong.io:{port}"}
    ringcentral = {"verification_token": "rc-token", "client_id": "id", "client_secret": "secret", "jwt": "a.b.c"}
    account = "AC00000000000000000000000000000000"
    twilio = {"account_sid": account, "auth_token": "twilio-token"}
    vonage = {
        "signature_secret": "vonage-secret-of-thirty-two-bytes",
        "application_id": "app-1",
        "private_key": RSA_PEM,
    }
    telnyx = {"public_key": base64.b64encode(ED_PUBLIC).decode(), "api_key": "telnyx-key"}
    dialpad = {"secret": "dialpad-secret-of-thirty-two-byte", "api_key": "dialpad-key"}
    aircall = {"token": "aircall-token", "api_id": "ai", "api_token": "at", "api_url": f"http://api.aircall.io:{port}"}
    return [
        Tool("generic", {"secret": WHSEC, "authorization": "Bearer media-key"}, send_generic, serve_generic,
             "Bearer media-key", timed=True, hosts=["media.example.com"]),
        Tool("twilio", twilio, send_twilio, serve_twilio, basic(account, "twilio-token")),
        Tool("twilio", {**twilio, "api_key": "SK1", "api_secret": "s"}, send_twilio_json, serve_twilio,
             basic("SK1", "s")),
        Tool("aircall", aircall, send_aircall, serve_aircall, ""),
        Tool("zoom", {**zoom, "oauth_url": f"http://zoom.us:{port}"}, send_zoom, serve_zoom, "", True, timed=True),
        Tool("telnyx", telnyx, send_telnyx, serve_telnyx, "Bearer telnyx-key", timed=True),
        Tool("telnyx", telnyx, send_telnyx, serve_texml, "", True, timed=True),
        Tool("dialpad", dialpad, send_dialpad, serve_dialpad, ""),
        Tool("vonage", vonage, send_vonage, serve_vonage, "Bearer ey", True, timed=True),
        Tool("ringcentral", {**ringcentral, "server_url": f"http://platform.ringcentral.com:{port}"}, send_ringcentral,
             serve_ringcentral, "Bearer rc-access"),
        Tool("callrail", {"secret": "callrail-secret", "api_key": "ck"}, send_callrail, serve_callrail,
             'Token token="ck"'),
        Tool("gong", {**gong, "public_key": RSA_PUBLIC.decode()}, send_gong, serve_gong, "", True, timed=True),
        Tool("gong", {**gong, "url_key": "a-key-of-sixteen-and-more"}, send_gong_by_key, serve_gong, "", True),
    ]  # fmt: skip


NAMES = [f"{number}-{tool.name}" for number, tool in enumerate(tools(0))]
