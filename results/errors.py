"""Errors of the results room.

RaceDayError
 +-- ResultsError
      +-- PublicationRefused       the number was used already, or the folder holds a later one
      +-- ExportFailed             a file could not be written; chained to the cause
      +-- ComparisonFailed         one of the two files is not a results file
"""

from timing.errors import RaceDayError


class ResultsError(RaceDayError):
    """Results cannot be shown or written as asked."""


class PublicationRefused(ResultsError):
    """The number was used already: numbers of publications only increase."""


class ExportFailed(ResultsError):
    """A file could not be written; nothing that was published before has changed."""


class ComparisonFailed(ResultsError):
    """One of the two files is not a results file."""
