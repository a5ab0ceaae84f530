"""Questions to a device that can be asked one thing at a time, and one of them again and again to see that it lives.

Knows neither what is asked nor what answers say: the protocol tells when an answer came. Steady microseconds only.
"""

from collections import deque
from typing import Final

from readers.protocol import Now

ASK_EVERY_US: Final = 2_500_000
"""Between two questions for a sign of life: a dead link is told within ten seconds."""
ANSWER_WITHIN_US: Final = 2_000_000
"""After that a question is given up; what to do about it is the protocol's."""
WAITING_MAX: Final = 32
"""Questions that may wait; more are a mistake of ours."""


class Questions:
    """One question under way; `out` is what is to be sent.

    A device on a cable that goes one way only never answers. Its silence says nothing until it has answered once, on
    this link or an earlier one: `unanswered_since_us` stays None.
    """

    __slots__ = ("_answers_ever", "_poll", "_poll_us", "_since_us", "_starts_us", "_waiting", "asked", "open", "out")

    def __init__(self, poll: bytes, *, always_answers: bool = False) -> None:
        """`always_answers`: a device of this kind on the right port answers; its silence counts from the beginning."""
        self._poll = poll
        self._answers_ever = always_answers
        self.forget()

    def forget(self) -> None:
        """The link is gone, or new: nothing is asked, and nothing will be."""
        self._waiting: deque[bytes] = deque()
        self._poll_us: int | None = None
        self._since_us: int | None = None
        self._starts_us = 0
        self.open: bytes | None = None
        """The question that has no answer yet."""
        self.asked = Now(0, 0)
        """When it was asked."""
        self.out = b""

    def begin(self, now: Now, *first: bytes, after_us: int = 0) -> None:
        """Asks from now on, these first; `after_us`: the device needs a while before it listens."""
        self.forget()
        self._starts_us = now.steady_us + after_us
        self._poll_us = self._starts_us + (ASK_EVERY_US if first else 0)
        self._waiting.extend(first)
        self.go_on(now)

    def ask(self, question: bytes, now: Now) -> None:
        """Asks in its turn; one that waits already is not asked twice."""
        if self._poll_us is None or question in self._waiting:
            return
        assert len(self._waiting) < WAITING_MAX, "questions are asked faster than they are answered"
        self._waiting.append(question)
        self.go_on(now)

    def go_on(self, now: Now) -> None:
        """Sends the next question, when none is under way and one is due."""
        if self._poll_us is None or self.open is not None or now.steady_us < self._starts_us:
            return
        if now.steady_us >= self._poll_us:
            self._poll_us = now.steady_us + ASK_EVERY_US
            if self._poll not in self._waiting:
                self._waiting.appendleft(self._poll)
        if not self._waiting:
            return
        self.open = self._waiting.popleft()
        self.asked = now
        if self._since_us is None:
            self._since_us = now.steady_us
        self.out += self.open

    def life(self) -> None:
        """The device said something that only an answer can be."""
        self._answers_ever = True
        self._since_us = None

    def answered(self, now: Now) -> None:
        """The question under way is settled."""
        self.life()
        self.open = None
        self.go_on(now)

    def take_late(self, now: Now) -> bytes | None:
        """The question under way, when it is given up now."""
        if self.open is None or now.steady_us < self.asked.steady_us + ANSWER_WITHIN_US:
            return None
        late, self.open = self.open, None
        return late

    def keep_open(self, question: bytes, now: Now) -> None:
        """A question just given up is still being answered: no other is asked meanwhile."""
        self.open, self.asked = question, now

    @property
    def ever_answered(self) -> bool:
        """Whether the device has ever answered."""
        return self._answers_ever

    @property
    def deadline_us(self) -> int | None:
        if self.open is not None:
            return self.asked.steady_us + ANSWER_WITHIN_US
        return self._starts_us if self._waiting and self._poll_us is not None else self._poll_us

    @property
    def unanswered_since_us(self) -> int | None:
        return self._since_us if self._answers_ever else None

    def take_out(self) -> bytes:
        out, self.out = self.out, b""
        return out
