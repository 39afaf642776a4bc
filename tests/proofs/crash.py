"""Uploads and events of a call tool, while service, workers and database connections are killed at random moments.

Every acknowledged recording ends in exactly one report or one failure with a code, and a subscriber is told of each end
at least once, under one id.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2 as httpx
import sqlalchemy as sa

from models.errors import NotAudio
from tests.proofs.fleet import Chaos, Fleet, fleet
from tests.proofs.table import Proof, arguments
from tests.provider import Provider, provider_server
from tests.stored import WAV
from tests.tool_events import WHSEC, send_generic

PATIENCE_S = 1200
SILENCE = b"RIFF" + bytes(2000)  # a failure with a code


def insist(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until it is acknowledged, as a client that was told nothing has to."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        try:
            response = send()
            if response.status_code < 500:
                return response
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("not acknowledged in time")


def upload(client: httpx.Client, at: Fleet, number: int) -> str:
    key, content = uuid4().hex, SILENCE if number % 10 == 9 else WAV
    response = insist(
        lambda: client.post(
            f"{at.url}/v1/voicemails",
            files={"file": (f"{number}.wav", content)},
            headers={"Idempotency-Key": key},
            timeout=30,
        )
    )
    assert response.status_code in (200, 202), response.text
    return str(response.json()["id"])


def tell(client: httpx.Client, hook: str, provider: Provider, number: int) -> str:
    call = {
        "call_id": f"call-{number}",
        "recording_url": provider.url("/a.wav"),
        "direction": "outbound",
        "outcome": "voicemail",
    }
    sent = send_generic(hook, call, time.time())
    for _ in range(2):  # tools tell twice now and then
        response = insist(lambda: client.post(hook, content=sent.body, headers=sent.headers, timeout=30))
        assert response.status_code == 200, response.text
    return str(call["call_id"])


def all_recordings(at: Fleet) -> list[dict]:
    found: list[dict] = []
    cursor = None
    while True:
        asked = {"limit": 100, **({"cursor": cursor} if cursor else {})}
        page = insist(lambda asked=asked: httpx.get(f"{at.url}/v1/voicemails", params=asked, timeout=30)).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def cut_connections(at: Fleet) -> None:
    """Every connection of the product to PostgreSQL, at once."""
    url = at.service.environment["AFTERBEEP_DATABASE_URL"]
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    with engine.connect() as connection:
        connection.exec_driver_sql(others + "pg_backend_pid()")
    engine.dispose()


def prove(proof: Proof, database: str, uploads: int, events: int, kills: int, seed: int) -> None:
    began_s = time.monotonic()
    with (
        provider_server() as provider,
        fleet(workers=2, database=database, AFTERBEEP_FETCH_INSIDE="1", AFTERBEEP_MAX_ATTEMPTS="50") as at,
    ):
        provider.serve("/a.wav", WAV)
        told = {"integration": "generic", "credentials": {"secret": WHSEC}, "hosts": ["127.0.0.1"]}
        hook = httpx.post(f"{at.url}/v1/connections", json=told).raise_for_status().json()["url"]
        httpx.post(f"{at.url}/v1/webhooks", json={"url": provider.serve("/told", b"")}).raise_for_status()
        victims = {one.name: one.kill for one in at.processes}
        if database == "postgresql":
            victims["database connections"] = lambda: cut_connections(at)
        chaos = Chaos(victims, kills, (1.0, 5.0), seed)
        chaos.thread.start()
        with httpx.Client() as client, ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(tell, client, hook, provider, number) for number in range(events)]
            sent = [pool.submit(upload, client, at, number) for number in range(uploads)]
            acknowledged = [one.result() for one in sent]
            called = {one.result() for one in calls}
        chaos.thread.join()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            rows = all_recordings(at)
            if all(row["status"] in ("done", "failed") for row in rows):
                break
            time.sleep(2)
        by_id = {row["id"]: row for row in rows}
        told_of = _wait_for_events(provider, set(by_id), until)
        ends = Counter(row["status"] for row in rows)
        lost = [one for one in acknowledged if one not in by_id]
        untyped = [row["id"] for row in rows if row["status"] == "failed" and not (row["error"] or {}).get("code")]
        blamed = [row["id"] for row in rows if row["status"] == "failed" and row["error"]["code"] != NotAudio.code]
        unready = [
            row["id"]
            for row in rows
            if row["status"] == "done" and httpx.get(f"{at.url}/v1/voicemails/{row['id']}/report").status_code != 200
        ]
        untold = [one for one in by_id if one not in told_of]
        twice = [one for one, messages in told_of.items() if len(messages) > 1]
        proof.promise("an acknowledged upload is gone", not lost)
        proof.promise("recordings did not end", ends["done"] + ends["failed"] == len(rows))
        proof.promise("not one recording for each upload and call", len(rows) == uploads + events)
        proof.promise("failures without a code", not untyped)
        proof.promise("failures of recordings that can be read", not blamed)
        proof.promise("no report where there should be one", not unready)
        proof.promise("ends nobody was told of", not untold)
        proof.promise("one end told under several ids", not twice)
        proof.promise("uploads acknowledged as one", len(set(acknowledged)) == uploads)
        proof.promise("not enough kills", sum(chaos.killed.values()) == kills)
        proof.table(
            (f"on {database}", ""),
            [
                ("uploads acknowledged", len(acknowledged)),
                ("calls told of, each twice", len(called)),
                *((f"killed: {name}", count) for name, count in chaos.killed.items()),
                ("reports", ends["done"]),
                ("failures with a code", ends["failed"]),
                ("lost, doubled or without an end", len(lost) + len(untyped) + len(unready)),
                ("ends told to the subscriber", len(told_of)),
                ("messages it took", sum(told_of.values(), Counter()).total()),
                ("minutes", f"{(time.monotonic() - began_s) / 60:.1f}"),
            ],
        )


def _wait_for_events(provider: Provider, ids: set[str], until: float) -> dict[str, Counter[str]]:
    """Recording -> the ids of the messages that told of its end, and how often each came."""
    while True:
        told: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for asked in list(provider.asked):
            if asked.path == "/told":
                body = json.loads(asked.body)
                if body["type"] in ("report.ready", "report.failed"):
                    told[body["data"]["id"]][asked.headers["webhook-id"]] += 1
        if ids <= set(told) or time.monotonic() > until:
            return dict(told)
        time.sleep(1)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--uploads", type=int, default=300)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    proof = Proof("crash")
    for database in args.databases:
        prove(proof, database, args.uploads, args.events, args.kills, args.seed)
    proof.finish(write=args.write)


if __name__ == "__main__":
    main()
