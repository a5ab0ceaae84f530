"""Errors of the timing room, and the root of all errors of Calanque.

RaceDayError                       every error of ours; each branch lives in its folder's errors.py
 +-- RulingRefused                 a decision that cannot be carried out as it was given
 |    +-- GroundMoved              somebody decided on the same thing meanwhile; carries who, and what about
 +-- JournalError
      +-- JournalDamaged           an entry does not match its seal; carries the entry's number
      +-- JournalNotWritten        an entry could not be made durable
      +-- JournalRefused           not a journal of ours, another race, or a newer format
"""


class RaceDayError(Exception):
    """Any circumstance Calanque can explain to a person; the message says what, where and what next."""


class RulingRefused(RaceDayError):
    """A decision cannot be carried out as it was given; the message says why, and what would be accepted."""


class GroundMoved(RulingRefused):
    """Somebody decided on the same thing after what the author of a ruling had seen.

    Attributes: number: the entry of that decision; author: whose it is; about: what both are about.
    """

    def __init__(self, message: str, *, number: int, author: str, about: tuple[str, ...]) -> None:
        super().__init__(message)
        self.number = number
        self.author = author
        self.about = about


class JournalError(RaceDayError):
    """The journal cannot be used as asked."""


class JournalDamaged(JournalError):
    """An entry does not match its seal, or a number is missing.

    Attributes: number: the first entry that cannot be trusted.
    """

    def __init__(self, message: str, *, number: int) -> None:
        super().__init__(message)
        self.number = number


class JournalNotWritten(JournalError):
    """An entry is not durable: nothing may be confirmed from it."""


class JournalRefused(JournalError):
    """The file is not a journal of ours, is of another race, or of a newer format."""
