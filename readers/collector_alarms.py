"""What a collector has to tell the crew, kept until it is over. Knows no message."""

from collections.abc import Callable


class Alarms:
    """Texts by what they are about: a newer text replaces the older, an empty one ends the alarm."""

    def __init__(self, *, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._texts: dict[str, str] = {}

    def set(self, about: str, text: str) -> None:
        """Raise, change or end an alarm. Tells of a change only when there is one."""
        if self._texts.get(about, "") == text:
            return
        if text:
            self._texts[about] = text
        else:
            del self._texts[about]
        self._changed()

    def texts(self) -> tuple[str, ...]:
        return tuple(self._texts.values())
