"""Changing one's own sign-up: name, answers, what would help, companions, and whether a stay is recorded."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from webapp import clock, i18n
from webapp.attendance import operations as attendance
from webapp.db import db
from webapp.errors import Refused
from webapp.events import local_times, texts
from webapp.front import personal
from webapp.permissions import permission
from webapp.signup import forms, links, operations, queries, questions, wording
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
    entry = forms.of_signup(asks, signup, queries.answers_by_key(signup))
    edited = None
    if request.method == "POST":
        entry, edited = forms.read_edited(event, asks, request.form, kept)
    if edited is None:
        page = render_template(
            "front/personal_edit.html",
            event=event, signup=signup, token=token, asks=asks, entry=entry, kept=kept,
            languages=[(code, i18n.name_of(code)) for code in i18n.languages()],
            zones=_zones(entry.first("timezone")),
        )  # fmt: skip
        return page, 422 if request.method == "POST" else 200
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
