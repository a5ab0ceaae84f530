"""Errors of the results room.

RaceDayError
 +-- ResultsError
      +-- PostingRefused           a list cannot be posted, made official or opened again now, or not by that person
      +-- PublicationRefused       the number was used already, or the folder holds a later one
      +-- ExportFailed             a file could not be written; chained to the cause
      +-- ComparisonFailed         one of the two files is not a results file
"""

from timing.errors import RaceDayError


class ResultsError(RaceDayError):
    """Results cannot be shown or written as asked."""


class PostingRefused(ResultsError):
    """A list cannot be brought into that state now, or not by that person; the message says what would be needed."""


class PublicationRefused(ResultsError):
    """The number was used already: numbers of publications only increase."""


class ExportFailed(ResultsError):
    """A file could not be written; nothing that was published before has changed."""


class ComparisonFailed(ResultsError):
    """One of the two files is not a results file."""
