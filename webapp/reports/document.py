"""The document a version freezes: the text with its figures filled in, and the figures themselves.

Published pages, the PDF and the Markdown are all drawn from this document and from nothing else. What
they say about a figure (its definition, its source) is in it too, so that no later change of the
program changes what was published.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from webapp import templating
from webapp.agenda.queries import Item
from webapp.events.models import Event
from webapp.reports import counted, drafting, saying
from webapp.reports.canonical import FORMAT, moment
from webapp.reports.evidence import Evidence


def _event(event: Event) -> dict[str, Any]:
    return {
        "slug": event.slug,
        "title": event.title,
        "language": event.language,
        "timezone": event.timezone,
        "mode": event.mode,
        "presence": event.presence,
        "planned_start": moment(event.starts_at),
        "planned_end": moment(event.ends_at),
        "started_at": moment(event.actual_start),
        "ended_at": moment(event.actual_end),
        "host": {"name": event.host_name, "url": event.host_url},
        "cohosts": [{"name": cohost.name, "url": cohost.url} for cohost in event.cohosts],
        "accent": event.accent,
        "is_sample": event.is_sample,
    }


def span(item: Item, evidence: Evidence) -> tuple[dt.datetime, dt.datetime]:
    """When an item really was, as far as anybody pressed; otherwise as planned."""
    if item.started_at is None:
        return item.planned_start, item.planned_end
    later = [
        other.started_at
        for other in evidence.items
        if other.started_at and other.started_at > item.started_at
    ]
    end = item.ended_at or min(later, default=evidence.at)
    return item.started_at, max(item.started_at, end)


def _marks(evidence: Evidence, left_out: set[str]) -> list[dict[str, Any]]:
    """What was on when, for the curve and its table."""
    marks = []
    for item in evidence.items:
        if item.key in left_out or item.skipped_at:
            continue
        if evidence.was_recorded and item.started_at is None:
            continue
        start, end = span(item, evidence)
        session = evidence.session(item.key) or {}
        marks.append(
            {
                "key": item.key,
                "kind": item.kind,
                "title": item.title,
                "names": [who.name for who in drafting.voices(item)],
                "start": moment(start),
                "end": moment(end),
                "is_planned": item.started_at is None,
                **{name: session.get(name) for name in ("people", "at_start", "peak", "stayed")},
            }
        )
    return marks


def _not_held(evidence: Evidence) -> list[dict[str, Any]]:
    """The row that says what stood in the agenda and did not take place."""
    named = []
    for item in evidence.items:
        if item.skipped_at:
            names = ", ".join(who.name for who in drafting.voices(item))
            named.append(f"{item.title} ({names})" if names else item.title)
    if not named:
        return []
    return [
        {
            "key": "not_held",
            "label": _("Did not take place"),
            "value": templating.number(len(named)),
            "definition": _(
                "In the agenda, and counted nowhere: %(items)s.", items="; ".join(named)
            ),
        }
    ]


def _sections(
    evidence: Evidence, blocks: Mapping[str, str], left_out: set[str], words: dict[str, str]
) -> list[dict[str, Any]]:
    sections = []
    for item in drafting.sections(evidence):
        if item.key in left_out:
            continue
        people = drafting.voices(item)
        room = saying.in_the_room(
            evidence.session(item.key), [drafting.literal(who.name) for who in people]
        )
        text = saying.fill(blocks.get(drafting.SECTION + item.key, ""), words | {"room": room})
        sections.append(
            {
                "key": item.key,
                "kind": item.kind,
                "title": item.title,
                "people": [
                    {
                        "name": who.name,
                        "role": who.role,
                        "title": who.title,
                        "affiliation": who.affiliation,
                    }
                    for who in people
                ],
                "text": text,
            }
        )
    return sections


def headline(figures: dict[str, Any], choice: str) -> dict[str, Any]:
    """The headline number with everything that is said about it."""
    ends = saying.value(figures, choice)
    return {
        "choice": choice,
        "name": saying.name(choice),
        "low": ends[0] if ends else None,
        "high": ends[1] if ends else None,
        "figure": saying.figure(*ends) if ends else None,
        "said": saying.people(saying.say(*ends)) if ends else None,
        "short": saying.short_definition(figures, choice),
        "definition": saying.definition(figures, choice),
    }


def build(
    event: Event,
    content: Mapping[str, Any],
    choice: str,
    evidence: Evidence,
    *,
    version: int,
    at: dt.datetime,
    correction: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole document of version ``version``, published at ``at``. ``correction`` says what changed:
    {"note", "version", "hash"} of the version it replaces."""
    figures = evidence.figures
    blocks: Mapping[str, str] = content.get("blocks", {})
    left_out = set(content.get("left_out", ()))
    words = saying.words(figures, choice)
    text: dict[str, Any] = {
        name: saying.fill(blocks.get(name, ""), words) for name in drafting.BLOCKS
    }
    text["sections"] = _sections(evidence, blocks, left_out, words)
    return {
        "format": FORMAT,
        "version": version,
        "published_at": moment(at),
        "as_of": figures["as_of"],
        "method": figures["method"],
        "correction": correction,
        "event": _event(event),
        "headline": headline(figures, choice),
        "text": text,
        "figures": figures,
        "counted": [*counted.rows(figures, event.timezone), *_not_held(evidence)],
        "sources": [row["source"] for row in figures["attendance"]["by_source"]],
        "presence_known": saying.is_measured(figures),
        "agenda": _marks(evidence, left_out),
        "agenda_version": evidence.agenda_version,
        "curve": [[moment(minute), count] for minute, count in evidence.curve]
        if evidence.curve and saying.is_measured(figures)
        else None,
    }
