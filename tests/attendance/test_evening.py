"""Who is counted as whom, against the slowest possible reading of the definitions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from webapp.attendance import evening
from webapp.attendance.log import (
    AMBIGUOUS,
    ANONYMOUS,
    CONFIRMED,
    IDENTIFIED,
    NAME_ONLY,
    Log,
    Signups,
)

# (key, source, identity, by a personal link, as crew)
visits = st.lists(
    st.tuples(
        st.integers(1, 6), st.integers(0, 2), st.sampled_from((IDENTIFIED, NAME_ONLY, AMBIGUOUS, ANONYMOUS)),
        st.booleans(), st.booleans(),
    ),
    max_size=14,
)  # fmt: skip
# By key: (status, crew, had come before the tie to the visits was cut). Key 0: the tie is cut.
signups = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5), st.booleans(), st.booleans()), max_size=8)  # fmt: skip
# Guests 5 and 6 may turn out to be somebody who came.
merged = st.sampled_from(({}, {5: 1}, {5: 1, 6: 1}, {5: 5, 6: 5}))


def settled(rows: list[Any], people: list[Any], counts_as: dict[int, int]) -> evening.Evening:
    keys, sources, identities, linked, crew = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(5))  # fmt: skip
    zero = np.zeros(len(rows), dtype=np.int64)
    log = Log(keys, zero, zero, zero, sources, identities, linked > 0, crew > 0)
    columns = [np.array([row[i] for row in people], dtype=np.int64) for i in range(4)]
    known = Signups(columns[0], columns[1], columns[2] > 0, columns[3] > 0)
    came = {row[0] for row in rows}
    here = {old: new for old, new in counts_as.items() if {old, new} <= came}
    ambiguous = {old for old, new in here.items() if new == 1}
    return evening.settle(log, known, here, ambiguous)


@dataclasses.dataclass
class Plain:
    """The same evening as sets of keys."""

    rows: list[Any]
    people: list[Any]
    counts_as: dict[int, int]

    def __post_init__(self) -> None:
        came = {row[0] for row in self.rows}
        here = {old: new for old, new in self.counts_as.items() if {old, new} <= came}
        self.visits = [
            (here.get(key, key), key, source, AMBIGUOUS if here.get(key) == 1 else identity, linked, crew)
            for key, source, identity, linked, crew in self.rows
        ]  # fmt: skip
        self.keys = {visit[0] for visit in self.visits}
        self.linked = {key for key, *_ in self.people if key}
        self.confirmed = {key for key, status, *_ in self.people if key and status == CONFIRMED}
        self.crew = {visit[0] for visit in self.visits if visit[5]} | {
            key for key, _status, crew, _ in self.people if crew and key in self.keys
        }
        self.registered = {
            key for key in self.keys
            if key in self.confirmed
            or (key not in self.linked and any(v[4] for v in self.visits if v[0] == key))
        }  # fmt: skip

    def range(self, sources: set[int]) -> dict[str, int]:
        seen = [visit for visit in self.visits if visit[2] in sources]
        surest: dict[int, int] = {}
        for key, _recorded, _source, identity, *_ in seen:
            if identity != AMBIGUOUS:
                surest[key] = min(identity, surest.get(key, ANONYMOUS))

        def doubtful(source: int) -> set[int]:
            return {v[1] for v in seen if v[3] == AMBIGUOUS and v[2] == source}

        kinds = {
            name: sum(identity == kind for identity in surest.values())
            for name, kind in (("identified", IDENTIFIED), ("name_only", NAME_ONLY), ("anonymous", ANONYMOUS))
        }  # fmt: skip
        kinds["ambiguous"] = len(set().union(*(doubtful(source) for source in sources)))
        present = {v[2] for v in seen}
        if len(present) <= 1:
            low = kinds["identified"] + kinds["name_only"]
            return kinds | {"low": low, "high": low + kinds["ambiguous"] + kinds["anonymous"]}
        where = {key: {v[2] for v in seen if v[0] == key} for key in surest}
        joined = sum(len(places) > 1 for places in where.values())
        rests = {s: [key for key, places in where.items() if places == {s}] for s in present}
        lows = [sum(surest[key] != ANONYMOUS for key in rest) for rest in rests.values()]
        highs = [len(rest) + len(doubtful(source)) for source, rest in rests.items()]
        return kinds | {"low": joined + max(lows), "high": joined + sum(highs)}


@given(visits, signups, merged)
def test_persons_are_who_the_definitions_say(rows, people, counts_as):
    # One sign-up for each key, as the database has it.
    people = list({row[0] or -i: row for i, row in enumerate(people, 1)}.values())
    got, plain = settled(rows, people, counts_as), Plain(rows, people, counts_as)
    assert len(got.is_crew) == len(plain.keys)
    assert int(got.is_crew.sum()) == len(plain.crew)
    assert int(got.is_registered.sum()) == len(plain.registered)
    assert int((~got.is_crew & ~got.is_registered).sum()) == len(
        plain.keys - plain.crew - plain.registered
    )
    assert got.registered_attended == sum(
        status == CONFIRMED and (attended or (key != 0 and key in plain.keys))
        for key, status, _crew, attended in people
    )


@given(visits, merged, st.sets(st.integers(0, 2), min_size=1))
def test_the_range_of_people_is_what_the_definitions_say(rows, counts_as, sources):
    got = settled(rows, [], counts_as)
    chosen = np.isin(got.log.sources, list(sources))
    assert evening.people_of(got, chosen) == Plain(rows, [], counts_as).range(sources)
