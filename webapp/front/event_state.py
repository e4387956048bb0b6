"""Publishing an event, taking it back, calling it off: acts that look at the sign-ups first."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.agenda import releases
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access, operations
from webapp.events.models import Event
from webapp.mailing import queries as mailing
from webapp.permissions import permission
from webapp.signup import queries as signups

blueprint = Blueprint("event_state", __name__, url_prefix="/manage/events/<slug>")


def _done(act: Callable[[Event], None], said: str) -> ResponseReturnValue:
    """Does it or says why not, and goes back to the settings."""
    event = access.current()
    address = url_for("events.settings", slug=event.slug)
    try:
        act(event)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(address)
    flash(said, "good")
    db.session.commit()
    return redirect(address)


def _publish(event: Event) -> None:
    """With its agenda. Pressed again from an old page it publishes nothing that was changed since."""
    at = clock.now()
    was_draft = operations.locked(event).state == "draft"
    if was_draft and (faults := operations.faults_before_publishing(event, at)):
        raise Refused(_("Not published yet. What is missing: %(what)s", what=" ".join(faults)), "missing")  # fmt: skip
    operations.publish(event, at=at, by=signed_in())
    if was_draft:
        releases.publish(event, at, signed_in())


@blueprint.post("/publish")
@permission("event")
def publish(slug: str) -> ResponseReturnValue:
    return _done(
        _publish,
        _("The page is public now. Pass its address on."),
    )


def _take_back(event: Event) -> None:
    # Locked before the count: nobody signs up between it and the act.
    event = operations.locked(event)
    count = sum(signups.counts(event.id).values())
    operations.unpublish(event, signups=count, at=clock.now(), by=signed_in())


@blueprint.post("/unpublish")
@permission("event")
def unpublish(slug: str) -> ResponseReturnValue:
    return _done(_take_back, _("It is a draft again: only you see it."))


@blueprint.get("/cancel")
@permission("event")
def ask_cancel(slug: str) -> ResponseReturnValue:
    """Asks first, and only where there is something to call off."""
    event, at = access.current(), clock.now()
    try:
        operations.check_cancel(event, at)
    except Refused as refusal:
        flash(str(refusal))
        return redirect(url_for("events.settings", slug=event.slug))
    told = mailing.count(mailing.reachable(event.id))
    return render_template("events/cancel.html", event=event, tab="settings", told=told)


@blueprint.post("/cancel")
@permission("event")
def cancel(slug: str) -> ResponseReturnValue:
    return _done(
        lambda event: operations.cancel(event, at=clock.now(), by=signed_in()),
        _("The event is called off. Its page says so."),
    )
