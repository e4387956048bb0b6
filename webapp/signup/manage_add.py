"""The page on which organisers sign somebody up by hand."""

from __future__ import annotations

import dataclasses
from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp import addresses, clock, i18n
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission
from webapp.signup import finding, forms, operations, queries, questions, slips

blueprint = Blueprint("signup_add", __name__)


@blueprint.route("/manage/events/<slug>/signups/add", methods=["GET", "POST"])
@permission("event")
def add(slug: str) -> ResponseReturnValue:
    at, event = clock.now(), access.current()
    # Whoever types it in may not know every answer.
    asks = tuple(dataclasses.replace(ask, required=False) for ask in questions.of_event(event.id))
    entry, sent, meant, known = forms.Entry(), request.form, None, None
    if request.method == "POST":
        entry = forms.read_added(asks, sent)
        if entry.applicant is not None:
            meant = slips.suggestion(entry.applicant.address.text)
            if sent.get("asked") == entry.applicant.address.text:
                # Asked once: sent again as it stands, it is meant so.
                meant = None
    if entry.applicant is not None and meant is None:
        try:
            signup = operations.add(
                event.id, entry.applicant, at, by=cast(User, current_user),
                send=bool(sent.get("send")), beyond=bool(sent.get("beyond")),
            )  # fmt: skip
        except Refused as refusal:
            db.session.rollback()
            event = access.current()
            entry.errors["beyond" if refusal.code == "full" else "email"] = str(refusal)
            if refusal.code == "known":
                known = queries.live_by_key(event.id, addresses.key(entry.email))
        else:
            flash(
                _("%(name)s has a place.", name=signup.name) if signup.status == "confirmed"
                else _("All places are taken, so %(name)s is on the waiting list.", name=signup.name),
                "good",
            )  # fmt: skip
            where = url_for("signup_story.show", slug=slug, public_id=signup.public_id)
            db.session.commit()
            return redirect(where, 303)
    page = render_template(
        "signup/manage_add.html",
        event=event, tab="signups", asks=asks, entry=entry, sent=sent, meant=meant, known=known,
        languages=[(code, finding.language_name(code)) for code in i18n.languages()],
        is_full=not queries.has_seat(event),
    )  # fmt: skip
    return page, 422 if entry.errors or meant else 200
