"""What moves on the picture at the head of a page: the field as pines on the ridge, the head of the race as a sun.

The rock itself is drawn by `results.massif`; here its ridge is followed. The script says the same again for each view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from results.massif import HEIGHT, WIDTH

PINE_MAX: Final = 18.0
PINE_MIN: Final = 1.5

_SHORE: Final = f"0,{HEIGHT - 4} {WIDTH},{HEIGHT - 4}"
"""The ridge of a course whose heights are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridge:
    """The line of the massif, x from 0 (start) to WIDTH (finish), y downwards."""

    points: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, text: str | None) -> Self:
        """From the `x,y x,y` of the drawing."""
        pairs = (text or _SHORE).split(" ")
        return cls(points=tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in pairs)))

    @property
    def line(self) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)

    def height_at(self, x: float) -> float:
        """y of the ridge at x."""
        for (x0, y0), (x1, y1) in pairwise(self.points):
            if x <= x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return self.points[-1][1]

    def pines(self, counts: Sequence[int]) -> str:
        """A pine in the middle of each step of the course, as high as there are runners in it."""
        most = max(counts, default=0)
        path = ""
        for number, count in enumerate(counts):
            if count:
                x = (number + 0.5) * WIDTH / len(counts)
                path += f"M{x:.1f} {self.height_at(x):.1f}v-{max(PINE_MIN, count * PINE_MAX / most):.1f}"
        return path

    def sun(self, part: float) -> tuple[str, str]:
        """Where the head of the race stands, in percent of the picture, never half outside of it."""
        x = min(part, 0.985)
        return f"{x * 100:.1f}%", f"{self.height_at(x * WIDTH) * 100 / HEIGHT:.1f}%"
