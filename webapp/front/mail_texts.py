"""The organisers' own words for the mails of an event: what there is, writing it, and seeing it.

These pages stand on this floor, because the messages belong to the packages that send them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from webapp import clock, headers
from webapp.accounts.access import signed_in
from webapp.audit import operations as audit
from webapp.db import LARGEST_ID, db
from webapp.errors import Refused
from webapp.events import access, operations
from webapp.events.models import Event
from webapp.front import own_words
from webapp.front.mail_pages import MAIL_POLICY
from webapp.i18n import name_of
from webapp.mail import kinds, outbox, texts
from webapp.mail.kinds import Kind, Text
from webapp.mail.models import MailText
from webapp.mail.placeholders import LONGEST_BODY, LONGEST_SUBJECT, clean
from webapp.permissions import permission
from webapp.signup import examples, queries
from webapp.signup.people import Person
from webapp.templating import absolute_url

blueprint = Blueprint("mail_texts", __name__, url_prefix="/manage/events/<slug>/mail/texts")
_PLACE = "/<message>/<language>"
# People to choose from for an example.
_PEOPLE = 30


@dataclasses.dataclass(frozen=True, slots=True)
class _MadeUp:
    """Somebody who has not signed up."""

    name: str
    language: str
    event_id: int = 0
    public_id: str = ""
    person_key: int | None = None
    email: str | None = None
    status: str = "confirmed"
    timezone: str | None = None
    is_sample: bool = True
    ics_changes: int = 0


def _kind(key: str, language: str) -> Kind:
    if language not in texts.languages(access.current()):
        abort(404)
    return kinds.declared().get(key) or abort(404)


def _default(kind: Kind, language: str) -> Text:
    with force_locale(language):
        return kind.default()


def _typed() -> Text:
    """What stands in the form, as it was sent; never more of it than could be saved."""
    return Text(
        clean(request.form.get("subject"))[: LONGEST_SUBJECT * 5],
        clean(request.form.get("body"))[: LONGEST_BODY * 2],
    )


def _person(event: Event, language: str) -> Person:
    """The one that was chosen for the example, if they are of this event, or somebody made up."""
    chosen = request.values.get("person", "")
    found = queries.by_public_id(event.id, chosen) if chosen else None
    if found is not None and found.erased_at is None:
        return found
    return cast(Person, _MadeUp(name=_("Ana Example"), language=language))


def _text_of(row: MailText | None) -> Text | None:
    if row is None or row.subject is None or row.body is None:
        return None
    return Text(row.subject, row.body)


def _sections() -> list[tuple[str, list[Kind]]]:
    """Every message under its heading, in the order in which people may get them."""
    found: dict[str, list[Kind]] = {}
    for kind in kinds.declared().values():
        found.setdefault(str(kind.section.title), []).append(kind)
    return list(found.items())


@blueprint.get("")
@permission("event")
def index(slug: str) -> str:
    event = access.current()
    written = {(row.key, row.language): row for row in texts.written(event.id)}
    return render_template(
        "front/mail_texts.html",
        event=event,
        tab="mail",
        sections=_sections(),
        languages=[(code, name_of(code)) for code in texts.languages(event)],
        written=written,
    )


def _page(
    kind: Kind,
    language: str,
    typed: Text | None = None,
    status: int = 200,
    problems: dict[str, list[str]] | None = None,
    theirs: MailText | None = None,
) -> ResponseReturnValue:
    event = access.current()
    headers.allow_frame("'self'")
    kept = texts.versions(event.id, kind.key, language)
    now = kept[0] if kept else None
    own, default = _text_of(now), _default(kind, language)
    text = typed or own or default
    page = render_template(
        "front/mail_text.html",
        event=event,
        tab="mail",
        kind=kind,
        language=language,
        language_name=name_of(language),
        others=[(code, name_of(code)) for code in texts.languages(event) if code != language],
        text=text,
        own=own,
        default=default,
        seen=now.revision if now else 0,
        versions=[row for row in kept if row is not now],
        now=now,
        missing=kind.missing(text.body),
        people=queries.latest(event.id, _PEOPLE),
        problems=problems or {},
        theirs=theirs,
        longest=(LONGEST_SUBJECT, LONGEST_BODY),
    )
    return page, status


def _seen() -> int:
    text = request.form.get("seen", "")
    return min(int(text), LARGEST_ID) if text.isascii() and text.isdigit() else 0


def _save(kind: Kind, language: str, text: Text | None, at: dt.datetime) -> bool:
    """Behind the event's lock, so that of two who save at once one comes second. Raises Refused."""
    event, by = operations.locked(access.current()), signed_in()
    return own_words.save(event, kind, language, text, seen=_seen(), at=at, by=by)


def _to_text(slug: str, kind: Kind, language: str) -> ResponseReturnValue:
    return redirect(url_for(".edit", slug=slug, message=kind.key, language=language), 303)


@blueprint.get(_PLACE)
@permission("event")
def edit(slug: str, message: str, language: str) -> ResponseReturnValue:
    return _page(_kind(message, language), language)


@blueprint.post(_PLACE)
@permission("event")
def save(slug: str, message: str, language: str) -> ResponseReturnValue:
    kind, typed = _kind(message, language), _typed()
    problems = kind.problems(typed)
    if problems:
        return _page(kind, language, typed, 400, problems)
    try:
        # Who saves the default has no words of their own.
        text = None if typed == _default(kind, language) else typed
        changed = _save(kind, language, text, clock.now())
    except Refused:
        db.session.rollback()
        theirs = texts.current(access.current().id, message, language)
        return _page(kind, language, typed, 409, theirs=theirs)
    flash(_("Saved. Mails that are queued from now on say it so.") if changed else _("Saved. Nothing was different."), "good")  # fmt: skip
    db.session.commit()
    return _to_text(slug, kind, language)


def _back(
    slug: str, kind: Kind, language: str, text: Text | None, done: str
) -> ResponseReturnValue:
    try:
        _save(kind, language, text, clock.now())
    except Refused as refusal:
        db.session.rollback()
        flash(_("%(why)s Nothing was changed; this is how it is now.", why=str(refusal)), "bad")
        return _to_text(slug, kind, language)
    flash(done, "good")
    db.session.commit()
    return _to_text(slug, kind, language)


@blueprint.post(f"{_PLACE}/default")
@permission("event")
def default(slug: str, message: str, language: str) -> ResponseReturnValue:
    """Back to our words. The organisers' own are kept as an earlier version."""
    kind = _kind(message, language)
    return _back(slug, kind, language, None, _("The mail has our words again. Yours are kept below."))  # fmt: skip


@blueprint.post(f"{_PLACE}/versions/<int:revision>")
@permission("event")
def restore(slug: str, message: str, language: str, revision: int) -> ResponseReturnValue:
    """An earlier version becomes the latest."""
    kind = _kind(message, language)
    kept = texts.versions(access.current().id, message, language)
    row = next((row for row in kept if row.revision == revision), None) or abort(404)
    return _back(slug, kind, language, _text_of(row), _("The earlier version is back."))


def _shown(
    kind: Kind, language: str, text: Text | None, note: str = "", problems: Any = ()
) -> Response:
    """The mail by itself, for the frame beside the editor. Whatever stands in it can do nothing here."""
    event, at = access.current(), clock.now()
    person = _person(event, language)
    letter, words = examples.letter(kind, text, language, event, person, at)
    subject, plain, html = letter.completed(words)
    missing = kind.missing(text.body) if text is not None else []
    about = render_template(
        "front/mail_text_example.html",
        subject=subject, person=person, note=note, problems=problems, missing=missing, text=plain,
        language=str(get_locale()),
    )  # fmt: skip
    head, _mark, foot = about.partition("<!-- the mail -->")
    html = html.replace("<body>", f"<body>{head}", 1).replace("</body>", f"{foot}</body>", 1)
    response = make_response(html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get(f"{_PLACE}/mail")
@permission("event")
def mail(slug: str, message: str, language: str) -> Response:
    """The mail as it goes out now."""
    kind = _kind(message, language)
    return _shown(kind, language, _text_of(texts.current(access.current().id, message, language)))


@blueprint.post(f"{_PLACE}/mail")
@permission("event")
def example(slug: str, message: str, language: str) -> Response:
    """The mail with what stands in the form. Nothing is saved."""
    kind, typed = _kind(message, language), _typed()
    problems = [one for sentences in kind.problems(typed).values() for one in sentences]
    return _shown(kind, language, typed, problems=problems)


@blueprint.post(f"{_PLACE}/test")
@permission("event")
def test(slug: str, message: str, language: str) -> Response:
    """Sends what stands in the form to whoever asks, and to nobody else. Its links lead to the event's
    public page."""
    kind, typed = _kind(message, language), _typed()
    problems = [one for sentences in kind.problems(typed).values() for one in sentences]
    if problems:
        return _shown(kind, language, typed, problems=problems)
    event, at, me = access.current(), clock.now(), signed_in()
    public = absolute_url("public.event", slug=slug)
    person = _person(event, language)
    letter, words = examples.letter(kind, typed, language, event, person, at, links_lead_to=public)
    outbox.post(
        kind.message, letter.named(_("Test")), words, to_address=me.email, to_name=me.name, at=at,
        event_id=event.id, person=None, expires_at=at + dt.timedelta(days=1),
    )  # fmt: skip
    audit.record("mail.text_tested", at=at, actor=me, event_id=event.id, summary=f"{kind.title} ({language})")  # fmt: skip
    note = _("A test is on its way to %(address)s. Its links lead to the event's page.", address=me.email)  # fmt: skip
    response = _shown(kind, language, typed, note=note)
    db.session.commit()
    return response
