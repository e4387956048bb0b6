"""The public pages of a sign-up: the form, and "send me my link again"."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from flask import (
    Blueprint,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from markupsafe import escape
from sqlalchemy.exc import IntegrityError
from wtforms import StringField
from wtforms.validators import ValidationError

from webapp import addresses, clock, headers, limits, tokens
from webapp.db import db, in_turn
from webapp.errors import Refused
from webapp.permissions import permission
from webapp.signup import door_pass, facts, forms, operations, puzzles, slips
from webapp.signup.facts import Facts
from webapp.signup.forms import Entry
from webapp.signup.invitations import links as invitation_links
from webapp.signup.invitations import operations as invitations
from webapp.signup.invitations.models import Invitation

blueprint = Blueprint("signup", __name__)

# One address of the network may be a whole hall, and one mailbox a family's or a victim's: many sign-ups
# cost a click, and refuse nobody.
CROWD = "120 per 5 minutes"
PER_ADDRESS = "10 per hour"
LINK_ASKS = "60 per hour"
# Not guessable, so that nobody writes one into an event's texts.
_TOKEN_MARK, _SOURCE_MARK, _PUZZLE_MARK = (f"zq{tokens.secret(9)}" for _number in range(3))


def _facts(slug: str, at: dt.datetime) -> Facts:
    found = facts.of(slug, at)
    if found is None:
        abort(404)
    return found


def _state(found: Facts, at: dt.datetime, key: str) -> str:
    """ "open", or why there is no form: "invited" (``key`` is not the secret link's), "not_yet", "closed",
    "full", "over", "cancelled"."""
    try:
        operations.check_invited(found.event, key)
        operations.check_open(found.event, at)
    except Refused as refusal:
        return refusal.code
    return "full" if found.is_full and not found.event.waitlist else "open"


def _invited(found: Facts, entry: Entry) -> Invitation | None:
    """Whose invitation the form came by; one that opens nothing any more is as good as none."""
    if not entry.invitation:
        return None
    try:
        return invitation_links.read(entry.invitation, found.event.id)
    except tokens.TokenError:
        return None


def _form(found: Facts, entry: Entry, status: int = 200) -> ResponseReturnValue:
    entry.puzzle = puzzles.make(found.event.id)
    if g.get("framed") and entry.token is None:
        entry.token = forms.frame_token(found.event.id)
    return render_template("signup/form.html", facts=found, event=found.event, entry=entry), status


def _new_token(event_id: int) -> str:
    return forms.frame_token(event_id) if g.get("framed") else generate_csrf()


def _empty_form(found: Facts, entry: Entry) -> ResponseReturnValue:
    """The empty form is the same for everybody but for its token and the source: rendered once for as
    long as the facts stand, with marks in their places."""
    name = f"{entry.key} with source" if entry.source else entry.key
    if g.get("framed"):
        name += " framed"
    page = found.pages.get(name)
    if page is None:
        marked = Entry(
            source=_SOURCE_MARK if entry.source else "", key=entry.key, token=_TOKEN_MARK,
            puzzle=_PUZZLE_MARK,
        )  # fmt: skip
        page = render_template("signup/form.html", facts=found, event=found.event, entry=marked)
        found.pages[name] = page
    if found.event.challenge:
        page = page.replace(_PUZZLE_MARK, puzzles.make(found.event.id))
    return page.replace(_TOKEN_MARK, _new_token(found.event.id)).replace(
        _SOURCE_MARK, str(escape(entry.source))
    )


def _closed(found: Facts, state: str, status: int, entry: Entry | None = None) -> ResponseReturnValue:  # fmt: skip
    page = render_template(
        "signup/state.html", event=found.event, state=state, entry=entry, facts=found
    )
    return page, status


def _unpaid(found: Facts, entry: Entry, at: dt.datetime) -> ResponseReturnValue:
    """The work that this event asks for was not done: the form is kept, and waiting does as well."""
    entry.puzzle = puzzles.make(found.event.id)
    ticket = puzzles.ticket(found.event.id, entry, request.form)
    seconds = puzzles.seconds_left(ticket, at)
    page = render_template(
        "signup/wait.html",
        facts=found, event=found.event, entry=entry, ticket=ticket, seconds=seconds,
        is_crowded=ticket in request.form.getlist("waited") and not seconds,
    )  # fmt: skip
    return page, 403


@blueprint.get("/events/<slug>/signup")
@permission("public")
def form(slug: str) -> ResponseReturnValue:
    at = clock.now()
    found = _facts(slug, at)
    entry = forms.empty(request.args.get("from"), request.args.get("key"))
    state = _state(found, at, entry.key)
    if state != "open":
        return _closed(found, state, 200)
    if not found.event.invitation_only:
        # A word that opens nothing must not make a page of its own.
        entry.key = ""
    return _empty_form(found, entry)


@blueprint.post("/events/<slug>/signup")
@permission("public", csrf="form")
def send(slug: str) -> ResponseReturnValue:
    with in_turn():
        return _sent(slug)


def _sent(slug: str) -> ResponseReturnValue:
    at = clock.now()
    found = _facts(slug, at)
    entry = forms.read(found, request.form, framed=g.get("framed", False))
    if _state(found, at, entry.key) == "invited":
        return _closed(found, "invited", 409)
    if "csrf_token" in entry.errors:
        return _form(found, entry, 400)
    applicant = entry.applicant
    if applicant is None:
        state = _state(found, at, entry.key)
        return _form(found, entry, 422) if state in ("open", "full") else _closed(found, state, 409, entry)  # fmt: skip
    meant = None if "address_checked" in request.form else slips.suggestion(applicant.address.text)
    if meant is not None and _state(found, at, entry.key) == "open":
        return render_template(
            "signup/slip.html", facts=found, event=found.event, entry=entry, meant=meant
        )
    asks_for_work = found.event.challenge and _state(found, at, entry.key) == "open"
    if asks_for_work and not puzzles.is_paid(
        found.event.id, applicant.address.key, entry, request.form, at
    ):
        db.session.rollback()
        return _unpaid(found, entry, at)
    # Who types an address many times, or many addresses, is asked for a click. Nobody is kept out by
    # what somebody else typed; how much mail an address gets by it is capped elsewhere.
    is_seldom = limits.allows(CROWD, "signup-network", limits.client())
    is_seldom &= limits.allows(PER_ADDRESS, "signup-address", applicant.address.key)
    is_crowd = not is_seldom and not entry.person
    is_robot = forms.looks_like_a_robot(found.event.id, entry, at)
    try:
        if is_crowd:
            db.session.commit()
        else:
            invited = _invited(found, entry)
            is_theirs = invited is not None and invited.email_key == applicant.address.key
            done = operations.sign_up(
                found.event.id, applicant, at, hold=is_robot, is_proved=is_theirs and not is_robot
            )
            if invited is not None and not is_robot and done.outcome not in ("full", "blocked"):
                invitations.answered(invited, at)
            db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        return _closed(found, refusal.code, 409, entry)
    except IntegrityError:
        # A question that stood on the form has just been deleted: it is shown as it is now.
        db.session.rollback()
        facts.forget()
        found = _facts(slug, at)
        entry = forms.read(found, request.form, framed=g.get("framed", False))
        entry.errors["form"] = _("The form was changed while you were filling it in. Nothing is lost; please send it once more.")  # fmt: skip
        return _form(found, entry, 409)
    if is_robot or is_crowd:
        return render_template(
            "signup/person.html", facts=found, event=found.event, entry=entry,
            person=forms.person_token(found.event.id, entry),
        )  # fmt: skip
    if done.outcome == "full":
        return _closed(found, "full", 409)
    if g.get("framed"):
        # Inside another site's page no cookie of ours would be kept; so none is set.
        return redirect(f"/embed/events/{slug}/signup/thanks", 303)
    # It lets this browser correct the address. Whoever opens their own cookie can read it, so where the form
    # made no sign-up an id that leads nowhere stands in its place: nothing tells whether it was known.
    made = done.public_id if done.outcome in operations.MADE else secrets.token_hex(16)
    session["signed_up"] = [found.event.id, applicant.address.text, made]
    response = make_response(redirect(f"/events/{slug}/signup/thanks", 303))
    door_pass.give(response, found.event, done.person_key or tokens.person_key(), at)
    return response


# The same form inside another site's page. No cookie is read or set; the form's token is signed for the event.


def _in_a_frame() -> None:
    g.framed = True
    headers.allow_embedding()


@blueprint.get("/embed/events/<slug>/signup")
@permission("public")
def embedded(slug: str) -> ResponseReturnValue:
    """Knows nobody, so that it may be kept for two seconds as the event's page is; not with a secret link's
    key or a puzzle in it, which are not for everybody."""
    _in_a_frame()
    response = make_response(form(slug))
    event = _facts(slug, clock.now()).event
    if not event.invitation_only and not event.challenge:
        response.headers["Cache-Control"] = "public, max-age=2"
        response.headers["Vary"] = "Accept-Language"
    return response


@blueprint.post("/embed/events/<slug>/signup")
@permission("public", csrf="signature")
def send_embedded(slug: str) -> ResponseReturnValue:
    _in_a_frame()
    return send(slug)


class LinkForm(FlaskForm):
    email = StringField(description="", filters=[lambda text: forms.shown(text or "")])

    def validate_email(self, field: Any) -> None:
        try:
            addresses.parse(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


@blueprint.route("/events/<slug>/my-link", methods=["GET", "POST"])
@permission("public", csrf="form")
def my_link(slug: str) -> ResponseReturnValue:
    """The same answer for every address, known or not."""
    at = clock.now()
    found = _facts(slug, at)
    form = LinkForm()
    form.email.label.text = _("Your e-mail address")
    form.email.flags.required = True  # type: ignore[attr-defined]  # flags take any name
    if not form.is_submitted():
        asked = session.get("asked_for_link") if request.args.get("sent") else None
        sent_to = asked[1] if asked and asked[0] == found.event.id else None
        return render_template("signup/my_link.html", event=found.event, form=form, sent_to=sent_to)
    if not form.validate():
        status = 400 if "csrf_token" in form.errors else 422
        return render_template("signup/my_link.html", event=found.event, form=form), status
    if not limits.allows(LINK_ASKS, "link-network", limits.client()):
        abort(429)
    address = addresses.parse(form.email.data)
    operations.send_link_again(found.event.id, address, at)
    db.session.commit()
    session["asked_for_link"] = [found.event.id, address.text]
    return redirect(url_for("signup.my_link", slug=slug, sent=1), 303)
