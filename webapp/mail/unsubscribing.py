"""Ending mails that are not about a person's own sign-up, with one press and without signing in.

What is written down is a mark of the address, never the address: the wish must hold on after the person's
data is gone, and nobody may read from it who it was.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import urlsplit

import sqlalchemy as sa

from webapp import addresses, tokens
from webapp.db import db
from webapp.mail.models import Unsubscribe
from webapp.templating import absolute_url
from webapp.tokens import TokenInvalid

_PURPOSE = "unsubscribe"
# Stands in place of a server's words with a mail that was not sent for this reason.
UNSUBSCRIBED = "unsubscribed"
# Variables in one statement; SQLite takes 32,766.
_CHUNK = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class MailList:
    """What a mail belongs to: all that one host sends, or of that only what is about one event."""

    host_key: str
    event_id: int | None = None

    @property
    def as_host(self) -> MailList:
        """The wider of the two."""
        return MailList(self.host_key)

    def columns(self) -> dict[str, int | str | None]:
        if self.event_id is None:
            return {"event_id": None, "host_key": self.host_key}
        return {"event_id": self.event_id, "host_key": None}

    @property
    def is_here(self) -> sa.ColumnElement[bool]:
        """SQL: the row ends this very list."""
        if self.event_id is None:
            return Unsubscribe.host_key == self.host_key
        return Unsubscribe.event_id == self.event_id

    @property
    def ends_here(self) -> sa.ColumnElement[bool]:
        """SQL: the row keeps mail of this list from leaving, be it by ending the wider one."""
        if self.event_id is None:
            return self.is_here
        return sa.or_(self.is_here, Unsubscribe.host_key == self.host_key)


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What a link says: whose address (as a mark) and which list."""

    mail_list: MailList
    address_mark: str


def url(mail_list: MailList, address: str) -> str:
    """The address behind which ``address`` leaves ``mail_list``; it stands in the mail and in its header."""
    mark = tokens.mark(_PURPOSE, addresses.key(address))
    token = tokens.sign("unsubscribe", [mail_list.event_id, mail_list.host_key, mark])
    return absolute_url("unsubscribe.show", token=token)


def read(token: str) -> Wish:
    """Raises TokenError."""
    match tokens.read("unsubscribe", token).payload:
        case [None | int() as event_id, str(host_key), str(mark)]:
            return Wish(MailList(host_key, event_id), mark)
    raise TokenInvalid


def end(wish: Wish, at: dt.datetime) -> bool:
    """No more mail of the list from ``at`` on. Again it changes nothing; answers whether it is new."""
    if ended(wish):
        return False
    try:
        with db.session.begin_nested():
            db.session.add(
                Unsubscribe(address_mark=wish.address_mark, at=at, **wish.mail_list.columns())
            )
    except sa.exc.IntegrityError:
        # Pressed twice at once.
        return False
    return True


def take_back(wish: Wish) -> None:
    """The person wants the mails of the list again, be it this event's only or all of the host's."""
    db.session.execute(
        sa.delete(Unsubscribe).where(
            wish.mail_list.ends_here, Unsubscribe.address_mark == wish.address_mark
        )
    )


def end_all(texts: Iterable[str], mail_list: MailList, at: dt.datetime) -> set[str]:
    """No more mail of the list to these addresses, since they said so elsewhere. Answers those for which
    this is new."""
    wanted = set(texts)
    new = wanted - among(wanted, mail_list)
    rows = [
        {"address_mark": _mark_of(text), "at": at, **mail_list.columns()} for text in sorted(new)
    ]
    if rows:
        db.session.execute(sa.insert(Unsubscribe), rows)
    return new


def take_back_all(texts: Iterable[str], mail_list: MailList) -> None:
    """Undoes ``end_all`` for the addresses that it named as new."""
    for chunk in _chunks(_mark_of(text) for text in texts):
        db.session.execute(
            sa.delete(Unsubscribe).where(mail_list.is_here, Unsubscribe.address_mark.in_(chunk)),
            execution_options={"synchronize_session": False},
        )


def _mark_of(text: str) -> str:
    return tokens.mark(_PURPOSE, addresses.key(text))


def ended(wish: Wish) -> bool:
    """Whether this very list is ended for the address."""
    found = sa.select(Unsubscribe.id).where(
        wish.mail_list.is_here, Unsubscribe.address_mark == wish.address_mark
    )
    return db.session.scalar(found) is not None


def _chunks(marks: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(marks)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _ended_marks(mail_list: MailList, marks: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for chunk in _chunks(marks):
        found.update(
            db.session.scalars(
                sa.select(Unsubscribe.address_mark).where(
                    mail_list.ends_here, Unsubscribe.address_mark.in_(chunk)
                )
            )
        )
    return found


def has_any(mail_list: MailList) -> bool:
    """Whether anybody at all has ended the mails of the list: most often nobody has, and then no mark of
    an address needs to be made."""
    found = sa.select(Unsubscribe.id).where(mail_list.ends_here).limit(1)
    return db.session.scalar(found) is not None


def among(texts: Iterable[str], mail_list: MailList) -> set[str]:
    """Those of the addresses that want no mail of ``mail_list``. Asked before such mails are queued."""
    marks: dict[str, list[str]] = {}
    for text in texts:
        for mark in tokens.marks(_PURPOSE, addresses.key(text)):
            marks.setdefault(mark, []).append(text)
    return {text for mark in _ended_marks(mail_list, marks) for text in marks[mark]}


def ended_among(urls: Iterable[str]) -> set[str]:
    """Those of the links (``url``) behind which the mails have been ended; also between queueing and
    sending, which for a large mailing is hours."""
    by_list: dict[MailList, dict[str, list[str]]] = {}
    for link in urls:
        try:
            # A link may name the reader's language behind its token.
            wish = read(urlsplit(link).path.rsplit("/", 1)[-1])
        except tokens.TokenError:
            continue
        by_list.setdefault(wish.mail_list, {}).setdefault(wish.address_mark, []).append(link)
    return {
        link
        for mail_list, marks in by_list.items()
        for mark in _ended_marks(mail_list, marks)
        for link in marks[mark]
    }
