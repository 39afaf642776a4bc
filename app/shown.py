"""What a caller sees of a stored row."""

from typing import Self

from pydantic import BaseModel


class Shown(BaseModel):
    """Fields are the row's attributes of the same name, or of a field's `validation_alias`."""

    @classmethod
    def of(cls, row: object) -> Self:
        return cls.model_validate(row, from_attributes=True)
