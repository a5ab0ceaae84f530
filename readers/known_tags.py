"""The tags a race knows already, expected in a file before its first line is looked up."""

import re

import numpy as np

from readers.line_blocks import UInt64
from readers.text_column import TextColumn
from timing.reads import Names

_SAMPLE = 64
"""Lines that show whether a file writes its tags in lower case."""


def expect_known_tags(column: TextColumn[np.int32], tags: Names, first: list[UInt64], fits: re.Pattern[str]) -> None:
    """Lets a column expect the tags that `fits` matches whole, in the letter case of its first texts.

    Args: first: the words of the first texts. `fits`: only printable ASCII without lower-case letters, none longer than
        TEXT_MAX.
    """
    sample = b"".join(word[:_SAMPLE].tobytes() for word in first)
    known = [(name, code) for code, name in enumerate(tags.names) if fits.fullmatch(name)]
    if not known:
        return
    texts = "\n".join(name for name, _ in known)
    if sample != sample.upper():
        texts = texts.lower()
    column.expect(texts.encode("ascii").split(b"\n"), [code for _, code in known])
