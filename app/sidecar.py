"""NAME.json beside a recording NAME.wav tells what the recording cannot: {"context": {"purpose": "cold"}}."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from models.errors import InvalidRequest
from models.recording import CallContext


def recordings_of(paths: Sequence[Path]) -> list[Path]:
    """The paths without the sidecars of the others."""
    stems = {path.with_suffix("") for path in paths if path.suffix != ".json"}
    return [path for path in paths if not (path.suffix == ".json" and path.with_suffix("") in stems)]


def context_beside(recording: Path) -> CallContext:
    """What the sidecar says of the call; nothing where there is none. Raises InvalidRequest if it cannot be read."""
    sidecar = recording.with_suffix(".json")
    if not sidecar.is_file() or sidecar == recording:
        return CallContext()
    try:
        described = json.loads(sidecar.read_text("utf-8"))
        return CallContext.model_validate(described.get("context") or {} if isinstance(described, dict) else {})
    except (ValueError, ValidationError) as error:
        raise InvalidRequest(f"{sidecar.name} does not describe a call: {error}") from error
