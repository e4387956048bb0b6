"""The evening's figures, worked out by hand from the script of the evening. Nothing here calls our code.

Minutes count from the planned start, 19:00 in London. The chair pressed Start at minute 1 and End at 143.

    who came                        how many   present (minutes)                         each stayed
    the whole evening                     20   0 to 143, the end                                 143
    left at eight o'clock                  6   0 to 60, by the button Leave                       60
    late                                  10   12 to 143                                         131
    a tab closed without goodbye           2   2 to 40, where the last pulse was                  38
    a laptop that slept two hours          1   4 to 12 and 132 to 143                             19
    two tabs                               1   0 to 70 and 10 to 100: together 0 to 100          100
    only looked in                         1   20 to 22                                            2
    went and came back                     1   0 to 30 and 80 to 143                              93
    Lena, let in by her browser first      1   5 to 25 and 25 to 143                             138
    signed up and came: 43
    Rosa, a guest by name                  1   15 to 143                                         128
    Bruno, who had cancelled, by name      1   40 to 143                                         103
    a guest without a name                 1   30 to 90                                           60
    a guest without scripts                1   at 33; nobody knows how long                  unknown
    guests: 4
    crew, counted apart: Kate, Tim         2   0 to 143                                          143

Ana, of the whole evening, also sits at a second device from 100 to 120, as a guest with her own name.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

START = dt.datetime(2027, 4, 6, 18, 0, tzinfo=dt.UTC)
STARTED, ENDED = 1, 143

SIGNED_UP = 20 + 6 + 10 + 2 + 1 + 1 + 1 + 1 + 1  # and came
CREW = 2
NO_SHOWS = 11
LEFT_FOR_GOOD = 4
assert SIGNED_UP + CREW + NO_SHOWS + LEFT_FOR_GOOD == 60

MINUTES = 20 * 143 + 6 * 60 + 10 * 131 + 2 * 38 + 19 + 100 + 2 + 93 + 138 + 128 + 103 + 60
# 28 people (the 20, the 6, the two tabs, and who came back) were there a minute before the chair began.
BEFORE_THE_START = 28 * 1
# The two closed tabs, and the laptop until it slept: their ends are where we last heard of them.
INFERRED = 2 * 38 + 8


def at(minute: float) -> str:
    moment = START + dt.timedelta(minutes=minute)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _people(identified: int, name_only: int = 2) -> dict[str, int]:
    # Ana's second device is ambiguous; two guests gave no name.
    low = identified + name_only
    return {
        "low": low, "high": low + 1 + 2,
        "identified": identified, "name_only": name_only, "ambiguous": 1, "anonymous": 2,
    }  # fmt: skip


# At 20, when somebody looks in: 20 + 6 + 10 + 2 (tabs to be closed) + two tabs + who will come back +
# Lena + Rosa + the one who looks in. The laptop sleeps, and the other guests are still to come.
PEAK = 20 + 6 + 10 + 2 + 1 + 1 + 1 + 1 + 1
# One of them has a second tab open.
AUDIENCE: dict[str, Any] = {
    "people": _people(SIGNED_UP),
    "peak": {"people": PEAK, "at": at(20), "connections": PEAK + 1},
    "minutes": {
        "total": float(MINUTES),
        "within_event": float(MINUTES - BEFORE_THE_START),
        # Of 46 people; of the one without scripts nobody knows.
        "average": 114.11,
        # In order of their stay: 2, 19, 38 and 38, seven times 60, 93, 100, 103 and 128 are the first
        # fifteen; ten times 131 are number 16 to 25. The middle of 46 is between number 23 and 24.
        "median": 131.0,
        "measured_share": 0.984,
        "open_ended": 1,
    },
}
assert MINUTES == 5249
assert round(MINUTES / 46, 2) == AUDIENCE["minutes"]["average"]
assert round((MINUTES - INFERRED) / MINUTES, 4) == AUDIENCE["minutes"]["measured_share"]

WITH_CREW = MINUTES + 2 * 143
EVERYBODY: dict[str, Any] = {
    "people": _people(SIGNED_UP + CREW),
    "peak": {"people": PEAK + 2, "at": at(20), "connections": PEAK + 3},
    "minutes": {
        "total": float(WITH_CREW),
        "within_event": float(WITH_CREW - BEFORE_THE_START - 2),
        "average": 115.31,
        # Two more at the upper end: the middle of 48 is between number 24 and 25, still 131.
        "median": 131.0,
        "measured_share": 0.9848,
        "open_ended": 1,
    },
}
assert WITH_CREW == 5535
assert round(WITH_CREW / 48, 2) == EVERYBODY["minutes"]["average"]
assert round((WITH_CREW - INFERRED) / WITH_CREW, 4) == EVERYBODY["minutes"]["measured_share"]

ATTENDANCE: dict[str, Any] = {
    **AUDIENCE,
    # Who pressed Join: 43 and the crew, and four guests.
    "doors": 43 + 2 + 4,
    "crew": 2,
    # Crew with a sign-up came as well: 45 of the 56 who had a place.
    "registered_attended": 43 + 2,
    "guests": 4,
    "show_up_rate": 0.8036,
    "everybody": EVERYBODY,
    "by_source": [{"source": "turnout", **AUDIENCE}],
    # Three with one, and two with another who had first said one.
    "watching_together": 3 + 2,
    "head_counts": [],
    "platform": [],
}
assert round(45 / 56, 4) == ATTENDANCE["show_up_rate"]

SIGNUPS = {"pending": 0, "confirmed": 56, "waitlisted": 0, "offered": 0, "declined": 0, "cancelled": 4}  # fmt: skip


def _item(
    key: str, title: str, who: str, planned: tuple[int, int], real: tuple[int, int],
    *, people: int, at_start: int, stayed: int, peak: int, minutes: int, average: float,
) -> dict[str, Any]:  # fmt: skip
    assert round(minutes / people, 2) == average
    return {
        "key": key, "title": title, "speakers": [who],
        "planned_start": at(planned[0]), "planned_end": at(planned[1]),
        "started_at": at(real[0]), "ended_at": at(real[1]),
        "people": people, "at_start": at_start, "stayed": stayed, "peak": peak,
        "minutes": float(minutes), "average": average,
    }  # fmt: skip


SESSIONS = [
    # 28 from its start; the tabs (8 minutes), the laptop (6) and Lena (5) come in. Half of nine minutes
    # is the shorter measure for having stayed, and all of them did.
    _item("opening", "Opening", "Kate Hudson", (0, 10), (1, 10),
          people=28 + 2 + 1 + 1, at_start=28, stayed=32, peak=32,
          minutes=28 * 9 + 2 * 8 + 6 + 5, average=8.72),
    # 30 of the 32 at its start all through (the 20, the 6, two who will close their tab, the one with
    # two tabs, Lena); the laptop 2, who will come back 20, ten late ones 19, Rosa 16, the look-in 2, a
    # guest 1. The laptop, the look-in and the guest did not stay.
    _item("tim-young", "A year of Arce", "Tim Young", (10, 30), (10, 31),
          people=32 + 10 + 1 + 1 + 1, at_start=32, stayed=45 - 3, peak=43,
          minutes=30 * 21 + 2 + 20 + 10 * 19 + 16 + 2 + 1, average=19.13),
    # 40 all through (the 30 without the closed tabs, ten late, Rosa, the guest), the tabs 9, Bruno 10.
    _item("claudia-turbet-delof", "Democracy recovered", "Claudia Turbet-Delof", (30, 50), (31, 50),
          people=40 + 2 + 1, at_start=42, stayed=43, peak=42,
          minutes=40 * 19 + 2 * 9 + 10, average=18.33),
    # 35 all through: the 40 and Bruno, without the 6, who leave after 10 minutes.
    _item("leonardo-flores", "What an election observer saw", "Leonardo Flores", (50, 70), (50, 72),
          people=35 + 6, at_start=41, stayed=41, peak=41,
          minutes=35 * 22 + 6 * 10, average=20.24),
    # 34 all through; the guest leaves after 18, somebody comes back for the last 12.
    _item("miriam-amancay-colque", "Two decades, and what came after", "Miriam Amancay Colque", (70, 90), (72, 92),
          people=34 + 1 + 1, at_start=35, stayed=36, peak=36,
          minutes=34 * 20 + 18 + 12, average=19.72),
    # 34 all through; the last of two tabs is closed after 8.
    _item("ollie-vargas", "Reporting the election", "Ollie Vargas", (90, 110), (92, 110),
          people=34 + 1, at_start=35, stayed=35, peak=35,
          minutes=34 * 18 + 8, average=17.71),
    # 34 all through; the laptop wakes up for the last 2.
    _item("jeremy-corbyn", "Bolivia and the region", "Jeremy Corbyn", (110, 130), (110, 134),
          people=34 + 1, at_start=34, stayed=34, peak=35,
          minutes=34 * 24 + 2, average=23.37),
    _item("closing", "Closing", "Kate Hudson", (130, 140), (134, 143),
          people=35, at_start=35, stayed=35, peak=35, minutes=35 * 9, average=9.0),
]  # fmt: skip
# Every minute of the event belongs to one item.
assert sum(row["minutes"] for row in SESSIONS) == MINUTES - BEFORE_THE_START

FIGURES = {
    "event": "bolivia", "method": "turnout-figures/1",
    "signups": SIGNUPS, "attendance": ATTENDANCE, "sessions": SESSIONS,
}  # fmt: skip
