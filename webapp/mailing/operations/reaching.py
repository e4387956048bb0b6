"""Whom a mailing goes to: one definition, for the schedule, the mail's own page, the button, and what is let
go."""

from __future__ import annotations

from webapp.events.models import Event
from webapp.mailing import queries
from webapp.mailing.models import OFFERS, Mailing
from webapp.mailing.operations import notices, offers
from webapp.mailing.queries import Reach, Selection
from webapp.mailing.reminders import rule_of


def audience(mailing: Mailing, event: Event) -> Selection:
    """Whom a mailing would go to if it were let go now. A held one that waited for an OK goes to those whom
    the OK was given for; who came since waits for another."""
    if mailing.state == "held" and mailing.kind in (*OFFERS, "blast"):
        return queries.fixed_for(mailing, event.id)
    match mailing.kind:
        case "changed" | "event_cancelled":
            return notices.selection(mailing)
        case "reminder":
            return queries.to_remind(event.id, rule_of(mailing).due(event))
        case "blast":
            return queries.blast(mailing, event)
    return offers.to_whom(event, mailing.kind, mailing.number, mailing)


def reach(mailing: Mailing, event: Event) -> Reach:
    """How many people would get the mailing if it were let go now: whoever has left or wants no such mails is
    not among them. Once it has been let go, how many it was let go to."""
    if mailing.state in ("sending", "done"):
        return Reach(mailing.total, 0)
    return offers.reached(mailing.kind, event, audience(mailing, event))
