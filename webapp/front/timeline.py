"""The timeline: what really happened, item by item, to be put right where a press was forgotten."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from webapp import clock
from webapp.accounts.models import User
from webapp.agenda import queries, timeline
from webapp.agenda.queries import Entered, Item
from webapp.agenda.timeline import Times
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.permissions import permission

blueprint = Blueprint("timeline", __name__)
_ADDRESS = "/manage/events/<slug>/cockpit/timeline"
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,3})?)?")
# What stands for the evening itself where items have their key: no key begins with a dot.
EVENING = ".evening"


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One time as the page shows it: ``was`` when the page was opened, ``text`` as typed since."""

    name: str
    label: str
    was: str
    text: str
    entered: Entered | None


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    key: str
    heading: str
    planned: dt.datetime
    fields: tuple[Field, ...]
    can_skip: bool
    is_skipped: bool


def _clock(moment: dt.datetime | None, event: Event) -> str:
    return moment.astimezone(clock.zone(event.timezone)).strftime("%H:%M:%S") if moment else ""


def nearest(text: str, planned: dt.datetime, event: Event) -> dt.datetime | None:
    """The moment nearest to ``planned`` at which a clock in the event's zone shows ``text``; None for
    empty text. So nobody types a day, an evening may go past midnight, and on the night the clocks go back
    the hour that comes twice is the one it was planned for. Raises Refused."""
    text = text.strip()
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise Refused(_("“%(text)s” is no time. Write it like 19:05 or 19:05:30.", text=text[:20]), "time")  # fmt: skip
    hour, minute, second = (int(part or 0) for part in found.groups())
    zone = clock.zone(event.timezone)
    day = planned.astimezone(zone).date()
    possible = []
    for days in (-1, 0, 1):
        for fold in (0, 1):
            local = dt.datetime.combine(
                day + dt.timedelta(days=days),
                dt.time(hour, minute, second, fold=fold),
                zone,
            )
            there = local.astimezone(clock.UTC)
            if there.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                possible.append(there)
    return min(possible, key=lambda moment: abs(moment - planned))


def _field(
    event: Event, key: str, which: str, label: str, now: dt.datetime | None,
    entered: Entered | None, given: Mapping[str, str],
) -> Field:  # fmt: skip
    name = f"{which}:{key}"
    there = _clock(now, event)
    return Field(name, label, given.get(f"was:{name}", there), given.get(name, there), entered)


def _rows(event: Event, items: list[Item], given: Mapping[str, str], is_over: bool) -> list[Row]:
    start, end = _("Start"), _("End")
    evening = [_field(event, EVENING, "start", start, event.started_at, None, given)]
    if is_over:
        evening.append(_field(event, EVENING, "end", end, event.ended_at, None, given))
    rows = [Row(EVENING, _("The evening"), event.starts_at, tuple(evening), False, False)]
    for item in items:
        fields = (
            _field(event, item.key, "start", start, item.started_at, item.started_entered, given),
            _field(event, item.key, "end", end, item.ended_at, item.ended_entered, given),
        )
        skipped = (f"skipped:{item.key}" in given) if given else item.skipped_at is not None
        heading = item.heading
        if heading != item.title and item.kind in ("opening", "closing"):
            heading = f"{heading}, {item.title}"
        rows.append(Row(item.key, heading, item.planned_start, fields, True, skipped))
    return rows


def _wanted(
    given: Mapping[str, str], key: str, name: str, now: Times,
    planned: tuple[dt.datetime, dt.datetime], event: Event,
) -> Times:  # fmt: skip
    """What the page asks for: a time that was not touched stays as it is, to the millisecond."""
    moments = []
    for which, there, near in zip(
        ("start", "end"), (now.started_at, now.ended_at), planned, strict=True
    ):
        field = f"{which}:{key}"
        was, typed = given.get(f"was:{field}", ""), given.get(field, "").strip()
        shown = _clock(there, event)
        if field not in given or typed in (was, shown):
            moments.append(there)
            continue
        if was != shown:
            raise Refused(
                _("%(name)s was changed by somebody else in the meantime and now says %(time)s.",
                  name=name, time=shown or _("nothing")),
                key,
            )  # fmt: skip
        moments.append(nearest(typed, near, event))
    skipped = now.is_skipped if f"was:start:{key}" not in given else f"skipped:{key}" in given
    return Times(moments[0], moments[1], skipped)


def _page(
    form: FlaskForm, given: Mapping[str, str], refused: Refused | None = None, status: int = 200
) -> ResponseReturnValue:
    event, at = access.current(), clock.now()
    items = queries.running_order(event)
    phase = event.phase(at)
    page = render_template(
        "front/timeline.html",
        event=event,
        tab="cockpit",
        at=at,
        rows=_rows(event, items, given, phase == "over"),
        begun=bool(items) and (phase in ("live", "over") or event.started_at is not None),
        refused=refused,
        form=form,
    )
    return page, status


@blueprint.get(_ADDRESS)
@permission("event")
def show(slug: str) -> ResponseReturnValue:
    return _page(FlaskForm(), {})


@blueprint.post(_ADDRESS)
@permission("event", csrf="form")
def save(slug: str) -> ResponseReturnValue:
    event, at = access.current(), clock.now()
    given: dict[str, Any] = request.form.to_dict()
    form = FlaskForm()
    if not form.validate():
        return _page(form, given, status=400)
    try:
        wanted = {
            item.key: _wanted(
                given, item.key, item.heading, timeline.of(item),
                (item.planned_start, item.planned_end), event,
            )
            for item in queries.running_order(event)
        }  # fmt: skip
        evening = _wanted(
            given, EVENING, _("The evening"), Times(event.started_at, event.ended_at),
            (event.starts_at, event.ends_at), event,
        )  # fmt: skip
        changes = timeline.mend(
            event, evening, wanted, at, cast(User, current_user._get_current_object())
        )
    except Refused as refused:
        db.session.rollback()
        return _page(form, given, refused, 400)
    flash(" ".join(changes) if changes else _("Nothing was changed."), "good")
    db.session.commit()
    return redirect(url_for("timeline.show", slug=slug))
