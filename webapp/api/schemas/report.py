"""A published report as it was frozen."""

from __future__ import annotations

from marshmallow import fields

from webapp.agenda.models import KINDS, SPEAKER_ROLES
from webapp.api.schemas.common import Answer, many, moment, one, string, whole, word, yes_no
from webapp.api.schemas.figures import SOURCES, Figures
from webapp.attendance.figures import METHOD
from webapp.events.models import MODES, PRESENCE

HEADLINES = ("people", "doors", "registered_attended", "peak")


class Correction(Answer):
    """What this version corrects, and the one it replaces."""

    note = string()
    version = whole()
    hash = string("SHA-256 of the replaced document.")


class Organisation(Answer):
    name = string()
    url = string(unknown=True)


class ReportEvent(Answer):
    slug = string()
    title = string()
    language = string()
    timezone = string()
    mode = word(MODES)
    presence = word(PRESENCE)
    planned_start = moment()
    planned_end = moment()
    started_at = moment("As pressed, otherwise as planned.")
    ended_at = moment("As pressed, otherwise as planned.")
    host = one(Organisation)
    cohosts = many(Organisation)
    accent = string(unknown=True)
    is_sample = yes_no()


class Headline(Answer):
    """The number the report is headed with, and everything that is said about it."""

    choice = word(HEADLINES)
    name = string()
    low = whole(unknown=True)
    high = whole(unknown=True)
    figure = string("As digits, with its range.", unknown=True)
    said = string("In words, as the headline says it.", unknown=True)
    short = string()
    definition = string()


class Person(Answer):
    name = string()
    role = word(SPEAKER_ROLES)
    title = string()
    affiliation = string()


class Section(Answer):
    """What was said in one agenda item."""

    key = string()
    kind = word(KINDS)
    title = string()
    people = many(Person)
    text = string("Markdown.")


class Texts(Answer):
    """Markdown, with its figures filled in; empty where there is nothing to say."""

    headline = string()
    opening = string()
    quote = string()
    quote_who = string()
    closing = string()
    thanks = string()
    action_label = string()
    action_url = string()
    recording = string()
    byline_name = string()
    byline_affiliation = string()
    sections = many(Section)


class Counted(Answer):
    """One row of "How we counted"."""

    key = string()
    label = string()
    value = string("As said in the report's language.")
    definition = string()


class Mark(Answer):
    """What was on when, beside the curve."""

    key = string()
    kind = word(KINDS)
    title = string()
    names = many(fields.String())
    start = moment()
    end = moment()
    is_planned = yes_no("Nobody pressed: these are the planned times.")
    people = whole(unknown=True)
    at_start = whole(unknown=True)
    peak = whole(unknown=True)
    stayed = whole(unknown=True)


class Report(Answer):
    format = word(["turnout-report/1"])
    version = whole("Grows with each correction; the first is 1.")
    published_at = moment()
    as_of = moment("Of the figures.")
    method = word([METHOD])
    correction = one(Correction, unknown=True)
    event = one(ReportEvent)
    headline = one(Headline)
    text = one(Texts)
    figures = one(Figures)
    counted = many(Counted)
    sources = many(fields.String(), f"Of {', '.join(SOURCES)}, those that there were.")
    presence_known = yes_no("Whether any source measured how long people were there.")
    agenda = many(Mark)
    agenda_version = whole(
        "The published version of the agenda that the figures by session follow.", unknown=True
    )
    curve = fields.List(
        fields.List(fields.Raw()),
        required=True,
        allow_none=True,
        metadata={"description": "[moment, people] as each clock minute began; null if unknown."},
    )
