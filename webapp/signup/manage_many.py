"""One thing done with many people: those who are ticked, or all that the filter finds. A page asks once and
says how many they are; what takes longer than a moment goes on by itself and can be watched."""

from __future__ import annotations

import time
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from webapp import clock, tokens
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission
from webapp.signup import finding, operations, queries
from webapp.signup.models import Batch
from webapp.signup.operations import many
from webapp.signup.queries import Choice

blueprint = Blueprint("signup_many", __name__, url_prefix="/manage/events/<slug>/signups/many")

# How long somebody waits for the page before the rest goes on without them (s).
PATIENCE = 1.0
# So many are shown by name.
NAMED = 12
REFUSED_SHOWN = 200


def _ticked(sent: MultiDict[str, str]) -> list[str] | None:
    """The public ids that are ticked; None if all are meant that the filter finds."""
    if sent.get("who") != "ticked":
        return None
    return list(dict.fromkeys(sent.getlist("pick")))[: many.MOST_TICKED]


def _key(sent: MultiDict[str, str]) -> str:
    """The same for the same form sent twice: its token, and what it asks for."""
    names = ("csrf_token", "act", "choice", "new_tag", "old_tag", "decline_reason", "cancel_reason")
    said = [sent.get(name, "") for name in names] + sent.getlist("pick")
    return tokens.digest("\0".join(said))[:32]


def _value(sent: MultiDict[str, str], act: str) -> str:
    """What was typed or chosen beside the button of an act."""
    names = {"tag": "new_tag", "untag": "old_tag", "decline": "decline_reason", "cancel": "cancel_reason"}  # fmt: skip
    return sent.get(names.get(act, ""), "")


def _ask(slug: str, sent: MultiDict[str, str], choice: Choice, *, problem: str = "") -> str:
    event = access.current()
    picks = _ticked(sent)
    if picks is None:
        some = queries.first(event.id, choice, NAMED)
        picked: list[str] = []
    else:
        some = queries.ticked(event.id, picks)
        picked = [signup.public_id for signup in some]
    doable = queries.doable(event.id, choice if picks is None else picked)
    return render_template(
        "signup/manage_many.html",
        event=event, tab="signups", choice=choice, picked=picked, is_ticked=picks is not None,
        doable=doable, people=doable.people, some=some[:NAMED], said=finding.said(event, choice), finding=finding, problem=problem,
        sent=sent, tags=queries.tags(event.id), back=finding.address(slug, choice),
    )  # fmt: skip


@blueprint.get("")
@permission("event")
def ask(slug: str) -> ResponseReturnValue:
    """How many they are, who, and what to do with them. Changes nothing."""
    return _ask(slug, request.args, Choice.from_args(request.args))


@blueprint.post("")
@permission("event")
def begin(slug: str) -> ResponseReturnValue:
    at, event, sent = clock.now(), access.current(), request.form
    picks, act = _ticked(sent), sent.get("act", "")
    choice = finding.unpacked(sent.get("choice", ""))
    value, seen = _value(sent, act), sent.get("people", -1, type=int)
    if act == "untag":
        # Each tag is offered with the number of those who have it.
        number, _space, value = value.partition(" ")
        seen = int(number) if number.isdecimal() else -1
    try:
        batch = many.begin(
            event, choice if picks is None else picks, act, value,
            at, by=cast(User, current_user), key=_key(sent), seen=seen,
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        return _ask(slug, sent, choice, problem=str(refusal)), 409
    batch_id = batch.id
    db.session.commit()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and many.go_on(batch_id, at):
        db.session.commit()
    db.session.commit()
    return redirect(url_for(".show", slug=slug, batch_id=batch_id), 303)


def _batch(batch_id: int) -> Batch:
    return queries.batch(access.current().id, batch_id) or abort(404)


@blueprint.get("/<int:batch_id>")
@permission("event")
def show(slug: str, batch_id: int) -> ResponseReturnValue:
    """How far it is, and with whom it could not be done."""
    batch = _batch(batch_id)
    return render_template(
        "signup/manage_batch.html",
        event=access.current(), tab="signups", batch=batch,
        refused=queries.refused_in(batch, REFUSED_SHOWN) if batch.refused else [],
    )  # fmt: skip


@blueprint.post("/<int:batch_id>/stop")
@permission("event")
def stop(slug: str, batch_id: int) -> ResponseReturnValue:
    at, batch = clock.now(), _batch(batch_id)
    operations.many.stop(batch.id, at, by=cast(User, current_user))
    flash(_("Stopped. What was done stays done."), "good")
    db.session.commit()
    return redirect(url_for(".show", slug=slug, batch_id=batch_id), 303)
