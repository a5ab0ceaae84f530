"""What the pages need of a running race: the engine's in life, a small one in tests."""

from collections.abc import Mapping
from typing import Any, Protocol

from results.web.stream import Hub, View


class LiveRace(Protocol):
    """What the pages need of a running race."""

    @property
    def hub(self) -> Hub:
        """Where views are published; always holds one."""

    @property
    def race_title(self) -> Mapping[str, str]:
        """The race's name by language (`fr`, `en`)."""

    def view(self) -> View:
        """The newest view."""

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out a checked command (`command` and its fields, see `control.COMMANDS`); the answer is sent as JSON.

        Raises: RaceDayError when it cannot be done; the message is shown to whoever asked.
        """
