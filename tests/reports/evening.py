"""A small evening whose figures can be counted on fingers.

Planned: opening 5, Tim 20, Claudia 15, closing 5 minutes. In fact Claudia spoke before Tim. Six signed up;
Ana and Ben stayed from 0 to 45, Caro from 10 to 30, Dina from 22 to 45, Elio from 0 to 6, Fay never came.
One guest without a name stayed from 0 to 45, another from 30 to 40. So: people 5 to 7, peak 5 at minute
22, Claudia (5 to 20) had 5 people in the room, Tim (20 to 40) had 6.
"""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from tests.conftest import NOW
from tests.factories import make_event, make_session, make_signup, make_speaker, make_visit
from webapp.agenda.models import Note
from webapp.db import db
from webapp.events.models import CoHost, Event

START = NOW + dt.timedelta(hours=1)
# The morning after.
AFTER = NOW + dt.timedelta(hours=16)


def minute(n: float) -> dt.datetime:
    return START + dt.timedelta(minutes=n)


def add_note(event: Event, session: Any, speaker: Any, kind: str, text: str, n: int) -> None:
    db.session.add(
        Note(
            event_id=event.id,
            session_id=session.id,
            speaker_id=speaker.id if speaker else None,
            kind=kind,
            text=text,
            author="Ada",
            at=minute(n),
        )
    )


def make_evening(owner: Any = None, **values: Any) -> Event:
    """The evening, over, with notes and visits. ``presence="door"`` gives visits without an end."""
    defaults: dict[str, Any] = {
        "slug": "bolivia",
        "title": "Bolivia Shows There Is An Alternative: Putting People and Planet First",
        "host_name": "Friends of Bolivia",
        "host_url": "https://friends.example.org/",
        "starts_at": START,
        "ends_at": minute(45),
        "started_at": START,
        "ended_at": minute(45),
    }
    event = make_event(owner, **(defaults | values))
    db.session.add(CoHost(event_id=event.id, key="wiphalas", name="Wiphalas Across The World"))
    kate = make_speaker(
        event, "Kate Hudson", title="General Secretary", affiliation="Campaign for Nuclear Disarmament"
    )  # fmt: skip
    tim = make_speaker(event, "Tim Young", affiliation="Friends of Bolivia")
    claudia = make_speaker(event, "Claudia Turbet-Delof", affiliation="Wiphalas Across The World")
    opening = make_session(
        event, "Opening", 5, key="opening", kind="opening", speakers=[(kate, "chair")],
        started_at=minute(0), ended_at=minute(5),
    )  # fmt: skip
    tims = make_session(
        event, "One year on", 20, key="tim", speakers=[(tim, "speaker")],
        started_at=minute(20), ended_at=minute(40),
    )  # fmt: skip
    claudias = make_session(
        event, "Democracy recovered", 15, key="claudia", speakers=[(claudia, "speaker")],
        started_at=minute(5), ended_at=minute(20),
    )  # fmt: skip
    closing = make_session(
        event, "Closing", 5, key="closing", kind="closing", speakers=[(kate, "chair")],
        started_at=minute(40), ended_at=minute(45),
    )  # fmt: skip
    add_note(event, opening, kate, "point", "Respect what was chosen at the ballot box", 1)
    add_note(event, claudias, claudia, "point", "Democracy was recovered", 6)
    add_note(event, claudias, claudia, "quote", "an inspiration around the world", 7)
    add_note(event, tims, tim, "point", "A hunger bonus reached 4 million people", 21)
    add_note(event, tims, tim, "point", "Higher pensions, a wealth tax.", 22)
    add_note(event, closing, kate, "point", "Unity and solidarity", 41)
    stays = {"Ana": (0, 45), "Ben": (0, 45), "Caro": (10, 30), "Dina": (22, 45), "Elio": (0, 6)}
    door = event.presence == "door"
    extra: dict[str, Any] = {"channel": "door", "end_reason": "unknown"} if door else {}
    for name, (first, last) in stays.items():
        signup = make_signup(event, name)
        make_visit(event, minute(first), None if door else minute(last), signup=signup, **extra)
    make_signup(event, "Fay")
    for first, last in ((0, 45), (30, 40)):
        make_visit(event, minute(first), None if door else minute(last), **extra)
    db.session.flush()
    return event


_FIGURES: dict[str, Any] = {
    "event": "bolivia",
    "as_of": "2027-04-07T09:00:00Z",
    "method": "turnout-figures/1",
    "signups": {"confirmed": 1764, "pending": 12, "waitlisted": 0, "offered": 0, "declined": 0, "cancelled": 31},
    "attendance": {
        "people": {"low": 1214, "high": 1214, "identified": 1131, "name_only": 83, "ambiguous": 0, "anonymous": 0},
        "doors": 1230,
        "crew": 7,
        "registered_attended": 1131,
        "guests": 83,
        "show_up_rate": 0.6412,
        "peak": {"people": 1098, "at": "2027-04-06T19:11:00Z", "connections": 1130},
        "minutes": {"total": 86000.0, "within_event": 84000.0, "average": 70.84, "median": 71.0, "measured_share": 0.97, "open_ended": 4},
        "everybody": {"people": {}, "peak": None, "minutes": None},
        "by_source": [{"source": "turnout", "people": {"low": 1214, "high": 1214}, "peak": None, "minutes": None}],
        "watching_together": 212,
        "head_counts": [],
        "platform": [],
    },
    "sessions": [],
}  # fmt: skip


def figures(**attendance: Any) -> dict[str, Any]:
    """Figures of a big evening in the contract's shape; keywords replace values under "attendance"."""
    result = copy.deepcopy(_FIGURES)
    for name, value in attendance.items():
        if isinstance(value, dict) and isinstance(result["attendance"][name], dict):
            result["attendance"][name] |= value
        else:
            result["attendance"][name] = value
    return result


def door_only() -> dict[str, Any]:
    return figures(peak=None, minutes=None)
