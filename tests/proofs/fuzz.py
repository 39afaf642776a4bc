"""Ten minutes of recordings that are none, and of requests nobody means: nothing but reports and typed errors."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error

from tests.hostile import every_hostile_input
from tests.proofs.fleet import Fleet, fleet
from tests.proofs.table import Proof, arguments

MOST_BYTES = 200_000


def spoilt(chooser: random.Random) -> Iterator[tuple[str, bytes]]:
    """Hostile recordings, and the same with bytes changed, cut out, doubled or moved; without end."""
    corpus = [(one.filename, one.data[:MOST_BYTES]) for one in every_hostile_input()]
    yield from corpus
    while True:
        name, data = chooser.choice(corpus)
        content = bytearray(data)
        for _ in range(chooser.randint(1, 12)):
            if not content:
                break
            at = chooser.randrange(len(content))
            until = min(len(content), at + chooser.choice((1, 1, 4, 64, 1024)))
            match chooser.choice(("change", "cut", "double", "zero")):
                case "change":
                    content[at:until] = chooser.randbytes(until - at)
                case "cut":
                    del content[at:until]
                case "double":
                    content[at:at] = content[at:until]
                case "zero":
                    content[at:until] = bytes(until - at)
        yield name, bytes(content)


def media(proof: Proof, at: Fleet, seconds: float, chooser: random.Random) -> Counter[str]:
    """Each recording until its end: what it came to, and how often."""
    found: Counter[str] = Counter()
    until = time.monotonic() + seconds
    waiting: list[str] = []
    recordings = spoilt(chooser)
    with httpx.Client(base_url=at.url, timeout=60) as client:
        while time.monotonic() < until:
            name, data = next(recordings)
            response = client.post("/v1/voicemails", files={"file": (name, data)})
            if response.status_code == 202:
                waiting.append(response.json()["id"])
            else:
                found[_code(proof, name, response)] += 1
            if len(waiting) >= 32:
                found.update(_end(proof, client, waiting.pop(0)))
        for one in waiting:
            found.update(_end(proof, client, one))
    return found


def _code(proof: Proof, what: str, response: httpx.Response) -> str:
    code = response.json().get("code") if "json" in response.headers.get("content-type", "") else None
    proof.promise(f"{what}: {response.status_code} {response.text[:200]}", response.status_code < 500 and bool(code))
    return f"{response.status_code} `{code}`"


def _end(proof: Proof, client: httpx.Client, recording_id: str) -> list[str]:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        shown = client.get(f"/v1/voicemails/{recording_id}").json()
        if shown["status"] == "done":
            return ["report"]
        if shown["status"] == "failed":
            code = shown["error"]["code"]
            proof.promise(f"{recording_id}: {code}", code not in ("analysis_failed", "internal_error"))
            return [f"failed: `{code}`"]
        time.sleep(0.05)
    proof.promise(f"{recording_id} has no end", kept=False)
    return ["without an end"]


def api(proof: Proof, at: Fleet, seconds: float, first_seed: int) -> Counter[int]:
    """Requests made up from the description, of every operation in turn, until time is over."""
    schema = schemathesis.openapi.from_url(f"{at.url}/openapi.json").exclude(path_regex="/events$", method="GET")
    operations = [found.ok() for found in schema.get_all_operations()]
    found: Counter[int] = Counter()
    until, number = time.monotonic() + seconds, first_seed
    while time.monotonic() < until:
        for operation in operations:
            number += 1

            @seed(number)
            @given(case=operation.as_strategy())
            @settings(
                max_examples=5, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=HealthCheck
            )
            def ask(case: Any) -> None:
                if case.query and "wait" in case.query:
                    case.query["wait"] = 0
                response = case.call(timeout=60)
                found[response.status_code] += 1
                proof.promise(
                    f"{case.operation.label}: {response.status_code} {response.text[:200]}", response.status_code < 500
                )
                case.validate_response(response, checks=[not_a_server_error])

            try:
                ask()
            except (Exception, BaseExceptionGroup) as fault:
                proof.promise(f"{operation.label}: {fault!r}"[:400], kept=False)
            if time.monotonic() > until:
                break
    return found


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    proof = Proof("fuzz")
    with fleet(workers=1, database="sqlite") as at:
        heard = media(proof, at, args.seconds / 2, random.Random(args.seed))  # to be repeated
        answered = api(proof, at, args.seconds / 2, args.seed)
        alive = httpx.get(f"{at.url}/readyz").status_code
        proof.promise("the service is not ready any more", alive == 200)
        for one in at.processes:
            proof.promise(f"{one.name} died {one.starts - 1} times", one.starts == 1)
    proof.say(f"{args.seconds / 60:g} minutes, half of them recordings, half requests; no process died.")
    proof.table(("recordings ended in", "times"), sorted(heard.items(), key=lambda item: -item[1]))
    proof.table(("requests were answered with", "times"), sorted(answered.items()))
    proof.finish(write=args.write)


if __name__ == "__main__":
    main()
