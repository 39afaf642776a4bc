"""What stands in the body: the event itself, or a message that a chat or a CRM takes as it is."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Payload = dict[str, Any]

HEADLINES: Final = {
    "report.ready": "Voicemail report ready",
    "report.failed": "Voicemail could not be analysed",
    "review.changed": "Voicemail review changed",
    "recording.deleted": "Voicemail deleted",
    "webhook.test": "Test message from Afterbeep",
}


@dataclass(frozen=True)
class Renderer:
    name: str
    title: str
    help: str
    render: Callable[[Payload], Any]


def standard(payload: Payload) -> Payload:
    return payload


def slack(payload: Payload) -> Payload:
    """For incoming webhooks of Slack and of whatever takes the same: `text` for notifications, `blocks` to read."""
    headline, lines = HEADLINES[payload["type"]], lines_of(payload["data"])
    said = _slack_escaped("\n".join(lines))
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{headline}*\n{said}".strip()}}]
    if page := page_of(payload["data"]):
        opened = {"type": "button", "text": {"type": "plain_text", "text": "Open the report"}, "url": page}
        return {
            "text": _slack_escaped(". ".join((headline, *lines))),
            "blocks": [*sections, {"type": "actions", "elements": [opened]}],
        }
    return {"text": _slack_escaped(". ".join((headline, *lines))), "blocks": sections}


def hubspot(payload: Payload) -> Payload:
    """A call engagement, as POST /crm/v3/objects/calls takes it."""
    headline, data = HEADLINES[payload["type"]], payload["data"]
    body = "".join(f"<p>{html.escape(line)}</p>" for line in lines_of(data))
    if page := page_of(data):
        body += f'<p><a href="{html.escape(page)}">Open the report</a></p>'
    return {
        "properties": {
            "hs_timestamp": payload["timestamp"],
            "hs_call_title": headline,
            "hs_call_direction": "OUTBOUND",
            "hs_call_body": body or f"<p>{headline}</p>",
        }
    }


#: Every renderer there is.
RENDERERS: Final = (
    Renderer("standard", "The event as JSON", "For programs: the event itself, by Standard Webhooks.", standard),
    Renderer("slack", "A chat message", "For incoming webhooks of Slack, Mattermost and the like.", slack),
    Renderer("hubspot", "A HubSpot call", "For HubSpot's call engagements; needs a token.", hubspot),
)
BY_NAME: Final = {renderer.name: renderer for renderer in RENDERERS}


def lines_of(data: Payload) -> list[str]:
    """What a person wants to know, a sentence a line."""
    score, flags, top = data["score"], data["flags"], data["top_flag"]
    lines = []
    if score is not None:
        flagged = {None: "", 0: ", nothing flagged", 1: ", 1 flag"}.get(flags, f", {flags} flags")
        lines.append(f"Score {score} of 100{flagged}")
    if top:
        lines.append(f"First to change: {top}")
    if data["owner"]:
        lines.append(f"Left by {data['owner']}")
    return lines


def page_of(data: Payload) -> str | None:
    """Only a whole address can be opened from elsewhere."""
    page: str = data["links"].get("page", "")
    return page if page.startswith("http") else None


def _slack_escaped(text: str) -> str:
    return html.escape(text, quote=False)
