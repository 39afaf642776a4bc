"""An installation with accounts: two teams, each with a coach and a rep, and an admin."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access import COOKIE
from app.people import People
from models.person import Person, Role
from tests.stored import store_report

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    app: FastAPI
    people: Mapping[str, Person]

    def client(self, name: str | None) -> TestClient:
        """A browser in which somebody is signed in, or nobody."""
        client = TestClient(self.app, follow_redirects=False)
        if name is not None:
            client.cookies.set(COOKIE, self.app.state.credentials.open_session(self.people[name]))
        return client

    def recording_of(self, name: str) -> str:
        """The id of an analysed recording of somebody's."""
        return store_report(self.app, owner_id=self.people[name].id)


def cast(app: FastAPI) -> Cast:
    return cast_of(app, app.state.people)


def cast_of(app: FastAPI, people: People, of: str = "") -> Cast:
    """The same five in any workspace; `of` tells them from those of another."""
    domain = f"{of.lower()}.example" if of else "example.com"
    north, south = (people.add_team(name).id for name in ("North", "South"))

    def add(name: str, role: Role, *teams: str) -> Person:
        return people.add(f"{name}@{domain}", f"{of} {name.title()}".strip(), role, None, teams)

    return Cast(
        app,
        {
            "ada": add("ada", "admin"),
            "carla": add("carla", "coach", north),
            "rob": add("rob", "rep", north),
            "casey": add("casey", "coach", south),
            "rita": add("rita", "rep", south),
        },
    )
