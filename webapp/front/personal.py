"""The page behind a person's own link: how it stands, joining, the calendar, leaving, deleting."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock, i18n, tokens
from webapp.agenda.queries import in_language, running_order
from webapp.attendance import browsers
from webapp.db import db
from webapp.errors import Refused
from webapp.events import texts
from webapp.events.models import Event, Phase
from webapp.permissions import permission
from webapp.privacy import operations as privacy
from webapp.signup import calendar, links, local_times, operations, queries, wording
from webapp.signup.models import Signup
from webapp.tokens import TokenError

blueprint = Blueprint("personal", __name__)


def _opened(token: str, at: dt.datetime) -> tuple[Signup, Event]:
    """The sign-up behind the link and its event. Every bad link gets the same page."""
    try:
        return links.open_my(token, at)
    except TokenError:
        abort(404)


def _calendar_links(event: Event, my_url: str) -> dict[str, str]:
    """Addresses that open the entry in a calendar on the web. They lead there only when followed."""
    title = texts.shown(event, i18n.language()).title
    start, end = (f"{moment:%Y%m%dT%H%M%SZ}" for moment in (event.starts_at, event.ends_at))
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{start}/{end}",
        "details": my_url,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": title,
        "startdt": f"{event.starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{event.ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "body": my_url,
    }
    return {
        "Google": f"https://calendar.google.com/calendar/render?{urlencode(google)}",
        "Outlook": f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
    }


def _page(
    signup: Signup, event: Event, token: str, at: dt.datetime, status: int = 200, problem: str = ""
) -> ResponseReturnValue:
    return _rendered(signup, event, token, event.phase(at), at, problem=problem), status


def example(signup: Signup, event: Event, token: str, at: dt.datetime) -> str:
    """The page with somebody made up on it, for the organisers; a draft is shown as if it were public.
    ``signup`` is in no database, and nothing on the page can be pressed."""
    phase = "before" if event.state == "draft" else event.phase(at)
    return _rendered(signup, event, token, phase, at, preview=True)


def _rendered(signup: Signup, event: Event, token: str, phase: Phase, at: dt.datetime, **more: Any) -> str:  # fmt: skip
    return render_template(
        "front/personal.html",
        event=event, signup=signup, token=token, phase=phase, at=at, **more,
        join_url=links.join_url(signup) if signup.status == "confirmed" and phase in ("before", "live") else None,
        can_return=signup.status == "cancelled" and signup.cancelled_by in ("person", "lapsed") and phase in ("before", "live"),
        would_wait=event.waitlist and not queries.has_seat(event),
        place_in_line=queries.position(signup) if signup.status == "waitlisted" else None,
        contacts=[c for c in queries.consents_of(signup) if c.kind == "contact" and not c.withdrawn_at],
        offered=wording.contacts(event), answers=queries.answers_of(signup, texts.here(event)),
        items=in_language(running_order(event), texts.here(event)), calendars=_calendar_links(event, links.my_url(signup)),
        said=request.args.get("said"),
        own_time=local_times.period(event.starts_at, event.ends_at, event.timezone, signup, i18n.language()),
    )  # fmt: skip


def back(token: str, said: str, signup: Signup, event: Event, at: dt.datetime) -> Response:
    """To the page, after one of its buttons was pressed and done. The press says who sits at this browser:
    what it did as a guest was this person's."""
    response = make_response(redirect(url_for("personal.show", token=token, said=said), 303))
    browsers.whose_link(signup, event, at, response)
    return response


@blueprint.get("/my/<token>")
@permission("link", csrf="token")
def show(token: str) -> ResponseReturnValue:
    at = clock.now()
    return _page(*_opened(token, at), token, at)


@blueprint.get("/my/<token>/calendar.ics")
@permission("link", csrf="token")
def calendar_file(token: str) -> ResponseReturnValue:
    at = clock.now()
    signup, event = _opened(token, at)
    if signup.status != "confirmed":
        abort(404)
    response = Response(calendar.entry(event, signup, at, "PUBLISH"), mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}.ics"'
    return response


@blueprint.route("/my/<token>/cancel", methods=["GET", "POST"])
@permission("link", csrf="token")
def cancel(token: str) -> ResponseReturnValue:
    """The link in the mail shows a button; only the button gives the place back."""
    at = clock.now()
    signup, event = _opened(token, at)
    if request.method != "POST":
        if not signup.is_live or event.phase(at) not in ("before", "live"):
            return redirect(url_for("personal.show", token=token), 303)
        return render_template(
            "front/personal_cancel.html", event=event, signup=signup, token=token
        )
    try:
        operations.prove_ids(event.id, [signup.public_id], at)
        operations.cancel(signup, at)
    except Refused as refusal:
        db.session.rollback()
        return _page(signup, event, token, at, 409, str(refusal))
    db.session.commit()
    return back(token, "cancelled", signup, event, at)


@blueprint.post("/my/<token>/come-back")
@permission("link", csrf="token")
def come_back(token: str) -> ResponseReturnValue:
    at = clock.now()
    signup, event = _opened(token, at)
    try:
        operations.come_back(signup, at)
    except Refused as refusal:
        db.session.rollback()
        problem = str(refusal)
        if refusal.code == "full":
            problem = _("All places have been taken since you left. Try again later: when somebody else leaves, there is one.")  # fmt: skip
        return _page(signup, event, token, at, 409, problem)
    db.session.commit()
    said = "back" if signup.status == "confirmed" else "again"
    return back(token, said, signup, event, at)


@blueprint.post("/my/<token>/accept")
@permission("link", csrf="token")
def accept(token: str) -> ResponseReturnValue:
    """Takes the place that is offered."""
    at = clock.now()
    signup, event = _opened(token, at)
    try:
        operations.accept(signup, at)
    except Refused as refusal:
        # If the time was over, the place goes to the next person with this press already.
        db.session.commit()
        return _page(signup, event, token, at, 409, str(refusal))
    db.session.commit()
    return back(token, "accepted", signup, event, at)


@blueprint.post("/my/<token>/contact")
@permission("link", csrf="token")
def withdraw(token: str) -> ResponseReturnValue:
    """Withdrawing a consent is as easy as giving it: one press."""
    at = clock.now()
    signup, event = _opened(token, at)
    operations.prove(signup, at)
    operations.withdraw_contact(signup, request.form.get("host", ""), at)
    db.session.commit()
    return back(token, "withdrawn", signup, event, at)


@blueprint.post("/my/<token>/ask-to-erase")
@permission("link", csrf="token")
def ask_to_erase(token: str) -> ResponseReturnValue:
    """Personal links get passed on; deleting for good needs a mail that only the person has."""
    at = clock.now()
    signup, event = _opened(token, at)
    operations.ask_to_erase(signup, event, at)
    db.session.commit()
    return back(token, "erase", signup, event, at)


@blueprint.route("/my/<token>/erase", methods=["GET", "POST"])
@permission("link", csrf="token")
def erase(token: str) -> ResponseReturnValue:
    at = clock.now()
    try:
        signup, event = links.open_erase(token, at)
    except TokenError:
        # Pressed in another tab, or sent twice: what they asked for is done. Only the browser that did it is
        # told so; for everybody else it is a link like any bad one.
        is_mine = tokens.same(session.get("erased", ""), tokens.digest(token))
        gone = links.erased_by(token) if is_mine else None
        if gone is None:
            abort(404)
        return render_template("front/personal_erased.html", event=gone)
    if request.method != "POST":
        return render_template("front/personal_erase.html", event=event, signup=signup)
    privacy.erase_signup(signup, at, by="the person")
    db.session.commit()
    session["erased"] = tokens.digest(token)
    privacy.wipe_disk()
    return render_template("front/personal_erased.html", event=event)
