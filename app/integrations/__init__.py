"""The calling tools we understand. A new one is a file here and a line below."""

from app.integrations.aircall import Aircall
from app.integrations.base import Integration
from app.integrations.callrail import CallRail
from app.integrations.dialpad import Dialpad
from app.integrations.generic import Generic
from app.integrations.gong import Gong
from app.integrations.ringcentral import RingCentral
from app.integrations.telnyx import Telnyx
from app.integrations.twilio import Twilio
from app.integrations.vonage import Vonage
from app.integrations.zoom import Zoom

INTEGRATIONS: tuple[Integration, ...] = (
    Generic(),
    Twilio(),
    Aircall(),
    Zoom(),
    Telnyx(),
    Dialpad(),
    Vonage(),
    RingCentral(),
    CallRail(),
    Gong(),
)
BY_NAME: dict[str, Integration] = {integration.name: integration for integration in INTEGRATIONS}
