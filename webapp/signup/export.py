"""All sign-ups as CSV: streamed, so that a hundred thousand of them need no more memory than one batch.

Text that a spreadsheet would take for a formula gets an apostrophe before it. The file begins with a
byte order mark, which spreadsheets need to show accents rightly.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from defusedcsv import csv
from flask import stream_with_context
from flask_babel import gettext as _

from webapp.clock import iso_z
from webapp.db import begin_as_reader, db
from webapp.events.models import Event
from webapp.signup import questions
from webapp.signup.models import Answer, Consent, Signup

BATCH = 2000


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return "; ".join(str(part) for part in value)
    return str(value)


class Table:
    """One event's sign-ups as rows, oldest first. Erased people are a line with their status only."""

    def __init__(self, event: Event, hosts: dict[str, str]) -> None:
        self.event_id = event.id
        self.hosts = hosts
        self.asks = questions.of_event(event.id)

    def header(self) -> list[str]:
        return [
            _("Name"), _("E-mail address"), _("Status"), _("Signed up (UTC)"), _("Confirmed (UTC)"),
            _("Source"), _("Language"), _("Crew"),
            *(_("May be contacted by %(host)s", host=name) for name in self.hosts.values()),
            *(ask.label for ask in self.asks),
        ]  # fmt: skip

    def _batches(self) -> Iterator[list[Any]]:
        last = 0
        while True:
            batch = db.session.execute(
                sa.select(
                    Signup.id, Signup.name, Signup.email, Signup.status, Signup.created_at,
                    Signup.confirmed_at, Signup.source, Signup.language, Signup.is_crew,
                )
                .where(Signup.event_id == self.event_id, Signup.id > last)
                .order_by(Signup.id)
                .limit(BATCH)
            ).all()  # fmt: skip
            if not batch:
                return
            yield list(batch)
            last = batch[-1].id

    def _details(self, first: int, last: int) -> tuple[dict[int, set[str]], dict[int, dict[int, Any]]]:  # fmt: skip
        """By sign-up of the batch: host keys that may write, and answers by question."""
        contact: dict[int, set[str]] = {}
        mine = Signup.event_id == self.event_id, Signup.id.between(first, last)
        for signup_id, key in db.session.execute(
            sa.select(Consent.signup_id, Consent.host_key)
            .join(Signup, Signup.id == Consent.signup_id)
            .where(*mine, Consent.kind == "contact", Consent.withdrawn_at.is_(None))
        ):
            contact.setdefault(signup_id, set()).add(key)
        answers: dict[int, dict[int, Any]] = {}
        if self.asks:
            for signup_id, question_id, value in db.session.execute(
                sa.select(Answer.signup_id, Answer.question_id, Answer.value)
                .join(Signup, Signup.id == Answer.signup_id)
                .where(*mine)
            ):
                answers.setdefault(signup_id, {})[question_id] = value
        return contact, answers

    def rows(self) -> Iterator[list[list[str]]]:
        """The lines after the header, a batch at a time."""
        yes = _("yes")
        for batch in self._batches():
            contact, answers = self._details(batch[0].id, batch[-1].id)
            lines = []
            for id_, name, email, status, created, confirmed, source, language, is_crew in batch:
                agreed = contact.get(id_, ()) if email else ()
                given = answers.get(id_, {})
                lines.append(
                    [
                        name or "", email or "", status, iso_z(created),
                        iso_z(confirmed) if confirmed else "", source or "", language,
                        yes if is_crew else "",
                        *(yes if key in agreed else "" for key in self.hosts),
                        *(_shown(given.get(ask.id)) for ask in self.asks),
                    ]
                )  # fmt: skip
            yield lines

    def _text(self) -> Iterator[str]:
        # What was written is committed; from here on this only reads, and lets others write.
        begin_as_reader()
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        buffer.write("\ufeff")
        writer.writerow(self.header())
        for lines in self.rows():
            writer.writerows(lines)
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    def stream(self) -> Iterator[str]:
        """The file in pieces, for a response."""
        return stream_with_context(self._text())
