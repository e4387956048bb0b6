"""The event's board: where it stands, what is missing, who is coming, and the links to pass on."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.agenda import queries as agenda
from webapp.attendance import door
from webapp.cohosts import queries as cohosts
from webapp.db import db
from webapp.events import access
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.front import chair, checklist, mail_news, running
from webapp.mail import queries as mail
from webapp.mailing import standing
from webapp.permissions import permission
from webapp.reports import queries as reports
from webapp.signup import queries as signups
from webapp.templating import absolute_url, moment, number

blueprint = Blueprint("board", __name__)


def next_act(event: Event, at: dt.datetime, *, is_reported: bool) -> tuple[str, str] | None:
    """The one thing to do now: the words of the button and where it leads. ``is_reported``: the
    event's report is published."""
    base = f"/manage/events/{event.slug}"
    phase = event.phase(at)
    if phase == "draft":
        return _("Check and publish"), f"{base}#steps-title"
    if phase == "live" or (phase == "before" and event.starts_at - at < dt.timedelta(hours=12)):
        return _("Open the cockpit"), f"{base}/cockpit"
    if phase == "over" and not is_reported:
        return _("Write the report"), f"{base}/report"
    return None


def mail_trouble(event: Event) -> list[str]:
    """What holds mail up, in sentences; nothing to say is an empty list."""
    pause = mail.pause()
    refused = [_("The mail server refuses us, so mail waits: %(why)s", why=pause.reason)] if pause else []  # fmt: skip
    return refused + mail_news.failing(event)


def handovers_due(event: Event, at: dt.datetime) -> list[str]:
    """Whom the hosts lose when data is deleted in a few days, in sentences."""
    lost = cohosts.about_to_forget(event, at)
    names = {event.host_key: event.host_name} | {one.key: one.name for one in event.cohosts}
    return [
        ngettext(
            "%(num)s person agreed to hear from %(host)s and was not handed over; they are deleted on %(when)s.",
            "%(num)s people agreed to hear from %(host)s and were not handed over; they are deleted on %(when)s.",
            number, host=names[key], when=moment(cohosts.forgets_at(event), event.timezone),
        )
        for key, number in lost.items()
        if key in names
    ]  # fmt: skip


def counts(event: Event, at: dt.datetime) -> dict[str, str]:
    """The live counts and the waiting sign-ups, as people read them."""
    # Whoever is to be decided on or waits is somebody to act for: only people who are still there.
    states = signups.counts_present(event.id)[0]
    return {
        **running.figures(event, at),
        "pending": number(states["pending"]),
        "waitlisted": number(states["waitlisted"] + states["offered"]),
        "cancelled": number(states["cancelled"]),
        "status": running.status(event, at),
    }


@blueprint.get("/manage/events/<slug>")
@permission("event")
def show(slug: str) -> ResponseReturnValue:
    event, at = access.current(), clock.now()
    items = agenda.running_order(event)
    report = reports.latest(event)
    return render_template(
        "front/board.html",
        event=event,
        tab="",
        at=at,
        phase=event.phase(at),
        steps=checklist.steps(event, agenda.draft(event), at),
        act=next_act(event, at, is_reported=report is not None),
        trouble=mail_trouble(event),
        standing=standing.sentences(event, at),
        due=handovers_due(event, at),
        counts=counts(event, at),
        items=items,
        now=agenda.current(items),
        report=report,
        when=moment(event.starts_at, event.timezone),
        links=[
            ("public-link", _("Public page"), absolute_url("public.event", slug=event.slug),
             _("To share with everybody.")),
            ("guest-link", _("Guest link"), door.guest_url(event),
             _("For people who come without signing up. It opens with the door.")),
            ("chair-link", _("The chair's link"), chair.chair_url(event),
             _("Private: name, minutes left and Next. From a day before until a day after.")),
        ],
        live_url=url_for("board.live", slug=event.slug),
    )  # fmt: skip


@blueprint.post("/manage/events/<slug>/challenge")
@permission("event")
def challenge(slug: str) -> ResponseReturnValue:
    """The work that each form costs while robots attack: on or off by one press."""
    event = access.current()
    is_on = request.form.get("to") == "on"
    events.update(event, {"challenge": is_on}, at=clock.now(), by=signed_in())
    if is_on:
        flash(_("Each form now costs the browser a moment’s work. People hardly notice; robots do."), "good")  # fmt: skip
    else:
        flash(_("Forms cost no work any more."), "good")
    db.session.commit()
    return redirect(url_for("board.show", slug=event.slug), 303)


@blueprint.get("/manage/events/<slug>/board/live")
@permission("event")
def live(slug: str) -> ResponseReturnValue:
    event, at = access.current(), clock.now()
    return jsonify(figures=counts(event, at))
