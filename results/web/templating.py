"""The template engine of all pages, and where their files are. Everything that goes through it is escaped."""

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from results.web.responses import version_of

_STATIC: Final = Path(__file__).parent / "static"
_SHARED: Final = Path(__file__).parents[1] / "static"


def environment() -> Environment:
    """Templates of `results/web/templates`, with `asset("staff.css")` for the address of a file of ours."""
    made = Environment(
        loader=PackageLoader("results.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset
    return made


@cache
def asset(name: str) -> str:
    """The address of a file of `static`, or `base/...` of the shared ones, with its version: kept for ever."""
    folder = _SHARED if name.startswith("base/") else _STATIC
    return f"/static/{name}?v={version_of(folder / name.removeprefix('base/'))}"
