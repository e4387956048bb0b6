"""The outbox on screen: an event's mails for its organisers, and how delivery is doing for admins.

These pages stand on this floor and not with the outbox, because they need the guard of events and
the audit log, which the outbox knows nothing of.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from webapp import clock, headers
from webapp.accounts.access import signed_in
from webapp.audit import operations as audit
from webapp.db import LARGEST_ID, db, from_ms
from webapp.errors import Refused
from webapp.events import access
from webapp.mail import masking, operations, queries
from webapp.mail.models import STATES, OutgoingMail
from webapp.permissions import permission
from webapp.signup import queries as signups
from webapp.signup.models import Signup

blueprint = Blueprint("mail_pages", __name__)

# The mail's own page may style itself and do nothing else: no script, no picture, no form, no link.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def state_words() -> dict[str, str]:
    """What each state is called on screen."""
    return {
        "queued": _("Waiting"),
        "sending": _("Being sent"),
        "sent": _("Sent"),
        "bounced": _("Came back"),
        "refused": _("Refused"),
        "failed": _("Given up"),
        "suppressed": _("Suppressed"),
        "expired": _("Of no use any more, not sent"),
        "held": _("Sample, never sent"),
    }


def _mail(mail_id: int) -> OutgoingMail:
    """The mail of this page's event, or 404."""
    return queries.one(access.current().id, mail_id) or abort(404)


def _signup(mail: OutgoingMail) -> Signup | None:
    """Whom it was for, as long as they can be written to."""
    if mail.event_id is None or mail.person is None:
        return None
    signup = signups.by_public_id(mail.event_id, mail.person)
    return signup if signup is not None and signup.is_live else None


def _record(action: str, at: dt.datetime, event_id: int | None = None, **details: Any) -> None:
    audit.record(action, at=at, actor=signed_in(), event_id=event_id, **details)


@blueprint.get("/manage/events/<slug>/mail")
@permission("event")
def index(slug: str) -> str:
    event = access.current()
    state = request.args.get("state", "")
    if state not in STATES:
        state = ""
    before = min(request.args.get("before", 0, type=int), LARGEST_ID) or None
    mails = queries.of_event(event.id, state=state, before=before, limit=queries.PAGE + 1)
    counts = queries.counts(event.id)
    return render_template(
        "outbox/index.html",
        event=event,
        at=clock.now(),
        mails=mails[: queries.PAGE],
        older=mails[queries.PAGE - 1].id if len(mails) > queries.PAGE else None,
        counts=counts,
        total=sum(counts.values()),
        state=state,
        before=before,
        words=state_words(),
        pause=queries.pause(),
        links_shown=masking.shows_links(),
    )


@blueprint.get("/manage/events/<slug>/mail/<int:mail_id>")
@permission("event")
def show(slug: str, mail_id: int) -> str:
    mail = _mail(mail_id)
    headers.allow_frame("'self'")
    return render_template(
        "outbox/show.html",
        event=access.current(),
        mail=mail,
        readable=masking.readable(mail),
        tries=[(from_ms(one["at"]), one["said"]) for one in mail.attempts or []],
        links_shown=masking.shows_links(),
        words=state_words(),
        signup=_signup(mail),
    )


@blueprint.get("/manage/events/<slug>/mail/<int:mail_id>/html")
@permission("event")
def html(slug: str, mail_id: int) -> Response:
    """The mail's own page, for the frame in ``show``. Whatever stands in it can do nothing here."""
    response = make_response(masking.readable(_mail(mail_id)).html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.post("/manage/events/<slug>/mail/<int:mail_id>/resend")
@permission("event")
def resend(slug: str, mail_id: int) -> BaseResponse:
    at = clock.now()
    mail = _mail(mail_id)
    try:
        copy = operations.resend(mail, at)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(url_for(".show", slug=slug, mail_id=mail_id))
    _record("mail.resent", at, mail.event_id, summary=mail.message)
    db.session.flush()
    target = url_for(".show", slug=slug, mail_id=copy.id)
    flash(_("The mail is in the outbox once more."), "good")
    db.session.commit()
    return redirect(target)


@blueprint.post("/manage/events/<slug>/mail/retry")
@permission("event")
def retry(slug: str) -> BaseResponse:
    at, event = clock.now(), access.current()
    count = operations.retry_failed(event.id, at)
    if count:
        _record("mail.retried", at, event.id, count=count)
    flash(
        ngettext("One mail is tried again now.", "%(num)d mails are tried again now.", count)
        if count
        else _("No mail has been given up."),
        "good",
    )
    db.session.commit()
    return redirect(url_for(".index", slug=slug))


@blueprint.get("/admin/mail")
@permission("admin")
def health() -> str:
    at = clock.now()
    return render_template(
        "outbox/health.html",
        at=at,
        health=queries.health(at),
        pause=queries.pause(),
        suppressed=queries.suppressed(),
        mailbox=next(iter(queries.mailboxes()), None),
        words=state_words(),
        server=current_app.config["MAIL_SERVER"],
    )


@blueprint.post("/admin/mail/try-now")
@permission("admin")
def try_now() -> BaseResponse:
    at = clock.now()
    if operations.try_now(at):
        _record("mail.pause_ended", at)
    flash(_("The worker tries again within a second or two."), "good")
    db.session.commit()
    return redirect(url_for(".health"))


@blueprint.post("/admin/mail/suppressed/<int:suppressed_id>/allow")
@permission("admin")
def allow(suppressed_id: int) -> BaseResponse:
    address = operations.allow_again(suppressed_id) or abort(404)
    _record("mail.address_allowed", clock.now())
    flash(_("Mail may go to %(address)s again.", address=address), "good")
    db.session.commit()
    return redirect(url_for(".health"))
