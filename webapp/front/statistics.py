"""All events in figures, for admins and for whoever they report to: as a page, as CSV and as JSON."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from defusedcsv import csv
from flask import Blueprint, Response, render_template, request, stream_with_context
from flask_babel import gettext as _

from webapp import clock
from webapp.attendance.figures import METHOD
from webapp.clock import iso_z
from webapp.events import queries as events
from webapp.events.queries import Group, Search
from webapp.front import finding
from webapp.front.statistics_table import Row, definitions, rows
from webapp.permissions import permission

blueprint = Blueprint("statistics", __name__)

# Each event's figures are looked up by themselves, so a page holds no more than somebody compares.
PAGE = 25


def group_words() -> dict[str, str]:
    return {
        "now": _("On now"),
        "coming": _("Coming"),
        "past": _("Past"),
        "drafts": _("Drafts"),
    }


def state_words() -> dict[str, str]:
    """What an event's phase is called."""
    return {
        "draft": _("Draft"),
        "before": _("Coming"),
        "live": _("On now"),
        "over": _("Over"),
        "cancelled": _("Called off"),
    }


def _search() -> Search:
    """What the address asks for; what is no year and no group asks for nothing."""
    year = request.args.get("year", type=int)
    group: Group | None = None
    for word in get_args(Group):
        if request.args.get("group") == word:
            group = word
    return Search(
        words=finding.words(),
        year=year if year and 1970 <= year < 9999 else None,
        group=group,
    )


def _asked(search: Search) -> dict[str, Any]:
    """The same as parts of an address, without what is empty."""
    return {"q": search.words or None, "year": search.year, "group": search.group}


@blueprint.get("/admin/statistics")
@permission("admin")
def index() -> str:
    at, search, page = clock.now(), _search(), finding.page()
    found = events.found(search, at, limit=PAGE + 1, offset=(page - 1) * PAGE)
    table = rows(found[:PAGE], at)
    return render_template(
        "front/statistics.html",
        at=at,
        method=METHOD,
        search=search,
        asked=_asked(search),
        years=events.years(),
        groups=group_words(),
        states=state_words(),
        table=table,
        columns=columns(table),
        definitions=definitions(),
        page=page,
        has_more=len(found) > PAGE,
    )


def columns(table: list[Row]) -> list[Row]:
    """The events of the picture, oldest first: those of whose people something is known."""
    return [row for row in reversed(table) if row.low is not None]


def _pieces(search: Search, at: dt.datetime) -> Iterator[list[dict[str, Any]]]:
    """Everything asked for, so many events at a time: the figures of a thousand events take a while, and
    whoever waits for them should see that they come."""
    found = events.found(search, at)
    for first in range(0, len(found), PAGE):
        yield [row.values(at) for row in rows(found[first : first + PAGE], at)]


def _download(text: Iterator[str], kind: str, at: dt.datetime, ending: str) -> Response:
    response = Response(stream_with_context(text), mimetype=kind)
    name = f"events-in-figures-{iso_z(at)[:10]}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/admin/statistics.json")
@permission("admin")
def as_json() -> Response:
    """All that was asked for, with what each figure means."""
    at, search = clock.now(), _search()
    head = {
        "as_of": iso_z(at),
        "method": METHOD,
        "asked": {name: value for name, value in _asked(search).items() if value},
        "definitions": definitions(),
    }

    def text() -> Iterator[str]:
        yield json.dumps(head, ensure_ascii=False)[:-1] + ', "events": ['
        separator = "\n"
        for piece in _pieces(search, at):
            for row in piece:
                yield separator + json.dumps(row, ensure_ascii=False)
                separator = ",\n"
        yield "]}\n"

    return _download(text(), "application/json", at, "json")


@blueprint.get("/admin/statistics.csv")
@permission("admin")
def as_csv() -> Response:
    """The same as a table; after an empty line, what each column means.

    The file begins with a byte order mark, which spreadsheets need to show accents rightly.
    """
    at, search, meanings = clock.now(), _search(), definitions()
    footnotes = [[], [_("Column"), _("What it means")], *meanings.items()]

    def text() -> Iterator[str]:
        yield "\ufeff" + _lines([list(meanings)])
        for piece in _pieces(search, at):
            yield _lines([[_cell(row[name]) for name in meanings] for row in piece])
        yield _lines(footnotes)

    return _download(text(), "text/csv", at, "csv")


def _lines(table: Sequence[Sequence[Any]]) -> str:
    """CSV of these lines. Text that a spreadsheet would take for a formula gets an apostrophe."""
    file = io.StringIO()
    csv.writer(file).writerows(table)
    return file.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value
