"""One person of an event for its organisers: what they said and agreed to, tags and notes, their whole story
in time, and the verbs."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.attendance import queries as attendance
from webapp.events import access
from webapp.front import story
from webapp.front.mail_pages import state_words
from webapp.mail import queries as mail
from webapp.permissions import permission
from webapp.signup import finding, queries, wording

blueprint = Blueprint("signup_story", __name__)

# More mails than that to one person are not worth a longer page.
MAILS = 100


@blueprint.get("/manage/events/<slug>/signups/<public_id>")
@permission("event")
def show(slug: str, public_id: str) -> ResponseReturnValue:
    event = access.current()
    signup = queries.by_public_id(event.id, public_id)
    if signup is None:
        abort(404)
    if signup.erased_at is not None:
        return render_template(
            "front/signup_story.html", event=event, tab="signups", signup=signup, state_word=finding.state_word,
        )  # fmt: skip
    consents = queries.consents_of(signup)
    visits = attendance.visits_of(event.id, signup.person_key)
    mails = mail.of_person(event.id, signup.public_id, MAILS)
    return render_template(
        "front/signup_story.html",
        event=event, tab="signups", signup=signup, at=clock.now(), state_word=finding.state_word,
        consents=consents, answers=queries.answers_of(signup), contacts=wording.contacts(event),
        tags=queries.tags_of([signup.id]).get(signup.id, []), known=queries.tags(event.id),
        notes=queries.notes_of(signup), words=state_words(), shown=story.shown,
        lines=story.told(event, signup, queries.changes_of(signup), consents, mails, visits),
    )  # fmt: skip
