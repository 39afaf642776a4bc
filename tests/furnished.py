"""An installation with something of everything, for whoever looks at its pages."""

import base64

from fastapi import FastAPI

from app.links import LinkWanted, ShareLinks
from app.review import Reviews
from app.script_store import Scripts
from models.person import LOCAL, Person
from models.recording import CallContext
from tests.scripted import CHECKING_IN
from tests.sounds import silence, wav16
from tests.stored import analyse, receive, store_again, store_report

BETTER = (
    "Hi Karen, it's Tyler Reed with Bluepeak. Mercy Clinics cut no-shows by a third with text reminders. "
    "I'll send you how they did it by email today. I'm at 615-555-0142, that's 615-555-0142."
)
SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four b.").decode()


def furnish(app: FastAPI, owner: Person | None = None, coach: Person = LOCAL) -> dict[str, str]:
    """What the places in addresses stand for, by name."""
    whose = {"owner_id": owner.id if owner else None}
    told = CallContext(rep="Tyler Reed", prospect="Karen Hale", company="Bluepeak", purpose="cold")
    text, book = BETTER, app.state.settings.playbook
    script = Scripts(app.state.store, owner or LOCAL).put(
        "clinics", title="Clinics", text=text, playbook=book, context=told
    )
    takes = [store_report(app, text, name="take.wav", script_id=script.id, **whose) for text in (CHECKING_IN, BETTER)]
    done = store_report(app, CHECKING_IN, name="Karen Hale.wav", context=told, **whose)
    second = store_again(app, done, "Karen Hale again.wav", context=told, **whose)
    reviews = Reviews(app.state.store, app.state.playbooks)
    reviews.comment(coach, done, "Lead with what you did for Mercy, then say who you are.", 2.5)
    reviews.agree(coach, done, "checking_in", agrees=True)
    reviews.appeal(owner or LOCAL, second, "checking_in", "She asked me to check in this week.")
    reviews.mark(coach, takes[1], reviewed=True, example_of="Somebody like them, and what it did")
    _, token = ShareLinks(app.state.store).add(done, LinkWanted())
    connection = app.state.connections.add("generic", {"secret": SECRET}, {})
    webhook, _ = app.state.webhooks.add("You", "https://hooks.example.com/afterbeep", ["report.ready"], "standard")
    app.state.webhooks.add_test(webhook.id)
    return {
        "done": done,
        "second": second,
        "failed": _failed(app, b"RIFF" + bytes(2000), "broken.wav", **whose),
        "silent": _failed(app, wav16(silence(5)), "silent.wav", **whose),
        "script": script.id,
        "prospect": app.state.store.recording(done).prospect_key,
        "shared": token,
        "connection": connection.id,
        "webhook": webhook.id,
    }


def _failed(app: FastAPI, audio: bytes, name: str, owner_id: str | None) -> str:
    recording_id = receive(app, audio, name=name, owner_id=owner_id)
    analyse(app, recording_id)
    return recording_id
