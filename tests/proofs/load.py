"""Fifty clients for five minutes: uploads, lists, reports and pages at once, with both workers busy."""

import random
import threading
import time
from collections import Counter, defaultdict

import httpx2 as httpx
import numpy as np

from tests.proofs.fleet import Fleet, fleet
from tests.proofs.table import Proof, arguments
from tests.stored import WAV

#: What clients ask for, and how often of a hundred times.
MIX = {"upload": 10, "list": 20, "show": 30, "report": 20, "page": 10, "check a script": 10}


class Client(threading.Thread):
    def __init__(self, at: Fleet, until: float, seed: int, known: list[str]) -> None:
        super().__init__(daemon=True)
        self.at, self.until, self.known = at, until, known
        self.random = random.Random(seed)  # to be repeated, not to be secret
        self.took_s: defaultdict[str, list[float]] = defaultdict(list)
        self.answers: Counter[tuple[str, int]] = Counter()

    def run(self) -> None:
        with httpx.Client(base_url=self.at.url, timeout=60) as client:
            while time.monotonic() < self.until:
                (what,) = self.random.choices(list(MIX), list(MIX.values()))
                began_s = time.perf_counter()
                try:
                    status = self.ask(client, what).status_code
                except httpx.TransportError:
                    status = 0
                self.took_s[what].append(time.perf_counter() - began_s)
                self.answers[what, status] += 1
                time.sleep(self.random.uniform(0.2, 1.0))  # what a person or a tool takes between two requests

    def ask(self, client: httpx.Client, what: str) -> httpx.Response:
        one = self.random.choice(self.known)
        if what == "upload":
            response = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)})
            if response.status_code == 202:
                self.known.append(response.json()["id"])
            return response
        if what == "check a script":
            return client.post("/v1/scripts", json={"text": "Hi Dana, it's Ann with Acme. Just checking in."})
        paths = {"list": "/v1/voicemails", "show": f"/v1/voicemails/{one}", "page": "/"}
        return client.get(paths.get(what, f"/v1/voicemails/{one}/report"))


def prove(proof: Proof, database: str, clients: int, seconds: float) -> None:
    with fleet(workers=1, database=database) as at:
        file = {"file": ("a.wav", WAV)}
        first = httpx.post(f"{at.url}/v1/voicemails", params={"wait": 100}, files=file, timeout=120)
        known = [first.json()["id"]]
        until = time.monotonic() + seconds
        threads = [Client(at, until, seed, known) for seed in range(clients)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        rows = []
        for what in MIX:
            took_ms = 1000 * np.array([each for one in threads for each in one.took_s[what]])
            answers = sum((one.answers for one in threads), Counter())
            statuses = {status: count for (asked, status), count in sorted(answers.items()) if asked == what}
            failed = sum(count for status, count in statuses.items() if status == 0 or status >= 500)
            proof.promise(f"{what}: {failed} of {took_ms.size} were not answered", not failed)
            shown = ", ".join(f"{status}: {count}" for status, count in statuses.items())
            slowest = (f"{np.percentile(took_ms, share):.0f}" for share in (50, 95, 99))
            rows.append((what, took_ms.size, *slowest, shown))
        alive = httpx.get(f"{at.url}/readyz", timeout=30).status_code
        proof.promise("the service is not ready any more", alive == 200)
        proof.say(f"{clients} clients for {seconds:.0f} s on {database}, one worker beside them on the same two cores:")
        proof.table(("request", "times", "median ms", "95 % ms", "99 % ms", "answers"), rows)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    args = parser.parse_args()
    proof = Proof("load")
    for database in args.databases:
        prove(proof, database, args.clients, args.seconds)
    proof.finish(write=args.write)


if __name__ == "__main__":
    main()
