"""Links to one report, for somebody who has no other way to it: they expire, and can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import uuid4

import sqlalchemy as sa
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.access import note, store_of
from app.openapi import problems
from app.schema import LinkRow
from app.secrets import fingerprint, new_token
from app.store import Store
from models.errors import InvalidRequest, NotFound, NotReady

router = APIRouter(prefix="/v1/voicemails/{recording_id}/links")

WEEK_H = 168
LONGEST_H = 720


class LinkWanted(BaseModel):
    expires_in_hours: int = Field(WEEK_H, ge=1, le=LONGEST_H, description="How long it works.")
    mask: bool = Field(False, description="Show no names, companies and telephone numbers, and bleep over them.")


class Link(BaseModel):
    id: str
    created_at: datetime
    expires_at: datetime
    mask: bool

    @classmethod
    def of(cls, row: LinkRow) -> Self:
        return cls.model_validate(row, from_attributes=True)


class NewLink(Link):
    """The only time the token is told: it is stored hashed."""

    token: str
    url: str


@dataclass(frozen=True)
class ShareLinks:
    """Those of the recordings that `store` lets be seen; `find` finds any."""

    store: Store

    def add(self, recording_id: str, wanted: LinkWanted) -> tuple[LinkRow, str]:
        """A new link and its token. Raises NotFound, or NotReady where there is no report to show."""
        self.store.recording(recording_id)
        if self.store.waveform(recording_id) is None:
            raise NotReady("This recording has no report yet, so there is nothing to share.")
        now = datetime.now(UTC)
        token = new_token()
        row = LinkRow(
            id=uuid4().hex,
            recording_id=recording_id,
            token_sha256=fingerprint(token),
            created_at=now,
            expires_at=now + timedelta(hours=wanted.expires_in_hours),
            mask=wanted.mask,
        )
        with self.store.session() as session:
            session.execute(sa.delete(LinkRow).where(LinkRow.expires_at <= now))
            session.add(row)
        return row, token

    def live(self, recording_id: str) -> Sequence[LinkRow]:
        """Those that still work, the newest first."""
        self.store.recording(recording_id)
        query = sa.select(LinkRow).where(LinkRow.recording_id == recording_id, LinkRow.expires_at > datetime.now(UTC))
        with self.store.session() as session:
            return session.scalars(query.order_by(LinkRow.created_at.desc())).all()

    def find(self, token: str) -> LinkRow | None:
        """None for what is unknown, expired or taken back, all alike."""
        kept = LinkRow.token_sha256 == fingerprint(token)
        with self.store.session() as session:
            return session.scalar(sa.select(LinkRow).where(kept, LinkRow.expires_at > datetime.now(UTC)))

    def revoke(self, recording_id: str, link_id: str) -> None:
        self.store.recording(recording_id)
        gone = sa.delete(LinkRow).where(LinkRow.id == link_id, LinkRow.recording_id == recording_id)
        with self.store.session() as session:
            if not session.execute(gone.returning(LinkRow.id)).all():
                raise NotFound("There is no such link. It may have been taken back already.")


@router.post("", status_code=201, responses=problems(NotFound, NotReady, InvalidRequest), summary="Share a report")
def share(request: Request, recording_id: str, wanted: LinkWanted) -> NewLink:
    """Whoever has the address sees the report, until the link expires or is taken back."""
    row, token = _links(request).add(recording_id, wanted)
    until = f"{' masked' if row.mask else ''} until {row.expires_at:%Y-%m-%d %H:%M}"
    note(request, "link.made", f"{recording_id} {row.id}{until}")
    url = str(request.url_for("shared", token=token))
    return NewLink(**Link.of(row).model_dump(), token=token, url=url)


@router.get("", responses=problems(NotFound), summary="The links of a report that still work")
def list_links(request: Request, recording_id: str) -> list[Link]:
    return [Link.of(row) for row in _links(request).live(recording_id)]


@router.delete("/{link_id}", status_code=204, responses=problems(NotFound), summary="Take a link back")
def revoke_link(request: Request, recording_id: str, link_id: str) -> None:
    _links(request).revoke(recording_id, link_id)
    note(request, "link.taken_back", f"{recording_id} {link_id}")


def _links(request: Request) -> ShareLinks:
    return ShareLinks(store_of(request))
