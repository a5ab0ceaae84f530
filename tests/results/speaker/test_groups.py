"""The first of a club, a town, a country over the line, found for all of them at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from results.speaker.groups import NO_GROUP, NOBODY_YET, Groups
from timing.instants import MISSING

TEXTS = st.lists(st.tuples(st.sampled_from(("", "Cassis", "CASSIS", "Aubagne", "-")), st.booleans()), max_size=12)


@given(TEXTS, st.data())
def test_the_first_of_each_group_is_the_earliest_of_its_members(
    field: list[tuple[str, bool]], data: st.DataObject
) -> None:
    counted = np.array([each[1] for each in field], np.bool_)
    groups = Groups.of([each[0] for each in field], counted)
    finish = [data.draw(st.none() | st.integers(1, 50)) for _ in field]
    first = groups.first_us(np.array([MISSING if each is None else each for each in finish], np.int64))
    for name in ("Cassis", "Aubagne"):
        members = [i for i, (text, told) in enumerate(field) if told and text.title() == name]
        times = [at for i in members if (at := finish[i]) is not None]
        codes = {int(groups.code[i]) for i in members}
        assert len(codes) <= 1
        for code in codes:
            assert int(first[code]) == (min(times) if times else NOBODY_YET)
            assert int(groups.sizes[code]) == len(members)
    assert all(int(groups.code[i]) == NO_GROUP for i, (text, told) in enumerate(field) if not told or text in ("", "-"))


def test_texts_are_compared_without_case_and_accents_and_parted_by_sex_where_asked() -> None:
    texts, counted = ["Saint-Étienne", "SAINT ETIENNE", "saint etienne"], np.ones(3, np.bool_)
    whole = Groups.of(texts, counted)
    assert (whole.names, whole.code.tolist()) == (("Saint-Étienne",), [0, 0, 0])
    parted = Groups.of(texts, counted, split=["F", "M", ""])
    assert parted.code.tolist() == [0, 1, NO_GROUP]
