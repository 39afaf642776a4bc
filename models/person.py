"""Who asks, and what they may do."""

from typing import Final, Literal

from pydantic import Field

from models.base import Frozen

Role = Literal["rep", "coach", "admin"]
Scope = Literal["read", "upload", "manage"]

ROLES: Final[tuple[Role, ...]] = ("rep", "coach", "admin")
SCOPES: Final[dict[Scope, str]] = {
    "read": "Read what its owner can read.",
    "upload": "Hand in recordings, check scripts, ask for advice.",
    "manage": "Everything else its owner may do.",
}
MIN_PASSWORD_LENGTH: Final = 10


DEFAULT_WORKSPACE: Final = 1  # the one there is from the beginning


class Person(Frozen):
    """Someone who is signed in, or a key that acts for them."""

    id: str
    name: str
    role: Role
    email: str | None = None
    teams: frozenset[str] = Field(frozenset(), description="Ids of the teams they are in.")
    workspace_id: int = Field(DEFAULT_WORKSPACE, exclude=True)
    scopes: frozenset[Scope] = Field(frozenset(SCOPES), description="What a key of theirs is limited to.")

    @property
    def is_local(self) -> bool:
        """Nobody in particular: whoever sits at the machine, as long as there are no accounts."""
        return self.id == LOCAL_ID

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_coach(self) -> bool:
        """Whether they look after others."""
        return self.role in ("coach", "admin")


LOCAL_ID: Final = "local"
LOCAL: Final = Person(id=LOCAL_ID, name="You", role="admin")
