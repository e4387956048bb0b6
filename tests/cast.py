"""The cast with everything they have: two whole evenings, for the tests that walk over every route.

Ada owns the evening "quetzal" and the draft "quetzal-draft", Ben helps with both; Cleo owns the evening
"heron" and is a stranger to Ada's; Dora and Dana are admins; Finn's account is
disabled. Every row of Ada's says "quetzal", every row
of Cleo's "heron", so that a page that shows the wrong one is found out by its words.

A new kind of row goes into ``_fill``; a new name in an address gets its real values in ``_values``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests import rows
from tests.conftest import NOW
from tests.factories import (
    make_event,
    make_session,
    make_signup,
    make_speaker,
    make_target,
    make_user,
    make_visit,
)
from tests.signin import LONG
from webapp import tokens
from webapp.accounts import operations as accounts
from webapp.accounts import passwords
from webapp.accounts.models import ApiToken, User, UserSession
from webapp.agenda import releases
from webapp.agenda.models import AgendaStep, Note, Press
from webapp.attendance import tickets
from webapp.attendance.models import Companions, HeadCount, LinkRound
from webapp.cohosts.models import Handover, HandoverRow, HandoverWarning, HostLogo
from webapp.db import db, to_ms
from webapp.events.models import CoHost, Event, Membership
from webapp.mail import unsubscribing
from webapp.mail.models import DeliveryPause, MailText, OutgoingMail, SuppressedAddress
from webapp.mail.unsubscribing import MailList
from webapp.mailing import reminders
from webapp.mailing.models import Mailing, MailingRecipient, MailingText, MailPlan
from webapp.mailing.told import Facts
from webapp.reports import operations as reports
from webapp.reports import queries as report_queries
from webapp.signup.imports import operations as imports
from webapp.signup.imports.models import ImportedSignup, SignupImport
from webapp.signup.invitations import links as invitation_links
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import (
    Answer,
    Batch,
    BatchPerson,
    Consent,
    FormUndo,
    LinkSending,
    Question,
    Signup,
    SignupNote,
    SignupTag,
    SourceLink,
    Tag,
)
from webapp.signup.operations import asking

# The moments at which pages are looked at: before the evening, in the middle of it, the morning after.
BEFORE = NOW
LIVE = NOW + dt.timedelta(minutes=90)
AFTER = NOW + dt.timedelta(hours=16)

PASSWORD = "a fence of cactus plants"


@dataclasses.dataclass(frozen=True, repr=False)
class Evening:
    """One event with all that belongs to it, as plain values that outlive any database session.

    ``values`` has the real values for each name in an address; the first is the one to try, the others
    have more forms to show. ``links`` has the tokens of each kind of link.
    """

    mark: str
    event_id: int
    values: dict[str, list[str]]
    links: dict[str, list[str]]

    @property
    def slug(self) -> str:
        return self.values["slug"][0]


@dataclasses.dataclass(frozen=True, repr=False)
class Cast:
    """Everybody and everything. ``secrets`` is what each person's cookie holds, ``bearers`` their API
    tokens, ``site`` the values for names in addresses that belong to no event, or to
    one endpoint ("endpoint name")."""

    app: Flask
    users: dict[str, int]
    secrets: dict[str, str]
    bearers: dict[str, str]
    evening: Evening
    draft: Evening
    foreign: Evening
    site: dict[str, list[str]]
    snapshot: rows.Dump

    def restore(self) -> None:
        """The database and the process's memory as they were when the curtain rose."""
        rows.restore(self.app, self.snapshot)

    def browser(
        self, name: str | None = None, kind: type[FlaskClient] = FlaskClient
    ) -> FlaskClient:
        """A browser in which ``name`` is signed in; nobody without a name."""
        browser = kind(self.app, self.app.response_class)
        if name:
            with browser.session_transaction() as cookie:
                cookie["_user_id"] = self.secrets[name]
                cookie["_fresh"] = True
        return browser


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def _mail(event: Event | None, mark: str, **values: Any) -> OutgoingMail:
    defaults: dict[str, Any] = {
        "event_id": event.id if event else None,
        "message": "confirmed",
        "to_address": f"guest@{mark}.example.org",
        "subject": f"A mail about {mark}",
        "text": f"Hello {mark}",
        "html": f'<!doctype html><html lang="en"><title>{mark}</title><p>Hello {mark}',
        "message_id": f"<{tokens.public_id()}@example.org>",
        "created_at": NOW,
        "next_try_at": NOW,
    }
    return _add(OutgoingMail(**(defaults | values)))


def _links(event: Event, signups: list[Signup], guest_key: int) -> dict[str, list[str]]:
    """Good tokens of every kind there is, for this event and its people."""
    people = [[event.id, signup.public_id] for signup in signups]
    return {
        "my": [tokens.sign_lasting("my", who) for who in people],
        "confirm": [tokens.sign("confirm", who) for who in people],
        "erase": [tokens.sign("erase", who) for who in people],
        "remove": [tokens.sign("remove", who) for who in people],
        "join": [
            tokens.sign_lasting("join", [event.id, s.public_id, s.person_key]) for s in signups
        ],
        "guest": [tickets.public_link(event.id)],
        "ticket": [tickets.for_guest(event.id, guest_key, named=True)],
        "cohost": [tokens.sign_lasting("cohost", [event.id, f"{event.slug}-cohost", "a-key"])],
        "chair": [tokens.sign("chair", [event.id])],
        "door-cookie": [tokens.sign("door-cookie", [event.id, guest_key])],
        "form": [tokens.sign("form", [event.id, "0" * 16])],
        "puzzle": [tokens.sign("puzzle", [event.id, "0" * 22])],
        "puzzle-wait": [tokens.sign("puzzle-wait", [event.id, "0" * 16, "0" * 22])],
        "unsubscribe": [
            unsubscribing.url(MailList(event.host_key, event.id), signup.email).rpartition("/")[2]
            for signup in signups
        ],
    }


def _people(event: Event, mark: str) -> list[Signup]:
    """Sign-ups in each state that has buttons of its own, the confirmed one first."""
    confirmed = make_signup(event, f"Ana {mark}", email=f"ana@{mark}.example.org")
    waiting = {"status": "pending", "confirmed_at": None}
    return [
        confirmed,
        make_signup(event, f"Bea {mark}", email=f"bea@{mark}.example.org", pending_reason="approval", proved_at=NOW, **waiting),
        make_signup(event, f"Cid {mark}", email=f"cid@{mark}.example.org", pending_reason="address", **waiting),
        make_signup(event, f"Dan {mark}", email=f"dan@{mark}.example.org", status="cancelled", cancelled_at=NOW, cancelled_by="person"),
        make_signup(event, f"Eli {mark}", email=f"eli@{mark}.example.org", status="offered", confirmed_at=None, waitlisted_at=NOW, offer_expires_at=event.ends_at),
        # Has a place, and no mail with the link has reached them.
        make_signup(event, f"Fay {mark}", email=f"fay@{mark}.example.org"),
    ]  # fmt: skip


def _mailings(event: Event, mark: str, signups: list[Signup]) -> list[Mailing]:
    """One of each that has buttons of its own: one that is held, one that has gone out."""
    facts = Facts.of(event).kept()
    recording = f"https://video.example.org/{mark}"
    _add(MailPlan(event_id=event.id, told=facts, looked_at=NOW, recording_url=recording))
    for rule, state in zip(reminders.DEFAULTS, ("off", "planned"), strict=True):
        _add(Mailing(event_id=event.id, kind="reminder", state=state, number=rule.minutes,
                     due_at=rule.due(event), created_at=NOW))  # fmt: skip
    done = _add(Mailing(event_id=event.id, kind="stayed", anchor="end", number=30, state="done", created_at=NOW))  # fmt: skip
    _add(MailingRecipient(mailing_id=done.id, signup_id=signups[0].id, done_at=NOW))
    draft, sent = (
        _add(Mailing(event_id=event.id, kind="blast", state=state, choice={"status": "confirmed"}, created_at=NOW))
        for state in ("draft", "done")
    )  # fmt: skip
    for mailing in (draft, sent):
        _add(MailingText(mailing_id=mailing.id, language="en", subject=f"A word on {mark}",
                         body=f"Hello {{name}}, bring a friend to {mark}."))  # fmt: skip
    before = facts | {"starts_at": facts["starts_at"] - 3_600_000}
    details = {"before": before, "after": facts, "first": to_ms(NOW), "last": to_ms(NOW)}
    held = _add(Mailing(event_id=event.id, kind="changed", state="held", details=details, created_at=NOW,
                        held_until=AFTER + dt.timedelta(days=1), total=2))  # fmt: skip
    return [held, done, draft, sent]


def _imports(event: Event, mark: str, owner: User, signup: Signup) -> list[SignupImport]:
    """A list that waits to be brought in, and one that is in."""
    data = f"Name,Email,Status\nFay {mark},fay@{mark}.example.org,Paid\n,wrong,\n".encode()
    waiting = imports.start(event, f"{mark}.csv", data, LIVE, by=owner)
    stored, older = (
        _add(
            SignupImport(event_id=event.id, name=f"{mark}-{name}", filename=f"{mark}-{name}.csv", system="luma", state="stored",
                         kind="registered", consent=f"On the form of {mark}", by=owner.email, created_at=NOW, changed_at=NOW,
                         settings={}, figures={"made_confirmed": 1}, problems=[], rows=1, done=1, stored_at=NOW)
        )
        for name in ("before", "older")
    )  # fmt: skip
    # One who has had no mail yet.
    gil = make_signup(event, f"Gil {mark}", email=f"gil@{mark}.example.org")
    _add(ImportedSignup(import_id=stored.id, signup_id=gil.id, status="confirmed"))
    _add(ImportedSignup(import_id=older.id, signup_id=signup.id, status="confirmed"))
    return [stored, waiting, older]


def _invitations(
    event: Event, mark: str, owner: User, stored: SignupImport
) -> dict[str, list[Any]]:
    """Somebody who is yet to be invited, one who can be reminded, and mails that wait to leave."""
    rows = [
        _add(Invitation(event_id=event.id, public_id=tokens.public_id(), name=f"{name} {mark}", email=f"{name.lower()}@{mark}.example.org",
                        email_key=f"{name.lower()}@{mark}.example.org", language="en", created_at=NOW, **values))
        for name, values in (("Ivo", {"state": "listed"}), ("Jan", {"state": "queued", "invited_at": NOW}))
    ]  # fmt: skip
    _mail(event, mark, person=rows[1].public_id, message="invitation", state="sent", sent_at=NOW)
    held = [
        _add(Mailing(event_id=event.id, kind=kind, number=number, details={}, state="held", total=1, created_by=owner.email, created_at=NOW, held_until=AFTER + LONG))
        for kind, number in (("confirm", stored.id), ("invite_again", 0))
    ]  # fmt: skip
    return {"invitations": rows, "held": held}


def _fill(event: Event, mark: str, owner: User) -> dict[str, Any]:
    """A row of everything for one event."""
    _add(CoHost(event_id=event.id, key=f"{mark}-cohost", name=f"Co-host of {mark}", link_key="a-key"))  # fmt: skip
    make_target(event, f"https://meet.example.org/{mark}")
    _add(CoHost(event_id=event.id, key=f"{mark}-second", name=f"Second co-host of {mark}", position=1))  # fmt: skip
    logo = _add(HostLogo(event_id=event.id, host_key=f"{mark}-cohost", digest=tokens.digest(mark)[:32], width=8, height=8, data=mark.encode()))  # fmt: skip
    source = _add(SourceLink(event_id=event.id, key=f"{mark}-letter", label=f"The {mark} letter", place="", created_at=NOW))  # fmt: skip
    signups = _people(event, mark)
    signups[0].proved_at = NOW
    question = _add(
        Question(event_id=event.id, key="city", label=f"Your {mark} town", type="text", required=True)
    )  # fmt: skip
    unanswered = _add(
        Question(event_id=event.id, key="why", label=f"Why {mark}?", type="yes_no", position=1)
    )
    retired = _add(
        Question(event_id=event.id, key="old", label=f"An old {mark} question", type="number", position=2, retired_at=NOW)
    )  # fmt: skip
    form = asking.rows(event.id)
    before = [asking.state_of(row) | {"required": False} for row in form]
    _add(FormUndo(event_id=event.id, at=NOW, seen=asking.fingerprint(form), before=before))
    _add(Answer(signup_id=signups[0].id, question_id=question.id, value=f"{mark} town"))
    for kind, key in (("event", None), ("contact", f"{mark}-cohost")):
        words = f"I agree, says {mark}"
        _add(Consent(signup_id=signups[0].id, kind=kind, host_key=key, wording=words, version="1", agreed_at=NOW))  # fmt: skip
    tag = _add(Tag(event_id=event.id, name=f"Friend of {mark}", key=f"friend of {mark}"))
    _add(SignupTag(signup_id=signups[0].id, tag_id=tag.id))
    batch = _add(
        Batch(
            event_id=event.id,
            key=tokens.public_id(),
            by_user_id=owner.id,
            by=owner.email,
            act="links",
            at=NOW,
            people=2,
            refused=1,
        )
    )
    _add(BatchPerson(batch_id=batch.id, signup_id=signups[0].id))
    _add(BatchPerson(batch_id=batch.id, signup_id=signups[1].id, refused=f"No, says {mark}"))
    memo = _add(
        SignupNote(signup_id=signups[0].id, at=NOW, author=owner.email, text=f"A note on {mark}")
    )
    handover = _add(Handover(event_id=event.id, host_key=f"{mark}-cohost", at=NOW, by=owner.label, people=2, only_new=True, released_at=NOW))  # fmt: skip
    for number, signup in enumerate(signups[:2]):
        gone = {"removed_at": NOW, "why": "withdrawn"} if number else {}
        _add(HandoverRow(handover_id=handover.id, signup_id=signup.id, reference=f"P{mark}{number}", address_mark=None, **gone))  # fmt: skip
    _add(HandoverWarning(event_id=event.id, at=NOW))
    kate = make_speaker(event, f"Kate {mark}", bio=f"Chairs {mark}.")
    tim = make_speaker(event, f"Tim {mark}", bio=f"Speaks of {mark}.")
    starts = event.starts_at
    opening = make_session(event, f"Opening of {mark}", 30, key=f"{mark}-opening", kind="opening", speakers=[(kate, "chair")],
                           started_at=starts, ended_at=starts + dt.timedelta(minutes=20))  # fmt: skip
    talk = make_session(event, f"A talk on {mark}", 45, key=f"{mark}-talk", speakers=[(tim, "speaker")],
                        started_at=starts + dt.timedelta(minutes=20))  # fmt: skip
    closing = make_session(event, f"Closing of {mark}", 30, key=f"{mark}-closing", kind="closing", speakers=[(kate, "chair")])  # fmt: skip
    # The organisers are about to change something.
    closing.minutes = 35
    # Another number for each event, so that nobody finds a foreign one by counting.
    version = releases.latest(event.id)
    version.version = 10 + event.id
    _add(
        AgendaStep(
            event_id=event.id,
            at=NOW,
            by=owner.email,
            summary=f"Moved: {mark}",
            before=version.items,
        )
    )
    notes = [
        _add(Note(event_id=event.id, session_id=session.id, speaker_id=who.id, kind="point",
                  text=f"A point about {mark}", author=owner.email, at=LIVE))
        for session, who in ((opening, kate), (talk, tim))
    ]  # fmt: skip
    _add(Press(press_id=tokens.public_id(), event_id=event.id, act="start", session_key=talk.key,
               at=starts, received_at=starts, by=owner.label, outcome="applied"))  # fmt: skip
    guest_key = tokens.person_key()
    make_visit(event, starts, starts + dt.timedelta(minutes=50), signup=signups[0])
    make_visit(event, starts, starts + dt.timedelta(minutes=40), person_key=guest_key, name=f"Guest of {mark}", identity="name_only")  # fmt: skip
    _add(HeadCount(event_id=event.id, count=12, at=starts, author=owner.email, source=f"The hall of {mark}"))  # fmt: skip
    _add(LinkSending(signup_id=signups[0].id, at=NOW))
    _add(LinkRound(event_id=event.id, kind="never", at=NOW, author=owner.email, expected=1, queued=1, done_at=NOW))  # fmt: skip
    _add(Companions(event_id=event.id, person_key=guest_key, count=2, at=starts))
    for revision in (1, 2):
        _add(MailText(event_id=event.id, key="confirmed", language="en", revision=revision, is_current=revision == 2,
                      subject=f"Come to {mark}", body=f"Hello {{name}}, {revision} for {mark}", changed_at=NOW, changed_by=owner.email))  # fmt: skip
    mails = [
        _mail(event, mark, person=signups[0].public_id, state="sent", sent_at=NOW),
        _mail(event, mark, person=signups[1].public_id, state="failed", last_reply="450 busy"),
    ]
    brought = _imports(event, mark, owner, signups[0])
    return {
        "mailings": _mailings(event, mark, signups),
        "signups": signups, "speakers": [kate, tim], "sessions": [opening, talk, closing],
        "sources": [source],
        "imports": brought,
        **_invitations(event, mark, owner, brought[2]),
        "logos": [logo],
        "handovers": [handover],
        "notes": notes, "mails": mails, "guest_key": guest_key, "memo": memo, "batch": batch, "questions": [question, unanswered, retired],
    }  # fmt: skip


def _values(event: Event, made: dict[str, Any]) -> dict[str, list[str]]:
    """The real values for every name that stands in an address of an event's pages."""
    return {
        "slug": [event.slug],
        "public_id": [row.public_id for row in made["signups"]],
        "key": [row.key for row in made["sessions"]],
        "speaker_id": [str(row.id) for row in made["speakers"]],
        "release": [str(10 + event.id)],
        "note_id": [str(row.id) for row in made["notes"]],
        "batch_id": [str(made["batch"].id)],
        "memo_id": [str(made["memo"].id)],
        "invitation_id": [str(row.id) for row in made["invitations"]],
        "import_id": [str(row.id) for row in made["imports"]],
        "question_id": [str(row.id) for row in made["questions"]],
        "host_key": [
            made["logos"][0].host_key,
            made["logos"][0].host_key.replace("-cohost", "-second"),
        ],
        "digest": [made["logos"][0].digest],
        "handover_id": [str(row.id) for row in made["handovers"]],
        "link_id": [str(row.id) for row in made["sources"]],
        "mail_id": [str(row.id) for row in made["mails"]],
        "mailing_id": [str(row.id) for row in made["mailings"] + made["held"]],
        "blast_id": [str(row.id) for row in made["mailings"] if row.kind == "blast"],
        "version": ["1"],
        "extension": ["json", "md", "pdf"],
        "colour": ["1f6b43"],
    }


def _evening(owner: User, helper: User, mark: str, **values: Any) -> Evening:
    title = f"An evening about {mark}"
    event = make_event(owner, **({"slug": mark, "title": title, "host_name": f"Friends of {mark}"} | values))  # fmt: skip
    _add(Membership(event_id=event.id, user_id=helper.id, role="organiser", created_at=NOW))
    made = _fill(event, mark, owner)
    if event.state == "published":
        reports.draft(event, at=AFTER, by=owner.label)
        reports.publish(event, at=AFTER, by=owner.label)
        # Written on since, so that there is something to correct.
        report = report_queries.report(event.id)
        blocks = report.content["blocks"] | {"closing": f"More on {mark}."}
        report.content = report.content | {"blocks": blocks}
    values = _values(event, made) | {"member_id": [str(helper.id), str(owner.id)]}
    links = _links(event, made["signups"], made["guest_key"])
    links["invitation"] = [invitation_links.token_of(row) for row in made["invitations"]]
    return Evening(mark, event.id, values, links)


def _signed_in(user: User) -> str:
    secret = tokens.secret()
    for text in (secret, tokens.secret()):
        # Two browsers each, so that "sign out everywhere else" has something to do.
        _add(UserSession(user_id=user.id, token_hash=tokens.digest(text), browser="Firefox/150.0 Linux",
                         created_at=NOW, last_seen_at=NOW + LONG, expires_at=NOW + LONG))  # fmt: skip
    return secret


def _raise_curtain(app: Flask) -> Cast:
    people = {name: make_user(name) for name in ("Ada", "Ben", "Cleo", "Emil")}
    people |= {name: make_user(name, role="admin") for name in ("Dora", "Dana")}
    people["Finn"] = make_user("Finn", disabled_at=NOW)
    people["Ada"].password_hash = passwords.make_hash(PASSWORD)
    ada, ben, cleo, emil = (people[name] for name in ("Ada", "Ben", "Cleo", "Emil"))
    evening = _evening(ada, ben, "quetzal")
    draft = _evening(
        ada,
        ben,
        "quetzal-draft",
        state="draft",
        invitation_only=True,
        invitation_key=tokens.secret(16),
    )
    foreign = _evening(cleo, emil, "heron")
    _mail(None, "nobody", message="sign_in")
    suppressed = _add(SuppressedAddress(address_key="gone@example.org", reason="550", at=NOW))
    _add(DeliveryPause(since=NOW, until=NOW + LONG, kind="refused", reason="535 no"))
    active = {name: user for name, user in people.items() if user.is_active}
    secrets = {name: _signed_in(user) for name, user in active.items()}
    bearers = {name: accounts.create_token(user, at=NOW) for name, user in active.items()}
    token_ids = {row.user_id: row.id for row in db.session.scalars(sa.select(ApiToken))}
    site = {
        "suppressed_id": [str(suppressed.id)],
        "filename": ["css/base.css"],
        # The words of a mail.
        "message": ["confirmed"],
        "language": ["en"],
        "revision": ["1"],
        "mailing": ["invite", "remind"],
        "kind": ["invite", "report_published", "missed_you"],
        # Emil's, who is the first of the users below.
        "token_id": [str(token_ids[emil.id])],
        "tokens.revoke token_id": [str(token_ids[ada.id])],
        "user_id": [str(people[name].id) for name in ("Emil", "Dana", "Finn")],
    }
    users = {name: user.id for name, user in people.items()}
    db.session.commit()
    return Cast(app, users, secrets, bearers, evening, draft, foreign, site, rows.dump(app))


_kept: dict[int, Cast] = {}


def play(app: Flask) -> Cast:
    """The cast on an empty database. Written once in each process and put back row by row afterwards."""
    # With a server to send to, the pages of the mail have more buttons. Nothing is ever sent: nobody listens.
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=9)
    if id(app) not in _kept:
        with app.app_context(), time_machine.travel(NOW, tick=False):
            _kept[id(app)] = _raise_curtain(app)
    else:
        _kept[id(app)].restore()
    return _kept[id(app)]
