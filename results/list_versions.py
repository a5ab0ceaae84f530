"""A number for each public list that is another one when the list is: whoever reads a list asks again only then."""

import zlib
from typing import Final

from results.list_states import ListStates, StateOfList
from results.rankings import RankedList, Rankings

_BITS: Final = 0xFFFFFF


def list_versions(shown: Rankings, states: ListStates) -> dict[str, int]:
    """The version of each public list by its id, in the order of the lists.

    shown: with what is official as it was posted. It hangs on places, times and state alone, so that a restart of the
    engine changes none; 24 bits are enough to see that something changed, and too few to trust that nothing did.
    """
    return {ranked.id: _version(ranked, states.of(ranked.id)) for ranked in shown.lists if ranked.rule.public}


def _version(ranked: RankedList, state: StateOfList) -> int:
    said = f"{state.state} {state.depth} {state.at_us} {state.protest_until_us} {ranked.official}"
    check = zlib.crc32(said.encode())
    for column in (ranked.entrants, ranked.places, ranked.value_us, ranked.shared, ranked.by_jury):
        check = zlib.crc32(column.tobytes(), check)
    return check & _BITS
