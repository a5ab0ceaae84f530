"""What the shapes of commands are made of: the model they share, and the kinds of their fields."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Author = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64)]
DeviceName = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,16}$")]
BibText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16)]
ListedName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
TagText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
PathText = Annotated[str, StringConstraints(min_length=1, max_length=4096)]

REASON_MAX: Final = 1000
Reason = Annotated[str, StringConstraints(max_length=REASON_MAX)]

# An instant of a race is within the years people time races in: seconds or milliseconds sent by mistake are refused.
InstantUs = Annotated[int, Field(strict=True, ge=946_684_800_000_000, lt=4_102_444_800_000_000)]


class Command(BaseModel):
    """A command: no field that is not known, and none that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
