"""Heights along known courses, for the picture at the head of every page. Knows nothing of times.

Marseille-Cassis: end points and gradients are sourced, heights at single kilometres are a reconstruction (± 15 m, at
the finish ± 25 m): enough for a picture and a pace model, not for a certificate.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from timing.race import Race

Profile = Sequence[tuple[int, int]]
"""(metres from the start, metres above the sea), increasing in the first."""

_MARSEILLE_CASSIS: Final[Profile] = (
    (0, 22), (1_000, 25), (2_000, 36), (3_000, 58), (4_000, 90), (5_000, 128), (6_000, 168), (7_000, 208),
    (8_000, 250), (9_000, 290), (10_000, 326), (11_000, 298), (12_000, 282), (13_000, 288), (14_000, 272),
    (15_000, 235), (16_000, 170), (17_000, 115), (17_500, 98), (18_200, 120), (19_000, 85), (20_000, 65),
)  # fmt: skip

PROFILES: Final[Mapping[str, Profile]] = {"marseille_cassis": _MARSEILLE_CASSIS}
"""By the beginning of the race's id, so that each edition finds its course."""


def profile_of(race: Race) -> Profile:
    """The profile of a race's course; empty where none is known: then the picture is the sea alone."""
    name = race.id.replace("-", "_").lower()
    return next((heights for start, heights in PROFILES.items() if name.startswith(start)), ())
