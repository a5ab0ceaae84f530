"""Where somebody wanted to go before they signed in: a page of ours, or nowhere."""

import re
from typing import Final
from urllib.parse import urlsplit

NEXT_MAX: Final = 300

_PLAIN: Final = re.compile(r"/[A-Za-z0-9/_.~%-]*(\?[A-Za-z0-9/_.~%=&+:,-]*)?")
"""A path of our own and its query, as a browser writes them: no scheme, host, backslash or control character."""


def local_path(wanted: str, pages: frozenset[str]) -> str | None:
    """`wanted` if it is one of these paths, with any query; None for everything else."""
    if len(wanted) > NEXT_MAX or not _PLAIN.fullmatch(wanted) or wanted.startswith("//"):
        return None
    path, _, query = wanted.partition("?")
    if path not in pages or urlsplit(wanted).netloc:
        return None
    return f"{path}?{query}" if query else path
