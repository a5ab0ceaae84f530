"""Values of ours as JSON has them: dataclasses as objects with all their fields, acts with their name."""

import dataclasses
import enum
import typing
from collections.abc import Mapping
from typing import Any, Final

from timing.ruling_entries import act_fields
from timing.rulings import Act

_ACTS: Final = typing.get_args(Act)


def as_values(value: Any) -> Any:
    """A value whose parts JSON knows. Enums of words become their words, enums of numbers their names."""
    if isinstance(value, _ACTS):
        return act_fields(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_values(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.IntEnum):
        return value.name.lower()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): as_values(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [as_values(inner) for inner in value]
    return value
