"""All sign-ups as CSV: streamed, so that a hundred thousand of them need no more memory than one batch.

Text that a spreadsheet would take for a formula gets an apostrophe before it. The file begins with a
byte order mark, which spreadsheets need to show accents rightly.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from defusedcsv import csv as defusedcsv
from flask import stream_with_context
from flask_babel import gettext as _

from webapp.clock import iso_z_of
from webapp.db import begin_as_reader, db
from webapp.events.models import Event
from webapp.prepared import Prepared
from webapp.signup import questions
from webapp.signup.models import Answer, Consent, Question, Signup

BATCH = 500
# How a cell begins that a spreadsheet may take for a formula, and where such a cell may begin in a file.
_RISKY = re.compile("[@+=|%-]")
_RISKY_TEXT = re.compile('(?:^|,)"?[@+=|%-]', re.MULTILINE)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return "; ".join(str(part) for part in value)
    return str(value)


def _needs(needs: str | None, note: str | None) -> str:
    """What of the event's offers somebody asked for, then what they wrote themselves."""
    return "; ".join([*(json.loads(needs) if needs else ()), *([note] if note else [])])


def _written(lines: list[list[str]]) -> str:
    """The lines as CSV. The library that defuses formulas looks at every cell, which takes longer than all
    the rest; so it gets those lines only that have something to defuse."""
    buffer = io.StringIO()
    plain = csv.writer(buffer)
    plain.writerows(lines)
    if _RISKY_TEXT.search(buffer.getvalue()):
        buffer.seek(0)
        buffer.truncate()
        careful = defusedcsv.writer(buffer)
        for line in lines:
            (careful if any(map(_RISKY.match, line)) else plain).writerow(line)
    return buffer.getvalue()


def _number(column: Any) -> sa.ColumnElement[Any]:
    """A moment as the milliseconds it is kept as."""
    return sa.type_coerce(column, sa.BigInteger)


_EVENT: Any = sa.bindparam("event_id")
_FIRST: Any = sa.bindparam("first")
_LAST: Any = sa.bindparam("last")
_PEOPLE = Prepared(
    sa.select(
        Signup.id, Signup.name, Signup.email, Signup.status, _number(Signup.created_at),
        _number(Signup.confirmed_at), Signup.source, Signup.language, Signup.is_crew,
        sa.cast(Signup.access_needs, sa.Text), Signup.access_note, Signup.companions,
    )
    .where(Signup.event_id == _EVENT, Signup.id > _LAST)
    .order_by(Signup.id)
    .limit(sa.bindparam("batch", type_=sa.Integer))
)  # fmt: skip
# Of other events' people, too, whose sign-ups lie between these: nobody asks for those.
_AGREED = Prepared(
    sa.select(Consent.signup_id, Consent.host_key).where(
        Consent.signup_id.between(_FIRST, _LAST),
        Consent.kind == "contact",
        Consent.withdrawn_at.is_(None),
    )
)
_ANSWERS = Prepared(
    sa.select(Answer.signup_id, Answer.question_id, sa.cast(Answer.value, sa.Text)).where(
        Answer.signup_id.between(_FIRST, _LAST),
        Answer.question_id.in_(sa.select(Question.id).where(Question.event_id == _EVENT)),
    )
)


class Table:
    """One event's sign-ups as rows, oldest first. Erased people are a line with their status only."""

    def __init__(self, event: Event, hosts: dict[str, str]) -> None:
        self.event_id = event.id
        self.hosts = hosts
        self.asks = questions.of_event(event.id, retired=True)

    def header(self) -> list[str]:
        return [
            _("Name"), _("E-mail address"), _("Status"), _("Signed up (UTC)"), _("Confirmed (UTC)"),
            _("Source"), _("Language"), _("Crew"),
            *(_("May be contacted by %(host)s", host=name) for name in self.hosts.values()),
            *(ask.label for ask in self.asks),
            _("What would help them"), _("Coming with them"),
        ]  # fmt: skip

    def _batches(self) -> Iterator[list[Any]]:
        values = {"event_id": self.event_id, "last": 0, "batch": BATCH}
        while batch := _PEOPLE.rows(db.session.connection(), values):
            yield batch
            values["last"] = batch[-1][0]

    def _agreed(self, first: int, last: int) -> dict[int, set[str]]:
        """By sign-up: the keys of the hosts who may write."""
        found: dict[int, set[str]] = {}
        for signup_id, key in _AGREED.rows(db.session.connection(), {"first": first, "last": last}):
            found.setdefault(signup_id, set()).add(key)
        return found

    def _answers(self, first: int, last: int) -> dict[tuple[int, int], str]:
        """By sign-up and question: the answer as it is shown."""
        if not self.asks:
            return {}
        between = {"first": first, "last": last, "event_id": self.event_id}
        return {
            # A text without anything to unescape is itself, in quotes.
            (signup_id, question_id): text[1:-1]
            if text[0] == '"' and "\\" not in text
            else _shown(json.loads(text))
            for signup_id, question_id, text in _ANSWERS.rows(db.session.connection(), between)
        }

    def rows(self) -> Iterator[list[list[str]]]:
        """The lines after the header, a batch at a time."""
        yes = _("yes")
        asked = [ask.id for ask in self.asks]
        for batch in self._batches():
            agreed = self._agreed(batch[0][0], batch[-1][0])
            answers = self._answers(batch[0][0], batch[-1][0])
            lines = []
            for (
                id_, name, email, status, created, confirmed, source, language, is_crew, needs, note,
                companions,
            ) in batch:  # fmt: skip
                keys = agreed.get(id_, ()) if email else ()
                lines.append(
                    [
                        name or "", email or "", status, iso_z_of(created),
                        iso_z_of(confirmed) if confirmed else "", source or "", language,
                        yes if is_crew else "",
                        *[yes if key in keys else "" for key in self.hosts],
                        *[answers.get((id_, question_id), "") for question_id in asked],
                        _needs(needs, note) if needs or note else "", companions or "",
                    ]
                )  # fmt: skip
            yield lines

    def _text(self) -> Iterator[str]:
        # What was written is committed; from here on this only reads, and lets others write.
        begin_as_reader()
        yield "\ufeff" + _written([self.header()])
        for lines in self.rows():
            yield _written(lines)

    def stream(self) -> Iterator[str]:
        """The file in pieces, for a response."""
        return stream_with_context(self._text())
