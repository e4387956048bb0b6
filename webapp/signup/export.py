"""The sign-ups that a filter finds as a file: CSV, streamed, so that a hundred thousand of them need no more
memory than one batch; or XLSX, written row by row into a file on disk that is sent and gone.

Text that a spreadsheet would take for a formula gets an apostrophe before it in CSV; in XLSX every cell says
itself that it is text. The CSV begins with a byte order mark, which spreadsheets need to show accents rightly.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

import sqlalchemy as sa
import xlsxwriter
from defusedcsv import csv as defusedcsv
from flask import stream_with_context
from flask_babel import gettext as _

from webapp.clock import iso_z_of
from webapp.db import begin_as_reader, db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.prepared import Prepared
from webapp.signup import choosing, questions
from webapp.signup.choosing import Choice
from webapp.signup.models import Answer, Consent, Question, Signup, SignupTag, Tag

BATCH = 500
# As many rows as the format has, less the heading.
MOST_IN_XLSX = 1_048_575
# How a cell begins that a spreadsheet may take for a formula, and where such a cell may begin in a file.
_RISKY = re.compile("[@+=|%-]")
_RISKY_TEXT = re.compile('[\n,]"?[@+=|%-]')


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
    if _RISKY_TEXT.search("\n" + buffer.getvalue()):
        buffer.seek(0)
        buffer.truncate()
        careful = defusedcsv.writer(buffer)
        for line in lines:
            (careful if any(map(_RISKY.match, line)) else plain).writerow(line)
    return buffer.getvalue()


def _missing() -> dict[str | None, str]:
    """What stands in the status column for a pending one: not one word for three things. Lists that are
    brought in are read by these words again (``imports.sources``)."""
    return {
        "approval": _("to be approved"),
        "address": _("address not confirmed"),
        "click": _("looked like a robot"),
    }


def _number(column: Any) -> sa.ColumnElement[Any]:
    """A moment as the milliseconds it is kept as."""
    return sa.type_coerce(column, sa.BigInteger)


_EVENT: Any = sa.bindparam("event_id")
_FIRST: Any = sa.bindparam("first")
_LAST: Any = sa.bindparam("last")
_PERSON = (
    sa.select(
        Signup.id, Signup.name, Signup.email, Signup.status, Signup.pending_reason, _number(Signup.created_at),
        _number(Signup.confirmed_at), Signup.source, Signup.language, Signup.is_crew,
        sa.cast(Signup.access_needs, sa.Text), Signup.access_note, Signup.companions,
        _number(Signup.proved_at),
    )
    .where(Signup.event_id == _EVENT, Signup.id > _LAST, Signup.erased_at.is_(None))
    .order_by(Signup.id)
    .limit(sa.bindparam("batch", type_=sa.Integer))
)  # fmt: skip
_PEOPLE = Prepared(_PERSON)
_AGREED = sa.select(Consent.signup_id, Consent.host_key, _number(Consent.agreed_at)).where(
    Consent.withdrawn_at.is_(None)
)
_ANSWERED = sa.select(Answer.signup_id, Answer.question_id, sa.cast(Answer.value, sa.Text)).where(
    Answer.question_id.in_(sa.select(Question.id).where(Question.event_id == _EVENT))
)
_TAGGED = (
    sa.select(SignupTag.signup_id, Tag.name)
    .join(Tag, Tag.id == SignupTag.tag_id)
    .where(Tag.event_id == _EVENT)
    .order_by(Tag.key)
)


class _Details:
    """What belongs to a batch of people: read between the first and the last of them if they are all of the
    event, otherwise one by one. Of other events' people, too, whose sign-ups lie between these: nobody asks
    for those."""

    def __init__(self, statement: sa.Select[Any], column: Any) -> None:
        self._between = Prepared(statement.where(column.between(_FIRST, _LAST)))
        self._among = statement.where(column.in_(sa.bindparam("ids", expanding=True)))

    def rows(self, event_id: int, ids: Sequence[int], *, is_all: bool) -> Sequence[Any]:
        if is_all:
            values = {"event_id": event_id, "first": ids[0], "last": ids[-1]}
            return self._between.rows(db.session.connection(), values)
        return db.session.execute(self._among, {"event_id": event_id, "ids": ids}).all()


_CONSENTS = _Details(_AGREED, Consent.signup_id)
_ANSWERS = _Details(_ANSWERED, Answer.signup_id)
_TAGS = _Details(_TAGGED, SignupTag.signup_id)


class _Moments(dict[int, str]):
    """Moments as they are written, by their milliseconds."""

    def __missing__(self, at: int) -> str:
        text = self[at] = iso_z_of(at)
        return text


class Table:
    """The sign-ups of a choice as rows, oldest first."""

    def __init__(
        self,
        event: Event,
        hosts: dict[str, str],
        choice: Choice = Choice(),  # noqa: B008 - frozen
    ) -> None:
        self.event_id = event.id
        self.hosts = hosts
        self.choice = choice
        self.is_all = choice == Choice()
        self.asks = questions.of_event(event.id, retired=True)

    def header(self) -> list[str]:
        return [
            _("Name"), _("E-mail address"), _("Status"), _("Signed up (UTC)"), _("Confirmed (UTC)"),
            _("Source"), _("Language"), _("Crew"),
            *(_("May be contacted by %(host)s", host=name) for name in self.hosts.values()),
            *(ask.label for ask in self.asks),
            _("What would help them"), _("Coming with them"), _("Tags"), _("Address confirmed (UTC)"),
            _("Agreed that it is kept (UTC)"),
        ]  # fmt: skip

    def _batches(self) -> Iterator[Sequence[Any]]:
        values = {"event_id": self.event_id, "last": 0, "batch": BATCH}
        chosen = None
        if not self.is_all:
            chosen = _PERSON.where(*choosing.conditions(self.event_id, self.choice))
        while True:
            if chosen is None:
                batch: Sequence[Any] = _PEOPLE.rows(db.session.connection(), values)
            else:
                batch = db.session.execute(chosen, values).all()
            if not batch:
                return
            yield batch
            values["last"] = batch[-1][0]

    def _answers(self, ids: Sequence[int]) -> dict[tuple[int, int], str]:
        """By sign-up and question: the answer as it is shown."""
        if not self.asks:
            return {}
        found = _ANSWERS.rows(self.event_id, ids, is_all=self.is_all)
        return {
            # A text without anything to unescape is itself, in quotes.
            (signup_id, question_id): text[1:-1]
            if text[0] == '"' and "\\" not in text
            else _shown(json.loads(text))
            for signup_id, question_id, text in found
        }

    def rows(self) -> Iterator[list[list[str]]]:
        """The lines after the header, a batch at a time."""
        yes, missing = _("yes"), _missing()
        asked = [ask.id for ask in self.asks]
        for batch in self._batches():
            ids = [row[0] for row in batch]
            agreed: dict[int, dict[str | None, int]] = {}
            for signup_id, key, at in _CONSENTS.rows(self.event_id, ids, is_all=self.is_all):
                agreed.setdefault(signup_id, {})[key] = at
            answers = self._answers(ids)
            tags: dict[int, list[str]] = {}
            for signup_id, tag in _TAGS.rows(self.event_id, ids, is_all=self.is_all):
                tags.setdefault(signup_id, []).append(tag)
            lines = []
            # One press makes most of a person's moments, so they are the same.
            moments = _Moments()
            for (
                id_, name, email, status, reason, created, confirmed, source, language, is_crew, needs,
                note, companions, proved,
            ) in batch:  # fmt: skip
                keys = agreed.get(id_, {}) if email else {}
                lines.append(
                    [
                        name or "", email or "", missing.get(reason, status), moments[created],
                        moments[confirmed] if confirmed else "", source or "", language,
                        yes if is_crew else "",
                        *[yes if key in keys else "" for key in self.hosts],
                        *[answers.get((id_, question_id), "") for question_id in asked],
                        _needs(needs, note) if needs or note else "", str(companions) if companions else "",
                        "; ".join(tags[id_]) if id_ in tags else "",
                        moments[proved] if proved and email else "",
                        moments[keys[None]] if None in keys else "",
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
        """The file as CSV, in pieces, for a response."""
        return stream_with_context(self._text())

    def workbook(self) -> IO[bytes]:
        """The file as XLSX, at its beginning. It has no name on disk, so that it is gone as soon as it is
        closed, whatever happens; and it grows there, not in memory."""
        begin_as_reader()
        file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
        try:
            # What the library needs meanwhile lies in a folder of its own.
            with tempfile.TemporaryDirectory() as folder:
                self._write(file, folder)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def _write(self, file: IO[bytes], folder: str) -> None:
        book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True, "tmpdir": folder, "strings_to_formulas": False,
                "strings_to_urls": False, "strings_to_numbers": False,
            },
        )  # fmt: skip
        sheet = book.add_worksheet(_("Sign-ups"))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 1, 28)
        sheet.set_column(2, 40, 18)
        bold = book.add_format({"bold": True})
        for column, text in enumerate(self.header()):
            sheet.write_string(0, column, text, bold)
        number = 0
        try:
            for lines in self.rows():
                for line in lines:
                    number += 1
                    for column, text in enumerate(line):
                        if text:
                            sheet.write_string(number, column, text)
            book.close()
        finally:
            # Where something went wrong the library leaves it open.
            left: Any = sheet.row_data_fh
            left.close()


def check_fits(people: int) -> None:
    """Raises Refused if they are more than a sheet has rows."""
    if people > MOST_IN_XLSX:
        raise Refused(_("These are more people than an XLSX file has rows. Take the CSV file."), "size")  # fmt: skip


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The file, a piece at a time; then it is gone."""
    with file:
        while part := file.read(65_536):
            yield part
