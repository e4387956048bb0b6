"""Changing one's own sign-up: name, answers, what would help, companions, and whether a stay is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock, i18n
from webapp.attendance import operations as attendance
from webapp.db import db
from webapp.errors import Refused
from webapp.events import local_times, texts
from webapp.events.models import Event
from webapp.front import personal
from webapp.permissions import permission
from webapp.signup import forms, links, merging, operations, queries, questions, wording
from webapp.signup.forms import Entry
from webapp.signup.questions import Ask
from webapp.templating import zone_name
from webapp.tokens import TokenError

blueprint = Blueprint("personal_edit", __name__)


def _zones(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """(continent, [(zone, its city)]), with the one that is chosen among them."""
    names = set(local_times.zone_names()) - {"UTC"}
    if "/" in current and clock.is_zone(current):
        names.add(current)
    return [
        (continent, [(name, name.partition("/")[2].replace("_", " ")) for name in found])
        for continent, found in groupby(sorted(names), lambda name: name.partition("/")[0])
    ]


def _saved_words(
    event: Event, asks: Sequence[Ask], saved: Entry, fields: Sequence[str]
) -> list[tuple[str, str]]:
    """(label, what is saved now) of the fields, as the page calls them."""
    labels = {
        "name": _("Your name"),
        "access": _("What would help you to take part?"),
        "access_note": _("Something else"),
        "companions": _("How many more are coming with you?"),
        "no_stay": _("Let me in without recording how long I stay"),
        "language": _("Language of your pages and mails"),
        "timezone": _("Your time zone"),
    }
    by_field = {ask.field: ask for ask in asks}
    found = []
    for field in fields:
        values = [saved.name] if field == "name" else [v for v in saved.raw.get(field, ()) if v]
        ask = by_field.get(field)
        if field == "no_stay":
            values = [_("Yes") if values else _("No")]
        elif ask is not None and ask.type == "yes_no":
            values = [_("Yes") if value == "yes" else _("No") for value in values]
        elif ask is not None:
            values = ask.said_all(values)
        elif field == "access":
            values = [texts.need_name(event, need) for need in values]
        elif field == "language":
            values = [i18n.name_of(code) for code in values]
        elif field == "timezone":
            values = [zone_name(zone) for zone in values]
        label = labels[field] if ask is None else ask.label
        found.append((str(label), ", ".join(values) or _("nothing")))
    return found


@blueprint.route("/my/<token>/edit", methods=["GET", "POST"])
@permission("link", csrf="token")
def edit(token: str) -> ResponseReturnValue:
    at = clock.now()
    try:
        signup, event = links.open_my(token, at)
    except TokenError:
        abort(404)
    asks = questions.in_language(questions.of_event(event.id), texts.here(event))
    kept = tuple(need for need in signup.access_needs or () if need not in event.access_needs)
    if request.method == "POST":
        try:
            # Before it is compared: of two pages that save at once, one comes second and is told.
            operations.lock(signup)
        except Refused:
            db.session.rollback()
            abort(404)
    entry = saved = forms.of_signup(asks, signup, queries.answers_by_key(signup))
    edited, both = None, list[str]()
    if request.method == "POST":
        sent, both = merging.merge(request.form, saved, asks)
        entry, edited = forms.read_edited(event, asks, sent, kept)
    if edited is None or both:
        page = render_template(
            "front/personal_edit.html",
            event=event, signup=signup, token=token, asks=asks, entry=entry, kept=kept,
            languages=[(code, i18n.name_of(code)) for code in i18n.languages()],
            zones=_zones(entry.first("timezone")),
            # Saving once more from this page means: I have seen what was saved, and want this.
            seen=merging.seen(saved, asks), theirs=_saved_words(event, asks, saved, both),
        )  # fmt: skip
        if request.method != "POST":
            return page
        return page, 409 if both else 422
    try:
        operations.edit(signup, edited, at)
        if signup.no_stay and signup.person_key is not None:
            attendance.forget_stay(event.id, [signup.person_key])
        operations.prove(signup, at)
    except Refused as refusal:
        # What was typed is kept all the same; that there is no place is said by the page it leads to.
        if refusal.code != "full":
            db.session.rollback()
            abort(404)
    # What the address says is what they read before.
    i18n.prefer(signup.language, settled=True)
    db.session.commit()
    return personal.back(token, "edited", signup, event, at)


@blueprint.post("/my/<token>/agree")
@permission("link", csrf="token")
def agree(token: str) -> ResponseReturnValue:
    """A consent to be written to is given on this page as it was on the form: for one host, by one press."""
    at = clock.now()
    try:
        signup, event = links.open_my(token, at)
    except TokenError:
        abort(404)
    wanted = request.form.get("host", "")
    agreement = next((a for a in wording.contacts(event) if a.host_key == wanted), None)
    if agreement is None:
        abort(404)
    operations.agree_contact(signup, agreement, at)
    db.session.commit()
    return personal.back(token, "agreed", signup, event, at)
