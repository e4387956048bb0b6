"""A little work for each form, as an option of the host for an event under attack: no captcha, no third party.

The page carries a puzzle that is signed, belongs to one event and is good for two hours. A script of ours
solves it in the background while somebody types: one or two seconds of a cheap phone, and so an hour for a
couple of thousand forms. Each solution buys one sign-up. What is missing, empty, given twice, wrong, used,
too old or another event's is all the same: not solved.

Without JavaScript the time is paid by waiting. The form stays filled in, and its button counts once twenty
seconds have passed: for a person a short pause, and for somebody who would rather wait than calculate there
are few such places at a time from one network. A mail with a button would do as well, but an attack would
then make us write to a thousand strangers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import sqlalchemy as sa
from flask import current_app
from werkzeug.datastructures import MultiDict

from webapp import limits, tokens
from webapp.db import db, to_ms
from webapp.prepared import PreparedInsert
from webapp.signup.forms import Entry, is_person
from webapp.signup.models import UsedPuzzle
from webapp.tokens import TokenError

AGE = dt.timedelta(hours=2)
# Many small pieces instead of a large one: all take about equally long.
PIECES = 16
WAIT = dt.timedelta(seconds=20)
# Who waits instead, from one network.
WAITING = "10 per 10 minutes"

_USE = PreparedInsert(UsedPuzzle.__tablename__, "ON CONFLICT (puzzle) DO NOTHING RETURNING id")


def make(event_id: int) -> str:
    return tokens.sign("puzzle", [event_id, tokens.public_id()])


def seed(puzzle: str) -> str:
    """What is calculated with: the signature, so that nothing can be worked out in advance."""
    return puzzle.rpartition(".")[2]


def is_piece(seed: str, place: int, number: int, bits: int) -> bool:
    digest = hashlib.sha256(f"{seed}.{place}.{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - bits) == 0


def _only(sent: MultiDict[str, str], name: str) -> str:
    """The value of a field that was sent exactly once."""
    values = sent.getlist(name)
    return values[0] if len(values) == 1 else ""


def _solved(event_id: int, sent: MultiDict[str, str]) -> str | None:
    """The puzzle's own id if it is one of this event's, still good, and solved."""
    puzzle, said = _only(sent, "puzzle"), _only(sent, "solution").split(",")
    numbers = [int(part) for part in said if part.isascii() and part.isdecimal() and len(part) < 10]
    if len(said) != PIECES or len(numbers) != PIECES:
        return None
    name = _named("puzzle", puzzle, event_id)
    bits = current_app.config["PUZZLE_BITS"]
    if name and all(is_piece(seed(puzzle), place, n, bits) for place, n in enumerate(numbers)):
        return name
    return None


def _named(purpose: Any, token: str, *about: Any) -> str | None:
    """The id in a token of ours that says ``about`` before it."""
    try:
        said = tokens.read(purpose, token, AGE).payload
    except TokenError:
        return None
    match said:
        case [*rest, str(name)] if rest == list(about):
            return name
    return None


def _form(entry: Entry) -> str:
    return tokens.digest(entry.token or "")[:16]


def ticket(event_id: int, entry: Entry, sent: MultiDict[str, str]) -> str:
    """For who waits instead: good for this form of this event. One that runs already is kept."""
    kept = _only(sent, "waited")
    if _named("puzzle-wait", kept, event_id, _form(entry)):
        return kept
    return tokens.sign("puzzle-wait", [event_id, _form(entry), tokens.public_id()])


def seconds_left(ticket: str, at: dt.datetime) -> int:
    made_at = tokens.read("puzzle-wait", ticket, AGE).made_at
    return max(int((made_at + WAIT - at).total_seconds()), 0)


def _waited(event_id: int, entry: Entry, sent: MultiDict[str, str], at: dt.datetime) -> str | None:
    token = _only(sent, "waited")
    name = _named("puzzle-wait", token, event_id, _form(entry))
    if not name or seconds_left(token, at) > 0:
        return None
    return name if limits.allows(WAITING, "puzzle-wait", limits.client()) else None


def is_paid(
    event_id: int, email_key: str, entry: Entry, sent: MultiDict[str, str], at: dt.datetime
) -> bool:
    """Whether this form has paid for its sign-up, and takes the payment: each counts once. The very same
    form sent twice (a double click) is one sign-up and pays once."""
    if is_person(event_id, entry):
        # It paid when it was sent the first time; the click was asked for afterwards.
        name: str | None = f"person {_form(entry)}"
    else:
        name = _solved(event_id, sent) or _waited(event_id, entry, sent, at)
    if name is None:
        return False
    db.session.execute(
        sa.delete(UsedPuzzle).where(UsedPuzzle.expires_at < at),
        execution_options={"synchronize_session": False},
    )
    form = tokens.mark("puzzle", f"{event_id}\0{_form(entry)}\0{email_key}")
    row = {"event_id": event_id, "puzzle": name, "form": form, "expires_at": to_ms(at + AGE)}
    if _USE.first(db.session.connection(), row) is not None:
        return True
    used_by = db.session.scalar(sa.select(UsedPuzzle.form).where(UsedPuzzle.puzzle == name))
    return used_by == form
