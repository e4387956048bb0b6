"""Which sign-ups: the one definition of a filter over them. The list, its files, what is done with many at
once, and mails to some of them all ask here, so that they mean the same people."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app

from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.signup import questions
from webapp.signup.models import LIVE, STATUSES, Answer, Consent, Question, Signup, SignupTag, Tag
from webapp.signup.people import name_key

REASONS = ("address", "approval", "click")
# What became of the latest mail to a person. "waiting" has not left yet, "lost" did not arrive, whoever
# says so, and "none" means that there never was one.
MAIL = ("sent", "waiting", "lost", "bounced", "refused", "failed", "suppressed", "expired", "none")
_MAIL_STATES = {
    "waiting": ("queued", "sending"),
    "lost": ("bounced", "refused", "failed", "suppressed"),
}
# Up to so many mails are looked at one by one, instead of everybody's latest.
_FEW_MAILS = 3000
# Whoever asked for something that helps them, whatever it is.
ANY_NEED = "*"
_YES_NO = ("yes", "no")
LONGEST = 200

# The field of a choice, and what it is called in an address.
_ARGS = {
    "search": "q", "status": "status", "reason": "reason", "source": "source", "language": "language",
    "tag": "tag", "not_tag": "not_tag", "contact": "contact", "need": "need", "question": "question",
    "answer": "answer", "crew": "crew", "proved": "proved", "mail": "mail", "joined": "joined",
}  # fmt: skip
_WORDS = {
    "status": STATUSES, "reason": REASONS, "crew": _YES_NO, "proved": _YES_NO, "mail": MAIL,
    "joined": _YES_NO,
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """Sign-ups of one event that fulfil all that is set; nothing set means everybody who was not erased.

    ``reason`` why a pending one waits; ``contact`` a host's key: who agreed to hear from them; ``tag`` and
    ``not_tag`` a tag that they have and one that they have not; ``need`` an access need, or ``ANY_NEED``;
    ``question`` and ``answer`` the key of a question and what they answered; ``mail`` what became of the
    latest mail to them, one of ``MAIL``; ``crew``, ``proved`` (their address) and ``joined`` "yes" or "no".
    """

    search: str = ""
    status: str | None = None
    reason: str | None = None
    source: str | None = None
    language: str | None = None
    tag: str | None = None
    not_tag: str | None = None
    contact: str | None = None
    need: str | None = None
    question: str | None = None
    answer: str | None = None
    crew: str | None = None
    proved: str | None = None
    mail: str | None = None
    joined: str | None = None

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Choice:
        """What ``as_args`` gave, from an address, a form or a stored mailing. A word that a field does not
        know is left out, so show people what it comes to; a tag, a host or an answer that is not there
        finds nobody."""
        found: dict[str, Any] = {}
        for field, name in _ARGS.items():
            value = _cleaned(args.get(name, ""))
            if value and value in _WORDS.get(field, (value,)):
                found[field] = value
        if not ("question" in found and "answer" in found):
            found.pop("question", None)
            found.pop("answer", None)
        return cls(**found)

    def as_args(self) -> dict[str, str]:
        """Only what is set, under the names it has in an address; ``from_args`` makes the same again."""
        return {name: value for field, name in _ARGS.items() if (value := getattr(self, field))}


def _cleaned(raw: str) -> str:
    text = "".join(c for c in unicodedata.normalize("NFC", raw) if c.isprintable())
    return text.strip()[:LONGEST]


def tag_key(name: str) -> str:
    """For comparing tags: case-folded, spaces collapsed."""
    return name_key(name)


def init_app(app: Flask, has_joined: Callable[[], sa.ColumnElement[bool]]) -> None:
    """Visits stand a floor above: from there comes the SQL for "this sign-up has come"."""
    app.extensions["has_joined"] = has_joined


def chosen(event_id: int, choice: Choice) -> sa.Select[tuple[Signup]]:
    """The sign-ups of ``choice``, newest first."""
    return (
        sa.select(Signup)
        .where(Signup.event_id == event_id, *conditions(event_id, choice))
        .order_by(Signup.id.desc())
    )


# The sign-ups of a choice, or those with these public ids.
Who = Choice | Collection[str]


def meant(event_id: int, who: Who) -> sa.Select[tuple[Signup]]:
    """The sign-ups that a choice finds, or of those with these public ids the ones that are still there."""
    if isinstance(who, Choice):
        return chosen(event_id, who)
    return chosen(event_id, Choice()).where(Signup.public_id.in_(who))


def can_be_done(act: str) -> sa.ColumnElement[bool]:
    """SQL: whether there is anything to do with a sign-up by this act of many (``operations.many``)."""
    match act:
        case "approve" | "decline":
            return Signup.status == "pending"
        case "cancel":
            return Signup.status.in_(LIVE)
        case "links":
            # One that looked like a robot's has had no mail, so it has no link to be sent again.
            is_person = sa.or_(
                Signup.pending_reason.is_(None), Signup.pending_reason.in_(("address", "approval"))
            )
            return sa.and_(Signup.status.in_(LIVE), is_person)
        case _:
            return sa.true()


def conditions(event_id: int, choice: Choice) -> list[sa.ColumnElement[bool]]:
    """SQL about one row of ``signups``: all of it must hold. The event's id is for what hangs on it. Whoever
    was erased is nobody's choice: their row stays for the figures alone."""
    found: list[sa.ColumnElement[bool]] = [Signup.erased_at.is_(None)]
    for field in ("status", "source", "language"):
        if value := getattr(choice, field):
            found.append(getattr(Signup, field) == value)
    if choice.reason:
        found += [Signup.status == "pending", Signup.pending_reason == choice.reason]
    if text := name_key(choice.search):
        in_name = Signup.name_key.contains(text, autoescape=True)
        found.append(sa.or_(in_name, Signup.email_key.contains(text, autoescape=True)))
    if choice.crew:
        found.append(Signup.is_crew.is_(choice.crew == "yes"))
    if choice.proved:
        is_proved = Signup.proved_at.is_not(None)
        found.append(is_proved if choice.proved == "yes" else ~is_proved)
    if choice.contact:
        found.append(_agreed(choice.contact))
    if choice.tag:
        found.append(has_tag(event_id, choice.tag))
    if choice.not_tag:
        found.append(~has_tag(event_id, choice.not_tag))
    if choice.need:
        found.append(_needs(choice.need))
    if choice.question and choice.answer:
        found.append(_answered(event_id, choice.question, choice.answer))
    if choice.mail:
        found.append(_mailed(event_id, choice.mail))
    if choice.joined:
        came = current_app.extensions["has_joined"]()
        found.append(came if choice.joined == "yes" else ~came)
    return found


def _agreed(host_key: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Consent.signup_id == Signup.id,
        Consent.host_key == host_key,
        # Written out: only then do both engines see that the partial index answers it.
        sa.text("consents.kind = 'contact' AND consents.withdrawn_at IS NULL"),
    )


def has_tag(event_id: int, name: str) -> sa.ColumnElement[bool]:
    """SQL: that a sign-up has this tag."""
    tag_id = sa.select(Tag.id).where(Tag.event_id == event_id, Tag.key == tag_key(name))
    return sa.exists().where(
        SignupTag.signup_id == Signup.id, SignupTag.tag_id == tag_id.scalar_subquery()
    )


def _needs(need: str) -> sa.ColumnElement[bool]:
    if need == ANY_NEED:
        return sa.or_(Signup.access_needs.is_not(None), Signup.access_note.is_not(None))
    # The list is kept as JSON; one of its texts stands there between quotes, as nothing else does.
    return sa.cast(Signup.access_needs, sa.Text).contains(json.dumps(need), autoescape=True)


def _answered(event_id: int, key: str, said: str) -> sa.ColumnElement[bool]:
    """Answers are kept as JSON, each kind always written the same way, so its text can be compared."""
    here = Question.event_id == event_id, Question.key == key
    question_id = sa.select(Question.id).where(*here).scalar_subquery()
    kind = sa.select(Question.type).where(*here).scalar_subquery()
    text = sa.cast(Answer.value, sa.Text)
    ways = [
        sa.and_(kind.in_(("text", "paragraph", "choice")), text == json.dumps(said)),
        sa.and_(kind == "choices", text.contains(json.dumps(said), autoescape=True)),
    ]
    if said in _YES_NO:
        ways.append(sa.and_(kind == "yes_no", text == json.dumps(said == "yes")))
    with contextlib.suppress(ValueError):
        ways.append(sa.and_(kind == "number", text == json.dumps(questions.number(said))))
    return Signup.id.in_(
        sa.select(Answer.signup_id).where(Answer.question_id == question_id, sa.or_(*ways))
    )


def _mailed(event_id: int, wanted: str) -> sa.ColumnElement[bool]:
    # A public id is of one event only. Not to ask for the event leaves one index to choose.
    mails = OutgoingMail.person == Signup.public_id
    if wanted == "none":
        return ~sa.exists().where(mails)
    states = _MAIL_STATES.get(wanted, (wanted,))
    number = _mails_in(event_id, states)
    if not number:
        return sa.false()
    if number > _FEW_MAILS:
        # Then many people are found, and soon: what became of the latest mail stands in the index.
        latest = (
            sa.select(OutgoingMail.state)
            .where(mails)
            .order_by(OutgoingMail.id.desc())
            .limit(1)
            .correlate(Signup)
            .scalar_subquery()
        )
        return latest.in_(states)
    # Few of many: it is quicker to look at these mails, and at whether a newer one came after them. Each
    # state by itself: of several at once SQLite believes that they are most of the table.
    newer = sa.orm.aliased(OutgoingMail)
    is_latest = ~sa.exists().where(newer.person == OutgoingMail.person, newer.id > OutgoingMail.id)
    found = [
        sa.select(OutgoingMail.person).where(
            OutgoingMail.event_id == event_id,
            OutgoingMail.state == state,
            OutgoingMail.person.is_not(None),
            is_latest,
        )
        for state in states
    ]
    return Signup.public_id.in_(sa.union_all(*found))


def _mails_in(event_id: int, states: tuple[str, ...]) -> int:
    """How many mails of the event are in one of the states; beyond a few it is not counted on. It reads the
    index alone."""
    some = (
        sa.select(OutgoingMail.id)
        .where(OutgoingMail.event_id == event_id, OutgoingMail.state.in_(states))
        .limit(_FEW_MAILS + 1)
        .subquery()
    )
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0)
