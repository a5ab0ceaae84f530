"""All the engine can ever say to an IPICO reader: questions, and the steps of fetching its memory.

The driver sends members of `Request` and nothing else, so that no fault of ours can set a reader's clock (01), change
how it works (03 to 09 with content), stop its recording (4b 00) or erase its memory (4b d0). None of the requests
changes what is read or recorded. Sources: as `readers.ipico_frames`; the `4b` steps from a captured download.
"""

import enum

from readers.ipico_frames import CLOCK, CONFIG3, FORMAT, MEMORY, control


class Request(enum.Enum):
    """The bytes of each request, to reader id 00: any reader answers."""

    CLOCK = control(CLOCK)
    READ_MODE = control(CONFIG3, query=True)
    RECORD_FORMAT = control(FORMAT, query=True)
    MEMORY_STATUS = control(MEMORY, query=True)
    MEMORY_PREPARE = control(MEMORY, b"\x02")
    MEMORY_SET_UP = control(MEMORY, b"\x07\x01\x05")
    MEMORY_START = control(MEMORY, b"\x01\x01")
    MEMORY_STOP = control(MEMORY, b"\x01\x00")
    MEMORY_LEAVE = control(MEMORY, b"\x07\x00")

    @property
    def instruction(self) -> int:
        """The instruction an answer to it carries."""
        return int(self.value[6:8], 16)
