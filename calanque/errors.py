"""Errors of the front door.

FrontDoorError
 +-- FolderInUse                   another engine holds the race folder; names it
 +-- FolderRefused                 not a race folder, or not usable as one
 +-- ProofRefused                  a file is no proof, or none can be made
 +-- EngineNotRunning              a command that needs a running engine found none
 +-- ProcessFailed                 a process that was started ended, or did not get ready
"""

from timing.errors import RaceDayError


class FrontDoorError(RaceDayError):
    """A command cannot do what was asked; the message says why and what would help."""


class FolderInUse(FrontDoorError):
    """The race folder is held by another engine."""


class FolderRefused(FrontDoorError):
    """The folder cannot be used as a race folder."""


class ProofRefused(FrontDoorError):
    """The file is no proof, its manifest is damaged, or none can be made of this race."""


class EngineNotRunning(FrontDoorError):
    """No engine answers for the race folder."""


class ProcessFailed(FrontDoorError):
    """A process of ours ended, or never got ready."""
