"""What waits for a person's OK: the first mail to those whom a list brought in, invitations, and what follows
the evening (thanks, "we missed you", the report). Nothing of it goes out by the clock."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events import rules
from webapp.events.models import Event
from webapp.mailing import queries
from webapp.mailing.composing import OWN, unwanted
from webapp.mailing.models import FIRST_MAILS, OFFERS, Mailing
from webapp.mailing.operations import plans, sending
from webapp.mailing.queries import Reach, Selection
from webapp.reports import queries as reports
from webapp.signup.invitations import queries as invited
from webapp.templating import absolute_url

By = User | str
# How long what a person has said yes to can still be stopped.
HOLD = dt.timedelta(minutes=10)
SHORTEST_STAY, LONGEST_STAY = 1, 24 * 60


def set_recording(event: Event, url: str, at: dt.datetime, by: By) -> None:
    """Where people see the evening again; empty for nowhere. Raises Refused "recording"."""
    plan = plans.make(events.locked(event), at)
    found = rules.address(url, "recording", _("The recording"), 1000)
    if found != plan.recording_url:
        plan.recording_url = found
        audit.record("mailing.recording", at=at, actor=by, event_id=event.id)
    db.session.flush()


def draft(event: Event, kind: str, number: int = 0) -> Mailing:
    """The mailing as it would be, in no session: to be looked at, counted, and then held. ``number``: the
    minutes ("stayed") or the id of the list ("confirm")."""
    if kind in FIRST_MAILS:
        row = invited.list_of(event.id, number) if kind == "confirm" else None
        return Mailing(
            event_id=event.id, kind=kind, state="draft", number=number,
            details={"list": row.name} if row else {},
        )  # fmt: skip
    plan = queries.plan_of(event.id)
    details: dict[str, Any] = {
        "recording_url": (plan.recording_url if plan else None) or "",
        "report_url": absolute_url("report.show", slug=event.slug) if reports.latest(event) else "",
    }
    if kind == "missed_you":
        details["door_only"] = queries.known(event).by_door
    elif kind == "report_published":
        version = reports.latest(event)
        number = version.version if version else 0
        text = json.loads(version.document)["text"] if version else {}
        details = {"headline": str(text.get("headline", ""))}
    return Mailing(
        event_id=event.id, kind=kind, state="draft", anchor="end", number=number, details=details
    )


def selection(event: Event, kind: str, number: int) -> Selection:
    """Whom it goes to, as it stands now."""
    if kind in FIRST_MAILS:
        return queries.first_mail(event.id, kind, number)
    if kind == "report_published":
        return queries.with_place(event.id)
    return queries.follow_up(event, kind, number)


def why_not(event: Event, kind: str, at: dt.datetime) -> str:
    """In one sentence why this mail cannot be sent at ``at``; empty if it can."""
    phase = event.phase(at)
    if phase == "cancelled":
        return _("The event was called off.")
    if kind in FIRST_MAILS:
        return "" if phase in ("before", "live") else _("These mails leave once the event is published, and until it is over.")  # fmt: skip
    if kind == "report_published":
        return "" if reports.latest(event) else _("As soon as the report is published.")
    if phase != "over":
        return _("Once the event has really ended: when somebody presses End, or an hour after its planned end.")  # fmt: skip
    if not queries.known(event).is_known:
        return _("Nobody is known to have come. Mark people present first, or import what the platform recorded.")  # fmt: skip
    return ""


def _standing(event: Event, kind: str, number: int) -> Mailing | None:
    """The one that stands: of mails after the event there is one, which those who came late are added to;
    of invitations and first mails each round is one of its own."""
    gone = ("stopped", "done") if kind in FIRST_MAILS else ("stopped",)
    return next(
        (
            mailing
            for mailing in queries.of_event(event.id)
            if mailing.kind == kind and mailing.number == number and mailing.state not in gone
        ),
        None,
    )


def underway(event: Event, kind: str, number: int) -> Mailing | None:
    """Such a mailing that is held or on its way."""
    known = _standing(event, kind, number)
    return known if known is not None and known.state in ("held", "sending") else None


def approve(event: Event, kind: str, at: dt.datetime, by: By, *, number: int = 0) -> Mailing:
    """The person's OK: holds the mail for ten minutes and then lets it go. Those who got it before do not get
    it again. ``number`` as in ``draft``. Raises Refused "soon" (it cannot be sent yet), "amount", "nobody" or "underway"."""
    if kind not in OFFERS:
        raise ValueError(f"not a mail that waits for an OK: {kind}")
    event = events.locked(event)
    plans.make(event, at)
    if reason := why_not(event, kind, at):
        raise Refused(reason, "soon")
    if kind == "stayed" and not SHORTEST_STAY <= number <= LONGEST_STAY:
        raise Refused(_("How many minutes, please? From 1 to 1440."), "amount")
    wanted = draft(event, kind, number)
    known = _standing(event, kind, wanted.number)
    if known is not None and known.state in ("held", "sending"):
        raise Refused(_("This mail is on its way already."), "underway")
    chosen = to_whom(event, kind, number, known)
    count = reached(kind, event, chosen).people
    if count == 0:
        raise Refused(_("There is nobody whom this mail would go to."), "nobody")
    mailing = known or wanted
    mailing.details = wanted.details
    mailing.state, mailing.held_until, mailing.done_at = "held", at + HOLD, None
    mailing.total = (mailing.queued or 0) + (mailing.passed_over or 0) + count
    mailing.created_at, mailing.created_by = at, by if isinstance(by, str) else by.email
    if known is None:
        db.session.add(mailing)
    sending.fix(mailing, chosen)
    audit.record("mailing.held", at=at, actor=by, event_id=event.id, kind=kind)
    db.session.flush()
    return mailing


def as_it_stands(mailing: Mailing, event: Event) -> Selection:
    """Whom a ``draft`` of this module would go to now."""
    known = _standing(event, mailing.kind, mailing.number)
    return to_whom(event, mailing.kind, mailing.number, known)


def dismiss(event: Event, kind: str, at: dt.datetime, by: By, *, number: int = 0) -> None:
    """Nobody gets this first mail: it is no longer named among what waits. It can still be sent later."""
    event = events.locked(event)
    if kind not in FIRST_MAILS or underway(event, kind, number) is not None:
        raise Refused(_("This mail is on its way already."), "underway")
    mailing = draft(event, kind, number)
    mailing.total = reached(kind, event, as_it_stands(mailing, event)).people
    mailing.state, mailing.done_at, mailing.created_at = "stopped", at, at
    mailing.created_by = by if isinstance(by, str) else by.email
    db.session.add(mailing)
    audit.record("mailing.stopped", at=at, actor=by, event_id=event.id, kind=kind)
    db.session.flush()


def reached(kind: str, event: Event, found: Selection) -> Reach:
    """How many of them get a mail of this kind, and how many want none."""
    # About a person's own sign-up: there is nothing to end, and counting is enough.
    if kind in OWN:
        return Reach(queries.count(found), 0)
    texts = queries.addresses(found)
    no = unwanted(kind, event, texts)
    out = sum(text in no for text in texts)
    return Reach(len(texts) - out, out)


def to_whom(event: Event, kind: str, number: int, known: Mailing | None) -> Selection:
    """As ``selection``, without those who were chosen for this very mail before."""
    found = selection(event, kind, number)
    if kind in FIRST_MAILS:
        return found
    if known is None or known.id is None:
        return found
    return Selection([*found.conditions, ~queries.chosen_for(known)], found.keys)
