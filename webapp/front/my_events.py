"""Where people land after the sign-in: the events they may manage, and the next thing to do for each."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import get_args

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.attendance import queries as attendance
from webapp.events import queries as events
from webapp.events.models import Event
from webapp.events.queries import Group
from webapp.front import board, running
from webapp.permissions import permission
from webapp.reports import queries as reports
from webapp.signup import queries as signups

blueprint = Blueprint("my_events", __name__)

GROUPS: tuple[Group, ...] = get_args(Group)
# How many events of a group stand on the first page, and how many on a page of one group alone.
FIRST, PAGE = 10, 50


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One event of the list. ``attended`` is None where it is unknown or has not begun."""

    event: Event
    phase: str
    status: str
    signed_up: int
    confirmed: int
    attended: int | None
    act: tuple[str, str] | None

    @property
    def has_begun(self) -> bool:
        return self.phase in ("live", "over")


def group_name(group: Group) -> str:
    return {
        "now": _("Now"),
        "coming": _("Coming"),
        "drafts": _("Drafts"),
        "past": _("Past"),
    }[group]


def lines(found: Sequence[Event], at: dt.datetime) -> dict[int, Line]:
    """By event. Three queries, however many events there are."""
    ids = [event.id for event in found]
    counts = signups.counts_of(ids)
    attended = attendance.registered_attended(found)
    reported = reports.published_among(ids)
    return {
        event.id: Line(
            event=event,
            phase=event.phase(at),
            status=running.status(event, at),
            signed_up=counts[event.id]["signed_up"],
            confirmed=counts[event.id]["confirmed"],
            attended=attended[event.id],
            act=board.next_act(event, at, is_reported=event.id in reported),
        )
        for event in found
    }


@blueprint.get("/manage/")
@permission("user")
def index() -> ResponseReturnValue:
    """All groups with their first events, or a page of one group (``?group=past&page=2``)."""
    at, me = clock.now(), signed_in()
    only = next((group for group in GROUPS if group == request.args.get("group")), None)
    page = max(1, min(request.args.get("page", 1, type=int), 1_000_000)) if only else 1
    size = PAGE if only else FIRST
    found = {
        group: events.in_group(me, group, at, limit=size + 1, offset=(page - 1) * size)
        for group in ((only,) if only else GROUPS)
    }
    shown = lines([event for rows in found.values() for event in rows[:size]], at)
    return render_template(
        "front/my_events.html",
        groups=[
            (group, group_name(group), [shown[event.id] for event in rows[:size]], len(rows) > size)
            for group, rows in found.items()
            if rows
        ],
        only=only,
        only_name=group_name(only) if only else None,
        page=page,
    )
