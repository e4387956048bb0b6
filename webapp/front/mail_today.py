"""The day of the event: who has not joined, whom the link never reached and why, and the link once more
for all of them with one press."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.attendance import missing as absences
from webapp.attendance import resending
from webapp.attendance.missing import PAGE, Missing
from webapp.attendance.models import LinkRound
from webapp.db import LARGEST_ID, db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.front import mail_news
from webapp.front.mail_pages import state_words
from webapp.mail import forecasting
from webapp.mail import queries as mail
from webapp.mailing import standing
from webapp.permissions import permission
from webapp.signup import queries as signups
from webapp.templating import number

blueprint = Blueprint("mail_today", __name__, url_prefix="/manage/events/<slug>/mail/today")

KINDS = ("never", "waits", "absent")


def _figures(event: Event, found: Missing, at: dt.datetime) -> dict[str, str]:
    local = at.astimezone(clock.zone(event.timezone))
    return {
        "never": number(len(found.never)),
        "waits": number(len(found.waits)),
        "absent": number(found.absent),
        "as_of": f"{local:%H:%M:%S}",
    }


def _news(event_id: int, at: dt.datetime) -> LinkRound | None:
    """The last press, as long as it is worth a word."""
    last = resending.latest(event_id)
    if last is None or (last.done_at is not None and last.done_at < at - absences.PATIENCE):
        return None
    return last


def _some(event: Event, found: Missing, kind: str, after: int) -> tuple[list[int], bool]:
    """(the ids of one page, whether there is another)."""
    if kind == "absent":
        ids = absences.absent(event.id, after)
    else:
        ids = [id for id in (found.never if kind == "never" else found.waits) if id > after]
    return ids[:PAGE], len(ids) > PAGE


def _count(event: Event, found: Missing, kind: str, at: dt.datetime) -> int:
    """How many the button of this list writes to."""
    if kind == "waits" or event.phase(at) not in ("before", "live"):
        return 0
    return absences.count_to_send(event.id, kind, at, found)


@blueprint.get("")
@permission("event")
def show(slug: str) -> str:
    event, at = access.current(), clock.now()
    kind = request.args.get("show", "")
    kind = kind if kind in KINDS else "never"
    after = min(max(request.args.get("after", 0, type=int), 0), LARGEST_ID)
    found = absences.missing(event.id, at)
    ids, has_more = _some(event, found, kind, after)
    people = absences.some(ids)
    count = _count(event, found, kind, at)
    return render_template(
        "front/mail_today.html",
        event=event, at=at, phase=event.phase(at), kind=kind, after=after, found=found, people=people,
        more=ids[-1] if has_more else None, figures=_figures(event, found, at),
        has_places=bool(found.absent) or absences.has_places(event.id), count=count,
        mails=mail.latest_of([who.public_id for who in people], signups.JOIN_MESSAGES, event.id),
        words=state_words(), pause=mail.pause(), failing=mail_news.failing(event), standing=standing.sentences(event, at), news=_news(event.id, at),
        forecast=forecasting.forecast(count, "own", at), live_url=url_for(".live", slug=slug),
    )  # fmt: skip


@blueprint.get("/live")
@permission("event")
def live(slug: str) -> ResponseReturnValue:
    event, at = access.current(), clock.now()
    return jsonify(figures=_figures(event, absences.missing(event.id, at), at))


@blueprint.post("/links")
@permission("event")
def send(slug: str) -> ResponseReturnValue:
    """Pressed twice it is one press: a round that is under way is the one that is meant, and who was
    written to within the last minutes is left out."""
    at, event = clock.now(), access.current()
    kind = "absent" if request.form.get("kind") == "absent" else "never"
    try:
        made = resending.start(event, kind, at, by=cast(User, current_user))
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        said = ngettext(
            "The link is sent again to one person; the mail is written within seconds.",
            "The link is sent again to %(n)s people; the mails are written within seconds.",
            made.expected, n=number(made.expected),
        )  # fmt: skip
        flash(said if made.at == at else _("That is under way already: nobody gets it twice."), "good")  # fmt: skip
        db.session.commit()
    return redirect(url_for(".show", slug=slug, show=kind), 303)
