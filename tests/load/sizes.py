"""How much is measured: all of it, or just enough to see that the scripts run."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Sizes:
    # Of each run in turns: so many people at once, for so long, in so many rounds.
    people: int = 8
    seconds: float = 2.0
    rounds: int = 7
    # Of the rush: how many sign up and come in within so many seconds, while others are in the room and
    # mails wait.
    crowd: int = 1200
    rush_seconds: float = 30.0
    in_the_room: int = 10_000
    mails: int = 10_000
    # The figures of so many visits.
    visits: tuple[int, ...] = (100_000, 500_000, 1_000_000)
    # The list and its CSV.
    listed: int = 100_000
    repeats: int = 5


FULL = Sizes()
SMALL = Sizes(
    people=2, seconds=0.05, rounds=1, crowd=10, rush_seconds=1.0, in_the_room=20, mails=20,
    visits=(500, 1000, 2000), listed=200, repeats=1,
)  # fmt: skip
