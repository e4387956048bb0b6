"""What somebody who signs up will see of an event, for those who make it: also of a draft. Nothing here stands
in the memory that the public pages are served from."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock, i18n
from webapp.events import access, texts
from webapp.front import personal, share_card
from webapp.mail import texts as mail_texts
from webapp.mail.masking import HIDDEN
from webapp.permissions import permission
from webapp.signup.models import Signup

blueprint = Blueprint("previews", __name__, url_prefix="/manage/events/<slug>/previews")
# What leads away from the page, but for a jump inside it and the way back.
_LINKS = re.compile(r'(<a\b[^>]*?) href="(?!#|/manage/)[^"]*"')
_FORMS = re.compile(r' method="post" action="[^"]*"')


def _languages() -> list[str]:
    """The event's own first, then what else readers may choose."""
    return mail_texts.languages(access.current())


def _asked() -> str:
    code = request.args.get("to") or _languages()[0]
    return code if code in _languages() else abort(404)


@blueprint.get("")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    event, code = access.current(), _asked()
    is_written = code == event.language or code in texts.languages(event)
    return render_template(
        "front/previews.html",
        event=event, tab="settings", code=code, is_written=is_written,
        languages=[(one, i18n.name_of(one)) for one in _languages()],
        is_read=code in current_app.config["LANGUAGES"],
        first_mail="confirm_address" if event.confirm_address else "waiting_for_approval" if event.approval else "confirmed",
    )  # fmt: skip


@blueprint.get("/personal")
@permission("event")
def personal_page(slug: str) -> str:
    """The page that a person has, with somebody made up on it. Nothing on it can be pressed."""
    event, at, code = access.current(), clock.now(), _asked()
    i18n.pin(code)
    somebody = Signup(
        event_id=event.id, public_id="somebody-made-up", person_key=1, name=_("Ana Example"), email="ana@example.org",
        status="confirmed", language=code, companions=0, no_stay=False, is_sample=True,
    )  # fmt: skip
    page = personal.example(somebody, event, HIDDEN, at)
    # Its links and forms are those of a person, and this one is nobody.
    page = _FORMS.sub("", _LINKS.sub(r"\1", page))
    return page.replace("<button", "<button disabled")


@blueprint.get("/card.png")
@permission("event")
def card(slug: str) -> Response:
    event, code = access.current(), _asked()
    i18n.pin(code)
    return Response(share_card.of(event).picture(), mimetype="image/png")
