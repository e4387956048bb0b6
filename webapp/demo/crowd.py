"""Invented people and their evening. Everything here is simulated, repeatable, and marked as sample."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from flask_babel import force_locale

from webapp import tokens
from webapp.agenda.models import Session
from webapp.attendance.models import Companions, Visit
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import wording
from webapp.signup.models import Consent, Signup

_FIRST = [
    "Ana",
    "Amina",
    "Björn",
    "Carla",
    "Chidi",
    "Daniela",
    "Dilan",
    "Elif",
    "Emre",
    "Fatou",
    "Femi",
    "Greta",
    "Hana",
    "Ines",
    "Ivan",
    "Jamila",
    "Joana",
    "Kofi",
    "Lara",
    "Lucía",
    "Malik",
    "María",
    "Mei",
    "Nadia",
    "Noah",
    "Olga",
    "Omar",
    "Pilar",
    "Priya",
    "Quentin",
    "Rosa",
    "Samir",
    "Søren",
    "Tara",
    "Tomás",
    "Uma",
    "Víctor",
    "Wanda",
    "Xavier",
    "Yara",
    "Zoë",
]
_LAST = [
    "Abebe",
    "Alonso",
    "Başaran",
    "Campos",
    "Dvořák",
    "Eriksen",
    "Farah",
    "García",
    "Haddad",
    "Ito",
    "Jansen",
    "Kovács",
    "Lindqvist",
    "Mamani",
    "Novák",
    "O’Neill",
    "Okafor",
    "Petrov",
    "Quispe",
    "Rao",
    "Silva",
    "Tanaka",
    "Usman",
    "Villca",
    "Weiss",
    "Yıldız",
    "Zhou",
]


# When an agenda item began and ended, as far as it did.
Span: TypeAlias = tuple[dt.datetime | None, dt.datetime | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """How many invented people do what."""

    signups: int
    cancelled: int
    come: int
    guests_with_name: int
    guests_without: int


def _names(rnd: random.Random, count: int) -> list[str]:
    """Distinct invented names; a number follows where the lists run out."""
    every = [f"{first} {last}" for first in _FIRST for last in _LAST]
    rnd.shuffle(every)
    return [every[i] if i < len(every) else f"{every[i % len(every)]} {i}" for i in range(count)]


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def sign_up(event: Event, plan: Plan, at: dt.datetime, rnd: random.Random) -> list[int]:
    """Adds the sign-ups over the three weeks before ``at``; answers the person keys of the confirmed."""
    names = _names(rnd, plan.signups + plan.guests_with_name)
    rows: list[dict[str, Any]] = []
    for number in range(plan.signups):
        days = min(rnd.expovariate(1 / 6), 21.0)
        made_at = at - dt.timedelta(days=days, seconds=rnd.randrange(3600))
        cancelled = number < plan.cancelled
        rows.append(
            {
                "event_id": event.id,
                "public_id": tokens.public_id(),
                "person_key": tokens.person_key(),
                "name": names[number],
                "name_key": _key(names[number]),
                "email": f"sample{number + 1:04d}@example.org",
                "email_key": f"sample{number + 1:04d}@example.org",
                "status": "cancelled" if cancelled else "confirmed",
                "cancelled_at": made_at + dt.timedelta(hours=5) if cancelled else None,
                "source": rnd.choice((None, "newsletter", "friends", "wiphalas", None)),
                "is_sample": True,
                "created_at": made_at,
                "confirmed_at": made_at,
            }
        )
    db.session.execute(sa.insert(Signup), rows)
    _agree(event)
    return [row["person_key"] for row in rows if row["status"] == "confirmed"]


def _agree(event: Event) -> None:
    """Each of them agreed as everybody must, in the words of the form; to nothing beside it."""
    with force_locale(event.language):
        agreed = wording.for_event(event.host_name, event.retention_days)
    words = (sa.literal(agreed.kind), sa.literal(agreed.wording), sa.literal(agreed.version))
    db.session.execute(
        sa.insert(Consent).from_select(
            ["signup_id", "kind", "wording", "version", "agreed_at"],
            sa.select(Signup.id, *words, Signup.created_at).where(
                Signup.event_id == event.id, Signup.is_sample
            ),
        )
    )


def _visit(event: Event, key: int, start: dt.datetime, end: dt.datetime | None, reason: str | None, **more: Any) -> dict[str, Any]:  # fmt: skip
    uid = tokens.public_id()
    return {
        "uid": uid,
        "event_id": event.id,
        "person_key": key,
        "identity": "identified",
        "is_registered": True,
        "channel": "room",
        "connection": uid,
        "started_at": start,
        "last_seen_at": end or start,
        "ended_at": end,
        "end_reason": reason,
        "name": None,
        "name_key": None,
    } | more


def _one_evening(event: Event, key: int, rnd: random.Random, **more: Any) -> list[dict[str, Any]]:
    """One person's visits: most come around the start and stay long; some drop out and come back, some
    have a second device, a phone now and then falls silent instead of saying goodbye."""
    begin, end = event.actual_start, event.actual_end
    length = (end - begin).total_seconds()
    arrive = begin + dt.timedelta(seconds=min(max(rnd.gauss(240, 700), -540), length * 0.8))
    until = rnd.betavariate(5, 1.4) * length
    leave = max(begin + dt.timedelta(seconds=until), arrive + dt.timedelta(seconds=rnd.randrange(60, 600)))  # fmt: skip

    def ended(moment: dt.datetime) -> tuple[dt.datetime, str]:
        if moment >= end - dt.timedelta(seconds=90):
            return end, "closed"
        return moment, "timeout" if rnd.random() < 0.18 else "left"

    visits = []
    if rnd.random() < 0.22 and leave - arrive > dt.timedelta(minutes=20):
        gone = arrive + (leave - arrive) * rnd.uniform(0.2, 0.7)
        visits.append(_visit(event, key, arrive, *ended(gone), **more))
        back = gone + dt.timedelta(seconds=rnd.randrange(200, 700))
        visits.append(_visit(event, key, back, *ended(max(leave, back + dt.timedelta(seconds=90))), **more))  # fmt: skip
    else:
        visits.append(_visit(event, key, arrive, *ended(leave), **more))
    if rnd.random() < 0.07:
        visits.append(_visit(event, key, arrive + dt.timedelta(seconds=40), *ended(leave), **more))
    return visits


def attend(event: Event, keys: list[int], plan: Plan, rnd: random.Random) -> None:
    """The evening itself: visits of those who came, of guests, and who watched together."""
    came = rnd.sample(keys, plan.come)
    rows = [row for key in came for row in _one_evening(event, key, rnd)]
    guest: dict[str, Any] = {"is_registered": False}
    for number in range(plan.guests_with_name):
        name = f"Guest {_FIRST[number % len(_FIRST)]} {number + 1}"
        rows += _one_evening(
            event, tokens.person_key(), rnd,
            **guest, identity="name_only", name=name, name_key=_key(name),
        )  # fmt: skip
    for _ in range(plan.guests_without):
        rows += _one_evening(event, tokens.person_key(), rnd, **guest, identity="anonymous")
    rows.sort(key=lambda row: row["started_at"])
    db.session.execute(sa.insert(Visit), rows)
    together = rnd.sample(came, plan.come // 12)
    db.session.execute(
        sa.insert(Companions),
        [
            {"event_id": event.id, "person_key": key, "count": rnd.choice((1, 1, 1, 2, 3)), "at": event.actual_start}
            for key in together
        ],
    )  # fmt: skip


def arrive_now(event: Event, keys: list[int], at: dt.datetime, rnd: random.Random) -> None:
    """Visits that are open at ``at``: people in the room of the live sample."""
    minutes = max((at - event.actual_start).total_seconds() / 60, 1)
    rows = [
        _visit(
            event, key, at - dt.timedelta(minutes=rnd.uniform(0, minutes)), None, None, last_seen_at=at
        )
        for key in keys
    ]  # fmt: skip
    db.session.execute(sa.insert(Visit), rows)


def stay(event: Event, at: dt.datetime) -> int:
    """The invented people in the room are still there at ``at``; answers for how many visits. Nobody's
    browser tells so, and without it the sweep would take their silence for going."""
    invented = sa.select(Signup.person_key).where(
        Signup.event_id == event.id, Signup.is_sample, Signup.person_key.is_not(None)
    )
    result: Any = db.session.execute(
        sa.update(Visit)
        .where(
            Visit.event_id == event.id, Visit.channel == "room", Visit.end_reason.is_(None),
            Visit.last_seen_at < at, Visit.person_key.in_(invented),
        )
        .values(last_seen_at=at),
        execution_options={"synchronize_session": False},
    )  # fmt: skip
    return int(result.rowcount)


def speak(event: Event, spans: Mapping[str, Span]) -> None:
    """What really happened on the agenda."""
    for row in db.session.scalars(sa.select(Session).where(Session.event_id == event.id)):
        if row.key in spans:
            row.started_at, row.ended_at = spans[row.key]
    event.touch()
