"""What follows the evening: thanks, "we missed you", the report. Nothing of it goes out by the clock: the
event must really be over, and a person says that it is all right."""

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
from webapp.mailing.models import FOLLOW_UPS, Mailing
from webapp.mailing.operations import plans
from webapp.mailing.queries import Selection
from webapp.reports import queries as reports
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


def draft(event: Event, kind: str, minutes: int = 0) -> Mailing:
    """The mailing as it would be, in no session: to be looked at, counted, and then held."""
    plan = queries.plan_of(event.id)
    details: dict[str, Any] = {
        "recording_url": (plan.recording_url if plan else None) or "",
        "report_url": absolute_url("report.show", slug=event.slug) if reports.latest(event) else "",
    }
    number = 0
    if kind == "stayed":
        number = minutes
    elif kind == "missed_you":
        details["door_only"] = queries.known(event).by_door
    elif kind == "report_published":
        version = reports.latest(event)
        number = version.version if version else 0
        text = json.loads(version.document)["text"] if version else {}
        details = {"headline": str(text.get("headline", ""))}
    return Mailing(
        event_id=event.id, kind=kind, state="draft", anchor="end", number=number, details=details
    )


def selection(event: Event, kind: str, minutes: int) -> Selection:
    """Whom it goes to, as it stands now."""
    if kind == "report_published":
        return queries.with_place(event.id)
    return queries.follow_up(event, kind, minutes)


def why_not(event: Event, kind: str, at: dt.datetime) -> str:
    """In one sentence why this mail cannot be sent at ``at``; empty if it can."""
    phase = event.phase(at)
    if phase == "cancelled":
        return _("The event was called off.")
    if kind == "report_published":
        return "" if reports.latest(event) else _("As soon as the report is published.")
    if phase != "over":
        return _("Once the event has really ended: when somebody presses End, or an hour after its planned end.")  # fmt: skip
    if not queries.known(event).is_known:
        return _("Nobody is known to have come. Mark people present first, or import what the platform recorded.")  # fmt: skip
    return ""


def _standing(event: Event, kind: str, number: int) -> Mailing | None:
    return next(
        (
            mailing
            for mailing in queries.of_event(event.id)
            if mailing.kind == kind and mailing.number == number and mailing.state != "stopped"
        ),
        None,
    )


def follow_up(event: Event, kind: str, at: dt.datetime, by: By, *, minutes: int = 0) -> Mailing:
    """The person's OK: holds the mail for ten minutes and then lets it go. Those who got it before do not get
    it again. Raises Refused "soon" (it cannot be sent yet), "amount", "nobody" or "underway"."""
    if kind not in (*FOLLOW_UPS, "report_published"):
        raise ValueError(f"not a mail that follows an event: {kind}")
    event = events.locked(event)
    plans.make(event, at)
    if reason := why_not(event, kind, at):
        raise Refused(reason, "soon")
    if kind == "stayed" and not SHORTEST_STAY <= minutes <= LONGEST_STAY:
        raise Refused(_("How many minutes, please? From 1 to 1440."), "amount")
    wanted = draft(event, kind, minutes)
    known = _standing(event, kind, wanted.number)
    if known is not None and known.state in ("held", "sending"):
        raise Refused(_("This mail is on its way already."), "underway")
    count = queries.count(to_whom(event, kind, minutes, known))
    if count == 0:
        raise Refused(_("There is nobody whom this mail would go to."), "nobody")
    mailing = known or wanted
    mailing.details = wanted.details
    mailing.state, mailing.held_until, mailing.done_at = "held", at + HOLD, None
    mailing.total = (mailing.queued or 0) + (mailing.passed_over or 0) + count
    mailing.created_at, mailing.created_by = at, by if isinstance(by, str) else by.email
    if known is None:
        db.session.add(mailing)
    audit.record("mailing.held", at=at, actor=by, event_id=event.id, kind=kind)
    db.session.flush()
    return mailing


def to_whom(event: Event, kind: str, minutes: int, known: Mailing | None) -> Selection:
    """As ``selection``, without those who were chosen for this very mail before."""
    found = selection(event, kind, minutes)
    if known is None or known.id is None:
        return found
    return Selection([*found.conditions, ~queries.chosen_for(known)], found.keys)
