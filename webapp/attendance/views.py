"""The door and the room, as attendees see them."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from typing import Any

from flask import (  # fmt: skip
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from webapp import clock, i18n, tokens
from webapp.agenda import queries as agenda
from webapp.attendance import browsers, door, operations, presence, tickets
from webapp.attendance.door import Facts
from webapp.attendance.tickets import Ticket
from webapp.db import db
from webapp.errors import Refused
from webapp.events import queries as events
from webapp.events import texts
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.signup import door_pass, people
from webapp.signup import operations as signups
from webapp.signup import queries as signup_queries
from webapp.signup.door_pass import DoorPass

blueprint = Blueprint("attendance", __name__)
_UID = re.compile(r"[A-Za-z0-9_-]{16,32}")
PULSE_KEPT = 2.0


def _open(token: str) -> tuple[Ticket, Facts]:
    """Whose ticket it is and to what; every bad one is the same 404."""
    try:
        ticket = tickets.read(token)
    except tokens.TokenError:
        abort(404)
    found = door.facts(ticket.event_id)
    if found is None or found.event.state == "draft":
        abort(404)
    return ticket, found


def _uid() -> str:
    """The visit's id from the form, so that a double click is one visit; else a new one."""
    given = request.form.get("visit", "")
    return given if _UID.fullmatch(given) else door.new_uid()


def _waiting(token: str, found: Facts, at: dt.datetime, *, armed: bool) -> str:
    return render_template(
        "attendance/waiting.html",
        token=token, event=found.event, items=agenda.in_language(found.items[:3], texts.here(found.event)), at=at, armed=armed, visit=door.new_uid(),
        seconds=max(int((found.event.live_from - at).total_seconds()), 0),
        guest_url=door.guest_url(found.event),
    )  # fmt: skip


def _gone(found: Facts) -> str:
    return render_template("attendance/over.html", event=found.event)


def _inside(token: str, found: Facts, uid: str) -> ResponseReturnValue:
    """After the visit is logged: our room, or the way to the meeting."""
    if found.measures or not found.targets:
        return redirect(f"/room/{token}?c={uid}", 303)
    # A form that is redirected to another site would be stopped by our own policy; a page goes there.
    language = i18n.language()
    if language not in found.away:
        target, *others = found.targets
        found.away[language] = render_template(
            "attendance/away.html", event=found.event, target=target, others=others
        )
    return found.away[language]


def _no_longer_on(ticket: Ticket, token: str, found: Facts, problem: str = "") -> str:
    """Who gave their place back may take it up again here; everybody else may come as a guest."""
    signup = signup_queries.by_public_id(ticket.event_id, ticket.public_id or "")
    can_return = signup is not None and signup.cancelled_by in ("person", "lapsed")
    return render_template(
        "attendance/withdrawn.html", event=found.event, token=token, can_return=can_return, problem=problem,
        guest_url=door.guest_url(found.event),
    )  # fmt: skip


@blueprint.get("/join/<token>")
@permission("link")
def join(token: str) -> ResponseReturnValue:
    ticket, found = _open(token)
    at = clock.now()
    phase = found.phase(at)
    if phase in ("over", "cancelled"):
        return _gone(found)
    match door.withdrawn(ticket):
        case "gone":
            abort(404)
        case "cancelled" | "declined":
            return _no_longer_on(ticket, token, found)
    if phase == "before":
        return _waiting(token, found, at, armed=False)
    return render_template(
        "attendance/live.html", token=token, event=found.event, visit=door.new_uid(),
        guest_url=door.guest_url(found.event),
    )  # fmt: skip


@blueprint.post("/join/<token>")
@permission("link", csrf="token")
def enter(token: str) -> ResponseReturnValue:
    ticket, found = _open(token)
    at = clock.now()
    phase = found.phase(at)
    if phase in ("over", "cancelled"):
        return _gone(found)
    if phase == "before":
        return _waiting(token, found, at, armed=True)
    uid = _uid()
    entered = door.enter(ticket, found, uid, at)
    if entered == "gone":
        abort(404)
    if entered in ("cancelled", "declined"):
        return _no_longer_on(ticket, token, found)
    response = make_response(_inside(token, found, uid))
    # While the database does not answer nobody is kept waiting for it: the spool's turn does the rest.
    if entered == "in":
        if ticket.is_registered and (found.event.confirm_address or found.event.approval):
            _prove(ticket, at)
        browsers.who_it_is(ticket, found.event, at, response)
    return response


@blueprint.post("/join/<token>/come-back")
@permission("link", csrf="token")
def come_back(token: str) -> ResponseReturnValue:
    """Takes the place up again from the door, and leads in."""
    ticket, found = _open(token)
    signup = signup_queries.by_public_id(ticket.event_id, ticket.public_id or "")
    if signup is None or signup.erased_at is not None:
        abort(404)
    try:
        signups.come_back(signup, clock.now())
    except Refused as refusal:
        db.session.rollback()
        return _no_longer_on(ticket, token, found, str(refusal)), 409
    db.session.commit()
    return redirect(url_for("attendance.join", token=token), 303)


def _prove(ticket: Ticket, at: dt.datetime) -> None:
    """Pressing a button behind a mailed link proves the address. A full event proves it all the same;
    the person comes in as a guest would."""
    signup = signup_queries.by_public_id(ticket.event_id, ticket.public_id or "")
    if signup is None:
        return
    try:
        signups.prove(signup, at)
    except Refused as refusal:
        current_app.logger.info("address proved at the door, no place: %s", refusal.code)
    db.session.commit()


@blueprint.get("/events/<slug>/door")
@permission("public")
def by_browser(slug: str) -> ResponseReturnValue:
    """The door for the browser that a form was sent from. It shows nothing of whom the form was about."""
    event = events.public_by_slug(slug)
    if event is None:
        abort(404)
    known = door_pass.of_browser(event.id)
    if known is None:
        return render_template(
            "attendance/no_pass.html", event=event, phase=event.phase(clock.now())
        )
    own = tickets.for_guest(event.id, known.key, named=False)
    return redirect(url_for("attendance.join", token=own), 303)


@blueprint.get("/guest/<token>")
@permission("link")
def guest(token: str) -> ResponseReturnValue:
    found = _guests(token)
    at = clock.now()
    phase = found.phase(at)
    if phase in ("over", "cancelled"):
        return _gone(found)
    return _guest_form(token, found, phase, None)


def _guests(token: str) -> Facts:
    try:
        event_id = tickets.read_public(token)
    except tokens.TokenError:
        abort(404)
    found = door.facts(event_id)
    if found is None or found.event.state == "draft":
        abort(404)
    return found


def _guest_form(token: str, found: Facts, phase: str, error: str | None) -> str:
    return render_template(
        "attendance/guest.html", token=token, event=found.event, phase=phase, error=error,
        # What cannot be seen cannot be corrected on the page either.
        name="".join(c for c in request.form.get("name", "") if c.isprintable()),
        visit=door.new_uid(), is_known=_own_pass(found.event) is not None,
    )  # fmt: skip


def _own_pass(event: Event) -> DoorPass | None:
    """This browser's, unless somebody says that they are not who sat there before."""
    return None if request.values.get("other") else door_pass.of_browser(event.id)


@blueprint.post("/guest/<token>")
@permission("link", csrf="token")
def enter_as_guest(token: str) -> ResponseReturnValue:
    found = _guests(token)
    at = clock.now()
    phase = found.phase(at)
    if phase in ("over", "cancelled"):
        return _gone(found)
    name = None
    if request.form.get("name", "").strip():
        try:
            name = people.clean_name(request.form["name"])
        except ValueError as error:
            return _guest_form(token, found, phase, str(error)), 400
    known = _own_pass(found.event)
    key = known.key if known else tokens.person_key()
    own = tickets.for_guest(found.event.id, key, named=name is not None)
    ticket, entered = tickets.read(own), None
    if phase == "before":
        response = make_response(redirect(url_for("attendance.join", token=own), 303))
    else:
        uid, name_key = _uid(), people.name_key(name) if name else None
        entered = door.enter(ticket, found, uid, at, name=name, name_key=name_key)
        response = make_response(_inside(own, found, uid))
    if known is None:
        door_pass.give_anew(response, found.event, key, at)
    elif entered == "in":
        browsers.who_it_is(ticket, found.event, at, response)
    return response


@blueprint.get("/room/<token>")
@permission("link")
def room(token: str) -> ResponseReturnValue:
    ticket, found = _open(token)
    at = clock.now()
    phase = found.phase(at)
    if phase in ("over", "cancelled"):
        return _gone(found)
    if phase == "before" or door.withdrawn(ticket):
        return redirect(url_for("attendance.join", token=token), 303)
    items = agenda.in_language(found.items, texts.here(found.event))
    now, following = agenda.now_and_next(items, at, phase)
    return render_template(
        "attendance/room.html", token=token, event=found.event, now=now, next=following,
        targets=found.targets, said=request.args.get("said"),
        connection=presence.cleaned(request.args.get("c", "")), seconds=current_app.config["PULSE_SECONDS"],
    )  # fmt: skip


def _on(item: agenda.Item | None) -> dict[str, str] | None:
    return {"key": item.key, "title": item.title, "heading": item.heading} if item else None


def _answer(found: Facts, at: dt.datetime) -> bytes:
    """What every page in the room is told, made once in two seconds for all of them."""
    kept: dict[Any, tuple[float, bytes]] = current_app.extensions.setdefault("pulse_answers", {})
    said = texts.here(found.event)
    key = (found.event.id, i18n.language() if said else "")
    made = kept.get(key)
    if made is not None and made[0] > time.monotonic():
        return made[1]
    phase = found.phase(at)
    now, following = agenda.now_and_next(agenda.in_language(found.items, said), at, phase)
    answer: dict[str, Any] = {
        "phase": phase,
        "ended": phase in ("over", "cancelled"),
        "now": _on(now),
        "next": _on(following),
        "announcement": found.event.announcement,
    }
    body = json.dumps(answer, ensure_ascii=False).encode()
    kept[key] = (time.monotonic() + PULSE_KEPT, body)
    return body


@blueprint.post("/room/<token>/pulse")
@permission("link", csrf="token")
def pulse(token: str) -> Response:
    ticket, found = _open(token)
    at = clock.now()
    connection = request.form.get("connection", "")[:64]
    if connection and found.measures and found.phase(at) == "live":
        presence.current().pulse(
            ticket.event_id, ticket.person_key, connection, at,
            is_registered=ticket.is_registered, identity=ticket.identity,
        )  # fmt: skip
    return Response(_answer(found, at), mimetype="application/json")


@blueprint.post("/room/<token>/leave")
@permission("link", csrf="token")
def leave(token: str) -> ResponseReturnValue:
    ticket, found = _open(token)
    connection = request.form.get("connection", "")[:64]
    if connection and found.measures:
        presence.current().leave(ticket.event_id, ticket.person_key, connection, clock.now())
    if request.form.get("by") == "button":
        return render_template("attendance/left.html", token=token, event=found.event)
    return "", 204


@blueprint.post("/room/<token>/together")
@permission("link", csrf="token")
def together(token: str) -> ResponseReturnValue:
    ticket, _found = _open(token)
    if door.withdrawn(ticket):
        return redirect(url_for("attendance.join", token=token), 303)
    count = request.form.get("count", "").strip()
    said = "no"
    if count.isdecimal() and len(count) < 6:
        try:
            operations.watching_with(ticket.event_id, ticket.person_key, int(count), clock.now())
        except Refused as refusal:
            current_app.logger.info("a number of companions was refused: %s", refusal)
        else:
            said = "yes"
    db.session.commit()
    return redirect(
        url_for(
            "attendance.room", token=token, c=request.form.get("connection", "")[:64], said=said
        ),
        303,
    )
