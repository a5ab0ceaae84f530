"""The desk of hand timers: what of a delivery is new, and what cannot be taken.

Devices deliver again what they do not know to have arrived, so everything known already is passed over; one bad stamp
does not hold up the others. Used with the race as it stands, by the thread that keeps it.
"""

from collections.abc import Mapping
from typing import Any

from calanque.derived import Derived, Picture
from config.plan import RacePlan
from results.hand_board import hand_rows
from timing.desk_entries import HandBibBody, HandStampBody
from timing.instants import Instant
from timing.roster import Bib

Sorted = dict[str, list[Any]]
"""What became of a delivery: `taken` and `known` number the stamps, `refused` says why (`number`, `message`)."""


class HandDesk:
    """Sorts deliveries of one race."""

    def __init__(self, plan: RacePlan, derived: Derived) -> None:
        self._race = plan.race
        self._hand = derived.hand

    def stamps(self, command: Mapping[str, Any]) -> tuple[list[HandStampBody], Sorted]:
        """The new stamps of a `hand_stamp` command, and what is answered.

        A number that the device has used already for another press is refused with `conflict`: a new one is needed.
        """
        new: dict[int, HandStampBody] = {}
        sorted_: Sorted = {"taken": [], "known": [], "refused": []}
        for given in command["stamps"]:
            body = HandStampBody(device=command["device"], author=command["author"], **given)
            before = new.get(body.number) or self._hand.stamp_body((body.device, body.number))
            fault = self._fault(body)
            if before is not None and (before.at_us, before.point) != (body.at_us, body.point):
                message = f"stamp {body.number} of device {body.device} is another press already: give it a new number"
                sorted_["refused"].append({"number": body.number, "message": message, "conflict": True})
            elif before is not None:
                sorted_["known"].append(body.number)
            elif fault:
                sorted_["refused"].append({"number": body.number, "message": fault, "conflict": False})
            else:
                new[body.number] = body
                sorted_["taken"].append(body.number)
        return list(new.values()), sorted_

    def _fault(self, body: HandStampBody) -> str:
        points = [point.id for point in self._race.course.points]
        if body.point not in points:
            return f"point: {body.point!r}; there are: {', '.join(points)}"
        if not self._race.first_instant_us <= body.at_us <= self._race.last_instant_us:
            return "at_us: outside the race window: is the device's clock measured?"
        return ""

    def listed(self, picture: Picture) -> list[dict[str, Any]]:
        """All stamps with their bibs, by instant, as `results.hand_board.hand_rows` gives them."""
        return hand_rows(self._hand.stamps, self._race.course, picture.roster, picture.times)

    def bibs(self, command: Mapping[str, Any], now_us: Instant) -> tuple[list[HandBibBody], Sorted]:
        """The new words of a `hand_bib` command, and what is answered; `taken` and `known` are counted in its order.

        A bib that is not in the roster is taken: that it was seen is evidence. A word cannot be of later than now.
        """
        new: list[HandBibBody] = []
        sorted_: Sorted = {"taken": [], "known": [], "refused": []}
        for place, given in enumerate(command["bibs"]):
            bib = None if given["bib"] is None else Bib(given["bib"])
            at_us = min(given["at_us"], now_us)
            body = HandBibBody(
                device=given["device"], number=given["number"], bib=bib, at_us=at_us, author=command["author"]
            )
            if self._hand.knows_word(body) or body in new:
                sorted_["known"].append(place)
            else:
                new.append(body)
                sorted_["taken"].append(place)
        return new, sorted_
