"""The public pages of an event: the poster, the agenda with its feeds, its colour, its privacy notice."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, render_template, request
from markupsafe import Markup

from webapp import clock, i18n, templating, tokens
from webapp.agenda import ical
from webapp.agenda import queries as agenda
from webapp.cohosts import queries as cohosts
from webapp.events import accent, access, texts
from webapp.events import queries as events
from webapp.events.models import Event
from webapp.front import page_cache, share_card, thanks
from webapp.permissions import permission
from webapp.reports import queries as reports
from webapp.signup import people
from webapp.signup import queries as signups

blueprint = Blueprint("public", __name__)

# From here on the page says how few places are left.
FEW_PLACES = 20
# An accent is a stylesheet of its own address, so browsers may keep it for good.
_YEAR = "public, max-age=31536000, immutable"
# Stands in the kept page where the reader's own source comes. Not guessable, so no text of an event has it.
_SOURCE_MARK = f"zq{tokens.secret(9)}"


def _public(slug: str) -> Event:
    event = events.public_by_slug(slug)
    if event is None:
        abort(404)
    return event


def _state(event: Event, at: dt.datetime, left: int | None) -> str:
    """Which of its faces the page shows."""
    phase = event.phase(at)
    if phase in ("draft", "cancelled", "over"):
        return phase
    if phase == "live":
        return "live"
    signup = event.signup_state(at)
    if signup == "open" and event.invitation_only:
        return "invited"
    return "full" if signup == "open" and left == 0 else signup


def _json_ld(event: Event, items: list[agenda.Item]) -> Markup:
    """schema.org data. "<" is written as an escape, so that no text can end the script element."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "description": event.summary,
        "startDate": clock.iso_z(event.starts_at),
        "endDate": clock.iso_z(event.ends_at),
        "eventStatus": "https://schema.org/EventCancelled"
        if event.state == "cancelled"
        else "https://schema.org/EventScheduled",
        "url": templating.absolute_url("public.event", slug=event.slug),
        "organizer": {"@type": "Organization", "name": event.host_name},
        "isAccessibleForFree": True,
        "performer": [
            {"@type": "Person", "name": name}
            for name in dict.fromkeys(who.name for item in items for who in item.speakers)
        ],
    }
    text = json.dumps(data, ensure_ascii=False)
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704 - JSON whose every angle bracket has just been escaped


def _render(event: Event, at: dt.datetime, *, preview: bool = False, source: str = "") -> str:  # fmt: skip
    order = agenda.draft(event) if preview else agenda.running_order(event)
    items = agenda.in_language(order, texts.here(event))
    event = texts.shown(event, i18n.language())
    left = None
    if event.capacity is not None:
        left = max(event.capacity - signups.seats_claimed(event.id), 0)
    state = _state(event, at, left)
    if preview and state == "draft":
        state = event.signup_state(at) if at < event.starts_at else "over"
        state = "invited" if state == "open" and event.invitation_only else state
    title, _colon, rest = event.title.partition(":")
    deleted_on = event.ends_at + dt.timedelta(days=event.retention_days)
    logos = cohosts.logos(event.id)
    return render_template(
        "front/event.html",
        logos=logos,
        hosts=cohosts.hosts_of(event, logos),
        event=event,
        items=items,
        state=state,
        places_left=left,
        is_soon=thanks.is_soon(event, at),
        few=left is not None and left <= FEW_PLACES,
        title=title.strip(),
        subtitle=rest.strip(),
        deleted_on=deleted_on,
        is_deleted=at > deleted_on,
        report=reports.latest(event) if state == "over" else None,
        json_ld=_json_ld(event, items),
        preview=preview,
        order_only=event.hides_times(at),
        card=share_card.of(event),
        signup_url=f"/events/{event.slug}/signup" + (f"?from={source}" if source else ""),
    )


@blueprint.get("/events/<slug>")
@permission("public")
def event(slug: str) -> Response:
    source = people.clean_source(request.args.get("from"))
    if source is None:
        return page_cache.serve(f"event:{slug}", lambda: _render(_public(slug), clock.now()))
    return page_cache.serve(
        f"event-from:{slug}",
        lambda: _render(_public(slug), clock.now(), source=_SOURCE_MARK),
        words={_SOURCE_MARK: quote(source)},
    )


@blueprint.get("/manage/events/<slug>/preview")
@permission("event")
def preview(slug: str) -> str:
    """In the language asked for, as readers of that one will see it once the agenda's draft is out."""
    event = access.current()
    i18n.pin(request.args.get(i18n.ARGUMENT) or event.language)
    return _render(event, clock.now(), preview=True)


def _agenda_page(slug: str) -> str:
    found = _public(slug)
    items = agenda.in_language(agenda.running_order(found), texts.here(found))
    at = clock.now()
    now, following = agenda.now_and_next(items, at, found.phase(at))
    return render_template(
        "front/agenda.html",
        event=found,
        items=items,
        now=now,
        next=following,
        is_over=found.phase(at) == "over",
        order_only=found.hides_times(at),
    )


@blueprint.get("/events/<slug>/agenda")
@permission("public")
def agenda_page(slug: str) -> Response:
    return page_cache.serve(f"agenda:{slug}", lambda: _agenda_page(slug))


def _moment(at: dt.datetime | None) -> str | None:
    return clock.iso_z(at) if at else None


def _agenda_json(slug: str) -> str:
    found = _public(slug)
    # Nobody adds the lengths up to what is not to be known yet, either.
    order_only = found.hides_times(clock.now())
    return json.dumps(
        {
            "event": found.slug,
            "title": found.title,
            "timezone": found.timezone,
            "agenda": [
                {
                    "key": item.key,
                    "title": item.title,
                    "summary": item.summary,
                    "kind": item.kind,
                    "minutes": None if order_only else item.minutes,
                    "planned_start": None if order_only else _moment(item.planned_start),
                    "planned_end": None if order_only else _moment(item.planned_end),
                    "started_at": _moment(item.started_at),
                    "ended_at": _moment(item.ended_at),
                    **({"takes_place": False} if item.skipped_at else {}),
                    "speakers": [
                        {
                            "name": who.name,
                            "role": who.role,
                            "title": who.title,
                            "affiliation": who.affiliation,
                            "url": who.url,
                        }
                        for who in item.speakers
                    ],
                }
                for item in agenda.running_order(found)
            ],
        },
        ensure_ascii=False,
    )


@blueprint.get("/events/<slug>/agenda.json")
@permission("public")
def agenda_json(slug: str) -> Response:
    return page_cache.serve(f"json:{slug}", lambda: _agenda_json(slug), "application/json")


def _agenda_ics(slug: str) -> bytes:
    found = _public(slug)
    items = agenda.in_language(agenda.running_order(found), texts.here(found))
    shown = texts.shown(found, i18n.language())
    made = ical.order if found.hides_times(clock.now()) else ical.calendar
    return bytes(made(shown, items))


@blueprint.get("/events/<slug>/agenda.ics")
@permission("public")
def agenda_ics(slug: str) -> Response:
    response = page_cache.serve(f"ics:{slug}", lambda: _agenda_ics(slug), "text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="agenda.ics"'
    return response


@blueprint.get("/events/<slug>/accent-<colour>.css")
@permission("public")
def accent_css(slug: str, colour: str) -> Response:
    """The address names the colour, so the stylesheet of a changed accent has a new address."""
    if len(colour) != 6 or set(colour) - set("0123456789abcdef"):
        abort(404)
    return Response(
        accent.stylesheet(f"#{colour}"), mimetype="text/css", headers={"Cache-Control": _YEAR}
    )


@blueprint.get("/events/<slug>/card.png")
@permission("public")
def card(slug: str) -> Response:
    """The picture for those who pass the address on. As much of a secret as the page: a draft has none."""
    return page_cache.serve(
        f"card:{slug}", lambda: share_card.of(_public(slug)).picture(), "image/png"
    )


@blueprint.get("/events/<slug>/privacy")
@permission("public")
def event_privacy(slug: str) -> Response:
    def page() -> str:
        found = _public(slug)
        return render_template(
            "front/privacy.html",
            event=found,
            deleted_on=found.ends_at + dt.timedelta(days=found.retention_days),
        )

    return page_cache.serve(f"privacy:{slug}", page)


@blueprint.get("/privacy")
@permission("public")
def privacy() -> Response:
    return page_cache.serve(
        "privacy", lambda: render_template("front/privacy.html", event=None, deleted_on=None)
    )


@blueprint.get("/favicon.ico")
@permission("public")
def favicon() -> Response:
    """For what has no head to name its icon in: a calendar file, a PDF, the page of a mail."""
    return current_app.send_static_file("icons/favicon.ico")


@blueprint.get("/")
@permission("public")
def home() -> Response:
    def page() -> str:
        at = clock.now()
        past = events.past(at)
        return render_template(
            "front/home.html",
            coming=[texts.shown(event, i18n.language()) for event in events.coming(at)],
            past=[texts.shown(event, i18n.language()) for event in past],
            told=reports.published_among([event.id for event in past]),
            at=at,
        )

    return page_cache.serve("home", page)
