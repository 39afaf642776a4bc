"""What every type of this floor shares."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: made once, never changed, refusing fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
