"""Crowds of rows: sign-ups, visits and waiting mails, written past the product in bulk."""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from webapp import clock
from webapp.db import to_ms

if TYPE_CHECKING:
    from tests.load.stage import Stage

_FIRST = (
    "Ana",
    "Björn",
    "Chidi",
    "Dilan",
    "Elif",
    "Fatou",
    "Greta",
    "Hana",
    "Ivan",
    "Jamila",
    "Zoë",
)
_LAST = ("Abebe", "Başaran", "Campos", "Dvořák", "García", "Mamani", "O’Neill", "Quispe", "Villca")  # fmt: skip
_MINUTE = 60_000


def bulk(stage: Stage, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """As fast as the engine takes them, in one transaction."""
    names = ", ".join(columns)
    if stage.is_sqlite:
        with sqlite3.connect(stage.uri.removeprefix("sqlite:///")) as connection:
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        connection.execute("ANALYZE")
        connection.close()
        return
    address = stage.uri.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as connection:
        with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute(f"ANALYZE {table}")


def _text(rnd: random.Random, length: int) -> str:
    return f"{rnd.getrandbits(4 * length):0{length}x}"


def person_key(number: int) -> int:
    """The key of the sign-up with this number: spread over the numbers, as random ones are."""
    return (number * 0x9E3779B97F4A7C15) % (1 << 60) | 1


def name(number: int) -> str:
    return f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]} {number}"


def signups(
    stage: Stage, event_id: int, count: int, question_id: int | None = None, *, first: int = 1
) -> None:
    """``count`` confirmed sign-ups with their consents, every third with consent to further contact, and
    an answer each if there is a question. Their numbers, ids and keys count from ``first``."""
    rnd, numbers = random.Random(event_id), range(first, first + count)
    at = to_ms(clock.now())
    bulk(
        stage,
        "signups",
        (
            "id", "event_id", "public_id", "person_key", "name", "name_key", "email", "email_key", "status",
            "source", "language", "is_crew", "is_sample", "created_at", "confirmed_at", "ics_changes",
        ),
        (
            (
                n, event_id, _text(rnd, 22), person_key(n), name(n), name(n).casefold(), f"person{n}@example.org",
                f"person{n}@example.org", "confirmed", None if n % 3 else "newsletter", "en", n % 500 == 0, False,
                at - n * 997, at - n * 997, 0,
            )
            for n in numbers
        ),
    )  # fmt: skip
    agreed = ("consents", ("signup_id", "kind", "host_key", "wording", "version", "agreed_at"))
    words = "I agree that Friends of Bolivia keeps my name, my address and my answers."
    bulk(stage, *agreed, ((n, "event", None, words, "v" * 16, at) for n in numbers))
    bulk(
        stage,
        *agreed,
        ((n, "contact", "wiphalas", words, "v" * 16, at) for n in numbers[::3]),
    )
    if question_id is not None:
        answer = json.dumps("A friend")
        bulk(
            stage,
            "answers",
            ("signup_id", "question_id", "value"),
            ((n, question_id, answer) for n in numbers),
        )
    if not stage.is_sqlite:
        address = stage.uri.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("SELECT setval('signups_id_seq', (SELECT max(id) FROM signups))")


def visits(stage: Stage, event_id: int, starts_at: dt.datetime, count: int) -> None:
    """An evening of ``count`` visits by seven people for every ten of them: most by their own link, some
    guests with a name, some without; some came back, some have two devices, some fell silent."""
    rnd = random.Random(event_id)
    people = max(1, count * 7 // 10)
    start, end = to_ms(starts_at), to_ms(starts_at) + 105 * _MINUTE

    def rows() -> Iterable[tuple[Any, ...]]:
        for n in range(count):
            person = n if n < people else rnd.randrange(people)
            kind = person % 20
            came = min(
                max(int(rnd.gauss(4, 12) * _MINUTE) + start, start - 9 * _MINUTE), end - 1000
            )
            left = min(came + int(rnd.betavariate(3, 1.5) * 105 * _MINUTE) + 5000, end)
            reason = "closed" if left == end else rnd.choice(("left", "left", "left", "timeout"))
            registered, named = kind < 17, kind == 17
            guest = name(person) if named else None
            uid = _text(rnd, 22)
            yield (
                uid, event_id, person_key(person) if registered else person_key(1 << 40 | person),
                "identified" if registered else "name_only" if named else "anonymous",
                registered, False, guest, guest and guest.casefold(), "room", uid, came, left, left, reason,
            )  # fmt: skip

    bulk(
        stage,
        "visits",
        (
            "uid", "event_id", "person_key", "identity", "is_registered", "is_crew", "name", "name_key",
            "channel", "connection", "started_at", "last_seen_at", "ended_at", "end_reason",
        ),
        rows(),
    )  # fmt: skip


def mails(stage: Stage, event_id: int, people: Sequence[str | None], *, sent: bool = False) -> None:
    """A reminder for each of these public ids (None: for somebody), due now and waiting for the worker, or
    gone to the server."""
    rnd = random.Random(event_id)
    at = to_ms(clock.now())
    text, html = "A reminder. " * 90, "<p>A reminder.</p>" * 240
    bulk(
        stage,
        "outgoing_mails",
        (
            "event_id", "person", "message", "lane", "lane_rank", "to_address", "to_name", "subject", "text",
            "html", "message_id", "secrets", "state", "tries", "created_at", "next_try_at", "sent_at",
        ),
        (
            (
                event_id, person or _text(rnd, 22), "reminder", "reminder", 1, f"person{n}@example.org", name(n),
                "Starts soon", text, html, f"<{_text(rnd, 22)}@example.org>", "[]",
                "sent" if sent else "queued", int(sent), at, at, at if sent else None,
            )
            for n, person in enumerate(people)
        ),
    )  # fmt: skip
