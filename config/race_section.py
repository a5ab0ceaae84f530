"""What every table of a race file is made of: a section, and its keys with what they say and accept."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def key(says: str, accepted: str, default: Any = ..., shown: str = "") -> Any:
    """One key: what it says, what it accepts, its default, and how the page shows the default."""
    return Field(default, description=says, json_schema_extra={"accepted": accepted, "shown": shown})


class Section(BaseModel):
    """A table of a race file. Unknown keys are faults."""

    # Built when first needed: a sound file then costs one build instead of one for each section.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
