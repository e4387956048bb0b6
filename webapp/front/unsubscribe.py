"""Leaving a list behind a link in a mail: a page with a button for people, one POST for mail programs."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.db import db
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.unsubscribing import Wish
from webapp.permissions import permission
from webapp.tokens import TokenError

blueprint = Blueprint("unsubscribe", __name__)


def _opened(token: str) -> tuple[Wish, Event | None]:
    """What the link asks for, and the event it is about. One whose event is gone is about the host."""
    try:
        wish = unsubscribing.read(token)
    except TokenError:
        abort(404)
    if wish.mail_list.event_id is None:
        return wish, None
    event = db.session.get(Event, wish.mail_list.event_id)
    return (wish, event) if event is not None else (_of_host(wish), None)


def _of_host(wish: Wish) -> Wish:
    return Wish(wish.mail_list.as_host, wish.address_mark)


def _page(wish: Wish, event: Event | None, token: str) -> str:
    all_ended = unsubscribing.ended(_of_host(wish))
    return render_template(
        "front/unsubscribe.html",
        event=event,
        host=(event.host_name if event else "") or _("the host"),
        token=token,
        all_ended=all_ended,
        event_ended=event is not None and not all_ended and unsubscribing.ended(wish),
    )


@blueprint.get("/unsubscribe/<token>")
@permission("link", csrf="token")
def show(token: str) -> ResponseReturnValue:
    """Programs that look for dangers open every link of a mail, so opening it changes nothing."""
    return _page(*_opened(token), token)


@blueprint.post("/unsubscribe/<token>")
@permission("link", csrf="token")
def press(token: str) -> ResponseReturnValue:
    """A mail program's own button (RFC 8058: no cookie, no redirect), or one of the page's."""
    at = clock.now()
    wish, _event = _opened(token)
    if request.form.get("act") == "back":
        unsubscribing.take_back(wish)
    else:
        unsubscribing.end(_of_host(wish) if request.form.get("act") == "host" else wish, at)
    db.session.commit()
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response(_("Done. No more such mails."), mimetype="text/plain")
    return redirect(url_for(".show", token=token), 303)
